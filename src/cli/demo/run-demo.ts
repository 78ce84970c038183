/** What the demo does, through the public API only, as a user would: the same files told in every dialect there is. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { AssetView, InboxView, WebhookView } from '../../app/app.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { collectArrivals, patienceMs } from './arrivals.ts';
import { type Arrival, type DemoDialect, type DemoStage, type Expected, headerOf, type Told } from './demo-dialect.ts';
import { describedDialect, type DialectView } from './described-dialect.ts';
import { demoDialects } from './dialects/all.ts';
import type { DemoPeers } from './peers/peers.ts';

export type DemoRow = {
  readonly asset: string;
  readonly sizePx: string;
  readonly dialect: string;
  /** The protocol that it went by. */
  readonly over: string;
  readonly event: string;
  readonly status: number | null;
  readonly attempts: number;
  /** From the commit of the change to the recorded delivery. */
  readonly acceptedToDeliveredMs: number | null;
  /** As a receiver of the dialect judges it, and the inbox where it can; the two know nothing of each other. */
  readonly verified: boolean;
  /** What proves the sender: a signature over the bytes, a token that only the two know, … */
  readonly proof: string;
};

/** An endpoint that was asked whether it wants to be told, before anything else was sent to it. */
export type DemoConsent = {
  readonly dialect: string;
  readonly over: string;
  readonly by: string;
  readonly tookMs: number;
};

export type DemoResult = {
  readonly files: number;
  readonly dialects: number;
  readonly consents: readonly DemoConsent[];
  readonly rows: readonly DemoRow[];
  readonly allVerified: boolean;
  readonly verdict: string;
};

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.mp4']);
const random = createSystemRandom();
/** What has arrived is recorded within a batch of the store. */
const recordingMs = 5;

/** Uploads every photograph and waits until each has been told of in each dialect, and every delivery has ended. */
export async function runDemo(
  client: Client,
  mediaDirectory: string,
  { clock, peers }: Pick<CliContext, 'clock'> & { readonly peers: DemoPeers },
): Promise<DemoResult> {
  const made = await client.send<InboxView>('POST', '/v1/inboxes', {});
  // One dialect takes nothing but 200 for success; the others take it as well.
  const inbox = await client.send<InboxView>('PATCH', `/v1/inboxes/${made.id}`, { status: 200 });
  const arrivals = collectArrivals(client, inbox.id, clock);
  const { requests, next } = arrivals;
  const stage: DemoStage = { client, inbox, clock, requests, next, mediaDirectory };
  try {
    await arrivals.open;
    peers.listen(arrivals.add);
    const told = await createWebhooks(stage);
    const [assets, ...acts] = await Promise.all([
      uploadPhotographs(stage),
      ...told.map((webhook) => webhook.demo.act?.(stage, webhook) ?? []),
    ]);
    const expected = [...expectedOf(assets, told), ...acts.flat()];
    const deliveries = await settledDeliveries(stage, expected);
    return await judge(stage, { assets: await lookedInto(client, assets), told, expected, deliveries });
  } finally {
    arrivals.stop();
  }
}

/** One webhook per dialect of the server that tells of files, ready to be told. */
async function createWebhooks(stage: DemoStage): Promise<readonly Told[]> {
  const { data } = await stage.client.get<{ readonly data: readonly DialectView[] }>('/v1/dialects', {});
  const demos = data.flatMap((view) => {
    const known = demoDialects.filter(({ dialect }) => dialect === view.id);
    return known.length > 0 ? known : (describedDialect(view) ?? []);
  });
  return Promise.all(demos.map((demo) => createWebhook(stage, demo)));
}

async function createWebhook(stage: DemoStage, demo: DemoDialect): Promise<Told> {
  const { client, inbox } = stage;
  const token = Buffer.from(random.bytes(20)).toString('hex');
  const startedMs = stage.clock.monotonicMs();
  const {
    id: webhookId,
    secret = token,
    state,
  } = await client.send<WebhookView & { readonly secret?: string }>('POST', '/v1/webhooks', {
    name: `demo ${demo.dialect} ${overOf(demo)}`,
    dialect: demo.dialect,
    target: { transport: 'http', url: inbox.url },
    events: [demo.event],
    ...demo.webhook?.({ inbox, token }),
  });
  const told: Told = { demo, webhookId, secret, consentedMs: null };
  await demo.consent?.(stage, told);
  await consented(stage, told);
  return state === 'pending' ? { ...told, consentedMs: stage.clock.monotonicMs() - startedMs } : told;
}

/** Waits until the endpoint has consented where it is asked first. */
async function consented({ client, clock }: DemoStage, { webhookId }: Told): Promise<void> {
  const endMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    const { state } = await client.get<WebhookView>(`/v1/webhooks/${webhookId}`, {});
    if (state === 'enabled') return;
    if (state === 'disabled' || clock.monotonicMs() > endMs)
      throw new CommandError(
        `Demo's inbox must consent to ${webhookId}: it is ${state}`,
        'Run it again with --verbose',
      );
    await new Promise<void>((resolve) => clock.timer(recordingMs, resolve));
  }
}

