/** Runs the small checks of our own (tools/house/); each has a test that it can fail. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { houseChecks } from './house/house-checks.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

let failed = 0;
for (const { name, check } of houseChecks) {
  const problems = await check(root);
  for (const problem of problems) console.log(`${name}: ${problem}`);
  if (problems.length > 0) failed += 1;
}
console.log(`house rules: ${houseChecks.length - failed} of ${houseChecks.length} hold`);
process.exitCode = failed === 0 ? 0 : 1;
