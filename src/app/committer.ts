/**
 * The heart: one subject, one order. A write is decided on the subject's present state as this process knows it and
 * handed to the store with the version it was decided on.
 *
 * - Undisturbed, a decision is synchronous and does not wait for the commit before it: the next write to the same subject
 *   is decided on the state that the one before it will leave, and carries that version. The store applies commits in
 *   the order they were handed over, so both are in one transaction and the subject costs one sync, not two. That needs a
 *   store that no other process writes to: elsewhere somebody's version 2 may be another than the one we foresaw, and a
 *   write that rests on ours would be taken for one that rests on theirs. There, whoever comes second waits.
 * - Disturbed (a commit was refused, or somebody else wrote), the subject turns exclusive: whoever comes queues, each
 *   waits until nothing of it is in flight, reloads, decides and commits alone, up to 8 times, then `conflict`. Once the
 *   queue is empty the subject is undisturbed again.
 * - A decision that needs no commit (`nothing`) is answered only when no commit it was based on is in flight: nobody is
 *   told "unchanged" about a state that may still fail to be stored. Where other processes write too, it and a refusal are
 *   decided once more on what is read: no commit would show that what was remembered is old.
 */
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import type { IdSource } from '../core/ids.ts';
import { createPassingMap, type PassingMap } from '../core/passing-map.ts';
import type { IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import { takenAlias } from './asset-aliases.ts';
import type { ClosedWorkspaces } from './closed-workspaces.ts';
import type { EngineSignals } from './dependencies.ts';
import { createLoader } from './loader.ts';
import type { Matching } from './matching.ts';
import { commitItem, type Decision, type Ground, nextResource, outcomeOf, type Plan } from './plan.ts';
import type { Places, Placing } from './places.ts';
import { contended, refusedByStore } from './refusals.ts';
import { createSubjectCache, subjectName, type SubjectCache } from './subject-cache.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';

/** How often a write is decided anew before its caller is told `conflict`. DESIGN section 3. */
export const decideAttemptsMax = 8;

/** `atMs` is drawn anew for each decision, so a change decided again is never older than what it was decided on. */
export type Decide<Answer> = (current: Resource | null, atMs: number) => Decision<Answer>;

/** As `Decide`, with the other resources that were asked for and the webhooks of the workspace, all read for this decision. */
export type DecideAlone<Answer> = (
  current: Resource | null,
  atMs: number,
  read: { readonly others: readonly (Resource | null)[]; readonly index: WorkspaceIndex },
) => Decision<Answer>;

export type Written<Answer> =
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'duplicate'; readonly row: IdempotencyRow };

export interface Committer {
  readonly cache: SubjectCache;
  /** Decides and commits one write to one subject. Throws `AssetwireError` where it cannot be done. */
  write<Answer>(key: ResourceKey, decide: Decide<Answer>): Promise<Written<Answer>>;
  /**
   * As `write`, alone on the subject from the beginning, with others read for the decision. For what is rare and touches
   * several rows: their writes carry the versions that were read.
   */
  writeAlone<Answer>(
    key: ResourceKey,
    others: readonly ResourceKey[],
    decide: DecideAlone<Answer>,
  ): Promise<Written<Answer>>;
  /** The subject as this process knows it, else as stored. For finding out, not for deciding. */
  peek(key: ResourceKey): Promise<Resource | null>;
}

export type CommitterDeps = {
  readonly storage: Pick<Storage, 'commit' | 'resources' | 'findByAlias'>;
  readonly matching: Matching;
  readonly engine: Pick<EngineSignals, 'offer' | 'dutyOffered'>;
  readonly nowMs: () => number;
  readonly ids: Pick<IdSource, 'next'>;
  /** No other process writes to this store. */
  readonly soleWriter: boolean;
  /** Keeps where assets lie, with each write of one. */
  readonly places?: Pick<Places, 'placing'>;
  /** Workspaces that nobody writes to any more. */
  readonly closed?: Pick<ClosedWorkspaces, 'has'>;
  /**
   * Waits a random moment before an attempt: two processes that decide in step on one subject would otherwise keep
   * beating each other, and always the same one.
   */
  readonly pause: (attempt: number) => Promise<void>;
  /** Told after each commit that brought changes, with their number. */
  readonly committed: (workspaceId: string, changes: readonly Change[]) => void;
};

/** What is going on with one subject right now; exists only while something is. */
type Busy = {
  inFlight: number;
  /** A commit was refused: what is in flight may rest on a state that never came to be. */
  disturbed: boolean;
  /** Ends when the last one in the queue is done; null while undisturbed. */
  tail: Promise<void> | null;
  waiting: (() => void)[];
};

