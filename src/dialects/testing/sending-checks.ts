/** What leaves, through the very code that the engine sends with: the same bytes every time, signed, masked, within limits. */
import assert from 'node:assert/strict';
import type { PendingDelivery } from '../../core/delivery.ts';
import type { Webhook } from '../../core/webhook.ts';
import { isUnusable, type LaneSetup, makeLaneSetup } from '../../engine/lane-setup.ts';
import { type Prepared, type Preparation, prepare } from '../../engine/prepare.ts';
import type { SigningKeys } from '../../engine/engine.ts';
import { createSigner } from '../../engine/signer.ts';
import type { Transport } from '../../transports/transport.ts';
import type { Dialect } from '../dialect.ts';
import { type Sample, samplesOf } from './behaviour-checks.ts';
import type { Check, Conformance } from './conformance.ts';
import { sampleLinks, sampleSigningKeyId, sampleWebhook } from './sample-webhook.ts';
import { signingName } from './signing-checks.ts';

const firstAtMs = 1_795_348_800_500;
/** Keys of a workspace whose signatures are noughts. */
const noughts: SigningKeys = {
  waiting: 0,
  keeps: () => Promise.resolve(true),
  sign: ({ key }) =>
    Promise.resolve({
      bytes: new Uint8Array(256),
      keyId: key.kind === 'signing-key' ? (key.id ?? sampleSigningKeyId) : sampleSigningKeyId,
    }),
};

const credentialsSecret = 'a-password-that-must-not-be-seen';

export const sendingChecks: readonly Check[] = [
  {
    name: 'a retry carries the same bytes, whatever has become of the webhook, of the time and of the process',
    async run(conformance) {
      const webhook = conformanceWebhook(conformance);
      const changed: Webhook = {
        ...webhook,
        name: 'Renamed',
        target: { transport: 'http', url: 'https://elsewhere.example/' },
        headers: [['x-other', 'value']],
        revision: 9,
        updatedAtMs: firstAtMs,
      };
      for (const sample of samplesOf(conformance)) {
        const first = await prepared(conformance, { sample, webhook, revision: webhook });
        const later = { attempts: 3, attemptAtMs: firstAtMs + 3_600_000 };
        // Read from the store by another process: nothing is the same object any more.
        const copy: Sample = JSON.parse(JSON.stringify(sample));
        const revision: Webhook = JSON.parse(JSON.stringify(webhook));
        const retried = await prepared(conformance, { sample: copy, webhook: changed, revision, ...later });
        const { event } = sample.notification;
        assert.deepEqual(retried.body, first.body, `${event} is another body the second time`);
        assert.equal(retried.bodySha256, first.bodySha256, event);
        const stored = await prepared(conformance, {
          sample: copy,
          webhook,
          revision,
          storedBody: first.body,
          ...later,
        });
        assert.ok(stored.sameBytes, `${event}: rendered again it differs from what was stored`);
        assert.deepEqual(headersOf(retried), headersOf(first), `${event}: the message's own headers differ`);
      }
    },
  },
  {
    name: 'no secret stands in what is stored and shown of a request',
    async run(conformance) {
      const { manifest } = conformance.dialect;
      const webhook: Webhook = {
        ...conformanceWebhook(conformance),
        credentials: manifest.capabilities.credentials.includes('basic')
          ? { kind: 'basic', username: 'u', passwordSecret: 'credentials.password' }
          : { kind: 'none' },
      };
      const secrets = [...(conformance.secrets ?? []), credentialsSecret];
      const [sample] = samplesOf(conformance);
      assert.ok(sample !== undefined);
      const message = await prepared(conformance, { sample, webhook, revision: webhook });
      const shown = JSON.stringify([message.shownHeaders, Buffer.from(message.body).toString(), manifest]);
      const pair = Buffer.from(`u:${credentialsSecret}`).toString('base64');
      for (const secret of [...secrets, pair]) assert.ok(!shown.includes(secret), 'a secret is shown');
    },
  },
  {
    name: 'a body of the limit of the dialect is sent whole, one beyond it is refused before it leaves, with both numbers',
    async run(conformance) {
      const { dialect } = conformance;
      const webhook = conformanceWebhook(conformance);
      const [sample] = samplesOf(conformance);
      assert.ok(sample !== undefined);
      const { body } = await prepared(conformance, { sample, webhook, revision: webhook });
      const trial = { sample, webhook, revision: webhook };
      const exact = await prepared({ ...conformance, dialect: withLimit(dialect, body.length) }, trial);
      assert.deepEqual(exact.body, body, 'a body that just fits is another one');
      const payloadBytesMax = body.length - 1;
      const refused = await preparation({ ...conformance, dialect: withLimit(dialect, payloadBytesMax) }, trial);
      assert.ok('refusal' in refused, 'a body that is too large is sent');
      assert.equal(refused.refusal.code, 'payload-too-large');
      assert.match(refused.refusal.detail, new RegExp(`${payloadBytesMax}.*${body.length}`));
    },
  },
];

