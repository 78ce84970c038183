/**
 * Many full states in one call. What is known of them is read in runs, each run with one question to the store; what has
 * not changed is decided and forgotten, without a commit. States of one asset within a batch are taken in their order, so
 * a batch does what the same states would have done one by one.
 */
import { AssetwireError, errorTable, type Problem } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import { type Turn, systemTurn } from '../runtime/turn.ts';
import type { PushBatch, PushedState, PushResult, Caller, StatePush } from './app.ts';
import { type AbsenceDeps, goneOf } from './asset-absence.ts';
import { decidePush, type PushDecision } from './asset-push-decision.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import type { Decision } from './plan.ts';
import { contended, unfit } from './refusals.ts';
import { subjectName } from './subject-cache.ts';
import type { NoticeDays } from './notice-days.ts';

export type PushBatchDeps = Pick<AppDeps, 'ids' | 'clock' | 'soleWriter'> & {
  readonly storage: Pick<AppDeps['storage'], 'findByAliases' | 'resources'> & AbsenceDeps['storage'];
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
  /** Ends a run, so that whatever else is to be done gets its turn. Default the loop's. */
  readonly endOfTurn?: Turn;
};

/** Looked up and decided in one turn of the loop: about two milliseconds. */
const runItems = 50;

/** Everything that the items of one batch have in common. */
type Call = {
  readonly caller: Caller;
  readonly set: MetadataFieldSet | null;
  readonly noticeDays: readonly number[];
  readonly dryRun: boolean;
  readonly source: string | undefined;
  /** Makes the row for the answer of one of the states, where the call has an idempotency key. */
  readonly maker: RowMaker | undefined;
  readonly fingerprint: string;
  /** The last write to each asset that this batch has begun. */
  readonly last: Map<string, Promise<PushResult>>;
};

export type PushMany = (
  caller: Caller,
  batch: Omit<PushBatch, 'sync'> & { readonly source?: string },
) => Promise<readonly PushResult[]>;

/** Results in the order of the states. Throws only what concerns all of them. */
export function createPushMany(deps: PushBatchDeps): PushMany {
  return async (caller, { states, dryRun = false, source, idempotency }) => {
    if (states.length < 1 || states.length > limits.batchItemsMax)
      throw unfit('/assets', `1 to ${limits.batchItemsMax} states`, String(states.length));
    const set = await deps.metadataSets.get(caller.workspaceId);
    const dated = states.find(({ push }) => typeof push?.archiveAtMs === 'number');
    const noticeDays = await deps.noticeDays(caller.workspaceId, dated?.push?.archiveAtMs);
    const fingerprint = idempotency?.fingerprint ?? '';
    const parted = { idempotency: dryRun ? undefined : idempotency, parts: states.length };
    const written = await deps.idempotent.run<Answer>(caller.workspaceId, parted, async (maker) => {
      const call: Call = { caller, set, noticeDays, dryRun, source, maker, fingerprint, last: new Map() };
      return { status: 200, body: { results: await pushAll(deps, call, states) } };
    });
    return written.body.results;
  };
}

type Answer = { readonly results: readonly PushResult[] };

async function pushAll(
  deps: PushBatchDeps,
  call: Call,
  states: readonly PushedState[],
): Promise<readonly PushResult[]> {
  const endOfTurn = deps.endOfTurn ?? systemTurn;
  const begun: Promise<PushResult>[] = [];
  try {
    for (let from = 0; from < states.length; from += runItems) {
      if (from > 0) await new Promise<void>((resolve) => endOfTurn(resolve));
      const run = states.slice(from, from + runItems);
      const ids = await known(deps, call, run);
      for (const [at, state] of run.entries()) {
        const result = pushNext(deps, call, { state, id: ids[at] ?? null, part: from + at });
        // It may be refused while the next run is looked up, when nobody waits for it yet: it is heard below.
        result.catch(() => undefined);
        begun.push(result);
      }
    }
  } finally {
    // What refuses all of them leaves none of them on its way.
    await Promise.allSettled(begun);
  }
  const results = await Promise.all(begun);
  refuseWhereNothingWasTaken(results);
  return results;
}

/**
 * The ids behind a run's external ids, and the assets themselves at hand for deciding; null where there is none. Where
 * other processes write too, what this one remembers may be old: then everything is read.
 */
