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
 *   told "unchanged" about a state that may still fail to be stored.
 */
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import type { NewDelivery } from '../core/delivery.ts';
import type { JsonObject } from '../core/json.ts';
import type {
  CommitItem,
  DeliveryTask,
  IdempotencyRow,
  NewDuty,
  Resource,
  ResourceKey,
  ResourceWrite,
  Storage,
} from '../storage/storage.ts';
import type { EngineSignals } from './dependencies.ts';
import { createLoader } from './loader.ts';
import type { Matched, Matching, WorkspaceIndex } from './matching.ts';
import { contended, refusedByStore } from './refusals.ts';
import { createSubjectCache, subjectName, type SubjectCache } from './subject-cache.ts';

/** How often a write is decided anew before its caller is told `conflict`. DESIGN section 3. */
export const decideAttemptsMax = 8;

/** What a decision wants done. Everything in it commits together or not at all. */
export type Plan = {
  /** The subject's new state; null deletes it, absent leaves it alone. */
  readonly state?: JsonObject | null;
  readonly alias?: string;
  /** Complete changes; the committer finds who is told. */
  readonly changes: readonly Change[];
  readonly resources?: readonly ResourceWrite[];
  readonly duties?: readonly NewDuty[];
  readonly fulfils?: CommitItem['fulfils'];
  /** The row for the answer that this commit will have. */
  readonly idempotency?: (applied: Applied) => IdempotencyRow;
  /** Adds to or replaces what the matching made: for writes that must decide on the very webhooks they commit with. */
  readonly webhooksRevision?: number;
  readonly orders?: CommitItem['deliveryOrders'];
  /** Changes for which nobody is looked up: whom they are for is in `tasks`. */
  readonly addressed?: readonly Change[];
  /** Taken off or added to counters of missed changes, beside what matching finds. */
  readonly missed?: CommitItem['missed'];
  readonly advances?: CommitItem['advances'];
  /** Deliveries beside those that matching makes: tests, redeliveries. */
  readonly tasks?: readonly DeliveryTask[];
};

export type Applied = { readonly version: number; readonly deliveries: number };

export type Decision<Answer> =
  | { readonly kind: 'nothing'; readonly answer: Answer }
  | { readonly kind: 'write'; readonly plan: Plan; answer(applied: Applied): Answer };

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
  readonly storage: Pick<Storage, 'commit' | 'resources'>;
  readonly matching: Matching;
  readonly engine: Pick<EngineSignals, 'offer' | 'dutyOffered'>;
  readonly nowMs: () => number;
  /** No other process writes to this store. */
  readonly soleWriter: boolean;
  /** Told after each commit that brought changes, with their number. */
  readonly committed: (workspaceId: string, changes: number) => void;
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

