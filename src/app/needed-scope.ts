import { AssetwireError } from '../core/errors.ts';
import type { Caller, Scope } from './app.ts';

/** For what a call shows beyond its route's own scope. */
export function assertScope({ scopes }: Pick<Caller, 'scopes'>, scope: Scope): void {
  if (scopes.has(scope)) return;
  throw new AssetwireError('forbidden', {
    detail: `Use a key with the scope ${scope} for this: it is missing`,
    mend: `Ask for a key with ${scope}`,
  });
}
