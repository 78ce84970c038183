/**
 * Full syncs: another system names every asset it has, in batches of full states, and what it did not name has vanished.
 * Being seen costs an unchanged asset no write: each batch leaves one row with the ids it named, in one commit with the
 * sync's progress, before it is answered. So a batch whose answer was lost is simply pushed again.
 */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { AssetCases, Caller, PushResult } from './app.ts';
import type { PushMany } from './asset-push-batch.ts';
import { auditWrite } from './audit.ts';
import { type Committer, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { Decision } from './plan.ts';
import { notFound } from './refusals.ts';
import type { SyncCases, SyncView, VanishedAsset } from './sync-cases.ts';
import { refuseSecond, refuseUnlessPushable, stillPushing } from './sync-refusals.ts';
import {
  endedAlias,
  pushable,
  runningAlias,
  seenPartId,
  type StoredSync,
  storedSync,
  type SyncPayload,
  syncView,
  type Vanished,
  vanishedPartId,
} from './sync-state.ts';

export type SyncsDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
  readonly pushMany: PushMany;
};

export type Syncs = { readonly cases: SyncCases; readonly pushMany: AssetCases['pushMany'] };

export function createSyncs(deps: SyncsDeps): Syncs {
  const { storage } = deps;
  /** Batches under way in this process, by sync: while there are any nothing is known to have vanished. */
  const underWay = new Map<string, number>();

  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'sync', id }]);
    if (row === undefined || row === null) throw notFound('the sync');
    return row;
  };

  const cases: SyncCases = {
    create: (caller, input) => create(deps, caller, input),
    get: async (caller, id) => syncView(await find(caller, id)),
    async list(caller, { source, state, ...query }) {
      const where = { ...(source === undefined ? {} : { source }), ...(state === undefined ? {} : { state }) };
      const page = await storage.read.resources({ ...query, workspaceId: caller.workspaceId, type: 'sync', where });
      return { items: page.items.map(syncView), nextCursor: page.nextCursor };
    },
    async complete(caller, id, input) {
      if ((underWay.get(`${caller.workspaceId} ${id}`) ?? 0) > 0) throw stillPushing();
      return complete(deps, caller, { id, ...input });
    },
    vanished: async (caller, id, query) => vanishedPage(deps, await find(caller, id), query),
    cancel: (caller, id) => cancel(deps, caller, id),
  };

  return {
    cases,
    async pushMany(caller, { sync, ...batch }) {
      if (sync === undefined) return { results: await deps.pushMany(caller, batch) };
      const row = await find(caller, sync);
      refuseUnlessPushable(storedSync(row));
      const { source } = storedSync(row);
      const name = `${caller.workspaceId} ${sync}`;
      underWay.set(name, (underWay.get(name) ?? 0) + 1);
      try {
        const results = await deps.pushMany(caller, { ...batch, source });
        await markSeen(deps, caller, { sync, results });
        return { results };
      } finally {
        const left = (underWay.get(name) ?? 1) - 1;
        if (left === 0) underWay.delete(name);
        else underWay.set(name, left);
      }
    },
  };
}

