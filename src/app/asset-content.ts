/** The bytes of an asset: by reference for callers with a key, by link for whoever holds one. */
import type { AssetFile, AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Resource } from '../storage/storage.ts';
import type { AssetCases, AssetContent, Caller } from './app.ts';
import { gone } from './asset-absence.ts';
import { versionOf } from './asset-version-state.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type LinkTarget, readLink } from './links.ts';
import { notFound } from './refusals.ts';

export type ContentDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock'> & {
  readonly committer: Committer;
  readonly linkKey: () => Uint8Array;
};

export function createContentCases(
  deps: ContentDeps,
): Pick<AssetCases, 'content' | 'versionContent' | 'rendition' | 'linked'> {
  const { storage, blobs, clock } = deps;

  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'asset', id }]);
    if (row === undefined || row === null) throw notFound('the asset');
    return row;
  };

  const open = async (
    { workspaceId, name }: { readonly workspaceId: string; readonly name: string },
    file: AssetFile | undefined,
    range?: { readonly from: number; readonly to: number },
  ): Promise<AssetContent> => {
    const stream = file?.blob === undefined ? null : await blobs.open(workspaceId, file.blob, range);
    if (file === undefined || stream === null) {
      throw new AssetwireError('content_unavailable', {
        detail:
          file?.url === undefined ? 'Read the content: there is none here' : 'Read the content: it lies elsewhere',
        ...(file?.url === undefined ? {} : { mend: `Fetch it from ${file.url}` }),
      });
    }
    return { stream, bytes: file.bytes, mimeType: file.mimeType, name, sha256: file.sha256 ?? '' };
  };

  const stateOf = async ({ workspaceId }: Caller, reference: string): Promise<AssetState> => {
    const id = await assetIdOf(deps, workspaceId, reference);
    if (id === null) throw notFound('the asset');
    return assetState(await find(workspaceId, id));
  };

  return {
    async content(caller, reference, range) {
      const state = await stateOf(caller, reference);
      return open({ workspaceId: caller.workspaceId, name: state.name }, state.file, range);
    },

    async versionContent(caller, { reference, number }, range) {
      const state = await stateOf(caller, reference);
      return open({ workspaceId: caller.workspaceId, name: state.name }, versionOf(state, number).file, range);
    },

    async rendition(caller, { reference, title }, range) {
      const state = await stateOf(caller, reference);
      const rendition = state.renditions.find((each) => each.title === title);
      if (rendition === undefined) throw noRendition(title, state);
      return open({ workspaceId: caller.workspaceId, name: rendition.name }, rendition, range);
    },

    async linked(token) {
      const target = readLink(token, deps.linkKey(), clock.nowMs());
      if (target === null) throw notFound('the link: it is not one of ours or has expired');
      const [row] = await storage.resources([{ workspaceId: target.workspaceId, type: 'asset', id: target.assetId }]);
      // We made this link for it, so it was there; ids are never used again.
      if (row === undefined || row === null) throw gone('the asset of the link');
      const state = assetState(row);
      const file = linkedFile(state, target);
      const name = target.part.kind === 'rendition' ? (file?.name ?? state.name) : state.name;
      return open({ workspaceId: target.workspaceId, name }, file);
    },
  };
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
