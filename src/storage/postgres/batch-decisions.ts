/**
 * What becomes of each item of a batch, decided one after another over what the transaction has found and locked. An item
 * that does not fit leaves nothing: its writes are gathered apart and joined to the batch's only when all of it fits.
 */
import { limits } from '../../core/limits.ts';
import type { PreparedCommit, PreparedDelivery, PreparedRecord, PreparedResource } from '../prepared.ts';
import type { CommitResult, DeliveryOrder, IdempotencyRow, RecordResult, ResourceType } from '../storage.ts';
import { revisionedTypes } from '../storage.ts';
import { isMatched, nameOf, shardOfText } from './batch-keys.ts';
import type { BatchState, FoundChange } from './batch-state.ts';
import type { Effects } from './batch-writes.ts';
import { stateCodes } from './schema.ts';
import type { Tally } from './tally.ts';

export type Decider = {
  commit(item: PreparedCommit): CommitResult;
  record(item: PreparedRecord): RecordResult;
  /** Hands what came together to the batch's effects; called once, at the end. */
  finish(): void;
};

export type DeciderParts = {
  readonly state: BatchState;
  readonly effects: Effects;
  readonly tally: Tally;
  /** The day that changes and attempts of this batch are written to. */
  readonly day: number;
  /** The epoch this process began with; shards that were never leased go by it. */
  readonly epoch: number;
  readonly knownLane: (webhookId: string) => string | undefined;
};

/** A resource as the batch has it so far; `there` before and now. */
type Held = {
  readonly was: boolean;
  is: boolean;
  version: number;
  alias: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  state: string;
};

/** A pending delivery as the batch has it so far. */
type Pending = {
  attempts: number;
  readonly createdAtMs: number;
  readonly test: boolean;
  readonly webhookId: string;
  redated: boolean;
  recorded: boolean;
  dueAtMs: number;
  status: number | null;
  outcome: string | null;
  durationMs: number | null;
};

export function createDecider(parts: DeciderParts): Decider {
  const pending = createPendingBook(parts);
  const resources = createResourceBook(parts);
  const extras = createExtrasBook(parts, pending);
  return {
    record: pending.record,
    commit(item) {
      const objection = extras.objection(item);
      if (objection !== null) return objection;
      if (item.webhooksRevision >= 0 && item.webhooksRevision !== extras.revision(item.workspaceId)) {
        return { status: 'stale', what: 'webhooks' };
      }
      const deliveries = locate(parts, item);
      const written = resources.write(item);
      if (written.status !== 'applied') return written;
      // A change that retention has taken in the meantime: whoever decided on it must look again.
      if (deliveries === null) return { status: 'stale', what: 'resource' };
      resources.keep();
      if (item.resources.some(({ type }) => isMatched(type))) extras.raiseRevision(item.workspaceId);
      addChanges(parts, item);
      for (const { delivery, change } of deliveries) addDelivery(parts, item, { delivery, change });
      extras.apply(item);
      return written;
    },
    finish() {
      resources.finish();
      pending.finish();
      extras.finish();
    },
  };
}

// --- Resources ---------------------------------------------------------------------------------------------------

type ResourceBook = {
  /** Decides an item's writes; `keep` makes them the batch's. */
  write(item: PreparedCommit): CommitResult;
  keep(): void;
  finish(): void;
};

