/**
 * IN-21: calls made from our own OpenAPI document, seeded: fitting, nearly fitting and hostile. No answer may be 5xx, hang,
 * be of a status, code or shape that the document does not state, show our insides or a neighbour's things (TN-15).
 * A failing run prints its seed: FUZZ_SEED=n node --test test/e2e/fuzz.test.ts; longer: npm run fuzz -- --calls 20000
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operationsOf } from '../fuzz/call-arbitraries.ts';
import { furnish, type Furnished } from '../fuzz/furnish.ts';
import { fuzz } from '../fuzz/fuzz-run.ts';
import { vendorDocument } from '../fuzz/vendor-document.ts';
import { neverGood, shownReport } from '../fuzz/report.ts';
import { dialects } from '../../src/compose/dialects.ts';
import { adminKey } from './real-server.ts';

const calls = 3_000;
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

/** What answers well only to who knows a token that is given to nobody here. */
const lockedDoors = ['createSession', 'getLinkedContent', 'setPassword', 'changePassword'];

/**
 * The same of the vendors' APIs: consent, confirmation and unsubscription by tokens and ARNs that only the endpoint gets,
 * certificates by a name that stands in what it is sent, events by an id out of one, recordings by a signed address.
 */
const lockedVendorDoors = /\/consent\/|\/bynder\/sns|\/bambuser\/(?:events|cdn)\//;

let furnished: Furnished;
before(async () => {
  furnished = await furnish(adminKey);
});
after(() => furnished[Symbol.asyncDispose]());

test(`IN-21, TN-15 ${calls} calls made from our own document: none is answered 5xx, with a status it does not name, or in another shape`, async () => {
  const startedAtMs = performance.now();
  const report = await fuzz({ ...furnished, url: furnished.server.url, calls, seed });
  console.log(`IN-21 expanded: seed ${seed}, ${shownReport(report, performance.now() - startedAtMs)}`);
  assert.deepEqual(report.wrong, [], `FUZZ_SEED=${seed}`);
  const operations = operationsOf(furnished.document).map(({ id }) => id);
  assert.deepEqual([...report.operations.keys()].sort(), operations.sort(), 'every operation is called');
  // A fuzzer whose calls are all refused at the door finds nothing: behind nearly every door it must have been.
  const never = neverGood(report).filter((id) => !lockedDoors.includes(id));
  assert.ok(never.length <= operations.length / 10, `${never.join(', ')}; FUZZ_SEED=${seed}`);
  const faults = furnished.server.log.filter((line) => line.includes('api.request_failed'));
  assert.deepEqual(faults.slice(0, 3), [], 'nothing failed behind the answers either');
  assert.equal((await furnished.server.call('/livez')).status, 200);
});

test("IN-21 calls to the vendors' own APIs: none is answered 5xx, late, or with what is inside us", async () => {
  const document = vendorDocument(dialects);
  await furnished.pictures(24);
  const report = await fuzz({ ...furnished, document, url: furnished.server.url, calls: 800, seed });
  console.log(`IN-21 vendors' APIs: seed ${seed}, ${shownReport(report, 0)}`);
  assert.deepEqual(report.wrong, [], `FUZZ_SEED=${seed}`);
  const never = neverGood(report).filter((id) => !lockedVendorDoors.test(id));
  assert.ok(never.length <= report.operations.size / 10, never.join());
});
