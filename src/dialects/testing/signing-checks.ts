import assert from 'node:assert/strict';
import { secretFormatOf } from '../../core/secret.ts';
import type { SignInput } from '../contract/message.ts';
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
    name: 'credentials towards the receiver never sign, whatever they look like and wherever they stand',
    run(conformance) {
      const input = signInput(conformance);
      const strangers = (['text', 'whsec', 'whsk'] as const).map((format, index) => ({
        name: 'credentials.token',
        version: 90 + index,
        format,
      }));
      const wanted = conformance.dialect.sign(input);
      for (const secrets of [
        [...strangers, ...input.secrets],
        [...input.secrets, ...strangers],
      ]) {
        assert.deepEqual(conformance.dialect.sign({ ...input, secrets }), wanted);
      }
      assert.deepEqual(
        conformance.dialect.sign({ ...input, secrets: strangers }),
        conformance.dialect.sign({ ...input, secrets: [] }),
      );
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
      // A body that carries its own signature is verified by its dialect's tests, which have a key.
      if (dialect.manifest.signingKeys !== undefined) return;
      const input = signInput(conformance);
      const sent = signatureHeaders(dialect.sign(input), (_, version) => secrets[version - 1] ?? '');
      const headers = sent.map(([header, value]) => [header.toLowerCase(), value] as const);
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

/** What the dialect calls the secret that signs; it is the first that is made for a webhook. */
export function signingName({ dialect }: Conformance): string {
  return dialect.manifest.configuration.generated.find(({ format }) => format !== 'none')?.name ?? 'signing';
}

function signInput(conformance: Conformance): SignInput {
  const [sample] = samplesOf(conformance);
  assert.ok(sample !== undefined, 'no sample change becomes a notification');
  const secrets = conformance.secrets ?? [];
  const name = signingName(conformance);
  return {
    body: bytesOf(renderSample(conformance, sample)),
    messageId: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    webhook: sampleWebhook(conformance.dialect, { settings: conformance.settings ?? {} }),
    secrets: secrets.map((value, index) => ({ name, version: index + 1, format: secretFormatOf(value) })),
    attemptAtMs,
  };
}
