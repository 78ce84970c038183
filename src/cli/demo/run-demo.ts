/** What the demo does, through the public API only, as a user would. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { AssetView, InboxRequest, InboxView, WebhookView } from '../../app/app.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { verifyStandard } from './verify-standard.ts';

export type DemoRow = {
  readonly asset: string;
  readonly sizePx: string;
  readonly event: string;
  readonly status: number | null;
  readonly attempts: number;
  /** From the commit of the change to the recorded delivery. */
  readonly acceptedToDeliveredMs: number | null;
  /** The inbox's own judgement and ours, which know nothing of each other. */
  readonly verified: boolean;
};

export type DemoResult = {
  readonly files: number;
  readonly rows: readonly DemoRow[];
  readonly allVerified: boolean;
  readonly verdict: string;
};

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.mp4']);
/** What the standard dialect tells of every uploaded file once it is inspected, so that its size is known. */
const lastEvent = 'asset.created';
const patienceMs = 20_000;
/** What has arrived is recorded within a batch of the store. */
const recordingMs = 5;

/** Uploads every photograph and waits until each has been told of, and every delivery has ended. */
export async function runDemo(
  client: Client,
  mediaDirectory: string,
  context: Pick<CliContext, 'clock'>,
): Promise<DemoResult> {
  const inbox = await client.send<InboxView>('POST', '/v1/inboxes', {});
  const webhook = await client.send<WebhookView & { readonly secret?: string }>('POST', '/v1/webhooks', {
    name: 'demo',
    dialect: 'standard',
    target: { transport: 'http', url: inbox.url },
    events: ['*'],
  });
  const arrivals = collectArrivals(client, inbox.id, context);
  try {
    await arrivals.open;
    const assets = await uploadPhotographs(client, mediaDirectory);
    await arrivals.until((requests) =>
      assets.every(({ id }) => requests.some((request) => tells(request, id, lastEvent))),
    );
    const deliveries = await settledDeliveries(client, { webhookId: webhook.id, arrivals }, context);
    return judge({ assets, deliveries, requests: arrivals.requests, secret: webhook.secret ?? '' });
  } finally {
    arrivals.stop();
  }
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

/** The webhook's deliveries once none is pending: an attempt is recorded a moment after it arrives. */
async function settledDeliveries(
  client: Client,
  { webhookId, arrivals }: { readonly webhookId: string; readonly arrivals: Arrivals },
  { clock }: Pick<CliContext, 'clock'>,
): Promise<readonly DeliverySummary[]> {
  for (;;) {
    const query = { webhookId, limit: 1_000 };
    const { data } = await client.get<{ readonly data: readonly DeliverySummary[] }>('/v1/deliveries', query);
    if (data.every(({ state }) => state !== 'pending')) return data;
    const seen = arrivals.requests.length;
    // What has arrived is being recorded and is asked for again at once; what has not is worth waiting for.
    if (data.length > seen) await arrivals.next();
    else await new Promise<void>((resolve) => clock.timer(recordingMs, resolve));
  }
}

type Evidence = {
  readonly assets: readonly AssetView[];
  readonly deliveries: readonly DeliverySummary[];
  readonly requests: readonly InboxRequest[];
  readonly secret: string;
};

function judge({ assets, deliveries, requests, secret }: Evidence): DemoResult {
  const byMessage = new Map(requests.map((request) => [headerOf(request, 'webhook-id'), request]));
  const names = new Map(assets.map(({ id, state }) => [id, state]));
  const rows = deliveries.toReversed().map((delivery): DemoRow => {
    const request = byMessage.get(delivery.messageId);
    const state = names.get(delivery.subject.slice(delivery.subject.indexOf(':') + 1));
    return {
      asset: state?.name ?? delivery.subject,
      sizePx: request === undefined ? '' : sizeIn(request),
      event: delivery.event,
      status: delivery.lastStatus ?? null,
      attempts: delivery.attempts,
      acceptedToDeliveredMs: delivery.endedAtMs === undefined ? null : delivery.endedAtMs - delivery.createdAtMs,
      verified: request !== undefined && request.verification.result === 'verified' && verifyStandard(request, secret),
    };
  });
  const arrived = rows.filter(({ verified }) => verified).length;
  const told = assets.filter(({ id }) => requests.some((request) => tells(request, id, lastEvent))).length;
  return {
    files: assets.length,
    rows,
    allVerified: rows.length > 0 && arrived === rows.length && told === assets.length,
    verdict: `${arrived} of ${rows.length} webhooks verified, ${told} of ${assets.length} files told of`,
  };
}

function headerOf({ headers }: InboxRequest, name: string): string {
  return headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? '';
}

function tells(request: InboxRequest, assetId: string, event: string): boolean {
  const text = Buffer.from(request.bodyBase64, 'base64').toString('utf8');
  return text.includes(`"${assetId}"`) && text.includes(`"${event}"`);
}

/** Width × height as the webhook's body tells it. */
function sizeIn(request: InboxRequest): string {
  const text = Buffer.from(request.bodyBase64, 'base64').toString('utf8');
  const width = /"width(?:Px)?":(\d+)/.exec(text)?.[1];
  const height = /"height(?:Px)?":(\d+)/.exec(text)?.[1];
  return width === undefined || height === undefined ? '' : `${width} × ${height}`;
}
