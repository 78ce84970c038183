/**
 * State in, changes out: a DAM hands over an asset's full present state and exactly the changes that lie between it and
 * what was known are told; none where nothing differs, none where the state is older than what was known.
 */
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { AssetCases, AssetPush, AssetView, Caller, Written } from './app.ts';
import { decidePush } from './asset-push-decision.ts';
import { assetIdOf, assetView, externalIdIn } from './asset-views.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { resolveExternalId } from './external-ids.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { type Expected, refuseOtherVersion } from './preconditions.ts';
import { contended, notFound, unfit } from './refusals.ts';
import type { NoticeDays } from './notice-days.ts';

export type PushDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
};

type Pushed = AssetView & { readonly result: 'created' | 'changed' | 'unchanged' | 'stale' };

export function createPush(deps: PushDeps): AssetCases['push'] {
  const { ids, committer, idempotent } = deps;
  return (caller, reference, { expected, idempotency, ...push }) =>
    idempotent.run<Pushed>(caller.workspaceId, idempotency, async (row) => {
      const externalId = externalIdIn(reference);
      if (push.externalId !== undefined && push.externalId !== externalId) {
        throw unfit('/externalId', 'the one in the address, or none', 'another');
      }
      const set = await deps.metadataSets.get(caller.workspaceId);
      const noticeDays = await deps.noticeDays(caller.workspaceId, push.archiveAtMs);
      const pushing = { caller, push, row, fingerprint: idempotency?.fingerprint ?? '', expected, set, noticeDays };
      if (externalId === null) {
        const id = await assetIdOf(deps, caller.workspaceId, reference);
        if (id === null) throw notFound('the asset');
        return pushTo(deps, pushing, { id });
      }
      if (externalId === '') throw unfit('', 'external:ID', 'an empty ID');
      for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
        const ref = { workspaceId: caller.workspaceId, type: 'asset', externalId } as const;
        const id = await resolveExternalId(deps, ref, () => ids.next('asset'));
        try {
          return await pushTo(deps, pushing, { id, externalId });
        } catch (error) {
          // Another process has just given this external id to an asset: push to that one.
          if (!isTaken(error)) throw error;
          committer.cache.deleteAlias(caller.workspaceId, 'asset', externalId);
        }
      }
      throw contended();
    });
}

type Pushing = {
  readonly caller: Caller;
  readonly push: AssetPush;
  readonly row: RowMaker | undefined;
  readonly fingerprint: string;
  readonly expected: Expected | undefined;
  readonly set: MetadataFieldSet | null;
  readonly noticeDays: readonly number[];
};

async function pushTo(
  { ids, committer }: PushDeps,
  { caller, push, row, fingerprint, expected, set, noticeDays }: Pushing,
  named: { readonly id: string; readonly externalId?: string },
): Promise<Written<Pushed>> {
  const { workspaceId, actor } = caller;
  const key = { workspaceId, type: 'asset', id: named.id } as const;
  const written = await committer.write<Written<Pushed>>(key, (current, atMs) => {
    if (current === null && named.externalId === undefined) throw notFound('the asset');
    refuseOtherVersion(expected, current?.version ?? 0);
    const decision = decidePush(push, { current, atMs }, { ids, workspaceId, actor, set, noticeDays, ...named });
    if (decision.kind === 'nothing') {
      const answer = { status: 200, body: { ...assetView(decision.known), result: decision.result } };
      if (row === undefined) return { kind: 'nothing' as const, answer };
      const plan = { changes: [], idempotency: () => row(answer.status, answer.body) };
      return { kind: 'write' as const, plan, answer: () => answer };
    }
    const { state, version, changes, problems, result } = decision;
    const alias = decision.alias === undefined ? {} : { alias: decision.alias };
    const createdAtMs = current?.createdAtMs ?? atMs;
    const answer: Written<Pushed> = {
      status: current === null ? 201 : 200,
      body: {
        ...assetView({ ...key, version, state, ...alias, createdAtMs, updatedAtMs: atMs }),
        result,
        ...(problems.length === 0 ? {} : { metadataProblems: problems }),
      },
    };
    const idempotency = row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) };
    return { kind: 'write', plan: { state, ...alias, changes, ...idempotency }, answer: () => answer };
  });
  return written.kind === 'done' ? written.answer : replay<Pushed>(written.row, fingerprint);
}