/** A committer's memory. */
type State = {
  readonly deps: CommitterDeps;
  readonly cache: SubjectCache;
  readonly load: (key: ResourceKey) => Promise<Resource | null>;
  readonly busyBy: PassingMap<string, Busy>;
};

/** What a decision was made on, and what goes on with its subject. */
type Attempt = Ground & { readonly name: string; readonly busy: Busy; readonly placing: Known | null };
type Known = Extract<Placing, { kind: 'known' }>;
type Alone = { readonly key: ResourceKey; readonly others: readonly ResourceKey[] };

export function createCommitter(deps: CommitterDeps): Committer {
  const state: State = {
    deps,
    cache: createSubjectCache(),
    load: createLoader(deps.storage),
    busyBy: createPassingMap(),
  };
  return {
    cache: state.cache,
    write: (key, decide) => write(state, key, decide),
    writeAlone: (key, others, decide) => queue(state, { key, others }, decide),
    peek: async (key) => {
      const known = state.cache.get(subjectName(key));
      return known === undefined ? state.load(key) : known;
    },
  };
}

async function write<Answer>(state: State, key: ResourceKey, decide: Decide<Answer>): Promise<Written<Answer>> {
  const { deps, cache, busyBy } = state;
  const name = subjectName(key);
  const there = busyBy.get(name);
  const current = cache.get(name);
  const mayRunAhead = deps.soleWriter && current !== undefined;
  if (there !== undefined && (!mayRunAhead || there.disturbed || there.tail !== null))
    return queue(state, { key, others: [] }, decide);
  const index = deps.matching.known(key.workspaceId);
  if (current === undefined || index === undefined) {
    await learn(state, key, name);
    return write(state, key, decide);
  }
  const atMs = deps.nowMs();
  const decision = deps.soleWriter ? decide(current, atMs) : decideOrNull(decide, { current, atMs });
  // Where others write too, what is remembered may be old: no commit would find out, so it is read and decided again.
  if (decision === null) return queue(state, { key, others: [] }, decide);
  if (decision.kind === 'nothing') {
    const isCertain = there === undefined && deps.soleWriter;
    return isCertain ? { kind: 'done', answer: decision.answer } : queue(state, { key, others: [] }, decide);
  }
  const placing = placingOf(deps, { key, current }, decision.plan);
  if (placing?.kind === 'unknown') {
    await placing.learn();
    return write(state, key, decide);
  }
  const busy = enter(state, name);
  let written: Written<Answer> | null;
  try {
    written = await commit(state, { key, name, busy, current, index, atMs, placing }, decision);
  } finally {
    leave(state, name, busy);
  }
  return written ?? queue(state, { key, others: [] }, decide);
}

/** Null where the decision is a refusal. */
function decideOrNull<Answer>(
  decide: Decide<Answer>,
  { current, atMs }: { readonly current: Resource | null; readonly atMs: number },
): Decision<Answer> | null {
  try {
    return decide(current, atMs);
  } catch (error) {
    if (error instanceof AssetwireError) return null;
    throw error;
  }
}

/** Loads what is not known: the subject, the webhooks of its workspace. */
async function learn({ deps, cache, load, busyBy }: State, key: ResourceKey, name: string): Promise<void> {
  if (deps.matching.known(key.workspaceId) === undefined) await deps.matching.load(key.workspaceId);
  if (cache.get(name) !== undefined) return;
  const loaded = await load(key);
  // Whoever loaded first may have written already: then the cache is ahead of what was read.
  if (cache.get(name) === undefined && !busyBy.has(name)) cache.set(name, loaded);
}

function placingOf(
  { places }: Pick<CommitterDeps, 'places'>,
  { key, current }: Pick<Ground, 'key' | 'current'>,
  { state }: Plan,
): Placing | null {
  return state === undefined || places === undefined ? null : places.placing(key, current, state);
}

