/**
 * Deciding on a pushed state: what the registry holds, what the other system says, and what lies between. The single push
 * and the batch decide here and nowhere else.
 */
import { changeKindsFor } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { Actor, Change } from '../core/change.ts';
import type { Problem } from '../core/errors.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { metadataProblems, withChoicesAsBefore } from '../core/metadata-check.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetPush } from './app.ts';
import { bookkeepingDiffers, isStale, pushedState } from './asset-push-state.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import { withOwnBytes } from './named-files.ts';
import { notFound, unfitAll } from './refusals.ts';

export type PushGround = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  /** The workspace's metadata definitions; null where it has none. */
  readonly set: MetadataFieldSet | null;
  /** See `NoticeDays`. */
  readonly noticeDays: readonly number[];
  readonly id: string;
  /** As the push names it; absent where it names our id. */
  readonly externalId?: string;
};

export type PushDecision =
  | { readonly kind: 'nothing'; readonly result: 'stale' | 'unchanged'; readonly known: Resource }
  | {
      readonly kind: 'write';
      /** `unchanged`: nothing to tell anybody, but something to remember. */
      readonly result: 'created' | 'changed' | 'unchanged';
      readonly state: JsonObject;
      readonly alias?: string;
      readonly version: number;
      readonly changes: readonly Change[];
      readonly problems: readonly Problem[];
    };

/** Throws `AssetwireError` where the state cannot be taken. */
export function decidePush(
  push: AssetPush,
  { current, atMs }: { readonly current: Resource | null; readonly atMs: number },
  { ids, workspaceId, actor, set, noticeDays, id, externalId }: PushGround,
): PushDecision {
  if (current === null && externalId === undefined) throw notFound('the asset');
  if (current !== null && isStale(push, current)) return { kind: 'nothing', result: 'stale', known: current };
  const before = current?.state ?? null;
  const moment = { atMs, by: actor.id, noticeDays };
  const said = withOwnBytes(pushedState(push, current === null ? null : assetState(current), moment), before);
  const after = set === null ? said : withChoicesAsBefore(set, before, said);
  refuseTooLargeAsset(after);
  const problems = misfits(set, before, after);
  const state = asJsonState(after);
  const happenings = changeKindsFor(before, state);
  if (current !== null && happenings.length === 0 && !bookkeepingDiffers(before, state))
    return { kind: 'nothing', result: 'unchanged', known: current };
  const alias = externalId ?? current?.alias;
  const version = (current?.version ?? 0) + 1;
  const frame = {
    ids,
    workspaceId,
    actor,
    subject: assetSubject(id, alias),
    version,
    atMs,
    ...(push.occurredAtMs === undefined ? {} : { occurredAtMs: push.occurredAtMs }),
  };
  return {
    kind: 'write',
    result: current === null ? 'created' : happenings.length === 0 ? 'unchanged' : 'changed',
    state,
    ...(alias === undefined ? {} : { alias }),
    version,
    changes: happenings.map(({ kind, changed }) => assetChange(frame, { kind, before, after: state, changed })),
    problems,
  };
}

/** What does not fit the definitions: to be told with the answer, or, where the workspace wants it so, refused. */
function misfits(set: MetadataFieldSet | null, before: JsonObject | null, after: AssetState): readonly Problem[] {
  if (set === null) return [];
  const known = before === null ? null : before['metadata'];
  const problems = metadataProblems(set, { before: known, after: after.metadata }, '/metadata');
  if (problems.length > 0 && set.rules.fromElsewhere === 'refuse') throw unfitAll(problems);
  return problems;
}