function createResourceBook({ state, effects }: DeciderParts): ResourceBook {
  const batch = new Map<string, Held & { readonly workspaceId: string; readonly type: string; readonly id: string }>();
  const owners = new Map<string, string | null>(state.aliases);
  let item: PreparedCommit | null = null;
  let own: typeof batch = new Map();
  let ownAliases = new Map<string, string | null>();
  let revisions: Parameters<Effects['revision']>[0][] = [];

  const find = (workspaceId: string, write: PreparedResource) => {
    const name = nameOf(write.type, workspaceId, write.id);
    const known = own.get(name) ?? batch.get(name);
    if (known !== undefined) return { ...known };
    const stored = state.resources.get(name);
    const base = { workspaceId, type: write.type, id: write.id, updatedAtMs: 0, state: '' };
    return stored === undefined
      ? { ...base, was: false, is: false, version: 0, alias: null, createdAtMs: 0 }
      : { ...base, was: true, is: true, version: stored.version, alias: stored.alias, createdAtMs: stored.createdAtMs };
  };
  const aliasName = (workspaceId: string, type: string, alias: string): string => nameOf(type, workspaceId, alias);
  const ownerOf = (name: string): string | null =>
    (ownAliases.has(name) ? ownAliases.get(name) : owners.get(name)) ?? null;

  const writeOne = (workspaceId: string, write: PreparedResource, atMs: number): number | 'stale' | 'alias-taken' => {
    const held = find(workspaceId, write);
    const { expectedVersion, alias } = write;
    if (held.is ? expectedVersion >= 0 && expectedVersion !== held.version : expectedVersion > 0) return 'stale';
    const name = nameOf(write.type, workspaceId, write.id);
    if (write.state === null) {
      if (!held.is) return 0;
      if (held.alias !== null) ownAliases.set(aliasName(workspaceId, write.type, held.alias), null);
      own.set(name, { ...held, is: false });
      return held.version + 1;
    }
    const before = held.is ? held.alias : null;
    if (alias !== null && alias !== before) {
      const owner = ownerOf(aliasName(workspaceId, write.type, alias));
      if (owner !== null && owner !== write.id) return 'alias-taken';
      if (before !== null) ownAliases.set(aliasName(workspaceId, write.type, before), null);
      ownAliases.set(aliasName(workspaceId, write.type, alias), write.id);
    }
    const version = held.is ? held.version + 1 : 1;
    const createdAtMs = held.is ? held.createdAtMs : atMs;
    const next = {
      ...held,
      is: true,
      version,
      alias: alias ?? before,
      createdAtMs,
      updatedAtMs: atMs,
      state: write.state,
    };
    own.set(name, next);
    if (revisionedTypes.has(write.type as ResourceType)) revisions.push(next);
    return version;
  };
  const resume = (versions: readonly number[]): readonly number[] => {
    const resumed = item?.extras?.resumes ?? null;
    if (item === null || resumed === null) return versions;
    const name = nameOf(resumed.type, item.workspaceId, resumed.id);
    const held = own.get(name);
    if (held?.is !== true || held.version !== 1) return versions;
    own.set(name, { ...held, version: 1 + resumed.version, createdAtMs: resumed.createdAtMs });
    const isIt = (at: number): boolean =>
      item?.resources[at]?.type === resumed.type && item.resources[at].id === resumed.id;
    return versions.map((made, at) => (isIt(at) && made === 1 ? made + resumed.version : made));
  };
  return {
    write(given) {
      item = given;
      own = new Map();
      ownAliases = new Map();
      revisions = [];
      const versions: number[] = [];
      for (const write of given.resources) {
        const outcome = writeOne(given.workspaceId, write, given.atMs);
        if (outcome === 'stale') return staleResource(given.workspaceId, write);
        if (outcome === 'alias-taken') return aliasTaken(write);
        versions.push(outcome);
      }
      return { status: 'applied', versions: resume(versions) };
    },
    keep() {
      for (const [name, held] of own) batch.set(name, held);
      for (const [name, owner] of ownAliases) owners.set(name, owner);
      for (const revision of revisions) effects.revision(revision);
    },
    finish() {
      for (const held of batch.values()) {
        if (held.is) effects.resource(held, held.was ? 'update' : 'insert');
        else if (held.was) effects.resource(held, 'delete');
      }
    },
  };
}

function staleResource(workspaceId: string, { type, id }: PreparedResource): CommitResult {
  return { status: 'stale', what: 'resource', key: { workspaceId, type: type as ResourceType, id } };
}

function aliasTaken({ type, alias }: PreparedResource): CommitResult {
  return {
    status: 'rejected',
    code: 'already_exists',
    detail: `The alias of a ${type} must be free: "${alias}" is taken`,
  };
}

// --- Changes and deliveries --------------------------------------------------------------------------------------

type Located = { readonly delivery: PreparedDelivery; readonly change: FoundChange };

/** Where the change of each delivery lies; null where one is missing, or a webhook is another workspace's. */
function locate({ state, day, knownLane }: DeciderParts, item: PreparedCommit): readonly Located[] | null {
  const located: Located[] = [];
  for (const delivery of item.deliveries) {
    const owner = knownLane(delivery.webhookId) ?? state.lanes.get(delivery.webhookId);
    if (owner !== item.workspaceId) return null;
    const own = item.changes.some(({ id }) => id === delivery.changeId);
    const change = own
      ? ({ day, where: 'day' } as const)
      : state.changes.get(nameOf(item.workspaceId, delivery.changeId));
    if (change === undefined) return null;
    located.push({ delivery, change });
  }
  return located;
}