/** The parts as the comparison left them, each as many pages as it needs: a cursor is a part and a place in it. */
async function vanishedPage(
  { storage }: SyncsDeps,
  { workspaceId, id, state }: Resource,
  { limit, cursor = '0.0' }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<VanishedAsset>> {
  const { vanishedParts } = storedSync({ state });
  const { part, from } = readCursor(cursor);
  const key = { workspaceId, type: 'sync_part', id: vanishedPartId(id, part) } as const;
  const [row] = part < vanishedParts ? await storage.resources([key]) : [];
  const all = (row?.state['vanished'] ?? []) as unknown as readonly Vanished[];
  const items = all.slice(from, from + limit).map(({ version: _, ...shown }): VanishedAsset => shown);
  const next = from + limit < all.length ? `${part}.${from + limit}` : `${part + 1}.0`;
  return { items, nextCursor: from + limit < all.length || part + 1 < vanishedParts ? next : null };
}

function readCursor(cursor: string): { readonly part: number; readonly from: number } {
  const read = /^(\d{1,7})\.(\d{1,7})$/.exec(cursor);
  if (read === null) throw new AssetwireError('invalid_cursor', { detail: 'Use a cursor as it was given' });
  return { part: Number(read[1]), from: Number(read[2]) };
}

async function create(
  deps: SyncsDeps,
  caller: Caller,
  { source, resume = false }: Parameters<SyncCases['create']>[1],
): Promise<{ readonly sync: SyncView; readonly made: boolean }> {
  const { storage, committer, ids } = deps;
  const { workspaceId } = caller;
  const running = async (): Promise<Resource | undefined> =>
    (await storage.findByAlias('sync', runningAlias(source), workspaceId))[0];
  const there = await running();
  if (there !== undefined) return resume ? { sync: syncView(there), made: false } : refuseSecond(there);
  const leaving = await beyondKept(deps, workspaceId);
  const id = ids.next('sync');
  const stored: StoredSync = {
    source,
    state: 'open',
    pushed: { created: 0, updated: 0, unchanged: 0, stale: 0, rejected: 0, unnamed: 0 },
    compared: 0,
    vanished: 0,
    applied: 0,
    kept: 0,
    seenParts: 0,
    vanishedParts: 0,
    vanishedPartsMade: 0,
    round: 0,
    confirmed: false,
    by: caller.actor,
  };
  try {
    const written = await committer.write<SyncView>({ workspaceId, type: 'sync', id }, (_, atMs) => ({
      kind: 'write',
      plan: {
        state: stored,
        alias: runningAlias(source),
        changes: [],
        resources: [
          auditWrite({ ids, caller }, { action: 'sync.begun', target: `sync:${id}`, after: { source } }, atMs),
        ],
        duties: leaving.map((syncId) =>
          dutyOf(deps, workspaceId, { syncId, phase: 'remove', round: 0, dueAtMs: atMs }),
        ),
      },
      answer: () => syncView({ id, state: stored, createdAtMs: atMs }),
    }));
    if (written.kind !== 'done')
      throw new TypeError('A sync is made without an idempotency key: got an earlier answer');
    return { sync: written.answer, made: true };
  } catch (error) {
    const other = isTaken(error) ? await running() : undefined;
    if (other === undefined) throw error;
    return resume ? { sync: syncView(other), made: false } : refuseSecond(other);
  }
}

/** Ended syncs that make room for a new one. */
async function beyondKept({ storage }: SyncsDeps, workspaceId: string): Promise<readonly string[]> {
  const page = await storage.read.resources({ workspaceId, type: 'sync', limit: limits.syncsKeptMax + 20 });
  return page.items
    .slice(limits.syncsKeptMax - 1)
    .filter((row) => ['done', 'cancelled'].includes(storedSync(row).state))
    .map(({ id }) => id);
}

type Owed = Pick<SyncPayload, 'syncId' | 'phase' | 'round'> & { readonly dueAtMs: number };

function dutyOf({ ids }: Pick<SyncsDeps, 'ids'>, workspaceId: string, { dueAtMs, ...payload }: Owed): NewDuty {
  const whole: SyncPayload = { ...payload, part: 0, item: 0, cursor: null };
  return { id: ids.next('duty'), workspaceId, kind: 'sync', dueAtMs, payload: whole };
}

/** Decides on a sync as it is stored, alone on it: its duty writes it too. */
async function change(
  { committer }: SyncsDeps,
  { workspaceId }: Caller,
  { id, decide }: { readonly id: string; readonly decide: (stored: StoredSync, atMs: number) => Change },
): Promise<SyncView> {
  const written = await committer.writeAlone<SyncView>(
    { workspaceId, type: 'sync', id },
    [],
    (current, atMs): Decision<SyncView> => {
      if (current === null) throw notFound('the sync');
      const { next, alias, resources, duties } = decide(storedSync(current), atMs);
      if (next === null) return { kind: 'nothing', answer: syncView(current) };
      return {
        kind: 'write',
        plan: {
          state: next,
          changes: [],
          ...(alias === undefined ? {} : { alias }),
          ...(resources === undefined ? {} : { resources }),
          ...(duties === undefined ? {} : { duties }),
        },
        answer: () => syncView({ ...current, state: next }),
      };
    },
  );
  if (written.kind !== 'done')
    throw new TypeError('A sync is written without an idempotency key: got an earlier answer');
  return written.answer;
}

type Change = {
  readonly next: StoredSync | null;
  readonly alias?: string;
  readonly resources?: readonly ResourceWrite[];
  readonly duties?: readonly NewDuty[];
};

/** The ids that a batch named, whatever became of their states: an asset whose state was refused is there all the same. */
async function markSeen(
  deps: SyncsDeps,
  caller: Caller,
  { sync, results }: { readonly sync: string; readonly results: readonly PushResult[] },
): Promise<void> {
  const ids = new Set(results.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const nameless = results.flatMap(({ id, externalId }) =>
    id === undefined && externalId !== undefined ? [externalId] : [],
  );
  if (nameless.length > 0) {
    const { workspaceId } = caller;
    const rows = await deps.storage.findByAliases({ workspaceId, type: 'asset', aliases: nameless });
    for (const row of rows) if (row !== null) ids.add(row.id);
  }
  const bare = [...ids].map((id) => id.slice(id.indexOf('_') + 1)).join('');
  await change(deps, caller, {
    id: sync,
    decide(stored, atMs) {
      refuseUnlessPushable(stored);
      const pushed = { ...stored.pushed };
      for (const { status, id, externalId } of results) {
        pushed[status] += 1;
        if (id === undefined && externalId === undefined) pushed.unnamed += 1;
      }
      const { waitingFor: _, ...rest } = stored;
      const part: ResourceWrite = {
        type: 'sync_part',
        id: seenPartId(sync, stored.seenParts),
        expectedVersion: 0,
        state: { ids: bare },
      };
      return {
        next: { ...rest, state: 'open', pushed, seenParts: stored.seenParts + 1, lastPushAtMs: atMs },
        resources: [part],
      };
    },
  });
}

async function complete(
  deps: SyncsDeps,
  caller: Caller,
  { id, vanished, dryRun = false, confirm = false }: { readonly id: string } & Parameters<SyncCases['complete']>[2],
): Promise<SyncView> {
  const view = await change(deps, caller, {
    id,
    decide(stored, atMs) {
      if (stored.state === 'done') return { next: null };
      if (!pushable.has(stored.state)) {
        throw new AssetwireError('conflict', { detail: `Complete a sync that is open: this one is ${stored.state}` });
      }
      const round = stored.round + 1;
      const { waitingFor: _, ...rest } = stored;
      const next: StoredSync = {
        ...rest,
        state: 'comparing',
        mode: vanished,
        dryRun,
        confirmed: confirm,
        by: caller.actor,
        round,
        compared: 0,
        vanished: 0,
        vanishedParts: 0,
      };
      const note = { action: 'sync.completing', target: `sync:${id}`, after: { vanished, dryRun, confirm } };
      return {
        next,
        resources: [auditWrite({ ids: deps.ids, caller }, note, atMs)],
        duties: [dutyOf(deps, caller.workspaceId, { syncId: id, phase: 'compare', round, dueAtMs: atMs })],
      };
    },
  });
  return view;
}

function cancel(deps: SyncsDeps, caller: Caller, id: string): Promise<SyncView> {
  return change(deps, caller, {
    id,
    decide(stored, atMs) {
      if (stored.state === 'done' || stored.state === 'cancelled') return { next: null };
      const { waitingFor: _, ...rest } = stored;
      return {
        next: { ...rest, state: 'cancelled', endedAtMs: atMs },
        alias: endedAlias(id),
        resources: [auditWrite({ ids: deps.ids, caller }, { action: 'sync.cancelled', target: `sync:${id}` }, atMs)],
        duties: [dutyOf(deps, caller.workspaceId, { syncId: id, phase: 'tidy', round: stored.round, dueAtMs: atMs })],
      };
    },
  });
}
