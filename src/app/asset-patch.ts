/** A patch: fields named are replaced, `info` and `metadata` merged by field, null takes away; the changes follow. */
import { changeKindsFor } from '../core/asset-changes.ts';
import { withArchived, withDates } from '../core/asset-dates.ts';
import type { AssetState } from '../core/asset.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { namedLibrary } from '../core/library.ts';
import { metadataProblems, withChoicesAsBefore } from '../core/metadata-check.ts';
import { members } from '../core/spelling.ts';
import type { AssetCases, AssetPatch, AssetView, Written } from './app.ts';
import { withAliases } from './asset-aliases.ts';
import { refuseHeldByOther } from './asset-checkout-state.ts';
import { refuseCrossedDates } from './asset-date-refusals.ts';
import { assetNameOf } from './asset-name.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { folderPath } from './asset-state.ts';
import { asJsonState, assetChange, assetIdOf, assetState, assetSubject, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound, unfitAll } from './refusals.ts';
import type { NoticeDays } from './notice-days.ts';

export type PatchDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
};

export function createPatch(deps: PatchDeps): AssetCases['patch'] {
  const { ids, committer, idempotent } = deps;
  return (caller, reference, { expected, idempotency, ...patch }) =>
    idempotent.run<AssetView>(caller.workspaceId, idempotency, async (row) => {
      const { workspaceId, actor } = caller;
      const id = await assetIdOf(deps, workspaceId, reference);
      if (id === null) throw notFound('the asset');
      const set = patch.metadata === undefined ? null : await deps.metadataSets.get(workspaceId);
      const noticeDays = await deps.noticeDays(workspaceId, patch.archiveAtMs);
      const key = { workspaceId, type: 'asset', id } as const;
      const written = await committer.write<Written<AssetView>>(key, (current, atMs) => {
        if (current === null) throw notFound('the asset');
        refuseOtherVersion(expected, current.version);
        const before = assetState(current);
        const given = patched(before, patch, { atMs, by: actor.id, noticeDays });
        const after = set === null ? given : withChoicesAsBefore(set, before, given);
        if (after.name !== before.name) refuseHeldByOther(before, caller, 'rename it');
        if (after.path !== before.path || after.library !== before.library)
          refuseHeldByOther(before, caller, 'move it');
        refuseCrossedDates(patch, after);
        const problems =
          set === null ? [] : metadataProblems(set, { before: before.metadata, after: after.metadata }, '/metadata');
        if (problems.length > 0) throw unfitAll(problems);
        refuseTooLargeAsset(after);
        const state = asJsonState(after);
        const happenings = changeKindsFor(current.state, state);
        const same =
          happenings.length === 0 && JSON.stringify(current.state['aliases']) === JSON.stringify(state['aliases']);
        if (same && row === undefined) return { kind: 'nothing', answer: { status: 200, body: assetView(current) } };
        const version = same ? current.version : current.version + 1;
        const body = same ? assetView(current) : assetView({ ...current, version, state, updatedAtMs: atMs });
        const frame = { ids, workspaceId, actor, subject: assetSubject(id, current.alias), version, atMs };
        return {
          kind: 'write',
          plan: {
            ...(same ? {} : { state }),
            changes: happenings.map(({ kind, changed }) =>
              assetChange(frame, { kind, before: current.state, after: state, changed }),
            ),
            ...(row === undefined ? {} : { idempotency: () => row(200, body) }),
          },
          answer: () => ({ status: 200, body }),
        };
      });
      return written.kind === 'done' ? written.answer : replay<AssetView>(written.row, idempotency?.fingerprint ?? '');
    });
}

type Moment = { readonly atMs: number; readonly by: string; readonly noticeDays: readonly number[] };

function patched(given: AssetState, patch: AssetPatch, { atMs, by, noticeDays }: Moment): AssetState {
  const archived = withArchived(given, patch.archived ?? given.archived, { atMs, by });
  const state = withDates(archived, patch, { atMs, noticeDays });
  const { focusPoint: _, library: __, ...rest } = state;
  const focusPoint = patch.focusPoint === undefined ? state.focusPoint : (patch.focusPoint ?? undefined);
  return {
    ...rest,
    ...(patch.name === undefined ? {} : { name: assetNameOf(patch.name) }),
    ...(patch.path === undefined ? {} : { path: folderPath(patch.path) }),
    info: merged(state.info, patch.info),
    metadata: merged(state.metadata, patch.metadata),
    ...(patch.tags === undefined ? {} : { tags: members(patch.tags) }),
    ...(patch.labels === undefined ? {} : { labels: members(patch.labels) }),
    ...(patch.collections === undefined ? {} : { collections: members(patch.collections) }),
    ...(patch.aliases === undefined ? {} : { aliases: withAliases(state.aliases, patch.aliases) }),
    ...(focusPoint === undefined ? {} : { focusPoint }),
    ...namedLibrary(patch.library === undefined ? state.library : patch.library),
    modifiedAtMs: atMs,
  };
}

/** By `Object.entries` and a Map, so that a field named `__proto__` is a field and nothing else. */
function merged(known: { readonly [field: string]: JsonValue }, patch: JsonObject | undefined): JsonObject {
  if (patch === undefined) return known;
  const fields = new Map(Object.entries(known));
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) fields.delete(field);
    else fields.set(field, value);
  }
  return Object.fromEntries(fields);
}
