/**
 * What collections and sections have in common: a row with a key that never changes, found by its id or its key, and
 * assets that are put in and taken out one by one, each with a change of its own.
 */
import { AssetwireError } from '../core/errors.ts';
import type { Actor, Change, ChangeKind, SubjectType } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetView, Caller } from './app.ts';
import { assetIdOf, assetView } from './asset-views.ts';
import type { ExternalIdDeps } from './external-ids.ts';
import type { MemberResult, Members } from './folder-cases.ts';
import { readAll, type TreeDeps } from './folder-tree.ts';
import { assetOfPlace } from './place-ids.ts';
import { notFound, unfit } from './refusals.ts';

const keyPrefix = 'key:';

/** The row that a reference names, null where there is none. */
export async function findByKey(
  { storage }: { readonly storage: Pick<ExternalIdDeps['storage'], 'findByAlias'> & TreeDeps['storage'] },
  {
    workspaceId,
    type,
    reference,
  }: { readonly workspaceId: string; readonly type: 'collection' | 'section'; readonly reference: string },
): Promise<Resource | null> {
  if (reference.startsWith(keyPrefix)) {
    const found = await storage.findByAlias(type, reference.slice(keyPrefix.length).normalize('NFC'), workspaceId);
    return found.find((row) => row.workspaceId === workspaceId) ?? null;
  }
  const [row] = await storage.resources([{ workspaceId, type, id: reference }]);
  return row ?? null;
}

/** A name or key in its one spelling: accents composed, blanks at its ends gone. */
export function spelt(text: string, at: string): string {
  const name = text.normalize('NFC').trim();
  if (name === '') throw unfit(at, 'at least one character that is not a blank', 'blanks');
  if (/[\p{Cc}\u2028\u2029]/u.test(name)) throw unfit(at, 'a name without control characters', 'some');
  return name;
}

/** A page of the assets whose places begin with `idPrefix`. */
export async function assetsAt(
  deps: TreeDeps,
  { workspaceId }: Caller,
  query: {
    readonly idPrefix: string;
    readonly limit: number;
    readonly cursor?: string;
    readonly order?: 'newest' | 'oldest';
  },
): Promise<Page<AssetView>> {
  const { order = 'oldest', ...page } = query;
  const found = await deps.storage.read.resources({ ...page, workspaceId, type: 'asset_place', order });
  const rows = await readAll(
    deps,
    found.items.map(({ id }) => ({ workspaceId, type: 'asset', id: assetOfPlace(id) })),
  );
  return { items: rows.flatMap((row) => (row === null ? [] : [assetView(row)])), nextCursor: found.nextCursor };
}

/** How many assets have places that begin so; counted no further than a bound. */
export function countAt({ storage }: TreeDeps, { workspaceId }: Caller, idPrefix: string): Promise<number> {
  return storage.read.countResources({ workspaceId, type: 'asset_place', idPrefix, max: limits.folderCountMax });
}

export type MemberChange = { readonly add?: readonly string[]; readonly remove?: readonly string[] };

/** Throws where an asset is to be put in and taken out, or where there are none or too many. */
export function checkMembers({ add = [], remove = [] }: MemberChange): void {
  const count = add.length + remove.length;
  if (count < 1 || count > limits.batchItemsMax) throw unfit('', `1 to ${limits.batchItemsMax} assets`, String(count));
  const both = add.find((asset) => remove.includes(asset));
  if (both !== undefined) throw unfit('/remove', 'other assets than in add', both);
}

export type MemberWrite = { readonly id: string; readonly added: boolean };

/** What came of each asset, and the ids of those that changed, in the order they were named. */
export type ChangedMembers = Members & { readonly added: readonly string[]; readonly removed: readonly string[] };

/** Each asset on its own: what one is refused for says nothing about the others. */
export async function changeMembers(
  deps: ExternalIdDeps & { readonly change: (write: MemberWrite) => Promise<'changed' | 'unchanged'> },
  { workspaceId }: Caller,
  { add = [], remove = [] }: MemberChange,
): Promise<ChangedMembers> {
  const one = async (asset: string, added: boolean): Promise<{ result: MemberResult; changed: string | null }> => {
    try {
      const id = await assetIdOf(deps, workspaceId, asset);
      if (id === null) throw notFound('the asset');
      const status = await deps.change({ id, added });
      return { result: { asset, status }, changed: status === 'changed' ? id : null };
    } catch (error) {
      if (!(error instanceof AssetwireError)) throw error;
      return { result: { asset, status: 'rejected', code: error.code, detail: error.message }, changed: null };
    }
  };
  const done = await Promise.all([
    ...add.map((asset) => one(asset, true)),
    ...remove.map((asset) => one(asset, false)),
  ]);
  const idsOf = (part: typeof done): readonly string[] => part.flatMap(({ changed }) => changed ?? []);
  return {
    results: done.map(({ result }) => result),
    added: idsOf(done.slice(0, add.length)),
    removed: idsOf(done.slice(add.length)),
  };
}

export type SubjectFrame = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly atMs: number;
};

/** One change of a collection. */
export function subjectChange(
  { ids, workspaceId, actor, atMs }: SubjectFrame,
  subject: { readonly type: SubjectType; readonly id: string; readonly externalId?: string; readonly version: number },
  {
    kind,
    before,
    after,
    changed,
  }: {
    readonly kind: ChangeKind;
    readonly before: JsonObject | null;
    readonly after: JsonObject | null;
    readonly changed?: readonly string[];
  },
): Change {
  const { version, ...named } = subject;
  return {
    id: ids.next('change'),
    workspaceId,
    kind,
    subject: named,
    subjectVersion: version,
    occurredAtMs: atMs,
    acceptedAtMs: atMs,
    actor,
    before,
    after,
    changed: changed ?? changedFields(before, after),
    causationDepth: 0,
  };
}
