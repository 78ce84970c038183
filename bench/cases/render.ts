/** What one message costs before it leaves: translate, render, sign, assemble, in every dialect; no network, no store. */
import { dialects } from '../../src/compose/dialects.ts';
import { createLinkMaker } from '../../src/app/links.ts';
import type { Change } from '../../src/core/change.ts';
import { changeKinds } from '../../src/core/change.ts';
import { exampleWebhook } from '../../src/core/example-webhook.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { sampleChange } from '../../src/core/sample-change.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { isUnusable, type LaneSetup, makeLaneSetup } from '../../src/engine/lane-setup.ts';
import { prepare } from '../../src/engine/prepare.ts';
import { createSigner } from '../../src/engine/signer.ts';
import { createHttpTransport } from '../../src/transports/http/http-transport.ts';
import { createLoopbackEgress } from '../../src/transports/testing/loopback.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { median } from '../statistics.ts';

const limitUs = 15;
const payloadBytes = 2_048;
const linkKey = Buffer.alloc(32, 7);
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** A change that the dialect tells of, with as much metadata as makes its body about 2 KiB. */
function changeOf(dialect: Dialect, fillerBytes: number): Change | null {
  const context = { nowMs: 0, draw: (count: number) => new Uint8Array(count), signingKeyId: () => 'key' };
  const webhook = exampleWebhook({ dialect: dialect.manifest.id });
  const kinds = ['asset.metadata_changed', 'asset.ready', ...changeKinds] as const;
  for (const kind of kinds) {
    const change = sampleChange(kind);
    if (dialect.notify(change, webhook, context).length === 0) continue;
    const after = change.after ?? {};
    const metadata = { ...(after['metadata'] as JsonObject), filler: 'x'.repeat(fillerBytes) };
    return { ...change, after: { ...after, metadata } };
  }
  return null;
}

type Prepared = { readonly run: () => Promise<number> | number; readonly bytes: number };

function ready(dialect: Dialect, change: Change): Prepared {
  const { id, configuration } = dialect.manifest;
  const settings = id === 'woodwing' ? { metadataToReturn: ['filename', 'status', 'filler'] } : {};
  const webhook = exampleWebhook({ dialect: id, settings });
  const links = createLinkMaker({
    publicUrl: () => 'https://assetwire.example',
    key: () => linkKey,
    lifetimeMs: 1_000,
  });
  const http = createHttpTransport({ egress: createLoopbackEgress(), clock: systemClock });
  const setup = makeLaneSetup(
    {
      webhook,
      secrets: configuration.generated.map(({ name }) => ({ name, version: 1, value: secret, expiresAtMs: null })),
    },
    { dialects: new Map([[id, dialect]]), transports: new Map([['http', http]]), links },
    0,
  );
  if (isUnusable(setup)) throw new Error(setup.unusable.detail);
  const context = { nowMs: 0, draw: (count: number) => new Uint8Array(count), signingKeyId: () => 'key' };
  const parts = { signer: createSigner(), userAgent: 'Assetwire/bench' };
  const once = (): Promise<number> | number => {
    const [notification] = dialect.notify(change, webhook, context);
    if (notification === undefined) return 0;
    const made = prepareOne(setup, change, { notification, parts });
    return made instanceof Promise ? made.then(sizeOf) : sizeOf(made);
  };
  const first = once();
  return { run: once, bytes: typeof first === 'number' ? first : payloadBytes };
}

type Making = {
  readonly notification: { readonly event: string; readonly frozen?: JsonObject; readonly messageId?: string };
  readonly parts: Parameters<typeof prepare>[1];
};

function prepareOne(setup: LaneSetup, change: Change, { notification, parts }: Making): ReturnType<typeof prepare> {
  const { event, frozen, messageId = 'dlv_01kan4c4q0edkxrmnr6dgk2vfy' } = notification;
  const delivery = {
    id: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    workspaceId: 'default',
    webhookId: setup.webhook.id,
    webhookRevision: 1,
    changeId: change.id,
    subject: `asset:${change.subject.id}`,
    event,
    messageId,
    origin: 'change',
    createdAtMs: 0,
    dueAtMs: 0,
    attempts: 0,
    ...(frozen === undefined ? {} : { frozen }),
  } as const;
  return prepare(
    { task: { delivery, change }, setup, revision: setup.webhook, storedBody: null, attemptAtMs: 1_795_348_800_500 },
    parts,
  );
}

function sizeOf(made: Awaited<ReturnType<typeof prepare>>): number {
  if ('refusal' in made) throw new Error(`${made.refusal.code}: ${made.refusal.detail}`);
  return made.body.length;
}

/** Processor time of one message, in microseconds. */
async function costOf(run: Prepared['run'], times: number): Promise<number> {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) {
    const made = run();
    if (typeof made !== 'number') await made;
  }
  return cpuUs(before) / times;
}

async function measure(context: BenchContext): Promise<readonly Figure[]> {
  const times = context.quick ? 2_000 : 50_000;
  const rounds = context.quick ? 1 : 7;
  const figures: Figure[] = [];
  for (const dialect of dialects) {
    const { id, signingKeys = [] } = dialect.manifest;
    // Signed by RSA on a thread of its own: another figure.
    if (signingKeys.length > 0) continue;
    const bare = changeOf(dialect, 0);
    if (bare === null) continue;
    const emptyBytes = ready(dialect, bare).bytes;
    const change = changeOf(dialect, Math.max(0, payloadBytes - emptyBytes));
    if (change === null) continue;
    const { run, bytes } = ready(dialect, change);
    const tookUs: number[] = [];
    // The first round warms up.
    await costOf(run, times);
    for (let nth = 0; nth < rounds; nth += 1) tookUs.push(await costOf(run, times));
    context.log(`${id}: ${round(median(tookUs))} µs for ${bytes} bytes`);
    figures.push(
      atMost(`translate, render, sign: ${id}`, limitUs, median(tookUs), {
        unit: ' µs',
        details: { bytes, roundsUs: tookUs.map(round) },
      }),
    );
  }
  return figures;
}

/** Processor time, so that what else the machine does counts less. */
function cpuUs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

export const render: BenchCase = {
  name: 'render',
  title: 'One message made ready to leave, in every dialect',
  run: measure,
};