function withLimit(dialect: Dialect, payloadBytesMax: number): Dialect {
  const limits = { ...dialect.manifest.limits, payloadBytesMax };
  return { ...dialect, manifest: { ...dialect.manifest, limits } };
}

function conformanceWebhook({ dialect, settings }: Conformance): Webhook {
  return sampleWebhook(dialect, { settings: settings ?? {} });
}

export type Trial = {
  readonly sample: Sample;
  readonly webhook: Webhook;
  readonly revision: Webhook;
  readonly attempts?: number;
  readonly attemptAtMs?: number;
  readonly storedBody?: Uint8Array;
};

/** A sample as it leaves. */
export async function prepared(conformance: Conformance, trial: Trial): Promise<Prepared> {
  const made = await preparation(conformance, trial);
  if ('refusal' in made)
    assert.fail(`${trial.sample.notification.event}: ${made.refusal.code}: ${made.refusal.detail}`);
  return made;
}

async function preparation(conformance: Conformance, trial: Trial): Promise<Preparation> {
  const { sample, revision, attempts = 0, attemptAtMs = firstAtMs, storedBody = null } = trial;
  return prepare(
    {
      task: { delivery: deliveryOf(sample, attempts), change: sample.change },
      setup: setupOf(conformance, trial.webhook),
      revision,
      storedBody,
      attemptAtMs,
    },
    { signer: createSigner(noughts), userAgent: 'Assetwire/test' },
  );
}

function setupOf(conformance: Conformance, webhook: Webhook): LaneSetup {
  const { dialect } = conformance;
  const name = signingName(conformance);
  const signing = (conformance.secrets ?? []).map((value, index) => ({
    name,
    version: index + 1,
    value,
    expiresAtMs: null,
  }));
  const password = { name: 'credentials.password', version: 1, value: credentialsSecret, expiresAtMs: null };
  const setup = makeLaneSetup(
    { webhook, secrets: [password, ...signing] },
    {
      dialects: new Map([[dialect.manifest.id, dialect]]),
      transports: new Map([['http', transport]]),
      links: () => sampleLinks,
    },
    firstAtMs,
  );
  if (isUnusable(setup)) assert.fail(setup.unusable.detail);
  return setup;
}

/** Nothing is sent here. */
const transport: Transport = {
  kind: 'http',
  start: () => Promise.resolve(),
  send: () => Promise.reject(new Error('Nothing is sent in a conformance check')),
  forget: () => undefined,
  stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
  stop: () => Promise.resolve(),
};

function deliveryOf({ change, notification }: Sample, attempts: number): PendingDelivery {
  const id = 'dlv_01kan4c4q0edkxrmnr6dgk2vfy';
  return {
    id,
    workspaceId: change.workspaceId,
    webhookId: 'wh_01kan4c4q0edkxrmnr6dgk2vfw',
    webhookRevision: 1,
    changeId: change.id,
    subject: `${change.subject.type}:${change.subject.id}`,
    event: notification.event,
    ...(notification.frozen === undefined ? {} : { frozen: notification.frozen }),
    messageId: notification.messageId ?? id,
    origin: 'change',
    createdAtMs: change.acceptedAtMs,
    dueAtMs: change.acceptedAtMs,
    attempts,
  };
}

/** Headers of the message itself: without those that count or sign the attempt, and without the webhook's own. */
function headersOf({ headers }: Prepared): readonly (readonly [string, string])[] {
  const attempts = /signature|timestamp|^assetwire-attempt$|^x-other$/;
  return headers.filter(([name]) => !attempts.test(name));
}
