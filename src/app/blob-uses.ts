/**
 * Which assets name which bytes. Equal content is stored once, so bytes may go only when no asset names them any more:
 * each pair has a row (`blob_use`, id `<blob>:<asset id>`) that is written and deleted in the commit of the asset itself.
 * What an asset lets go becomes an `erase` duty of that same commit.
 */
import type { Blobs } from '../blobs/blobs.ts';
import { isList, isObject } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';

export type BlobUpkeep = { readonly writes: readonly ResourceWrite[]; readonly released: readonly string[] };

const addressForm = /^[0-9a-f]{64}$/;
const none: ReadonlyMap<string, number> = new Map();

/**
 * What a write to an asset changes about the bytes it names; null where nothing, which is known at once for a state
 * whose files are those of the one before, and for assets whose bytes lie elsewhere.
 */
export function blobUpkeep(assetId: string, before: JsonObject | null, after: JsonObject | null): BlobUpkeep | null {
  if (
    before !== null &&
    after !== null &&
    before['file'] === after['file'] &&
    before['versions'] === after['versions'] &&
    before['renditions'] === after['renditions']
  ) {
    return null;
  }
  const known = blobSizes(before);
  const named = blobSizes(after);
  if (known.size === 0 && named.size === 0) return null;
  const added = [...named.keys()].filter((blob) => !known.has(blob));
  const released = [...known.keys()].filter((blob) => !named.has(blob));
  if (added.length === 0 && released.length === 0) return null;
  const use = (blob: string, state: JsonObject | null): ResourceWrite => ({
    type: 'blob_use',
    id: `${blob}:${assetId}`,
    expectedVersion: 'any',
    state,
  });
  return {
    writes: [
      ...added.map((blob) => use(blob, { bytes: named.get(blob) ?? 0 })),
      ...released.map((blob) => use(blob, null)),
    ],
    released,
  };
}

/** Whether any asset of the workspace names these bytes. */
export async function isBlobUsed({ read }: Pick<Storage, 'read'>, workspaceId: string, blob: string): Promise<boolean> {
  const page = await read.resources({ workspaceId, type: 'blob_use', idPrefix: `${blob}:`, limit: 1 });
  return page.items.length > 0;
}

/**
 * Ends the hold of bytes that were put, and removes them where nothing came to name them: a commit that was refused, an
 * upload that an idempotency key had answered already. Where the store cannot say, they stay.
 */
export async function settleBlob(
  { storage, blobs }: { readonly storage: Pick<Storage, 'read'>; readonly blobs: Pick<Blobs, 'release' | 'remove'> },
  workspaceId: string,
  blob: string,
): Promise<void> {
  blobs.release(workspaceId, blob);
  try {
    await blobs.remove(workspaceId, blob, () => isBlobUsed(storage, workspaceId, blob));
  } catch {
    // The caller has an answer to give, and bytes that nobody names harm nobody.
  }
}

/**
 * Runs the commit that names bytes that were put, and ends their hold. Only where it did not (refused, or answered before
 * under its idempotency key) is it asked whether anything names them: who uploads waits for that question, and bytes that
 * somebody else lets go meanwhile are asked about by the duty of that.
 */
export async function namingBlob<Result extends { readonly replayed?: boolean }>(
  deps: Parameters<typeof settleBlob>[0],
  { workspaceId, blob }: { readonly workspaceId: string; readonly blob: string },
  commit: () => Promise<Result>,
): Promise<Result> {
  let named = false;
  try {
    const result = await commit();
    named = result.replayed !== true;
    return result;
  } finally {
    if (named) deps.blobs.release(workspaceId, blob);
    else await settleBlob(deps, workspaceId, blob);
  }
}

/** Every content address in a state, once each: of the file, its versions and renditions. */
export function blobsOf(state: JsonObject | null): readonly string[] {
  return [...blobSizes(state).keys()];
}

/** The same, each with its bytes. */
export function blobSizes(state: JsonObject | null): ReadonlyMap<string, number> {
  if (state === null) return none;
  let sizes: Map<string, number> | null = null;
  const note = (file: JsonValue | undefined): void => {
    if (!isObject(file)) return;
    const { blob, bytes } = file;
    if (typeof blob !== 'string' || !addressForm.test(blob)) return;
    (sizes ??= new Map()).set(blob, typeof bytes === 'number' ? bytes : 0);
  };
  note(state['file']);
  const { versions, renditions } = state;
  if (isList(versions)) for (const version of versions) if (isObject(version)) note(version['file']);
  if (isList(renditions)) for (const rendition of renditions) note(rendition);
  return sizes ?? none;
}
