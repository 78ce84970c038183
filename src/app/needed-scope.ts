/** What a caller may not do, in words that fit who calls: a program has a key, a person has roles. */
import { AssetwireError } from '../core/errors.ts';
import type { Caller, Scope } from './app.ts';

type Who = Pick<Caller, 'actor' | 'sessionId'>;

/** For what a call shows beyond its route's own scope. */
export function assertScope(caller: Who & Pick<Caller, 'scopes'>, scope: Scope): void {
  if (!caller.scopes.has(scope)) throw lacks(caller, scope);
}

/** The refusal of a caller without that scope, or who is no admin. */
export function lacks(caller: Who, scope: Scope | 'admin'): AssetwireError {
  const wanted = scope === 'admin' ? 'an admin' : `the scope ${scope}`;
  if (caller.sessionId !== undefined && caller.actor.type === 'user') {
    return new AssetwireError('forbidden', {
      detail: `Call this ${scope === 'admin' ? 'as' : 'with'} ${wanted}: ${scope === 'admin' ? 'you are none' : 'none of your roles has it'}`,
      mend: `Ask an admin of the workspace for ${scope === 'admin' ? 'help' : 'a role that has it'}`,
    });
  }
  return new AssetwireError('forbidden', {
    detail: `Call this with ${wanted}${scope === 'admin' ? ' key: the key is none' : ': the key does not have it'}`,
    mend: `Use ${scope === 'admin' ? 'an admin key' : 'a key that has it'}, or make one by POST /v1/keys`,
  });
}
