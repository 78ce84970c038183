/** What the demo does, through the public API only, as a user would: the same files told in every dialect there is. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { AssetView, InboxRequest, InboxView, WebhookView } from '../../app/app.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { hookSignatureHeader, verifyHookSignature } from './verify-hook-signature.ts';
import { verifyStandard } from './verify-standard.ts';

export type DemoRow = {
  readonly asset: string;
  readonly sizePx: string;
  readonly dialect: string;
  readonly event: string;
  readonly status: number | null;
  readonly attempts: number;
  /** From the commit of the change to the recorded delivery. */
  readonly acceptedToDeliveredMs: number | null;
  /** The inbox's own judgement and ours, which know nothing of each other. */
  readonly verified: boolean;
  /** What proves the sender: a signature over the bytes, or a token that only the two know. */
  readonly proof: 'signature' | 'token';
};

export type DemoResult = {
  readonly files: number;
  readonly dialects: number;
  readonly rows: readonly DemoRow[];
  readonly allVerified: boolean;
  readonly verdict: string;
};

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.mp4']);
const random = createSystemRandom();
const patienceMs = 20_000;
/** What has arrived is recorded within a batch of the store. */
const recordingMs = 5;

/** A webhook of one dialect that is told of every file once it has been looked into. */
type Told = {
  readonly dialect: string;
  readonly event: string;
  readonly webhookId: string;
  readonly secret: string;
  readonly proof: DemoRow['proof'];
};

/** Uploads every photograph and waits until each has been told of in each dialect, and every delivery has ended. */
export async function runDemo(
  client: Client,
  mediaDirectory: string,
  context: Pick<CliContext, 'clock'>,
): Promise<DemoResult> {
  const inbox = await client.send<InboxView>('POST', '/v1/inboxes', {});
  const told = await createWebhooks(client, inbox.url);
  const asked = await consented(client, told, context);
  const arrivals = collectArrivals(client, inbox.id, context);
  try {
    await arrivals.open;
    const assets = await uploadPhotographs(client, mediaDirectory);
    await arrivals.until((requests) => told.every((webhook) => timesTold(requests, webhook) >= assets.length));
    const deliveries = await settledDeliveries(
      client,
      { count: assets.length * told.length, asked, arrivals },
      context,
    );
    return judge({ assets: await lookedInto(client, assets), told, deliveries, requests: arrivals.requests });
  } finally {
    arrivals.stop();
  }
}

type DialectView = {
  readonly id: string;
  readonly events: readonly { readonly name: string; readonly changeKinds: readonly string[] }[];
  readonly signing: { readonly headers: readonly string[] };
};

/** One webhook per dialect of the server, for the event by which it tells of a new file that is ready. */
async function createWebhooks(client: Client, url: string): Promise<readonly Told[]> {
  const { data } = await client.get<{ readonly data: readonly DialectView[] }>('/v1/dialects', {});
  return Promise.all(
    data.flatMap(({ id: dialect, events, signing }) => {
      const event = events.find(({ changeKinds }) => changeKinds.includes('asset.ready'))?.name;
      if (event === undefined) return [];
      // A dialect without a signature is known by a token.
      const proof = signing.headers.length === 0 ? 'token' : 'signature';
      const token = Buffer.from(random.bytes(20)).toString('hex');
      const input = {
        name: `demo ${dialect}`,
        dialect,
        target: { transport: 'http', url },
        events: [event],
        ...(proof === 'token' ? { credentials: { kind: 'bearer', token } } : {}),
      };
      return [
        client
          .send<WebhookView & { readonly secret?: string }>('POST', '/v1/webhooks', input)
          .then(({ id: webhookId, secret = token }): Told => ({ dialect, event, webhookId, secret, proof })),
      ];
    }),
  );
}

/** Waits until every endpoint that is asked first has consented; how many were asked. */
async function consented(client: Client, told: readonly Told[], { clock }: Pick<CliContext, 'clock'>): Promise<number> {
  const endMs = clock.monotonicMs() + patienceMs;
  let asked = 0;
  for (const { webhookId } of told) {
    for (let tries = 0; ; tries += 1) {
      const { state } = await client.get<WebhookView>(`/v1/webhooks/${webhookId}`, {});
      if (state === 'pending' && tries === 0) asked += 1;
      if (state === 'enabled') break;
      if (state === 'disabled' || clock.monotonicMs() > endMs)
        throw new CommandError(
          `Demo's inbox must consent to ${webhookId}: it is ${state}`,
          'Run it again with --verbose',
        );
      await new Promise<void>((resolve) => clock.timer(recordingMs, resolve));
    }
  }
  return asked;
}

/** The assets as they are now, with what inspection found. */
async function lookedInto(client: Client, assets: readonly AssetView[]): Promise<readonly AssetView[]> {
  return Promise.all(assets.map(({ id }) => client.get<AssetView>(`/v1/assets/${id}`, {})));
}

async function uploadPhotographs(client: Client, directory: string): Promise<AssetView[]> {
  const names = (await readdir(directory)).filter((name) => extensions.has(extname(name).toLowerCase())).toSorted();
  if (names.length === 0)
    throw new CommandError(`Demo must find photographs: none in ${directory}`, 'Restore the folder `media`');
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const { size } = await stat(path);
      const file = { name, bytes: size, content: createReadStream(path) };
      return client.upload<AssetView>(file, { name, path: '/demo', tags: ['demo'] });
    }),
  );
}