function addChanges({ effects }: DeciderParts, item: PreparedCommit): void {
  for (const change of item.changes) effects.change(item.workspaceId, change);
}

function addDelivery(
  { effects, tally }: DeciderParts,
  { workspaceId }: PreparedCommit,
  { delivery, change }: Located,
): void {
  effects.delivery({ workspaceId, delivery, changeDay: change.day, shard: shardOfText(delivery.webhookId) });
  if (change.where !== 'day') effects.keepChange({ workspaceId, delivery, change });
  if (delivery.origin !== 'test') tally.accepted({ webhookId: delivery.webhookId, workspaceId }, delivery.createdAtMs);
}

// --- Pending deliveries: records and orders ----------------------------------------------------------------------

type PendingBook = {
  record(item: PreparedRecord): RecordResult;
  order(workspaceId: string, order: DeliveryOrder, atMs: number): void;
  finish(): void;
};

function createPendingBook({ state, effects, tally, epoch }: DeciderParts): PendingBook {
  const open = new Map<string, Pending & { readonly workspaceId: string; readonly id: string }>();
  const gone = new Set<string>();
  const find = (workspaceId: string, id: string) => {
    const name = nameOf(workspaceId, id);
    if (gone.has(name)) return null;
    const known = open.get(name);
    if (known !== undefined) return known;
    const stored = state.deliveries.get(name);
    if (stored === undefined) return null;
    const made = {
      ...stored,
      workspaceId,
      id,
      redated: false,
      recorded: false,
      dueAtMs: 0,
      status: null,
      outcome: null,
      durationMs: null,
    };
    open.set(name, made);
    return made;
  };
  /** Whoever was given the shard since has a higher epoch; one that nobody was ever given goes by the start of this process. */
  const fenced = (item: PreparedRecord): boolean => {
    const leased = state.epochs.get(shardOfText(item.webhookId)) ?? 0;
    return item.epoch < (leased > 0 ? leased : epoch);
  };
  const end = (name: string): void => {
    open.delete(name);
    gone.add(name);
  };
  return {
    record(item) {
      if (fenced(item)) return 'fenced';
      const delivery = find(item.workspaceId, item.deliveryId);
      if (delivery === null) return 'gone';
      if (delivery.attempts !== item.attemptsBefore) return 'fenced';
      const number = item.attemptsBefore + 1;
      const status = item.status === 0 ? null : item.status;
      if (item.body !== null && item.next !== 'delivered' && item.next !== 'cancelled')
        effects.keepBody(item, item.body);
      if (item.next === 'pending') {
        Object.assign(delivery, { attempts: number, recorded: true, dueAtMs: item.nextAtMs, status });
        Object.assign(delivery, { outcome: item.outcome, durationMs: item.durationMs });
        effects.attempt(item, number);
        const surplus = number - limits.attemptsKeptLast;
        if (surplus > limits.attemptsKeptFirst) effects.dropAttempt(item, surplus);
      } else {
        const last = { status, outcome: item.outcome, durationMs: item.durationMs };
        const { workspaceId, deliveryId: id, reason, attempt, nextAtMs: endedAtMs } = item;
        effects.end({
          workspaceId,
          id,
          state: stateCodes[item.next],
          attempts: number,
          endedAtMs,
          reason,
          attempt,
          last,
        });
        end(nameOf(workspaceId, id));
        if (item.next === 'dead' || item.next === 'rejected') effects.endBody(id, endedAtMs);
        // The first attempt keeps no body when it ends delivered, so there is none to look for.
        else if (item.attemptsBefore > 0) effects.dropBody(id);
      }
      const waitedMs = item.attemptsBefore === 0 ? Math.max(0, item.startedAtMs - delivery.createdAtMs) : -1;
      const { startedAtMs: atMs, durationMs, next } = item;
      const lane = { webhookId: delivery.webhookId, workspaceId: item.workspaceId };
      tally.attempt(lane, { atMs, durationMs, next, waitedMs, test: delivery.test });
      return 'recorded';
    },
    order(workspaceId, order, atMs) {
      const delivery = find(workspaceId, order.deliveryId);
      if (delivery === null) return;
      if (order.kind === 'hasten') {
        delivery.redated = true;
        delivery.dueAtMs = order.dueAtMs;
        return;
      }
      const state = order.kind === 'bury' ? 'dead' : 'cancelled';
      const { id, attempts, status, outcome, durationMs, recorded } = delivery;
      const last = recorded ? { status, outcome, durationMs } : null;
      const ended = { workspaceId, id, attempts, endedAtMs: atMs, reason: order.reason, attempt: null, last };
      effects.end({ ...ended, state: stateCodes[state] });
      end(nameOf(workspaceId, id));
      effects.dropBody(id);
      tally.ended({ webhookId: delivery.webhookId, workspaceId }, atMs, state);
    },
    finish() {
      for (const delivery of open.values()) {
        if (delivery.recorded) effects.redate(delivery);
        else if (delivery.redated) effects.hasten(delivery);
      }
    },
  };
}

