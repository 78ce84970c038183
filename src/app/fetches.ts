/**
 * Files by address: asked for here, fetched by a duty. An asset exists only once its bytes are here, so nobody is told of a
 * file that never came; until then the fetch itself says how far it is and why it failed.
 */
import { AssetwireError, type Problem } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { assetNameOf } from './asset-name.ts';
import { folderPath } from './asset-state.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { FetchCases, FetchInput, FetchResult, FetchView } from './fetch-cases.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import { notFound, unfit } from './refusals.ts';

export type StoredFetch = Omit<FetchView, 'id' | 'createdAtMs'> & {
  readonly input: FetchInput;
  /** In whose name the asset is made. */
  readonly by: Caller['actor'];
  readonly etag?: string;
};

export type FetchPayload = { readonly fetchId: string };

export type FetchesDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'egress'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

type Answer = { readonly results: readonly FetchResult[] };

export function createFetches(deps: FetchesDeps): FetchCases {
  const { storage, idempotent } = deps;
  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'fetch', id }]);
    if (row === undefined || row === null) throw notFound('the fetch');
    return row;
  };
  return {
    create(caller, inputs, idempotency) {
      if (inputs.length < 1 || inputs.length > limits.batchItemsMax)
        throw unfit('/assets', `1 to ${limits.batchItemsMax} addresses`, String(inputs.length));
      return idempotent.run<Answer>(caller.workspaceId, idempotency, (row) =>
        create(deps, { caller, inputs }, { row, fingerprint: idempotency?.fingerprint ?? '' }),
      );
    },
    get: async (caller, id) => fetchView(await find(caller, id)),
    async list({ workspaceId }, { state, ...query }) {
      const where = state === undefined ? {} : { where: { state } };
      const page = await storage.read.resources({ ...query, workspaceId, type: 'fetch', ...where });
      return { items: page.items.map(fetchView), nextCursor: page.nextCursor };
    },
    async repeat(caller, id) {
      const { assetId, input, etag } = storedFetch(await find(caller, id));
      const { externalId: _, asset: __, ...rest } = input;
      // What was found out about the file counts only for the asset that has it.
      const again =
        assetId === undefined
          ? { input }
          : { input: { ...rest, asset: assetId }, ...(etag === undefined ? {} : { etag }) };
      const accepted = newFetch(deps, caller, { ...again, atMs: deps.clock.nowMs() });
      await deps.committer.write({ workspaceId: caller.workspaceId, type: 'fetch', id: accepted.id }, () => ({
        kind: 'write',
        plan: { state: accepted.state, changes: [], duties: [accepted.duty] },
        answer: () => undefined,
      }));
      return fetchView(await find(caller, accepted.id));
    },
    async cancel(caller, id) {
      const { workspaceId } = caller;
      await deps.committer.writeAlone({ workspaceId, type: 'fetch', id }, [], (current, atMs) => {
        if (current === null) throw notFound('the fetch');
        const stored = storedFetch(current);
        if (stored.state !== 'pending' && stored.state !== 'fetching') return { kind: 'nothing', answer: undefined };
        const { nextTryAtMs: _, ...rest } = stored;
        const state: StoredFetch = { ...rest, state: 'cancelled', endedAtMs: atMs };
        return { kind: 'write', plan: { state, changes: [] }, answer: () => undefined };
      });
      return fetchView(await find(caller, id));
    },
  };
}

type Asked = { readonly caller: Caller; readonly inputs: readonly FetchInput[] };
type Key = { readonly row: RowMaker | undefined; readonly fingerprint: string };

/** All that are accepted in one commit, so that a repeated call is answered for all of them. */
async function create(
  deps: FetchesDeps,
  { caller, inputs }: Asked,
  { row, fingerprint }: Key,
): Promise<Written<Answer>> {
  const atMs = deps.clock.nowMs();
  const made = inputs.map((input) => accept(deps, caller, { input, atMs }));
  const accepted = made.flatMap((one) => ('fetch' in one ? [one.fetch] : []));
  const results = made.map(
    (one): FetchResult =>
      'fetch' in one ? { status: 'accepted', fetch: fetchView({ ...one.fetch, createdAtMs: atMs }) } : one.refused,
  );
  const answer = { status: 202, body: { results } };
  const [first, ...rest] = accepted;
  if (first === undefined) return answer;
  const key = { workspaceId: caller.workspaceId, type: 'fetch', id: first.id } as const;
  const written = await deps.committer.write<Written<Answer>>(key, () => ({
    kind: 'write',
    plan: {
      state: first.state,
      changes: [],
      resources: rest.map(({ id, state }): ResourceWrite => ({ type: 'fetch', id, expectedVersion: 0, state })),
      duties: accepted.map(({ duty }) => duty),
      ...(row === undefined ? {} : { idempotency: () => row(202, answer.body) }),
    },
    answer: () => answer,
  }));
  return written.kind === 'done' ? written.answer : replay<Answer>(written.row, fingerprint);
}

type Accepted = { readonly id: string; readonly state: StoredFetch; readonly duty: NewDuty };

function accept(
  deps: FetchesDeps,
  caller: Caller,
  { input, atMs }: { readonly input: FetchInput; readonly atMs: number },
): { readonly fetch: Accepted } | { readonly refused: Extract<FetchResult, { status: 'rejected' }> } {
  try {
    if (input.asset !== undefined && input.externalId !== undefined)
      throw unfit('/asset', 'either asset or externalId', 'both');
    // What can be known now is told now: the guard's opinion of the address, and what no asset may have.
    const { url } = deps.egress.checkTarget(input.url, { plainHttp: true });
    if (input.name !== undefined) assetNameOf(input.name);
    if (input.path !== undefined) folderPath(input.path);
    return { fetch: newFetch(deps, caller, { input: { ...input, url }, atMs }) };
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    const problems: readonly Problem[] = error.problems;
    const refused = { status: 'rejected', code: error.code, detail: error.message } as const;
    return { refused: problems.length === 0 ? refused : { ...refused, problems } };
  }
}

function newFetch(
  { ids }: Pick<FetchesDeps, 'ids'>,
  { workspaceId, actor }: Caller,
  { input, etag, atMs }: { readonly input: FetchInput; readonly etag?: string; readonly atMs: number },
): Accepted {
  const id = ids.next('fetch');
  const state: StoredFetch = {
    state: 'pending',
    url: input.url,
    bytes: 0,
    bytesTotal: null,
    tries: 0,
    input,
    by: actor,
    ...(etag === undefined ? {} : { etag }),
  };
  const payload: FetchPayload = { fetchId: id };
  return { id, state, duty: { id: ids.next('duty'), workspaceId, kind: 'import', dueAtMs: atMs, payload } };
}

/** Rows of this type are written here and by their duty, in this shape. */
export function storedFetch(row: Pick<Resource, 'state'>): StoredFetch {
  return row.state as unknown as StoredFetch;
}

export function fetchView(row: {
  readonly id: string;
  readonly createdAtMs: number;
  readonly state: object;
}): FetchView {
  const { input: _, by: _by, etag: _etag, ...shown } = row.state as StoredFetch;
  return { id: row.id, ...shown, createdAtMs: row.createdAtMs };
}
