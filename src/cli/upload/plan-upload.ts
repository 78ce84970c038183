/**
 * What of the files found has to be sent. The server is asked what it has, so an upload that was interrupted, or is repeated
 * with more files, goes on where it is needed, on whichever machine: there is no journal to lose. A file is hashed only where
 * something of its very size is known, so a first upload reads every file once.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AssetView } from '../../app/app.ts';
import type { Client } from '../client.ts';
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

/** The files in their order, each with whether it is to be sent. */
export async function planUpload(
  client: Client,
  files: readonly LocalFile[],
  options: PlanOptions,
): Promise<readonly Planned[]> {
  if (options.skip === 'nothing' && !options.versions) return files;
  const sizes = new Map<number, number>();
  for (const { bytes } of files) sizes.set(bytes, (sizes.get(bytes) ?? 0) + 1);
  const places = new Map<string, string | null>(options.versions ? files.map((file) => [placeOf(file), null]) : []);
  const known = await knownOfSizes(client, { sizes, places }, options);
  const planned: Planned[] = [];
  const sent = (file: LocalFile): Planned => {
    const replaces = places.get(placeOf(file)) ?? null;
    return replaces === null ? file : { ...file, replaces };
  };
  for (const [index, file] of files.entries()) {
    options.signal.throwIfAborted();
    const alike = known.get(file.bytes) ?? [];
    const hasTwin = options.skip === 'content' && (sizes.get(file.bytes) ?? 0) > 1;
    if (options.skip === 'nothing' || (alike.length === 0 && !hasTwin)) {
      planned.push(sent(file));
      continue;
    }
    options.onProgress(`comparing ${index + 1} of ${files.length}  ${file.name}`);
    const sha256 = await sha256Of(file.path, options.signal);
    const same = sha256 === null ? undefined : sameAs(file, sha256, { alike, skip: options.skip });
    planned.push(
      same === undefined ? sent(file) : { ...file, skip: { assetId: same.assetId, reason: reasonOf(same) } },
    );
    if (same === undefined && hasTwin && sha256 !== null) {
      known.set(file.bytes, [{ assetId: null, folder: file.folder, name: file.name, sha256 }, ...alike]);
    }
  }
  return planned;
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

/** Every asset of the workspace is looked at once, a page at a time; only those of a size we have are kept. */
async function knownOfSizes(
  client: Client,
  { sizes, places }: { readonly sizes: ReadonlyMap<number, number>; readonly places: Map<string, string | null> },
  { signal, onProgress }: PlanOptions,
): Promise<Map<number, readonly Known[]>> {
  const known = new Map<number, readonly Known[]>();
  let looked = 0;
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page: { readonly data: readonly AssetView[]; readonly nextCursor: string | null } = await client.get(
      '/v1/assets',
      { limit: pageItems, cursor },
    );
    for (const { id, state } of page.data) {
      const { file, path: folder, name } = state;
      // Newest first: the one that was put there last is the one a further version is of.
      if (places.get(placeOf({ folder, name })) === null) places.set(placeOf({ folder, name }), id);
      if (file?.sha256 === undefined || !sizes.has(file.bytes)) continue;
      known.set(file.bytes, [...(known.get(file.bytes) ?? []), { assetId: id, folder, name, sha256: file.sha256 }]);
    }
    looked += page.data.length;
    onProgress(`looking at what the server has: ${looked} assets`);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return known;
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