export function createCommitter(deps: CommitterDeps): Committer {
  const { storage, matching } = deps;
  const cache = createSubjectCache();
  const load = createLoader(storage);
  const busyBy = new Map<string, Busy>();

  const enter = (name: string): Busy => {
    let busy = busyBy.get(name);
    if (busy === undefined) {
      busy = { inFlight: 0, disturbed: false, tail: null, waiting: [] };
      busyBy.set(name, busy);
    }
    busy.inFlight += 1;
    return busy;
  };

  const leave = (name: string, busy: Busy): void => {
    busy.inFlight -= 1;
    if (busy.inFlight > 0) return;
    const waiting = busy.waiting;
    busy.waiting = [];
    for (const wake of waiting) wake();
    if (busy.tail === null && !busy.disturbed) busyBy.delete(name);
  };

  /** Commits one decision. `null`: stale, everything known about it has been let go. */
  const commit = async <Answer>(
    key: ResourceKey,
    name: string,
    busy: Busy,
    current: Resource | null,
    decision: Extract<Decision<Answer>, { kind: 'write' }>,
    index: WorkspaceIndex,
    atMs: number,
  ): Promise<Written<Answer> | null> => {
    const { plan } = decision;
    const matched = plan.changes.length === 0 ? null : matching.match(index, plan.changes, atMs);
    const applied: Applied = {
      version: plan.state === undefined ? (current?.version ?? 0) : (current?.version ?? 0) + 1,
      deliveries: (matched?.count ?? 0) + (plan.tasks?.length ?? 0),
    };
    const item = commitItem(key, current, plan, matched, index, atMs, applied);
    if (plan.state !== undefined) cache.set(name, nextResource(key, current, plan, atMs));
    let stands = false;
    try {
      const [result] = await storage.commit([item]);
      if (result === undefined) throw new TypeError('A commit must answer each item: got no result');
      if (result.status === 'applied') {
        stands = true;
        if (matched !== null && matched.tasks.length > 0) deps.engine.offer(matched.tasks);
        if (plan.tasks !== undefined && plan.tasks.length > 0) deps.engine.offer(plan.tasks);
        if (item.duties !== undefined) deps.engine.dutyOffered();
        if (plan.changes.length > 0) deps.committed(key.workspaceId, plan.changes.length);
        return { kind: 'done', answer: decision.answer(applied) };
      }
      if (result.status === 'duplicate') return { kind: 'duplicate', row: result.row };
      if (result.status === 'rejected') throw refusedByStore(result);
      if (result.what === 'webhooks') matching.outdated(key.workspaceId, index);
      // The duty is gone or has moved on: somebody else has done this already, and deciding again would not help.
      if (result.what === 'duty') throw new DutyGone();
      return null;
    } finally {
      if (!stands) {
        busy.disturbed = true;
        cache.delete(name);
      }
    }
  };

  /** Alone on the subject: everything before has settled, the state is loaded fresh. */
  const decideAlone = async <Answer>(
    key: ResourceKey,
    name: string,
    busy: Busy,
    others: readonly ResourceKey[],
    decide: DecideAlone<Answer>,
  ): Promise<Written<Answer>> => {
    for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
      cache.delete(name);
      const [current = null, ...read] = await Promise.all([key, ...others].map((wanted) => load(wanted)));
      const index = matching.known(key.workspaceId) ?? (await matching.load(key.workspaceId));
      const atMs = deps.nowMs();
      const decision = decide(current, atMs, { others: read, index });
      if (decision.kind === 'nothing') return { kind: 'done', answer: decision.answer };
      const written = await commit(key, name, busy, current, decision, index, atMs);
      if (written !== null) return written;
    }
    throw contended();
  };

  const queue = async <Answer>(
    key: ResourceKey,
    name: string,
    others: readonly ResourceKey[],
    decide: DecideAlone<Answer>,
  ): Promise<Written<Answer>> => {
    const busy = enter(name);
    // Those in the queue are not in flight themselves: the first of them waits for the others to settle.
    busy.inFlight -= 1;
    const before = busy.tail;
    const { promise: mine, resolve: done } = Promise.withResolvers<void>();
    busy.tail = mine;
    try {
      if (before !== null) await before;
      if (busy.inFlight > 0) await new Promise<void>((resolve) => busy.waiting.push(resolve));
      return await decideAlone(key, name, busy, others, decide);
    } finally {
      done();
      if (busy.tail === mine) {
        busy.tail = null;
        busy.disturbed = false;
        if (busy.inFlight === 0) busyBy.delete(name);
      }
    }
  };

  const write = async <Answer>(key: ResourceKey, decide: Decide<Answer>): Promise<Written<Answer>> => {
    const name = subjectName(key);
    let current = cache.get(name);
    let index = matching.known(key.workspaceId);
    while (current === undefined || index === undefined) {
      if (index === undefined) index = await matching.load(key.workspaceId);
      else {
        const loaded = await load(key);
        // Whoever loaded first may have written already: then the cache is ahead of what was read.
        current = cache.get(name);
        if (current === undefined) {
          current = loaded;
          if (!busyBy.has(name)) cache.set(name, loaded);
        }
      }
      index = matching.known(key.workspaceId);
    }
    const there = busyBy.get(name);
    if (there !== undefined && (!deps.soleWriter || there.disturbed || there.tail !== null))
      return queue(key, name, [], decide);
    const atMs = deps.nowMs();
    const decision = decide(current, atMs);
    if (decision.kind === 'nothing') {
      return there === undefined ? { kind: 'done', answer: decision.answer } : queue(key, name, [], decide);
    }
    const busy = enter(name);
    let written: Written<Answer> | null;
    try {
      written = await commit(key, name, busy, current, decision, index, atMs);
    } finally {
      leave(name, busy);
    }
    return written ?? queue(key, name, [], decide);
  };

  return {
    cache,
    write,
    writeAlone: (key, others, decide) => queue(key, subjectName(key), others, decide),
    peek: async (key) => {
      const known = cache.get(subjectName(key));
      return known === undefined ? load(key) : known;
    },
  };
}