async function known(
  { storage, committer, soleWriter }: PushBatchDeps,
  { caller: { workspaceId } }: Call,
  run: readonly PushedState[],
): Promise<readonly (string | null)[]> {
  const { cache } = committer;
  const isKnown = (id: string): boolean =>
    soleWriter && cache.get(subjectName({ workspaceId, type: 'asset', id })) !== undefined;
  const aliases = new Set<string>();
  const ids = new Set<string>();
  for (const { id, externalId } of run) {
    if (externalId !== undefined) {
      const seen = cache.alias(workspaceId, 'asset', externalId);
      if (seen === undefined || !isKnown(seen)) aliases.add(externalId);
    } else if (id !== undefined && !isKnown(id)) ids.add(id);
  }
  const asked = [...aliases];
  const askedIds = [...ids];
  const [found, byId] = await Promise.all([
    asked.length === 0 ? [] : storage.findByAliases({ workspaceId, type: 'asset', aliases: asked }),
    askedIds.length === 0 ? [] : storage.resources(askedIds.map((id) => ({ workspaceId, type: 'asset', id }))),
  ]);
  for (const row of [...found, ...byId]) {
    if (row === null) continue;
    if (row.alias !== undefined) cache.setAlias({ workspaceId, type: 'asset', externalId: row.alias }, row.id);
    const name = subjectName(row);
    const remembered = cache.get(name);
    // Somebody here may have written meanwhile: then what is remembered is ahead of what was read.
    if (remembered === undefined || remembered === null || remembered.version < row.version) {
      if (remembered !== null || !soleWriter) cache.set(name, row);
    }
  }
  return run.map(({ id, externalId }) =>
    externalId === undefined ? (id ?? null) : (cache.alias(workspaceId, 'asset', externalId) ?? null),
  );
}

type Item = { readonly state: PushedState; readonly id: string | null; readonly part: number };

/** Behind whatever this batch has begun for the same asset. */
function pushNext(deps: PushBatchDeps, call: Call, item: Item): Promise<PushResult> {
  const name = item.state.externalId === undefined ? `id ${item.state.id}` : `external ${item.state.externalId}`;
  const before = call.last.get(name);
  const result = before === undefined ? pushOne(deps, call, item) : before.then(() => pushOne(deps, call, item));
  call.last.set(name, result);
  return result;
}

async function pushOne(deps: PushBatchDeps, call: Call, { state, id, part }: Item): Promise<PushResult> {
  const named = { ...(state.externalId === undefined ? {} : { externalId: state.externalId }) };
  try {
    if (state.problems instanceof AssetwireError) throw state.problems;
    if (state.problems !== undefined) throw unfitState(state.problems);
    const { push } = state;
    if (push === undefined || (state.externalId === undefined) === (state.id === undefined))
      throw unfit('/externalId', 'one of id and externalId', state.id === undefined ? 'none' : 'both');
    if (call.dryRun) return await tryOne(deps, call, { push, id, named, part });
    return await write(deps, call, { push, id, named, part });
  } catch (thrown) {
    if (!(thrown instanceof AssetwireError) || thrown.code === 'idempotency_mismatch') throw thrown;
    const isMissed = thrown.code === 'not_found' && state.id !== undefined;
    const error = (isMissed ? await goneOf(deps, call.caller.workspaceId, state.id) : null) ?? thrown;
    return {
      status: 'rejected',
      ...(state.id === undefined ? {} : { id: state.id }),
      ...named,
      code: error.code,
      detail: error.message,
      ...(error.problems.length === 0 ? {} : { problems: error.problems }),
      ...(state.line === undefined ? {} : { line: state.line }),
    };
  }
}

type Named = {
  readonly push: StatePush;
  readonly id: string | null;
  readonly named: { readonly externalId?: string };
  readonly part: number;
};

async function write(deps: PushBatchDeps, call: Call, { push, id: found, named, part }: Named): Promise<PushResult> {
  const { committer, ids } = deps;
  const { workspaceId, actor } = call.caller;
  let known: string | null = found;
  for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
    const id = known ?? drawn(deps, workspaceId, named.externalId ?? '');
    const ground = { ids, workspaceId, actor, set: call.set, noticeDays: call.noticeDays, id, ...named };
    try {
      const written = await committer.write<PushResult>({ workspaceId, type: 'asset', id }, (current, atMs) => {
        const decision = decidePush(withSource(push, call), { current, atMs }, ground);
        return planOf(call, decision, { answer: resultOf(decision, id, named), part });
      });
      if (written.kind === 'done') return written.answer;
      const [earlier] = replay<Answer>(written.row, call.fingerprint).body.results;
      if (earlier === undefined) throw new TypeError('An idempotency row must hold a result: it holds none');
      return earlier;
    } catch (error) {
      // Another process has just given this external id to an asset: push to that one.
      if (!isTaken(error) || named.externalId === undefined) throw error;
      committer.cache.deleteAlias(workspaceId, 'asset', named.externalId);
      const [row = null] = await deps.storage.findByAliases({
        workspaceId,
        type: 'asset',
        aliases: [named.externalId],
      });
      known = row?.id ?? null;
    }
  }
  throw contended();
}

