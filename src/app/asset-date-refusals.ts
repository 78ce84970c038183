/** Dates that cannot be: what people say is refused; what another DAM says has happened there. */
import type { DatesPatch } from '../core/asset-dates.ts';
import type { AssetState } from '../core/asset.ts';
import { unfit } from './refusals.ts';

/** As milliseconds these are days of 1970 to 1973: nobody's date, but from 2001 on that of whoever counts in seconds. */
const seconds = { from: 1_000_000_000, before: 100_000_000_000 } as const;

/** Throws `invalid_request` for a date in seconds, which would be one of 1970; another one may be anything. */
export function refuseSeconds(field: string, ms: unknown): void {
  if (typeof ms !== 'number' || ms < seconds.from || ms >= seconds.before) return;
  const meant = new Date(ms * 1_000).toISOString();
  throw unfit(`/${field}`, `Unix milliseconds: ${meant} is ${ms}000`, `${ms}, which is that in seconds`);
}

/**
 * Throws `invalid_request` where a date is one in seconds, which would take effect at once, and where a write leaves an asset
 * that expires before it is published.
 */
export function refuseCrossedDates(
  patch: DatesPatch,
  { publishAtMs, expiresAtMs }: Pick<AssetState, 'publishAtMs' | 'expiresAtMs'>,
): void {
  for (const field of ['archiveAtMs', 'publishAtMs', 'expiresAtMs'] as const) refuseSeconds(field, patch[field]);
  if (publishAtMs === undefined || expiresAtMs === undefined || expiresAtMs > publishAtMs) return;
  if (typeof patch.expiresAtMs === 'number')
    throw unfit('/expiresAtMs', `a time after publishAtMs (${publishAtMs})`, String(expiresAtMs));
  if (typeof patch.publishAtMs === 'number')
    throw unfit('/publishAtMs', `a time before expiresAtMs (${expiresAtMs})`, String(publishAtMs));
}