/** The duty that a write fulfils is gone: at least once has become exactly once. */
export class DutyGone extends Error {
  constructor() {
    super('The duty was done by somebody else');
    this.name = 'DutyGone';
  }
}

function nextResource(key: ResourceKey, current: Resource | null, plan: Plan, atMs: number): Resource | null {
  if (plan.state === undefined || plan.state === null) return null;
  const next: Mutable<Resource> = {
    workspaceId: key.workspaceId,
    type: key.type,
    id: key.id,
    version: (current?.version ?? 0) + 1,
    state: plan.state,
    createdAtMs: current?.createdAtMs ?? atMs,
    updatedAtMs: atMs,
  };
  const alias = plan.alias ?? current?.alias;
  if (alias !== undefined) next.alias = alias;
  return next;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Built field by field: this runs for every change, and objects that are spread into each other cost ten times as much. */
function commitItem(
  key: ResourceKey,
  current: Resource | null,
  plan: Plan,
  matched: Matched | null,
  index: WorkspaceIndex,
  atMs: number,
  applied: Applied,
): CommitItem {
  const item: Mutable<CommitItem> = { workspaceId: key.workspaceId, atMs };
  const resources = resourceWrites(key, current, plan);
  if (resources.length > 0) item.resources = resources;
  const changes = joined(
    matched?.changes,
    plan.addressed?.map((change) => ({ change })),
  );
  if (changes.length > 0) item.changes = changes;
  const deliveries = joined<NewDelivery>(
    matched?.deliveries,
    plan.tasks?.map(({ delivery }) => delivery),
  );
  if (deliveries.length > 0) item.deliveries = deliveries;
  const duties = joined(plan.duties, matched?.duties);
  if (duties.length > 0) item.duties = duties;
  const missed = joined(matched?.missed, plan.missed);
  if (missed.length > 0) item.missed = missed;
  if (plan.webhooksRevision !== undefined) item.webhooksRevision = plan.webhooksRevision;
  else if (matched !== null) item.webhooksRevision = index.revision;
  if (plan.orders !== undefined) item.deliveryOrders = plan.orders;
  if (plan.advances !== undefined) item.advances = plan.advances;
  if (plan.fulfils !== undefined) item.fulfils = plan.fulfils;
  if (plan.idempotency !== undefined) item.idempotency = plan.idempotency(applied);
  return item;
}

function resourceWrites(key: ResourceKey, current: Resource | null, plan: Plan): readonly ResourceWrite[] {
  if (plan.state === undefined) return plan.resources ?? nothing;
  const write: Mutable<ResourceWrite> = {
    type: key.type,
    id: key.id,
    expectedVersion: current?.version ?? 0,
    state: plan.state,
  };
  const alias = plan.alias ?? current?.alias;
  if (alias !== undefined) write.alias = alias;
  return plan.resources === undefined ? [write] : [write, ...plan.resources];
}

const nothing: readonly never[] = [];

function joined<Item>(left: readonly Item[] | undefined, right: readonly Item[] | undefined): readonly Item[] {
  if (right === undefined || right.length === 0) return left ?? nothing;
  if (left === undefined || left.length === 0) return right;
  return [...left, ...right];
}

/** Whether an error says that a unique alias is taken. */
export function isTaken(error: unknown): boolean {
  return error instanceof AssetwireError && error.code === 'already_exists';
}
