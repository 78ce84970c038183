/** What a task does to one asset: the same whether it is done at once or page by page. */
import { changeKindsFor } from '../core/asset-changes.ts';
import type { Actor, Change } from '../core/change.ts';
import type { IdSource } from '../core/ids.ts';
import { isList, isObject } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { removalPlan } from './asset-trash-state.ts';
import { assetChange, assetSubject } from './asset-views.ts';
import type { SubjectWrite } from './commit-many.ts';
import type { TaskKind } from './folder-cases.ts';
import { inFolderPrefix } from './place-ids.ts';
import { rehomed } from './places.ts';
import type { TaskItem } from './tasks.ts';

export type WorkFrame = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly atMs: number;
  readonly kind: TaskKind;
  /** How long what is deleted lies in the trash. */
  readonly trashDays: number;
};

export type Work = {
  readonly subject: SubjectWrite;
  readonly changes: readonly Change[];
  readonly resources: readonly ResourceWrite[];
  readonly duties: readonly NewDuty[];
};

/** Null where the asset is as it should be already. `place` is the id of the row that it was found by. */
export function workOn(
  frame: WorkFrame,
  item: TaskItem,
  { asset, place }: { asset: Resource; place: string },
): Work | null {
  const after = stateAfter(frame, item, asset.state);
  if (after === undefined) return null;
  const homes = homeAfter(frame.kind, item, { asset, place });
  if (after === null) {
    const { changes, resources = [], duties = [], keepsBytes = false } = removalPlan(asset, frame);
    return {
      subject: { current: asset, state: null, keepsBytes },
      changes,
      resources: [...resources, ...homes],
      duties,
    };
  }
  const happenings = changeKindsFor(asset.state, after);
  const subject = assetSubject(asset.id, asset.alias);
  const version = asset.version + 1;
  return {
    subject: { current: asset, state: after },
    changes: happenings.map(({ kind, changed }) =>
      assetChange({ ...frame, subject, version }, { kind, before: asset.state, after, changed }),
    ),
    resources: homes,
    duties: [],
  };
}

/** Null: it is deleted. Undefined: there is nothing to do. */
function stateAfter(
  { kind, atMs }: WorkFrame,
  { to, key }: TaskItem,
  state: JsonObject,
): JsonObject | null | undefined {
  switch (kind) {
    case 'folder_remove':
    case 'folder_move':
      if (to === undefined) return kind === 'folder_remove' ? null : undefined;
      return state['path'] === to ? undefined : { ...state, path: to, modifiedAtMs: atMs };
    case 'collection_remove': {
      const { collections } = state;
      if (!isList(collections) || key === undefined || !collections.includes(key)) return undefined;
      return { ...state, collections: collections.filter((one) => one !== key), modifiedAtMs: atMs };
    }
    case 'section_remove': {
      const { info } = state;
      if (!isObject(info) || info['section'] !== key) return undefined;
      const { section: _, ...rest } = info;
      return { ...state, info: rest, modifiedAtMs: atMs };
    }
    default:
      return kind satisfies never;
  }
}

function homeAfter(
  kind: TaskKind,
  { toFolder }: TaskItem,
  { asset, place }: { readonly asset: Resource; readonly place: string },
): readonly ResourceWrite[] {
  if (kind !== 'folder_remove') return [];
  return rehomed(asset.id, place, toFolder === undefined ? null : `${inFolderPrefix(toFolder)}${asset.id}`);
}
