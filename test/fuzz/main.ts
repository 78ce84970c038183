/** `npm run fuzz -- --calls 20000 --seed S` calls a server of its own as its own document says, and as it says not to. */
import { parseArgs } from 'node:util';
import { dialects } from '../../src/compose/dialects.ts';
import { adminKey } from '../e2e/real-server.ts';
import { fuzz } from './fuzz-run.ts';
import { furnish } from './furnish.ts';
import { shownReport } from './report.ts';
import { vendorDocument } from './vendor-document.ts';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '20000' }, seed: { type: 'string' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const calls = Number(values.calls);
process.stdout.write(`seed ${seed}, ${calls} calls\n`);

await using furnished = await furnish(adminKey);
const startedAtMs = performance.now();
const report = await fuzz({
  ...furnished,
  url: furnished.server.url,
  calls,
  seed,
  progress: (done) => process.stderr.write(`${done} of ${calls}\n`),
});
process.stdout.write(`${shownReport(report, performance.now() - startedAtMs)}\n`);
const vendors = await fuzz({
  ...furnished,
  document: vendorDocument(dialects),
  url: furnished.server.url,
  calls: Math.ceil(calls / 10),
  seed,
});
process.stdout.write(`Vendors' APIs: ${shownReport(vendors, performance.now() - startedAtMs)}\nseed ${seed}\n`);
process.exitCode = report.wrong.length + vendors.wrong.length === 0 ? 0 : 1;