/** The assets as they are now, with what inspection found. */
async function lookedInto(client: Client, assets: readonly AssetView[]): Promise<readonly AssetView[]> {
  return Promise.all(assets.map(({ id }) => client.get<AssetView>(`/v1/assets/${id}`, {})));
}

async function uploadPhotographs({ client, mediaDirectory }: DemoStage): Promise<readonly AssetView[]> {
  const names = (await readdir(mediaDirectory))
    .filter((name) => extensions.has(extname(name).toLowerCase()))
    .toSorted();
  if (names.length === 0)
    throw new CommandError(`Demo must find photographs: none in ${mediaDirectory}`, 'Restore the folder `media`');
  return Promise.all(
    names.map(async (name) => {
      const path = join(mediaDirectory, name);
      const { size } = await stat(path);
      const file = { name, bytes: size, content: createReadStream(path) };
      return client.upload<AssetView>(file, { name, path: '/demo', tags: ['demo'] });
    }),
  );
}

/** Each file in each dialect that tells of it, one under the other. */
function expectedOf(assets: readonly AssetView[], told: readonly Told[]): readonly Expected[] {
  return assets.flatMap((asset) =>
    told
      .filter(({ demo }) => demo.tells?.(asset) ?? true)
      .map(
        (webhook): Expected => ({
          told: webhook,
          event: webhook.demo.event,
          subject: `asset:${asset.id}`,
          label: asset.state.name,
          sizePx: '',
        }),
      ),
  );
}

/** The deliveries of what is expected, once all of it has arrived and been recorded: an attempt is recorded a moment after it arrives. */
async function settledDeliveries(stage: DemoStage, expected: readonly Expected[]): Promise<readonly DeliverySummary[]> {
  for (;;) {
    const seen = stage.requests.length;
    const { data } = await stage.client.get<{ readonly data: readonly DeliverySummary[] }>('/v1/deliveries', {
      limit: 1_000,
    });
    const deliveries = expected.map((one) => data.find((delivery) => isOf(delivery, one)));
    const arrived = new Set(stage.requests.map((request) => headerOf(request, deliveryHeader)));
    const made = deliveries.every((delivery) => delivery !== undefined);
    if (
      made &&
      deliveries.every((one) => one?.state !== 'pending' && (one?.state !== 'delivered' || arrived.has(one.id)))
    )
      return data;
    // What has arrived is being recorded and is asked for again at once; what has not is worth waiting for.
    const owed = !made || deliveries.some((one) => one !== undefined && !arrived.has(one.id));
    if (owed && stage.requests.length === seen) await stage.next();
    else await new Promise<void>((resolve) => stage.clock.timer(recordingMs, resolve));
  }
}

function isOf({ webhookId, subject, event }: DeliverySummary, { told, ...one }: Expected): boolean {
  return webhookId === told.webhookId && subject === one.subject && event === one.event;
}

type Evidence = {
  readonly assets: readonly AssetView[];
  readonly told: readonly Told[];
  readonly expected: readonly Expected[];
  readonly deliveries: readonly DeliverySummary[];
};

async function judge(stage: DemoStage, { assets, told, expected, deliveries }: Evidence): Promise<DemoResult> {
  const byDelivery = new Map(stage.requests.map((request) => [headerOf(request, deliveryHeader), request]));
  const sizes = new Map(assets.map((asset) => [`asset:${asset.id}`, sizeOf(asset)]));
  const rows = await Promise.all(
    expected.map(async (one): Promise<DemoRow> => {
      const delivery = deliveries.find((other) => isOf(other, one));
      const request = delivery === undefined ? undefined : byDelivery.get(delivery.id);
      const { demo } = one.told;
      return {
        asset: one.label,
        sizePx: sizes.get(one.subject) ?? one.sizePx,
        dialect: demo.dialect,
        over: overOf(demo),
        event: one.event,
        status: delivery?.lastStatus ?? null,
        attempts: delivery?.attempts ?? 0,
        acceptedToDeliveredMs: delivery?.endedAtMs === undefined ? null : delivery.endedAtMs - delivery.createdAtMs,
        proof: demo.proof,
        verified: delivery?.state === 'delivered' && (await verifies(request, one.told, stage)),
      };
    }),
  );
  const verified = rows.filter((row) => row.verified).length;
  return {
    files: assets.length,
    dialects: new Set(told.map(({ demo }) => demo.dialect)).size,
    consents: told.flatMap(({ demo, consentedMs }) =>
      consentedMs === null
        ? []
        : [
            {
              dialect: demo.dialect,
              over: overOf(demo),
              by: demo.consents ?? 'its answer',
              tookMs: Math.round(consentedMs),
            },
          ],
    ),
    rows,
    allVerified: rows.length > 0 && verified === rows.length,
    verdict: `${verified} of ${rows.length} webhooks arrived and verified`,
  };
}

async function verifies(request: Arrival | undefined, told: Told, stage: DemoStage): Promise<boolean> {
  return request !== undefined && told.demo.verify(request, told, stage);
}

function overOf({ over = 'http' }: DemoDialect): string {
  return over;
}

const deliveryHeader = 'assetwire-delivery-id';

/** Width × height as inspection found them. */
function sizeOf({ state: { file } }: AssetView): string {
  return file?.widthPx === undefined || file.heightPx === undefined ? '' : `${file.widthPx} × ${file.heightPx}`;
}
