/** The XMP packet of an asset's file or of one of its versions, read when somebody asks for it: nothing of it is kept. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { AssetFile, AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Failure } from '../media/media.ts';
import type { AssetCases, AssetContent, Caller } from './app.ts';
import type { WantedBytes } from './asset-cases.ts';
import { openFile } from './asset-content.ts';
import { versionOf } from './asset-version-state.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { withLocalFile } from './local-file.ts';
import { notFound } from './refusals.ts';

export type XmpDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media'> & { readonly committer: Committer };

/** Throws `not_found` of a file without a packet, `file_unreadable` where that cannot be told, and what content throws. */
export function createXmp(deps: XmpDeps): Pick<AssetCases, 'xmp' | 'versionXmp'> {
  const places = createPlaces();

  const stateOf = async ({ workspaceId }: Caller, reference: string): Promise<AssetState> => {
    const id = await assetIdOf(deps, workspaceId, reference);
    const [row] = id === null ? [] : await deps.storage.resources([{ workspaceId, type: 'asset', id }]);
    if (row === undefined || row === null) throw notFound('the asset');
    return assetState(row);
  };

  const open = async (
    { workspaceId }: Caller,
    { name, file }: { readonly name: string; readonly file?: AssetFile },
    wanted?: WantedBytes,
  ): Promise<AssetContent> => {
    // As content is refused: of files that lie elsewhere, or are not clean.
    const content = await openFile(deps, { workspaceId, name, file }, () => 'nothing');
    content.stream.destroy();
    const packet = await places.take(workspaceId, () => read(deps, { workspaceId, blob: file?.blob, ...content }));
    return served(packet, name, wanted);
  };

  return {
    async xmp(caller, reference, wanted) {
      return open(caller, await stateOf(caller, reference), wanted);
    },
    async versionXmp(caller, { reference, number }, wanted) {
      const state = await stateOf(caller, reference);
      return open(caller, { name: state.name, file: versionOf(state, number).file }, wanted);
    },
  };
}

type Wanted = {
  readonly workspaceId: string;
  readonly blob: string | undefined;
  readonly mimeType: string;
  readonly bytes: number;
};

async function read(
  deps: Pick<XmpDeps, 'blobs' | 'media'>,
  { workspaceId, blob, mimeType, bytes }: Wanted,
): Promise<Buffer> {
  const { media, blobs } = deps;
  if (!media.xmpReadable(mimeType)) throw none(`it is not looked for in files of ${mimeType.slice(0, 100)}`);
  if (blob === undefined) throw away();
  if (blobs.localPath(workspaceId, blob) === null && bytes > limits.xmpFetchedBytesMax)
    throw unreadable(`the file lies in another store and has more than ${limits.xmpFetchedBytesMax} bytes`);
  const found = await withLocalFile(deps, { workspaceId, blob }, (path) => media.xmp(path, { mimeType }));
  switch (found?.kind) {
    case 'packet':
      return Buffer.from(found.content);
    case 'none':
      throw none('the file has none');
    case 'failed':
      throw unreadable(noteOf(found));
    default:
      throw away();
  }
}

function noteOf({ code, note }: Failure): string {
  return code === 'unreadable' ? `the file is broken (${note})` : note;
}

/** Its tag is that of the packet itself: versions with the same packet have the same one. */
function served(packet: Buffer, name: string, wanted: WantedBytes | undefined): AssetContent {
  const sha256 = createHash('sha256').update(packet).digest('hex');
  const range = typeof wanted === 'function' ? wanted({ bytes: packet.length, sha256 }) : wanted;
  const part = range === undefined || range === 'nothing' ? packet : packet.subarray(range.from, range.to + 1);
  return {
    stream: Readable.from(range === 'nothing' ? [] : [part]),
    bytes: packet.length,
    mimeType: 'application/rdf+xml',
    name: `${name.replace(/\.[^./\\]{1,16}$/, '')}.xmp`,
    sha256,
  };
}

/** So few are read at once that nobody who asks fills the memory, and no workspace takes the places of the others. */
function createPlaces() {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    async take<Result>(workspaceId: string, run: () => Promise<Result>): Promise<Result> {
      const own = taken.get(workspaceId) ?? 0;
      if (all >= limits.xmpReadsMax || own >= limits.xmpReadsOfWorkspaceMax) {
        throw new AssetwireError('too_many_requests', {
          detail: `Read the XMP packet: ${own} others of this workspace are being read`,
          retryAfterSeconds: 1,
        });
      }
      all += 1;
      taken.set(workspaceId, own + 1);
      try {
        return await run();
      } finally {
        all -= 1;
        const left = (taken.get(workspaceId) ?? 1) - 1;
        if (left === 0) taken.delete(workspaceId);
        else taken.set(workspaceId, left);
      }
    },
  };
}

function none(found: string): AssetwireError {
  return new AssetwireError('not_found', {
    detail: `Find an XMP packet: ${found}`,
    mend:
      'What the file says of itself otherwise is in state.embedded of GET /v1/assets/{id}; packets are looked for in JPEG, PNG, ' +
      'WebP, GIF, TIFF, AVIF, HEIC, Photoshop, PDF, MP4, QuickTime and WAV',
  });
}

function unreadable(found: string): AssetwireError {
  return new AssetwireError('file_unreadable', { detail: `Read the XMP packet: ${found}` });
}

/** It went between two looks. */
function away(): AssetwireError {
  return new AssetwireError('content_unavailable', { detail: 'Read the XMP packet: the file is not here any more' });
}
