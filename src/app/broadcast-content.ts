/** The file of a broadcast's recording: by reference for callers with a key, by a signed link for whoever holds one. */
import { timingSafeEqual } from 'node:crypto';
import { broadcastState } from '../core/broadcast.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetContent } from './app.ts';
import type { WantedBytes } from './asset-cases.ts';
import { assertAvailable, openFile } from './asset-content.ts';
import { assetState } from './asset-views.ts';
import type { BroadcastCases } from './broadcast-cases.ts';
import { type BroadcastDeps, presentBroadcast } from './broadcast-views.ts';
import { linkSignature } from './links.ts';
import { notFound } from './refusals.ts';

export function createBroadcastContent(deps: BroadcastDeps): Pick<BroadcastCases, 'content' | 'signedContent'> {
  return {
    async content({ workspaceId }, reference, wanted) {
      return recorded(deps, await presentBroadcast(deps, workspaceId, reference), wanted);
    },

    async signedContent({ workspaceId, dialect, broadcastId, text, signature, expiresAtMs }, wanted) {
      const expected = Buffer.from(linkSignature({ workspaceId, dialect, text }, deps.linkKey()));
      const given = Buffer.from(signature);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw notOurs();
      if (expiresAtMs !== null && expiresAtMs <= deps.clock.nowMs()) throw notOurs();
      const [row] = await deps.storage.resources([{ workspaceId, type: 'broadcast', id: broadcastId }]);
      // We signed a link to it, so it was there; ids are never used again.
      if (row === undefined || row === null)
        throw new AssetwireError('gone', { detail: 'Find the broadcast of the link: it was removed' });
      return recorded(deps, row, wanted);
    },
  };
}

function notOurs(): AssetwireError {
  return notFound('the link: it is not one of ours or has expired');
}

async function recorded(deps: BroadcastDeps, row: Resource, wanted: WantedBytes | undefined): Promise<AssetContent> {
  const { recording, type, resourceUrl } = broadcastState(row.state);
  if (recording === undefined) {
    throw new AssetwireError('content_unavailable', {
      detail:
        type === 'live' || type === 'planned'
          ? 'Play the recording once the broadcast has ended: it has none yet'
          : 'Play the recording: there is none here',
      ...(resourceUrl === undefined ? {} : { mend: `Fetch it from ${resourceUrl}` }),
    });
  }
  const [asset] = await deps.storage.resources([{ workspaceId: row.workspaceId, type: 'asset', id: recording }]);
  if (asset === undefined || asset === null)
    throw new AssetwireError('gone', { detail: 'Find the recording of the broadcast: it was deleted' });
  const state = assetState(asset);
  assertAvailable(state, deps.clock.nowMs(), 'the recording of the broadcast');
  const { workspaceId } = row;
  return openFile(deps, { workspaceId, name: state.name, file: state.file }, wanted);
}
