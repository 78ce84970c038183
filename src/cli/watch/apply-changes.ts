/**
 * Does on the server what happened in a watched folder. What may pass (no server, a busy one) ends the batch and is tried
 * again; what cannot pass for one file is told and left alone until that file changes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, posix } from 'node:path';
import type { AssetView, FoundContent } from '../../app/app.ts';
import { type Client, RefusedError, UnreachableError } from '../client.ts';
import { LocalFileError } from '../client-form.ts';
import type { PageAnswer } from '../output.ts';
import type { SeenFile } from './pending-paths.ts';
import type { WatchChange } from './plan-changes.ts';
import type { KnownFile } from './known-files.ts';
import type { WatchMemory } from './watch-state.ts';

export type WatchEvent = {
  readonly kind: 'uploaded' | 'version' | 'moved' | 'deleted' | 'found' | 'failed';
  readonly path: string;
  readonly from?: string;
  readonly assetId?: string;
  readonly error?: string;
};

export type ApplyOptions = {
  readonly client: Client;
  readonly directory: string;
  /** What lies at a path below the directory; null where there is nothing. */
  readonly look: (path: string) => Promise<SeenFile | null>;
  /** The folder on the server that the directory is. */
  readonly folder: string;
  readonly onDelete: 'trash' | 'ignore';
  readonly atOnce: number;
  readonly memory: WatchMemory;
  readonly draw: () => string;
  readonly signal: AbortSignal;
  readonly tell: (event: WatchEvent) => void;
};

/** Paths that could not be seen to and are to be tried again, and why; none where all is done. */
export type Left = { readonly paths: readonly string[]; readonly cause: Error | null };

/** What is done at once, and paths of each content that have not been looked at yet for having moved. */
type Batch = ApplyOptions & { readonly unseen: Map<string, string[]> };

export async function applyChanges(changes: readonly WatchChange[], given: ApplyOptions): Promise<Left> {
  const options: Batch = { ...given, unseen: new Map() };
  const left: string[] = [];
  let cause: Error | null = null;
  const run = async (some: readonly WatchChange[], width: number): Promise<void> => {
    const queue = some.values();
    const work = async (): Promise<void> => {
      for (const change of queue) {
        if (cause !== null || options.signal.aborted) {
          left.push(change.path);
          continue;
        }
        try {
          await applyOne(change, options);
        } catch (error) {
          if (!mayPass(error)) throw error;
          cause = error as Error;
          left.push(change.path);
        }
      }
    };
    await Promise.all(Array.from({ length: width }, work));
  };
  const of = (kind: WatchChange['kind']): readonly WatchChange[] => changes.filter((change) => change.kind === kind);
  await run(of('move'), options.atOnce);
  await run(of('look'), options.atOnce);
  await run(of('delete'), options.atOnce);
  return { paths: left, cause };
}

function mayPass(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof RefusedError && (error.status === 429 || error.status === 503 || error.status === 507);
}

