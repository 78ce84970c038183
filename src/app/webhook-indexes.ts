/**
 * The webhooks of workspaces as indexes in memory. An index is labelled with the workspace's `webhooksRevision` read
 * before its webhooks were: where a webhook was written in between, its label is too old and the first commit that rests
 * on it is refused, never wrongly accepted.
 */
import type { EventTable } from '../core/event-table.ts';
import { limits } from '../core/limits.ts';
import { createWebhookIndex, type WebhookIndex } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { withoutEventsOff } from './events-off.ts';
import { ringKey, storedRing } from './signing-key-state.ts';
import { createTwoGenerations } from './two-generations.ts';
import { storedWebhook } from './webhook-state.ts';

/** The webhooks of one workspace as they were at one revision. */
export type WorkspaceIndex = {
  readonly revision: number;
  /** Sorted by id, so that an expansion can go on behind the last one it did. */
  readonly webhooks: readonly Webhook[];
  readonly index: WebhookIndex;
  /** The id of the key that signs now, by the name of the signing key; of those that the dialects of its webhooks use. */
  readonly signingKeys: ReadonlyMap<string, string>;
};

export interface WebhookIndexes {
  readonly known: (workspaceId: string) => WorkspaceIndex | undefined;
  readonly load: (workspaceId: string) => Promise<WorkspaceIndex>;
  /** The store has another revision than this index, or than any: the next one to ask loads it anew. */
  readonly outdated: (workspaceId: string, index?: WorkspaceIndex) => void;
}

/** Webhooks kept in memory over all workspaces; a workspace has at most 10,000. */
const webhooksKeptMax = 100_000;
const workspacesKeptMax = 10_000;

export function createWebhookIndexes({
  storage,
  dialects,
  logger,
}: Pick<AppDeps, 'storage' | 'dialects' | 'logger'>): WebhookIndexes {
  const indexes = createTwoGenerations<WorkspaceIndex>({ entriesMax: workspacesKeptMax, weightMax: webhooksKeptMax });
  const loading = new Map<string, Promise<WorkspaceIndex>>();
  const tables = eventTables(dialects);

  const read = async (workspaceId: string): Promise<WorkspaceIndex> => {
    const revision = await storage.webhooksRevision(workspaceId);
    const rows = revision === 0 ? [] : await readWebhooks(storage, workspaceId);
    const webhooks = inOrder(rows.map(storedWebhook));
    const index = createWebhookIndex(await withoutEventsOff({ storage, dialects }, workspaceId, webhooks), tables);
    for (const { webhook, problem } of index.problems) {
      logger.error('webhook.unusable', { workspaceId, webhookId: webhook.id, problem });
    }
    return { revision, webhooks, index, signingKeys: await presentKeys({ storage, dialects }, workspaceId, webhooks) };
  };

  const finish = (workspaceId: string, started: Promise<WorkspaceIndex>, loaded: WorkspaceIndex | null): void => {
    // Only where nobody has said in the meantime that this very reading is outdated.
    if (loading.get(workspaceId) !== started) return;
    loading.delete(workspaceId);
    if (loaded !== null) indexes.set(workspaceId, loaded, loaded.webhooks.length + 1);
  };

  return {
    known: (workspaceId) => indexes.get(workspaceId),

    load(workspaceId) {
      const running = loading.get(workspaceId);
      if (running !== undefined) return running;
      const started = read(workspaceId);
      loading.set(workspaceId, started);
      return started.then(
        (loaded) => {
          finish(workspaceId, started, loaded);
          return loaded;
        },
        (error: unknown) => {
          finish(workspaceId, started, null);
          throw error;
        },
      );
    },

    outdated(workspaceId, index) {
      if (index === undefined || indexes.get(workspaceId) === index) indexes.delete(workspaceId);
      // A reading that began before the write may hold the former webhooks: whoever waits for it will find out by its
      // label, and nobody new joins it.
      if (index === undefined) loading.delete(workspaceId);
    },
  };
}

const noKeys: ReadonlyMap<string, string> = new Map();

async function presentKeys(
  { storage, dialects }: Pick<AppDeps, 'storage' | 'dialects'>,
  workspaceId: string,
  webhooks: readonly Webhook[],
): Promise<ReadonlyMap<string, string>> {
  const spoken = new Set(webhooks.map(({ dialect }) => dialect));
  const names = [...spoken].flatMap((id) => (dialects.get(id)?.manifest.signingKeys ?? []).map(({ name }) => name));
  if (names.length === 0) return noKeys;
  const rings = await storage.resources(names.map((name) => ringKey(workspaceId, name)));
  return new Map(
    rings.flatMap((ring, at) => (ring === null ? [] : [[names[at] ?? '', storedRing(ring).present] as const])),
  );
}

/** Sorted by id. */
export function inOrder(webhooks: readonly Webhook[]): readonly Webhook[] {
  return webhooks.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** What the index needs to know of each dialect. */
export function eventTables(dialects: AppDeps['dialects']): ReadonlyMap<string, EventTable> {
  return new Map([...dialects].map(([id, dialect]) => [id, dialect.events]));
}

/** All webhooks of a workspace, in pages. */
export async function readWebhooks(storage: AppDeps['storage'], workspaceId: string): Promise<readonly Resource[]> {
  const rows: Resource[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Resource> = await storage.read.resources({
      workspaceId,
      type: 'webhook',
      limit: limits.pageItemsMax,
      ...(cursor === null ? {} : { cursor }),
    });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}
