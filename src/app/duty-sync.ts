/**
 * The `sync` duty, a slice per call: what of a source was not seen is looked for, then deleted or archived; at the end what
 * was kept for it goes. Each slice commits its progress with the duty's next step. A slice of deletions that a crash cut
 * off is done again: what is gone already stays gone.
 */
import { AssetwireError, errorTable } from '../core/errors.ts';
import { createSeenSet, type SeenSet } from '../core/seen-set.ts';
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { type AssetCases, type Caller, scopes } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced, commitStep, fulfilled } from './duty-step.ts';
import {
  endedAlias,
  seenPartId,
  type StoredSync,
  storedSync,
  type SyncPayload,
  type Vanished,
  vanishedPartId,
} from './sync-state.ts';

export type SyncDutyDeps = Pick<AppDeps, 'storage' | 'clock' | 'engine'> & {
  readonly assets: Pick<AssetCases, 'remove' | 'patch'>;
};

const comparedPerSlice = 1_000;
const appliedPerSlice = 100;
const partsPerSlice = 200;
const partsReadAtOnce = 20;

type Slice = {
  readonly duty: Duty;
  readonly payload: SyncPayload;
  readonly row: Resource;
  readonly sync: StoredSync;
};

export function createSyncDuty(deps: SyncDutyDeps): DutyHandler {
  /** What the sync that is being compared has seen; read once, then kept for its next slice. */
  let seen: { readonly of: string; readonly set: SeenSet } | null = null;
  const seenOf = async ({ duty, payload, sync }: Slice): Promise<SeenSet> => {
    const of = `${duty.workspaceId} ${payload.syncId} ${payload.round}`;
    if (seen?.of !== of)
      seen = {
        of,
        set: await readSeen(deps, { workspaceId: duty.workspaceId, syncId: payload.syncId, parts: sync.seenParts }),
      };
    return seen.set;
  };
  return async (duty, signal) => {
    const payload = duty.payload as SyncPayload;
    const { workspaceId } = duty;
    const [row] = await deps.storage.resources([{ workspaceId, type: 'sync', id: payload.syncId }]);
    if (row === undefined || row === null) return commitStep(deps, duty, { fulfils: fulfilled(duty) });
    const slice: Slice = { duty, payload, row, sync: storedSync(row) };
    if (payload.phase === 'tidy' || payload.phase === 'remove') return tidy(deps, slice);
    const wanted = payload.phase === 'compare' ? 'comparing' : 'applying';
    // Cancelled meanwhile, or a comparison of before.
    if (slice.sync.state !== wanted || slice.sync.round !== payload.round)
      return commitStep(deps, duty, { fulfils: fulfilled(duty) });
    if (payload.phase === 'apply') return apply(deps, slice);
    const set = await seenOf(slice);
    if (signal.aborted) return;
    const ended = await compare(deps, slice, set);
    if (ended) seen = null;
  };
}

async function readSeen(
  { storage }: SyncDutyDeps,
  { workspaceId, syncId, parts }: { readonly workspaceId: string; readonly syncId: string; readonly parts: number },
): Promise<SeenSet> {
  const set = createSeenSet();
  for (let from = 0; from < parts; from += partsReadAtOnce) {
    const count = Math.min(partsReadAtOnce, parts - from);
    const keys = Array.from({ length: count }, (_, at) => ({
      workspaceId,
      type: 'sync_part' as const,
      id: seenPartId(syncId, from + at),
    }));
    for (const row of await storage.resources(keys)) {
      const ids = row?.state['ids'];
      // Without one of its parts everything in it would seem to have vanished.
      if (typeof ids !== 'string') throw new TypeError(`A sync must have all its parts: one of ${syncId} is missing`);
      set.add(ids);
    }
  }
  return set;
}

/** One page of the source's assets; true where it was the last. */
async function compare(deps: SyncDutyDeps, slice: Slice, seen: SeenSet): Promise<boolean> {
  const { duty, payload, sync } = slice;
  const { workspaceId } = duty;
  const page = await deps.storage.read.resources({
    workspaceId,
    type: 'asset',
    where: { source: sync.source },
    limit: comparedPerSlice,
    ...(payload.cursor === null ? {} : { cursor: payload.cursor }),
  });
  const gone = page.items.filter(
    ({ id, state }) => !seen.has(id) && !(sync.mode === 'archive' && state['archived'] === true),
  );
  const vanishedParts = sync.vanishedParts + (gone.length === 0 ? 0 : 1);
  const found: StoredSync = {
    ...sync,
    compared: sync.compared + page.items.length,
    vanished: sync.vanished + gone.length,
    vanishedParts,
    vanishedPartsMade: Math.max(sync.vanishedPartsMade, vanishedParts),
  };
  const part: ResourceWrite = {
    type: 'sync_part',
    id: vanishedPartId(payload.syncId, sync.vanishedParts),
    expectedVersion: 'any',
    state: { vanished: gone.map(vanishedOf) },
  };
  const parts = gone.length === 0 ? [] : [part];
  if (page.nextCursor !== null) {
    await step(deps, slice, { next: found, parts, payload: { ...payload, cursor: page.nextCursor } });
    return false;
  }
  await step(deps, slice, { ...compared(found, payload, deps.clock.nowMs()), parts });
  return true;
}

function vanishedOf({ id, alias, version, state }: Resource): Vanished {
  const name = typeof state['name'] === 'string' ? state['name'] : '';
  return { id, ...(alias === undefined ? {} : { externalId: alias }), name, version };
}