async function applyOne(change: WatchChange, options: Batch): Promise<void> {
  try {
    if (change.kind === 'move') await move(change, options);
    else if (change.kind === 'delete') await remove(change, options);
    else await look(change, options);
    options.memory.changed();
  } catch (error) {
    if (mayPass(error) || options.signal.aborted) throw error;
    const known = error instanceof RefusedError || error instanceof LocalFileError || isFileError(error);
    if (!known) throw error;
    // Without a right to anything there is no sense in going on.
    if (error instanceof RefusedError && (error.status === 401 || error.status === 403)) throw error;
    options.tell({ kind: 'failed', path: change.path, error: error instanceof Error ? error.message : String(error) });
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function move(
  { from, path, file, known }: Pick<Extract<WatchChange, { kind: 'move' }>, 'from' | 'path' | 'file' | 'known'>,
  options: ApplyOptions,
): Promise<void> {
  const { client, memory, tell } = options;
  const { name, folder } = placeOf(path, options);
  const { files } = memory;
  try {
    await client.send('PATCH', `/v1/assets/${known.assetId}`, { name, path: folder });
  } catch (error) {
    if (!isGone(error)) throw error;
    // Deleted on the server: here it is, so it is new.
    files.delete(from);
    return upload({ path, file, sha256: known.sha256 }, options);
  }
  files.delete(from);
  files.set(path, { ...known, ...file });
  tell({ kind: 'moved', path, from, assetId: known.assetId });
}

async function remove({ path, known }: Extract<WatchChange, { kind: 'delete' }>, options: ApplyOptions): Promise<void> {
  const { client, memory, onDelete, tell } = options;
  // Found to have moved while this batch was done.
  if (memory.files.get(path) !== known) return;
  if (onDelete === 'trash') {
    try {
      await client.send('DELETE', `/v1/assets/${known.assetId}`);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    tell({ kind: 'deleted', path, assetId: known.assetId });
  }
  memory.files.delete(path);
}

function isGone(error: unknown): boolean {
  return error instanceof RefusedError && (error.status === 404 || error.status === 410);
}

/** A file that is new or not as it was: whether its content is tells only its content. */
async function look(change: Extract<WatchChange, { kind: 'look' }>, options: Batch): Promise<void> {
  const { path, file, known } = change;
  const { files } = options.memory;
  const sha256 = await sha256Of(join(options.directory, path), options.signal);
  if (known !== null && known.sha256 === sha256) {
    files.set(path, { ...known, ...file });
    return;
  }
  const from = known === null ? await wentFrom({ sha256 }, options) : null;
  if (from !== null) return move({ ...from, path, file }, options);
  // What was sent by a process that ended before it could write that down is found, not sent again.
  const there = await atPlace({ path, sha256 }, options);
  if (there !== null) {
    files.set(path, { ...file, sha256, assetId: there });
    options.tell({ kind: 'found', path, assetId: there });
    return;
  }
  if (known !== null) return addVersion({ path, file, sha256, assetId: known.assetId }, options);
  await upload({ path, file, sha256 }, options);
}

type Content = { readonly path: string; readonly file: SeenFile; readonly sha256: string };

/**
 * The known file of this very content that is not where it was: it has moved, and was written anew on the way. Each is
 * looked at once for all that is done together, and so taken once: of a thousand equal files that come, no one looks at all
 * the others, and no two are the same one that went.
 */
async function wentFrom(
  { sha256 }: Pick<Content, 'sha256'>,
  { look: lookAt, memory: { files }, unseen }: Batch,
): Promise<{ readonly from: string; readonly known: KnownFile } | null> {
  let paths = unseen.get(sha256);
  if (paths === undefined) {
    paths = [...files.withContent(sha256)].toReversed();
    unseen.set(sha256, paths);
  }
  for (let from = paths.pop(); from !== undefined; from = paths.pop()) {
    const isThere = (await lookAt(from)) !== null;
    const known = files.get(from);
    if (!isThere && known?.sha256 === sha256) return { from, known };
  }
  return null;
}

/** The asset that lies on the server as this file lies here; null where there is none, or another path has it. */
async function atPlace({ path, sha256 }: Omit<Content, 'file'>, options: ApplyOptions): Promise<string | null> {
  const { name, folder } = placeOf(path, options);
  const { data } = await options.client.send<{ readonly data: readonly FoundContent[] }>('POST', '/v1/assets/lookup', {
    sha256: [sha256],
  });
  const same = (left: string, right: string): boolean => left.normalize('NFC') === right.normalize('NFC');
  const assets = data[0]?.assets ?? [];
  const found = assets.find((asset) => same(asset.name, name) && same(asset.path, folder));
  if (found !== undefined || assets.length === 0) return found?.id ?? null;
  // Of very many equal files the lookup tells some: the folder is asked as well.
  const query = { folder, exact: 'true', nameContains: name, limit: equalNamesMax };
  const page = await options.client.get<PageAnswer<AssetView>>('/v1/assets', query);
  const there = page.data.find(({ state }) => state.file?.sha256 === sha256 && same(state.name, name));
  return there?.id ?? null;
}

const equalNamesMax = 100;

async function upload({ path, file, sha256 }: Content, options: ApplyOptions): Promise<void> {
  const { client, directory, memory, signal, tell } = options;
  const { name, folder } = placeOf(path, options);
  const { begun, files } = memory;
  const before = begun.get(path);
  const idempotencyKey = before?.sha256 === sha256 ? before.key : options.draw();
  begun.set(path, { sha256, key: idempotencyKey });
  const content = createReadStream(join(directory, path), { highWaterMark: 256 * 1024 });
  const asset = await client.upload<AssetView>(
    { name, bytes: file.bytes, content },
    { name, path: folder },
    { signal, idempotencyKey },
  );
  begun.delete(path);
  files.set(path, { ...file, sha256, assetId: asset.id });
  tell({ kind: 'uploaded', path, assetId: asset.id });
}

async function addVersion(
  { path, file, sha256, assetId }: Content & { readonly assetId: string },
  options: ApplyOptions,
): Promise<void> {
  const { client, directory, memory, signal, tell } = options;
  const { name } = placeOf(path, options);
  const { begun, files } = memory;
  const before = begun.get(path);
  const idempotencyKey = before?.sha256 === sha256 ? before.key : options.draw();
  begun.set(path, { sha256, key: idempotencyKey });
  const content = createReadStream(join(directory, path), { highWaterMark: 256 * 1024 });
  try {
    await client.upload<AssetView>(
      { name, bytes: file.bytes, content },
      { name },
      { signal, idempotencyKey, path: `/v1/assets/${assetId}/versions` },
    );
  } catch (error) {
    if (!isGone(error)) throw error;
    begun.delete(path);
    files.delete(path);
    return upload({ path, file, sha256 }, options);
  }
  begun.delete(path);
  files.set(path, { ...file, sha256, assetId });
  tell({ kind: 'version', path, assetId });
}

function placeOf(
  path: string,
  { folder }: Pick<ApplyOptions, 'folder'>,
): { readonly name: string; readonly folder: string } {
  const whole = posix.join('/', folder, path);
  return { name: posix.basename(whole), folder: posix.dirname(whole) };
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
