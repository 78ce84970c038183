/**
 * What guessing at a person's password leaves behind: a line in the log, and where there is such a person a row in the
 * audit of his workspace; both once when the guesses are used up and not per guess, so that nobody fills either.
 */
import type { Resource } from '../storage/contract/resources.ts';
import type { Origin } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { wrongInARowMax } from './sign-in-throttle.ts';

export type SignInTraceDeps = Pick<AppDeps, 'ids' | 'logger'> & { readonly committer: Pick<Committer, 'write'> };

/**
 * The caller does not wait for the row: how long an answer takes would tell who exists. What was typed as the address is
 * not told either: it may be a password in the wrong field.
 */
export function traceThrottle(
  { committer, ids, logger }: SignInTraceDeps,
  user: Resource | null,
  from: Origin | undefined,
): void {
  const who = user === null ? {} : { workspaceId: user.workspaceId, userId: user.id };
  logger.warn('sign_in.throttled', { address: from?.address ?? null, ...who });
  if (user === null) return;
  const { workspaceId, id } = user;
  const nobody = {
    actor: { type: 'system', id: 'anonymous' },
    keyId: 'none',
    ...(from === undefined ? {} : { from }),
  } as const;
  const note = { action: 'user.sign_in_throttled', target: `user:${id}`, after: { wrongInARow: wrongInARowMax } };
  committer
    .write({ workspaceId, type: 'user', id }, (current, atMs) => {
      if (current === null) return { kind: 'nothing', answer: undefined };
      const resources = [auditWrite({ ids, caller: nobody }, note, atMs)];
      return { kind: 'write', plan: { changes: [], resources }, answer: () => undefined };
    })
    .catch((error: unknown) => logger.warn('sign_in.throttle_not_stored', { ...who, error }));
}
