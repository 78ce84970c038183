/** How large an asset may grow: each of its changes holds two of its states. */
import type { AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { asJsonState } from './asset-views.ts';
import { mayExceed } from './rough-bytes.ts';

/** Throws `limit_reached` for a state beyond its limit; what the file says of itself has limits of its own. */
export function refuseTooLargeAsset(state: AssetState): void {
  const said = { ...state, embedded: {} };
  if (!mayExceed(limits.assetStateBytesMax, asJsonState(said))) return;
  const bytes = Buffer.byteLength(JSON.stringify(said));
  if (bytes <= limits.assetStateBytesMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Keep at most ${limits.assetStateBytesMax} bytes of state in an asset: this would be ${bytes}`,
    mend: 'Remove metadata, tags or old versions first',
  });
}
