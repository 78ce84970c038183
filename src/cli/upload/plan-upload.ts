/**
 * What of the files found has to be sent. The server is asked what it has, by hash or folder by folder, so an upload that
 * was interrupted, or is repeated with more files, goes on where it is needed, on whichever machine: there is no journal
 * to lose, and what else the registry holds costs nothing.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AssetView, FoundContent } from '../../app/app.ts';
import type { Client } from '../client.ts';
import type { PageAnswer } from '../output.ts';
import type { LocalFile } from './find-files.ts';

/** `content`: the same bytes anywhere are the same. `place`: only under the same name in the same folder. */
export type SkipRule = 'content' | 'place' | 'nothing';

export type Planned = LocalFile & {
  /** Why it is not sent; absent where it is. */
  readonly skip?: { readonly assetId: string | null; readonly reason: string };
  /** The asset that has its name in its folder, and other content. */
  readonly replaces?: string;
};

export type PlanOptions = {
  readonly skip: SkipRule;
  /** Whether to find out what a file would be a further version of. */
  readonly versions: boolean;
  readonly signal: AbortSignal;
  /** Assets looked through and files compared so far. */
  readonly onProgress: (what: string) => void;
};

type Known = {
  readonly assetId: string | null;
  readonly folder: string;
  readonly name: string;
  readonly sha256: string;
};

/** A page holds whole assets; of one with much embedded metadata there may be many kilobytes. */
const pageItems = 200;
const hashesPerCall = 500;

/** The files in their order, each with whether it is to be sent. */
export async function planUpload(
  client: Client,
  files: readonly LocalFile[],
  options: PlanOptions,
): Promise<readonly Planned[]> {
  const { skip, versions } = options;
  if (skip === 'nothing' && !versions) return files;
  const there = skip === 'place' || versions ? await inFolders(client, files, options) : noPlaces;
  const hashes = skip === 'nothing' ? noHashes : await hashesOf(files, there, options);
  const known = skip === 'content' ? await knownContents(client, [...hashes.values()], options) : noContents;
  /** The first of each content in this very upload. */
  const twins = new Map<string, Known>();
  return files.map((file) => {
    const sha256 = hashes.get(file);
    const here = there.get(placeOf(file));
    const alike =
      sha256 === undefined ? [] : [...(known.get(sha256) ?? []), ...listOf(here), ...listOf(twins.get(sha256))];
    const same = sha256 === undefined ? undefined : sameAs(file, sha256, { alike, skip });
    if (same !== undefined) return { ...file, skip: { assetId: same.assetId, reason: reasonOf(same) } };
    if (sha256 !== undefined && skip === 'content' && !twins.has(sha256))
      twins.set(sha256, { assetId: null, folder: file.folder, name: file.name, sha256 });
    return versions && here?.assetId !== undefined && here.assetId !== null
      ? { ...file, replaces: here.assetId }
      : file;
  });
}

const noPlaces: ReadonlyMap<string, Known> = new Map();
const noHashes: ReadonlyMap<LocalFile, string> = new Map();
const noContents: ReadonlyMap<string, readonly Known[]> = new Map();

function listOf(one: Known | undefined): readonly Known[] {
  return one === undefined ? [] : [one];
}

/** By place only what lies at a place that is taken need be hashed. A file that cannot be read has none: sending it says why. */
async function hashesOf(
  files: readonly LocalFile[],
  there: ReadonlyMap<string, Known>,
  { skip, signal, onProgress }: PlanOptions,
): Promise<ReadonlyMap<LocalFile, string>> {
  const hashes = new Map<LocalFile, string>();
  const wanted = skip === 'content' ? files : files.filter((file) => there.has(placeOf(file)));
  for (const [index, file] of wanted.entries()) {
    signal.throwIfAborted();
    onProgress(`reading ${index + 1} of ${wanted.length}  ${file.name}`);
    const sha256 = await sha256Of(file.path, signal);
    if (sha256 !== null) hashes.set(file, sha256);
  }
  return hashes;
}

/** What the server has of these contents, the oldest last. */
async function knownContents(
  client: Client,
  hashes: readonly string[],
  { signal, onProgress }: PlanOptions,
): Promise<ReadonlyMap<string, readonly Known[]>> {
  const known = new Map<string, readonly Known[]>();
  const unique = [...new Set(hashes)];
  for (let from = 0; from < unique.length; from += hashesPerCall) {
    signal.throwIfAborted();
    onProgress(`asking what the server has: ${from} of ${unique.length} contents`);
    const sha256 = unique.slice(from, from + hashesPerCall);
    const { data } = await client.send<{ readonly data: readonly FoundContent[] }>('POST', '/v1/assets/lookup', {
      sha256,
    });
    for (const found of data) {
      const assets = found.assets.toSorted((left, right) => (left.id < right.id ? 1 : -1));
      known.set(
        found.sha256,
        assets.map(({ id, name, path: folder }) => ({ assetId: id, folder, name, sha256: found.sha256 })),
      );
    }
  }
  return known;
}

type Rule = { readonly alike: readonly Known[]; readonly skip: SkipRule };

/** What makes sending it needless: the one at its very place, else, where the rule allows, the oldest anywhere. */
function sameAs(file: LocalFile, sha256: string, { alike, skip }: Rule): Known | undefined {
  const same = alike.filter((one) => one.sha256 === sha256);
  const here = same.find(({ folder, name }) => sameText(folder, file.folder) && sameText(name, file.name));
  return here ?? (skip === 'content' ? same.at(-1) : undefined);
}

function placeOf({ folder, name }: Pick<LocalFile, 'folder' | 'name'>): string {
  return `${folder === '/' ? '' : folder}/${name}`.normalize('NFC');
}

/** File systems disagree about how an accented letter is spelled. */
function sameText(left: string, right: string): boolean {
  return left.normalize('NFC') === right.normalize('NFC');
}

function reasonOf({ assetId, folder, name }: Known): string {
  const at = `${folder === '/' ? '' : folder}/${name}`;
  return assetId === null ? `the same content as ${at}, which is uploaded` : `already there as ${at}`;
}

/** What lies in the very folders that files go to, by place; of several at one place the newest. */
async function inFolders(
  client: Client,
  files: readonly LocalFile[],
  { signal, onProgress }: PlanOptions,
): Promise<ReadonlyMap<string, Known>> {
  const places = new Map<string, Known>();
  const folders = [...new Set(files.map(({ folder }) => folder))];
  for (const [index, wanted] of folders.entries()) {
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      onProgress(`looking at what the server has: folder ${index + 1} of ${folders.length}`);
      const query = { limit: pageItems, cursor, folder: wanted.normalize('NFC'), exact: 'true' };
      const page: PageAnswer<AssetView> = await client.get('/v1/assets', query);
      for (const { id, state } of page.data) {
        const { file, path: folder, name } = state;
        // Newest first: the one that was put there last is the one a further version is of.
        const place = placeOf({ folder, name });
        const known: Known = { assetId: id, folder, name, sha256: file?.sha256 ?? '' };
        places.set(place, places.get(place) ?? known);
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
  return places;
}

/** Null where the file cannot be read: sending it will say why. */
async function sha256Of(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