/** Commits one decision. `null`: stale, everything known about it has been let go. */
async function commit<Answer>(
  { deps, cache }: State,
  ground: Attempt,
  decision: Extract<Decision<Answer>, { kind: 'write' }>,
): Promise<Written<Answer> | null> {
  const { matching, engine } = deps;
  const { plan } = decision;
  const { key, name, busy } = ground;
  if (deps.closed?.has(key.workspaceId) === true) throw erasing();
  const matched = plan.changes.length === 0 ? null : matching.match(ground.index, plan.changes, ground.atMs);
  const applied = outcomeOf(ground, plan, matched);
  const item = commitItem(ground, plan, { matched, applied, ids: deps.ids, places: ground.placing?.writes });
  if (plan.state !== undefined) cache.set(name, nextResource(ground, plan));
  let stands = false;
  try {
    const [result] = await deps.storage.commit([item]);
    if (result === undefined) throw new TypeError('A commit must answer each item: got no result');
    if (result.status === 'applied') {
      stands = true;
      if (matched !== null && matched.tasks.length > 0) engine.offer(matched.tasks);
      if (plan.tasks !== undefined && plan.tasks.length > 0) engine.offer(plan.tasks);
      if (item.duties !== undefined) engine.dutyOffered();
      if (plan.changes.length > 0) deps.committed(key.workspaceId, plan.changes);
      return { kind: 'done', answer: decision.answer(applied) };
    }
    if (result.status === 'duplicate') return { kind: 'duplicate', row: result.row };
    if (result.status === 'rejected') throw (await takenAlias(deps, item)) ?? refusedByStore(result);
    if (result.what === 'webhooks') matching.outdated(key.workspaceId, ground.index);
    // The duty is gone or has moved on: somebody else has done this already, and deciding again would not help.
    if (result.what === 'duty') throw new DutyGone();
    return null;
  } finally {
    ground.placing?.settled(stands);
    if (!stands) {
      busy.disturbed = true;
      cache.delete(name);
    }
  }
}

/** Waits until the subject is ours alone, then decides. */
async function queue<Answer>(
  state: State,
  { key, others }: Alone,
  decide: DecideAlone<Answer>,
): Promise<Written<Answer>> {
  const name = subjectName(key);
  const busy = enter(state, name);
  // Those in the queue are not in flight themselves: the first of them waits for the others to settle.
  busy.inFlight -= 1;
  const before = busy.tail;
  const { promise: mine, resolve: done } = Promise.withResolvers<void>();
  busy.tail = mine;
  try {
    if (before !== null) await before;
    if (busy.inFlight > 0) await new Promise<void>((resolve) => busy.waiting.push(resolve));
    return await decideAlone(state, { key, others, name, busy }, decide);
  } finally {
    done();
    if (busy.tail === mine) {
      busy.tail = null;
      busy.disturbed = false;
      if (busy.inFlight === 0) state.busyBy.delete(name);
    }
  }
}

/** Alone on the subject: everything before has settled, the state is loaded fresh. */
async function decideAlone<Answer>(
  state: State,
  { key, others, name, busy }: Alone & Pick<Attempt, 'name' | 'busy'>,
  decide: DecideAlone<Answer>,
): Promise<Written<Answer>> {
  const { deps, cache, load } = state;
  for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
    if (attempt > 2) await deps.pause(attempt);
    cache.delete(name);
    const [current = null, ...read] = await Promise.all([key, ...others].map((wanted) => load(wanted)));
    const index = deps.matching.known(key.workspaceId) ?? (await deps.matching.load(key.workspaceId));
    const atMs = deps.nowMs();
    const decision = decide(current, atMs, { others: read, index });
    if (decision.kind === 'nothing') return { kind: 'done', answer: decision.answer };
    let placing = placingOf(deps, { key, current }, decision.plan);
    // Alone on the subject: what is learnt now does not change what was decided.
    while (placing?.kind === 'unknown') {
      await placing.learn();
      placing = placingOf(deps, { key, current }, decision.plan);
    }
    const written = await commit(state, { key, name, busy, current, index, atMs, placing }, decision);
    if (written !== null) return written;
  }
  throw contended();
}

function enter({ busyBy }: State, name: string): Busy {
  let busy = busyBy.get(name);
  if (busy === undefined) {
    busy = { inFlight: 0, disturbed: false, tail: null, waiting: [] };
    busyBy.set(name, busy);
  }
  busy.inFlight += 1;
  return busy;
}

function leave({ busyBy }: State, name: string, busy: Busy): void {
  busy.inFlight -= 1;
  if (busy.inFlight > 0) return;
  const { waiting } = busy;
  busy.waiting = [];
  for (const wake of waiting) wake();
  if (busy.tail === null) busyBy.delete(name);
}

function erasing(): AssetwireError {
  return new AssetwireError('not_found', { detail: 'Write to the workspace: it is being erased' });
}

/** The duty that a write fulfils is gone: at least once has become exactly once. */
export class DutyGone extends Error {
  constructor() {
    super('The duty was done by somebody else');
    this.name = 'DutyGone';
  }
}

/** Whether an error says that a unique alias is taken. */
export function isTaken(error: unknown): boolean {
  return error instanceof AssetwireError && error.code === 'already_exists';
}
