/**
 * What a workspace may take of the server: how much of files it may hold, and how fast it may be written to (that is held
 * by `change-rate.ts`, here is said how much it is).
 *
 * What is used of files is what its assets name, in the store's own count: every file,
 * version and rendition, as often as assets hold it (equal content counts for each asset, so nobody can tell from it what
 * lies here already), assets in the trash included. Renditions count and are never refused.
 *
 * Held wherever bytes come in: the blobs that uploads, versions and clips are put to are these.
 */
import type { Blobs } from '../blobs/blobs.ts';
import { AssetwireError } from '../core/errors.ts';
import type { BlobUsage } from '../storage/storage.ts';
import { isBlobUsed } from './blob-uses.ts';
import type { AppDeps } from './dependencies.ts';
import { storedWorkspace } from './workspace-state.ts';

/** Null: no bound. */
export type Quota = {
  readonly bytesMax: number | null;
  readonly filesMax: number | null;
  /** Changes that callers may have written in a second. */
  readonly changesPerSecondMax: number | null;
};

export interface Quotas {
  /** The workspace's own, else the server's. */
  of(workspaceId: string): Promise<Quota>;
  /** Throws `quota_exceeded` where so much more does not fit. */
  refuse(workspaceId: string, more: BlobUsage): Promise<void>;
  /** The same blobs, which take no more than fits. */
  readonly blobs: Blobs;
}

export type QuotaDeps = Pick<AppDeps, 'storage' | 'blobs' | 'settings'>;

export function createQuotas({ storage, blobs, settings }: QuotaDeps): Quotas {
  /** What has been put and is not committed yet, by workspace; and what of it is held under which blob. */
  const waiting = new Map<string, BlobUsage>();
  const held = new Map<string, number[]>();

  const of = async (workspaceId: string): Promise<Quota> => {
    const [row] = await storage.resources([{ workspaceId, type: 'workspace', id: workspaceId }]);
    const own = row === undefined || row === null ? {} : (storedWorkspace(row.state).quota ?? {});
    return { ...quotaOfServer(settings), ...own };
  };
  const wait = (workspaceId: string, files: number, bytes: number): void => {
    const before = waiting.get(workspaceId) ?? none;
    const now = { files: before.files + files, bytes: before.bytes + bytes };
    if (now.files <= 0) waiting.delete(workspaceId);
    else waiting.set(workspaceId, now);
  };
  const room = async (workspaceId: string): Promise<Room> => {
    const quota = await of(workspaceId);
    if (quota.bytesMax === null && quota.filesMax === null) return endless;
    const used = await storage.blobUsage(workspaceId);
    return { quota, used };
  };
  const refuseIn = (workspaceId: string, { quota, used }: Room, more: BlobUsage): void => {
    const coming = waiting.get(workspaceId) ?? none;
    const files = used.files + coming.files;
    const bytes = used.bytes + coming.bytes;
    if (quota.filesMax !== null && files + more.files > quota.filesMax) throw tooMany(quota.filesMax, files);
    if (quota.bytesMax !== null && bytes + more.bytes > quota.bytesMax) throw tooMuch(quota.bytesMax, bytes);
  };

  return {
    of,
    refuse: async (workspaceId, more) => refuseIn(workspaceId, await room(workspaceId), more),
    blobs: {
      ...blobs,
      async put(workspaceId, content, options) {
        const { bytesMax } = options;
        const there = await heard(content, () => room(workspaceId));
        if (there === endless) return blobs.put(workspaceId, content, options);
        refuseIn(workspaceId, there, { files: 1, bytes: 1 });
        const left = roomLeft(there, waiting.get(workspaceId) ?? none);
        const stored = await blobs
          .put(workspaceId, content, { ...options, bytesMax: Math.min(bytesMax, left) })
          .catch((error: unknown) => {
            throw left < bytesMax && isTooLarge(error)
              ? tooMuch(there.quota.bytesMax ?? left, there.used.bytes)
              : error;
          });
        try {
          // Others may have come meanwhile; between this and the note that follows nobody else gets in.
          refuseIn(workspaceId, { ...there, used: await storage.blobUsage(workspaceId) }, { ...stored, files: 1 });
        } catch (error) {
          blobs.release(workspaceId, stored.blob);
          await blobs.remove(workspaceId, stored.blob, () => isBlobUsed(storage, workspaceId, stored.blob));
          throw error;
        }
        wait(workspaceId, 1, stored.bytes);
        const name = `${workspaceId}/${stored.blob}`;
        held.set(name, [...(held.get(name) ?? []), stored.bytes]);
        return stored;
      },
      release(workspaceId, blob) {
        const name = `${workspaceId}/${blob}`;
        const [bytes, ...more] = held.get(name) ?? [];
        if (bytes !== undefined) wait(workspaceId, -1, -bytes);
        if (more.length === 0) held.delete(name);
        else held.set(name, more);
        blobs.release(workspaceId, blob);
      },
    },
  };
}

type Room = { readonly quota: Pick<Quota, 'bytesMax' | 'filesMax'>; readonly used: BlobUsage };

const none: BlobUsage = { files: 0, bytes: 0 };
const endless: Room = { quota: { bytesMax: null, filesMax: null }, used: none };

function quotaOfServer(settings: QuotaDeps['settings']): Quota {
  return {
    bytesMax: bounded(settings.workspaceBytesMax),
    filesMax: bounded(settings.workspaceFilesMax),
    changesPerSecondMax: bounded(settings.workspaceChangesPerSecondMax),
  };
}

/** 0 is the setting's word for no bound. */
function bounded(setting: number | undefined): number | null {
  return setting === undefined || setting === 0 ? null : setting;
}

function roomLeft({ quota, used }: Room, coming: BlobUsage): number {
  return quota.bytesMax === null ? Number.MAX_SAFE_INTEGER : quota.bytesMax - used.bytes - coming.bytes;
}

/** A stream that breaks off while something is looked up must not end the process. */
async function heard<Result>(content: NodeJS.EventEmitter, look: () => Promise<Result>): Promise<Result> {
  const deaf = (): void => undefined;
  content.on('error', deaf);
  return look();
}

function isTooLarge(error: unknown): boolean {
  return error instanceof AssetwireError && error.code === 'upload_too_large';
}

function tooMuch(bytesMax: number, used: number): AssetwireError {
  return new AssetwireError('quota_exceeded', {
    detail: `Keep within the workspace's quota of ${bytesMax} bytes: ${used} are used, and this needs more than is left`,
  });
}

function tooMany(filesMax: number, used: number): AssetwireError {
  return new AssetwireError('quota_exceeded', {
    detail: `Keep within the workspace's quota of ${filesMax} files: there are ${used}, renditions and the trash included`,
  });
}