/** What a finished comparison leads to. */
function compared(sync: StoredSync, payload: SyncPayload, nowMs: number): Pick<Step, 'next' | 'payload'> {
  const waitingFor = sync.vanished === 0 || sync.mode === 'report' ? null : reasonToWait(sync);
  if (waitingFor !== null) return { next: { ...sync, state: 'waiting', waitingFor }, payload: null };
  if (sync.vanished === 0 || sync.mode === 'report')
    return { next: { ...sync, state: 'done', endedAtMs: nowMs }, payload: { ...payload, phase: 'tidy', part: 0 } };
  return {
    next: { ...sync, state: 'applying' },
    payload: { ...payload, phase: 'apply', part: 0, item: 0, cursor: null },
  };
}

/** The safety stops: a source that answered with half of itself must not cost the other half. */
function reasonToWait({ vanished, compared: all, confirmed, dryRun, pushed }: StoredSync): string | null {
  if (dryRun === true) return 'This was a dry run: complete again without dryRun to go on';
  if (confirmed) return null;
  if (pushed.unnamed > 0)
    return `${pushed.unnamed} of the pushed states could not be read, not even whose they are: what they stand for would count as vanished. Push them again, or complete with "confirm": true`;
  const share = vanished / Math.max(1, all);
  if (share <= limits.syncVanishedShareMax) return null;
  return `${vanished} of ${all} assets of this source have vanished (${Math.round(share * 100)} %, more than ${limits.syncVanishedShareMax * 100} %): complete with "confirm": true if that is right`;
}

async function apply(deps: SyncDutyDeps, slice: Slice): Promise<void> {
  const { duty, payload, sync } = slice;
  const { workspaceId } = duty;
  const [row] = await deps.storage.resources([
    { workspaceId, type: 'sync_part', id: vanishedPartId(payload.syncId, payload.part) },
  ]);
  const all = (row?.state['vanished'] ?? []) as unknown as readonly Vanished[];
  const now = all.slice(payload.item, payload.item + appliedPerSlice);
  const caller: Caller = { workspaceId, actor: sync.by, keyId: '', scopes: new Set(scopes), admin: false };
  const outcomes = await Promise.all(now.map((asset) => applyOne(deps, caller, { asset, mode: sync.mode })));
  const done = outcomes.filter((outcome) => outcome === 'applied').length;
  const next: StoredSync = { ...sync, applied: sync.applied + done, kept: sync.kept + outcomes.length - done };
  const nextPart = payload.item + now.length >= all.length;
  const onward = nextPart
    ? { ...payload, part: payload.part + 1, item: 0 }
    : { ...payload, item: payload.item + now.length };
  if (onward.part < sync.vanishedParts) return step(deps, slice, { next, parts: [], payload: onward });
  const ended: StoredSync = { ...next, state: 'done', endedAtMs: deps.clock.nowMs() };
  return step(deps, slice, { next: ended, parts: [], payload: { ...payload, phase: 'tidy', part: 0 } });
}

/**
 * An asset that somebody changed since it was found is left as it is: it may be back. So is one that cannot go, checked
 * out by somebody for example: the rest of the sync does not wait for it.
 */
async function applyOne(
  { assets }: SyncDutyDeps,
  caller: Caller,
  { asset, mode }: { readonly asset: Vanished; readonly mode: StoredSync['mode'] },
): Promise<'applied' | 'kept'> {
  try {
    if (mode === 'archive') await assets.patch(caller, asset.id, { archived: true, expected: asset.version });
    else await assets.remove(caller, asset.id, { expected: asset.version });
    return 'applied';
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    if (error.code === 'gone' || error.code === 'not_found') return 'applied';
    if (error.code !== 'conflict' && errorTable[error.code].retry) throw error;
    return 'kept';
  }
}

/** Takes away what was kept for the work; of a sync that makes room for others, everything. */
async function tidy(deps: SyncDutyDeps, { duty, payload, row, sync }: Slice): Promise<void> {
  const { syncId, phase } = payload;
  const seen = Array.from({ length: sync.seenParts }, (_, part) => seenPartId(syncId, part));
  // Of the latest comparison what was found stays, to be looked at.
  const from = phase === 'remove' ? 0 : sync.vanishedParts;
  const found = Array.from({ length: Math.max(0, sync.vanishedPartsMade - from) }, (_, part) =>
    vanishedPartId(syncId, from + part),
  );
  const all = [...seen, ...found];
  const now = all.slice(payload.part, payload.part + partsPerSlice);
  const resources: ResourceWrite[] = now.map((id) => ({ type: 'sync_part', id, expectedVersion: 'any', state: null }));
  if (payload.part + now.length < all.length) {
    const onward = { ...payload, part: payload.part + now.length };
    return commitStep(deps, duty, { resources, advances: advanced(duty, deps.clock.nowMs(), onward) });
  }
  if (phase === 'remove') resources.push({ type: 'sync', id: row.id, expectedVersion: 'any', state: null });
  return commitStep(deps, duty, { resources, fulfils: fulfilled(duty) });
}

type Step = {
  readonly next: StoredSync;
  readonly parts: readonly ResourceWrite[];
  /** Where the duty goes on; null ends it. */
  readonly payload: SyncPayload | null;
};

function step(deps: SyncDutyDeps, { duty, row }: Slice, { next, parts, payload }: Step): Promise<void> {
  const ended = next.state === 'done' ? { alias: endedAlias(row.id) } : {};
  const write: ResourceWrite = { type: 'sync', id: row.id, expectedVersion: row.version, state: next, ...ended };
  const onward =
    payload === null ? { fulfils: fulfilled(duty) } : { advances: advanced(duty, deps.clock.nowMs(), payload) };
  return commitStep(deps, duty, { resources: [write, ...parts], ...onward });
}
