/** The bytes of an asset: by reference for callers with a key, by link for whoever holds one. */
import { Readable } from 'node:stream';
import type { AssetFile, AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Blobs } from '../blobs/blobs.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetCases, AssetContent, Caller } from './app.ts';
import type { WantedBytes } from './asset-cases.ts';
import { gone } from './asset-absence.ts';
import { versionOf } from './asset-version-state.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type LinkTarget, readLink } from './links.ts';
import { notFound } from './refusals.ts';
import { refuseWithheld } from './scanning.ts';

export type ContentDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock'> & {
  readonly committer: Committer;
  readonly linkKey: () => Uint8Array;
};

export function createContentCases(
  deps: ContentDeps,
): Pick<AssetCases, 'content' | 'versionContent' | 'rendition' | 'linked'> {
  const { storage, clock } = deps;

  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'asset', id }]);
    if (row === undefined || row === null) throw notFound('the asset');
    return row;
  };

  const open = (
    { workspaceId, name }: { readonly workspaceId: string; readonly name: string },
    file: AssetFile | undefined,
    wanted?: WantedBytes,
  ): Promise<AssetContent> => openFile(deps, { workspaceId, name, file }, wanted);

  const stateOf = async ({ workspaceId }: Caller, reference: string): Promise<AssetState> => {
    const id = await assetIdOf(deps, workspaceId, reference);
    if (id === null) throw notFound('the asset');
    return assetState(await find(workspaceId, id));
  };

  return {
    async content(caller, reference, wanted) {
      const state = await stateOf(caller, reference);
      return open({ workspaceId: caller.workspaceId, name: state.name }, state.file, wanted);
    },

    async versionContent(caller, { reference, number }, wanted) {
      const state = await stateOf(caller, reference);
      return open({ workspaceId: caller.workspaceId, name: state.name }, versionOf(state, number).file, wanted);
    },

    async rendition(caller, { reference, title }, wanted) {
      const state = await stateOf(caller, reference);
      const rendition = state.renditions.find((each) => each.title === title);
      if (rendition === undefined) throw noRendition(title, state);
      return open({ workspaceId: caller.workspaceId, name: rendition.name }, rendition, wanted);
    },

    async linked(token, wanted) {
      const target = readLink(token, deps.linkKey(), clock.nowMs());
      if (target === null) throw notFound('the link: it is not one of ours or has expired');
      const [row] = await storage.resources([{ workspaceId: target.workspaceId, type: 'asset', id: target.assetId }]);
      // We made this link for it, so it was there; ids are never used again.
      if (row === undefined || row === null) throw gone('the asset of the link');
      const state = assetState(row);
      if (hasExpired(state, clock.nowMs())) throw expired('the asset of the link');
      const file = linkedFile(state, target);
      const name = target.part.kind === 'rendition' ? (file?.name ?? state.name) : state.name;
      return open({ workspaceId: target.workspaceId, name }, file, wanted);
    },
  };
}

/** Throws where an asset must not be given out any more (`gone`), or not yet (`not_ready`). */
export function assertAvailable(state: AssetState, nowMs: number, what: string): void {
  if (hasExpired(state, nowMs)) throw expired(what);
  if (state.publishAtMs === undefined || state.publishAtMs <= nowMs) return;
  throw new AssetwireError('not_ready', {
    detail: `Find ${what}: it is not available yet`,
    mend: 'Come back later',
    retryAfterSeconds: Math.min(86_400, Math.ceil((state.publishAtMs - nowMs) / 1_000)),
  });
}

/** By its date, and not by what follows from it a moment later. */
function hasExpired({ expiresAtMs }: AssetState, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

function expired(what: string): AssetwireError {
  return new AssetwireError('gone', { detail: `Find ${what}: it has expired` });
}

type Named = { readonly workspaceId: string; readonly name: string; readonly file: AssetFile | undefined };

/** Opens the bytes of a file that are wanted. Throws `content_unavailable`, and `content_withheld` of a file that is not clean. */
export async function openFile(
  { blobs }: { readonly blobs: Pick<Blobs, 'open' | 'stat'> },
  { workspaceId, name, file }: Named,
  wanted?: WantedBytes,
): Promise<AssetContent> {
  if (file?.blob === undefined) throw elsewhere(file);
  refuseWithheld(file);
  const { blob, bytes, mimeType, sha256 = blob } = file;
  const range = typeof wanted === 'function' ? wanted({ bytes, sha256 }) : wanted;
  const stream =
    range === 'nothing' ? await nothingOf(blobs, workspaceId, blob) : await blobs.open(workspaceId, blob, range);
  if (stream === null) throw elsewhere(file);
  return { stream, bytes, mimeType, name, sha256 };
}

/** No bytes, of a file that is there. */
async function nothingOf(blobs: Pick<Blobs, 'stat'>, workspaceId: string, blob: string): Promise<Readable | null> {
  return (await blobs.stat(workspaceId, blob)) === null ? null : Readable.from([]);
}

function elsewhere(file: AssetFile | undefined): AssetwireError {
  return new AssetwireError('content_unavailable', {
    detail: file?.url === undefined ? 'Read the content: there is none here' : 'Read the content: it lies elsewhere',
    ...(file?.url === undefined ? {} : { mend: `Fetch it from ${file.url}` }),
  });
}

function noRendition(title: string, { renditions, derivation, inspection }: AssetState): AssetwireError {
  const names = renditions.map((each) => each.title).join(', ');
  const pending = inspection.state === 'pending' ? 'the file is still being looked into' : 'there are none';
  return new AssetwireError('not_found', {
    detail: `Find the rendition ${JSON.stringify(title.slice(0, 60))}: ${derivation?.note ?? (names === '' ? pending : 'it is none of those there are')}`,
    ...(names === '' ? {} : { mend: `There are ${names}` }),
  });
}

function linkedFile(state: AssetState, { part }: LinkTarget): AssetFile | undefined {
  if (part.kind === 'rendition') return state.renditions.find(({ title }) => title === part.title);
  if (part.version === undefined) return state.file;
  return state.versions.find(({ number }) => number === part.version)?.file;
}
