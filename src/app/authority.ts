/** Nobody gives away, and nobody ends, more than he has himself (HARDENING AK-04). */
import { AssetwireError } from '../core/errors.ts';
import type { Caller, Scope } from './app.ts';

export type Power = { readonly scopes: Iterable<Scope>; readonly admin: boolean };

/** Throws `forbidden` where `power` holds anything that the caller lacks. */
export function refuseStronger(caller: Pick<Caller, 'scopes' | 'admin'>, { scopes, admin }: Power): void {
  const lacking = admin && !caller.admin ? ['admin'] : [...scopes].filter((scope) => !caller.scopes.has(scope));
  if (lacking.length === 0) return;
  throw new AssetwireError('forbidden', {
    detail: `Use only scopes that the caller has too: lacking are ${lacking.join(', ')}`,
    mend: 'Leave those out, or let somebody do it who has them',
  });
}