// --- Duties, idempotency, counters -------------------------------------------------------------------------------

type ExtrasBook = {
  /** Why the item cannot be applied: its key was used, or its duty moved on. */
  objection(item: PreparedCommit): CommitResult | null;
  apply(item: PreparedCommit): void;
  revision(workspaceId: string): number;
  raiseRevision(workspaceId: string): void;
  finish(): void;
};

function createExtrasBook({ state, effects }: DeciderParts, pending: PendingBook): ExtrasBook {
  const duties = new Map(state.duties);
  const raised = new Map<string, number>();
  /** Keys that an item of this batch has used. */
  const used = new Map<string, PreparedCommit>();
  const revision = (workspaceId: string): number =>
    (state.revisions.get(workspaceId) ?? 0) + (raised.get(workspaceId) ?? 0);
  const moved = (workspaceId: string, duty: { dutyId: string; version: number } | null): boolean => {
    if (duty === null) return false;
    const found = duties.get(duty.dutyId);
    return found === undefined || found.workspaceId !== workspaceId || found.version !== duty.version;
  };
  const duplicateOf = (item: PreparedCommit): IdempotencyRow | null => {
    const key = item.extras?.idempotency?.key;
    if (key === undefined) return null;
    const name = nameOf(item.workspaceId, key);
    const mate = used.get(name)?.extras?.idempotency;
    if (mate) return rowOf(key, mate);
    const found = state.idempotency.get(name);
    const valid = found !== undefined && !found.own && item.atMs - found.createdAtMs < limits.idempotencyKeptMs;
    return valid ? rowOf(key, found) : null;
  };
  return {
    revision,
    raiseRevision: (workspaceId) => void raised.set(workspaceId, (raised.get(workspaceId) ?? 0) + 1),
    objection(item) {
      const { extras, workspaceId } = item;
      if (extras === null) return null;
      const row = duplicateOf(item);
      if (row !== null) return { status: 'duplicate', row };
      if (moved(workspaceId, extras.fulfils) || moved(workspaceId, extras.advances))
        return { status: 'stale', what: 'duty' };
      return null;
    },
    apply(item) {
      const { extras, workspaceId, atMs } = item;
      if (extras === null) return;
      const { fulfils, advances, withdraws, idempotency } = extras;
      const remove = (dutyId: string): void => {
        if (duties.delete(dutyId)) effects.removeDuty(dutyId);
      };
      if (fulfils !== null) remove(fulfils.dutyId);
      for (const dutyId of withdraws) if (duties.get(dutyId)?.workspaceId === workspaceId) remove(dutyId);
      if (advances !== null && duties.has(advances.dutyId)) {
        duties.set(advances.dutyId, { workspaceId, version: advances.version + 1 });
        effects.advanceDuty(advances);
      }
      for (const duty of extras.duties) effects.addDuty(workspaceId, duty, shardOfText(duty.id));
      for (const order of extras.orders) pending.order(workspaceId, order, atMs);
      for (const { webhookId, count } of extras.missed) effects.miss(webhookId, workspaceId, count);
      if (idempotency !== null) used.set(nameOf(workspaceId, idempotency.key), item);
    },
    finish() {
      for (const [workspaceId, count] of raised) effects.raiseRevision(workspaceId, count);
      for (const [name, found] of state.idempotency) {
        const item = used.get(name);
        if (item?.extras?.idempotency) effects.useKey(item.workspaceId, item.extras.idempotency);
        else if (found.own) effects.freeKey(name);
      }
    },
  };
}

function rowOf(
  key: string,
  found: { readonly fingerprint: string; readonly createdAtMs: number; readonly response: string },
): IdempotencyRow {
  const { fingerprint, createdAtMs, response } = found;
  return { key, fingerprint, createdAtMs, response: JSON.parse(response) as IdempotencyRow['response'] };
}