/** An id for an asset that nobody knows yet; two pushes at once draw one. */
function drawn({ committer: { cache }, ids }: PushBatchDeps, workspaceId: string, externalId: string): string {
  const meanwhile = cache.alias(workspaceId, 'asset', externalId);
  if (meanwhile !== undefined) return meanwhile;
  const id = ids.next('asset');
  cache.setAlias({ workspaceId, type: 'asset', externalId }, id);
  cache.set(subjectName({ workspaceId, type: 'asset', id }), null);
  return id;
}

/** What it would come to; each state is held against what is stored, not against the others of its batch. */
async function tryOne(deps: PushBatchDeps, call: Call, { push, id, named }: Named): Promise<PushResult> {
  const { workspaceId, actor } = call.caller;
  const current = id === null ? null : await deps.committer.peek({ workspaceId, type: 'asset', id });
  const { set, noticeDays } = call;
  const ground = { ids: deps.ids, workspaceId, actor, set, noticeDays, id: id ?? '', ...named };
  const decision = decidePush(withSource(push, call), { current, atMs: deps.clock.nowMs() }, ground);
  const result = resultOf(decision, id, named);
  return 'changes' in result ? { ...result, changes: result.changes.map(({ kind }) => ({ kind })) } : result;
}

function withSource(push: StatePush, { source }: Call): StatePush {
  return source === undefined ? push : { ...push, source };
}

function resultOf(decision: PushDecision, id: string | null, named: { readonly externalId?: string }): PushResult {
  const who = { ...(id === null ? {} : { id }), ...named };
  if (decision.kind === 'nothing') return { status: decision.result, ...who, version: decision.known.version };
  const { result, version, changes, problems } = decision;
  const told = problems.length === 0 ? {} : { metadataProblems: problems };
  if (result === 'unchanged') return { status: 'unchanged', ...who, version, ...told };
  return {
    status: result === 'created' ? 'created' : 'updated',
    ...who,
    version,
    changes: changes.map((change) => ({ id: change.id, kind: change.kind })),
    ...told,
  };
}

function planOf(
  { maker }: Call,
  decision: PushDecision,
  { answer, part }: { readonly answer: PushResult; readonly part: number },
): Decision<PushResult> {
  const kept = maker === undefined ? {} : { idempotency: () => maker(200, { results: [answer] }, part) };
  if (decision.kind === 'nothing') {
    // With a key even "nothing to do" is an answer to keep.
    if (maker === undefined) return { kind: 'nothing', answer };
    return { kind: 'write', plan: { changes: [], ...kept }, answer: () => answer };
  }
  const { state, changes } = decision;
  const alias = decision.alias === undefined ? {} : { alias: decision.alias };
  return { kind: 'write', plan: { state, ...alias, changes, ...kept }, answer: () => answer };
}

function unfitState(problems: readonly Problem[]): AssetwireError {
  const [first] = problems;
  return new AssetwireError('invalid_request', {
    detail:
      first === undefined
        ? 'Send a state that fits its schema'
        : `Check the state: ${first.at === '' ? 'it' : first.at} wants ${first.wanted}, found ${first.found}`,
    problems,
  });
}

/** A caller that looks at the status alone must not take a full disk for an acceptance. */
function refuseWhereNothingWasTaken(results: readonly PushResult[]): void {
  const [first] = results;
  if (first?.status !== 'rejected' || !isOfTheStore(first.code)) return;
  if (results.every((result) => result.status === 'rejected' && isOfTheStore(result.code)))
    throw new AssetwireError(first.code as 'storage_busy', { detail: first.detail });
}

function isOfTheStore(code: string): boolean {
  const row = Object.hasOwn(errorTable, code) ? errorTable[code as keyof typeof errorTable] : undefined;
  return row !== undefined && row.status >= 500;
}
