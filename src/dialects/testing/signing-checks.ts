import assert from 'node:assert/strict';
import { secretFormatOf } from '../../core/secret.ts';
import type { SignInput } from '../dialect.ts';
import { bytesOf, renderSample, samplesOf } from './behaviour-checks.ts';
import type { Check, Conformance } from './conformance.ts';
import { sampleWebhook } from './sample-webhook.ts';
import { signatureHeaders } from './signature-headers.ts';

const attemptAtMs = 1_795_348_800_500;

/** What signing must do; a dialect that does not sign passes by asking for nothing. */
export const signingChecks: readonly Check[] = [
  {
    name: 'signatures go into the headers that the manifest names, and are the same for the same attempt',
    run(conformance) {
      const { dialect } = conformance;
      const input = signInput(conformance);
      const requests = dialect.sign(input);
      assert.deepEqual(requests, dialect.sign(input));
      for (const { placement } of requests) {
        for (const name of [placement.header, ...placement.fixed.map(([header]) => header)]) {
          assert.ok(dialect.manifest.signing.headers.includes(name), `"${name}" is not in the manifest`);
        }
        assert.deepEqual(placement.fixed, requests[0]?.placement.fixed, 'signatures of one attempt disagree');
      }
      if (dialect.manifest.signing.required !== true) return;
      assert.ok(requests.length > 0, 'a secret is in force and nothing is signed');
      assert.deepEqual(dialect.sign({ ...input, secrets: [] }), []);
    },
  },
  {
    name: 'what it signs it verifies, and nothing that was altered',
    run(conformance) {
      const { dialect } = conformance;
      const { verify } = dialect;
      const secrets = conformance.secrets ?? [];
      if (verify === undefined)
        return assert.notEqual(dialect.manifest.signing.required, true, 'what is signed needs verify');
      const input = signInput(conformance);
      const headers = signatureHeaders(dialect.sign(input), (_, version) => secrets[version - 1] ?? '');
      const keys = secrets.map((value) => ({ kind: 'secret', value }) as const);
      const arrived = { headers, body: input.body, keys, nowMs: attemptAtMs };
      assert.equal(verify(arrived).result, 'verified');
      const altered = Uint8Array.from(input.body);
      altered[0] = (altered[0] ?? 0) ^ 1;
      assert.equal(verify({ ...arrived, body: altered }).result, 'failed');
      assert.equal(verify({ ...arrived, keys: [] }).result, 'failed');
      assert.equal(verify({ ...arrived, headers: [] }).result, 'unsigned');
      for (const [name] of headers) {
        const rest = headers.filter(([other]) => other !== name);
        assert.notEqual(verify({ ...arrived, headers: rest }).result, 'verified', `without ${name}`);
        const odd = [...rest, [name, '\u0000,;=']] as const;
        assert.notEqual(verify({ ...arrived, headers: odd }).result, 'verified', `with nonsense in ${name}`);
      }
    },
  },
];

function signInput(conformance: Conformance): SignInput {
  const [sample] = samplesOf(conformance);
  assert.ok(sample !== undefined, 'no sample change becomes a notification');
  const secrets = conformance.secrets ?? [];
  return {
    body: bytesOf(renderSample(conformance, sample)),
    messageId: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    webhook: sampleWebhook(conformance.dialect, { settings: conformance.settings ?? {} }),
    secrets: secrets.map((value, index) => ({ name: 'signing', version: index + 1, format: secretFormatOf(value) })),
    attemptAtMs,
  };
}
