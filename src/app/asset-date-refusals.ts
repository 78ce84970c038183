/** Dates that cannot be: what people say is refused; what another DAM says has happened there. */
import type { DatesPatch } from '../core/asset-dates.ts';
import type { AssetState } from '../core/asset.ts';
import { unfit } from './refusals.ts';

/** Throws `invalid_request` where a write leaves an asset that expires before it is published. */
export function refuseCrossedDates(
  patch: DatesPatch,
  { publishAtMs, expiresAtMs }: Pick<AssetState, 'publishAtMs' | 'expiresAtMs'>,
): void {
  if (publishAtMs === undefined || expiresAtMs === undefined || expiresAtMs > publishAtMs) return;
  if (typeof patch.expiresAtMs === 'number')
    throw unfit('/expiresAtMs', `a time after publishAtMs (${publishAtMs})`, String(expiresAtMs));
  if (typeof patch.publishAtMs === 'number')
    throw unfit('/publishAtMs', `a time before expiresAtMs (${expiresAtMs})`, String(publishAtMs));
}