type Arrivals = {
  readonly requests: InboxRequest[];
  readonly open: Promise<void>;
  until(reached: (requests: readonly InboxRequest[]) => boolean): Promise<void>;
  /** Resolves with the next arrival. */
  next(): Promise<void>;
  stop(): void;
};

/** Follows the inbox live, so that the demo waits for what happens and not for the clock. */
function collectArrivals(client: Client, inboxId: string, { clock }: Pick<CliContext, 'clock'>): Arrivals {
  const abort = new AbortController();
  const requests: InboxRequest[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  let failure: Error | null = null;
  const patience = clock.timer(patienceMs, () =>
    fail(new CommandError(`Demo must end within ${patienceMs / 1_000} s: it did not`, 'Run it again with --verbose')),
  );
  const fail = (error: unknown): void => {
    failure = error instanceof Error ? error : new Error(String(error));
    abort.abort();
    wake();
  };
  const next = async (): Promise<void> => {
    if (failure === null) await new Promise<void>((resolve) => waiting.add(resolve));
    if (failure !== null) throw failure;
  };
  const open = new Promise<void>((resolve, reject) => {
    const followed = client.follow(`/v1/inboxes/${encodeURIComponent(inboxId)}/stream`, {
      signal: abort.signal,
      onOpen: resolve,
      onEvent: ({ data }) => {
        requests.push(JSON.parse(data) as InboxRequest);
        wake();
      },
    });
    followed.then(
      () => fail(failure ?? new CommandError('Inbox must stay open: its stream ended', null)),
      (error: unknown) => {
        fail(error);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  return {
    requests,
    open,
    next,
    async until(reached) {
      while (!reached(requests)) await next();
    },
    stop() {
      patience.cancel();
      abort.abort();
    },
  };
}

/** All deliveries once none is pending: an attempt is recorded a moment after it arrives. */
async function settledDeliveries(
  client: Client,
  { count, asked, arrivals }: { readonly count: number; readonly asked: number; readonly arrivals: Arrivals },
  { clock }: Pick<CliContext, 'clock'>,
): Promise<readonly DeliverySummary[]> {
  for (;;) {
    const { data } = await client.get<{ readonly data: readonly DeliverySummary[] }>('/v1/deliveries', {
      limit: 1_000,
    });
    if (data.length >= count + asked && data.every(({ state }) => state !== 'pending')) return data;
    const seen = arrivals.requests.length;
    // What has arrived is being recorded and is asked for again at once; what has not is worth waiting for.
    // What was asked for consent may have come before the inbox was followed.
    if (data.length - asked > seen) await arrivals.next();
    else await new Promise<void>((resolve) => clock.timer(recordingMs, resolve));
  }
}

type Evidence = {
  readonly assets: readonly AssetView[];
  readonly told: readonly Told[];
  readonly deliveries: readonly DeliverySummary[];
  readonly requests: readonly InboxRequest[];
};

/** Each file in each dialect, one line under the other. */
function judge({ assets, told, deliveries, requests }: Evidence): DemoResult {
  const byDelivery = new Map(requests.map((request) => [headerOf(request, deliveryHeader), request]));
  const rows = assets.flatMap((asset) =>
    told.map((webhook): DemoRow => {
      const delivery = deliveries.find(
        ({ webhookId, subject, event }) =>
          webhookId === webhook.webhookId && subject === `asset:${asset.id}` && event === webhook.event,
      );
      const request = delivery === undefined ? undefined : byDelivery.get(delivery.id);
      return {
        asset: asset.state.name,
        sizePx: sizeOf(asset),
        dialect: webhook.dialect,
        event: webhook.event,
        status: delivery?.lastStatus ?? null,
        attempts: delivery?.attempts ?? 0,
        acceptedToDeliveredMs: delivery?.endedAtMs === undefined ? null : delivery.endedAtMs - delivery.createdAtMs,
        proof: webhook.proof,
        verified: request !== undefined && verifies(request, webhook),
      };
    }),
  );
  const verified = rows.filter((row) => row.verified).length;
  return {
    files: assets.length,
    dialects: told.length,
    rows,
    allVerified: rows.length > 0 && verified === rows.length,
    verdict: `${verified} of ${rows.length} webhooks arrived and verified`,
  };
}

/** As that dialect's receivers do, from the bytes and the secret alone. */
function verifies(request: InboxRequest, { secret, proof }: Told): boolean {
  if (proof === 'token') return headerOf(request, 'authorization') === `Bearer ${secret}`;
  if (request.verification.result !== 'verified') return false;
  return headerOf(request, hookSignatureHeader) === ''
    ? verifyStandard(request, secret)
    : verifyHookSignature(request, secret);
}

const deliveryHeader = 'assetwire-delivery-id';
const eventHeader = 'assetwire-event';

function headerOf({ headers }: InboxRequest, name: string): string {
  return headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? '';
}

/** How many different messages of a webhook's event have come. */
function timesTold(requests: readonly InboxRequest[], { event }: Told): number {
  return new Set(
    requests.filter((request) => headerOf(request, eventHeader) === event).map((r) => headerOf(r, deliveryHeader)),
  ).size;
}

/** Width × height as inspection found them. */
function sizeOf({ state: { file } }: AssetView): string {
  return file?.widthPx === undefined || file.heightPx === undefined ? '' : `${file.widthPx} × ${file.heightPx}`;
}
