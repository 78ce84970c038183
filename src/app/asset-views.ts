/** Assets as they are shown, and how a caller names one. */
import type { AssetState } from '../core/asset.ts';
import type { Change, ChangeKind, Actor, Subject } from '../core/change.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetView } from './app.ts';
import { aliasIn, findAlias } from './asset-aliases.ts';
import { type ExternalIdDeps, findExternalId } from './external-ids.ts';

const externalPrefix = 'external:';

/** The DAM's own id in a reference `external:ID`, null where the reference is one of our ids. */
export function externalIdIn(reference: string): string | null {
  return reference.startsWith(externalPrefix) ? reference.slice(externalPrefix.length) : null;
}

/** Our id of what a caller names, null where an external id or an id of a former DAM is not known. */
export async function assetIdOf(deps: ExternalIdDeps, workspaceId: string, reference: string): Promise<string | null> {
  const externalId = externalIdIn(reference);
  const alias = aliasIn(reference);
  if (alias !== null) return findAlias(deps, workspaceId, alias);
  return externalId === null ? reference : findExternalId(deps, { workspaceId, type: 'asset', externalId });
}

/** Rows of this type are written from full states only. */
export function assetState(row: Pick<Resource, 'state'>): AssetState {
  return row.state as unknown as AssetState;
}

export function asJsonState(state: AssetState): JsonObject {
  return state;
}

export function assetView(row: Resource): AssetView {
  return {
    id: row.id,
    ...(row.alias === undefined ? {} : { externalId: row.alias }),
    version: row.version,
    state: assetState(row),
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

export type ChangeFrame = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly subject: Subject;
  readonly version: number;
  readonly atMs: number;
  readonly occurredAtMs?: number;
};

/** What happened to the asset within its frame. */
export type Happening = {
  readonly kind: ChangeKind;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
};

/** One change of an asset, complete. */
export function assetChange(frame: ChangeFrame, { kind, before, after, changed }: Happening): Change {
  return {
    id: frame.ids.next('change'),
    workspaceId: frame.workspaceId,
    kind,
    subject: frame.subject,
    subjectVersion: frame.version,
    occurredAtMs: frame.occurredAtMs ?? frame.atMs,
    acceptedAtMs: frame.atMs,
    actor: frame.actor,
    before,
    after,
    changed,
    causationDepth: 0,
  };
}

export function assetSubject(id: string, externalId: string | undefined): Subject {
  return externalId === undefined ? { type: 'asset', id } : { type: 'asset', id, externalId };
}
