/** Which webhooks a change is told to: a hundred of its own workspace, ten thousand of a thousand others. */
import { dialects } from '../../src/compose/dialects.ts';
import type { Change } from '../../src/core/change.ts';
import { exampleWebhook } from '../../src/core/example-webhook.ts';
import type { WebhookId } from '../../src/core/ids.ts';
import { sampleChange } from '../../src/core/sample-change.ts';
import { createWebhookIndex, type WebhookIndex, wantsEvent } from '../../src/core/webhook-index.ts';
import type { Webhook } from '../../src/core/webhook.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import { median } from '../statistics.ts';

const limitUs = 50;
const own = 100;
const others = 10_000;
const otherWorkspaces = 1_000;

/** One in ten of them is told of the change; the conditions of the others are looked at and fail. */
function ownWebhooks({ manifest }: Dialect): readonly Webhook[] {
  return Array.from({ length: own }, (_, nth) => {
    const wanted = nth % 10 === 0 ? 'Final' : `Value ${nth}`;
    const settings =
      manifest.id === 'scaleflex'
        ? { changeMeta: { field: 'status', value: wanted } }
        : manifest.id === 'woodwing'
          ? { foldersAndQuery: { query: `status:"${wanted}"` } }
          : {};
    const filter = { field: 'metadata.status', of: 'becomes', equals: wanted } as const;
    const conditional = Object.keys(settings).length > 0 ? { settings } : { filter };
    return exampleWebhook({ id: `wh_own${nth}` as WebhookId, dialect: manifest.id, ...conditional });
  });
}

async function measure(context: BenchContext): Promise<readonly Figure[]> {
  const times = context.quick ? 500 : 20_000;
  const rounds = context.quick ? 1 : 7;
  const tables = new Map(dialects.map(({ manifest, events }) => [manifest.id, events]));
  const indexes = new Map<string, WebhookIndex>();
  for (let nth = 0; nth < otherWorkspaces; nth += 1) {
    const webhooks = Array.from({ length: others / otherWorkspaces }, (_, at) =>
      exampleWebhook({ id: `wh_${nth}x${at}` as WebhookId, workspaceId: `other-${nth}`, dialect: 'standard' }),
    );
    indexes.set(`other-${nth}`, createWebhookIndex(webhooks, tables));
  }
  const change = sampleChange('asset.metadata_changed');
  const figures: Figure[] = [];
  for (const dialect of dialects) {
    const { id } = dialect.manifest;
    indexes.set('default', createWebhookIndex(ownWebhooks(dialect), tables));
    const told = notified(dialect, change, indexes);
    if (told === 0) continue;
    const tookUs: number[] = [];
    for (let nth = 0; nth <= rounds; nth += 1) {
      const before = process.cpuUsage();
      // Each time another change: what was read of one is worth nothing to the next.
      for (let time = 0; time < times; time += 1) notified(dialect, { ...change }, indexes);
      // The first round warms up.
      if (nth > 0) tookUs.push(cpuUs(before) / times);
    }
    context.log(`${id}: ${round(median(tookUs))} µs, ${told} of ${own} are told`);
    figures.push(
      atMost(`matching, ${own} webhooks of its own: ${id}`, limitUs, median(tookUs), {
        unit: ' µs',
        details: { told, own, others, roundsUs: tookUs.map(round) },
      }),
    );
  }
  return figures;
}

const drawn = new Uint8Array(32);
const notifyContext = { nowMs: 0, draw: (count: number) => drawn.subarray(0, count), signingKeyId: () => 'key' };

/** As the accept path does it: the workspace's index, then the dialect of each webhook found. */
function notified(dialect: Dialect, change: Change, indexes: ReadonlyMap<string, WebhookIndex>): number {
  let count = 0;
  for (const webhook of indexes.get(change.workspaceId)?.match(change).webhooks ?? []) {
    for (const { event } of dialect.notify(change, webhook, notifyContext)) if (wantsEvent(webhook, event)) count += 1;
  }
  return count;
}

/** Processor time, so that what else the machine does counts less. */
function cpuUs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

export const matching: BenchCase = {
  name: 'matching',
  title: 'Who is told of a change, among many webhooks',
  run: measure,
};
