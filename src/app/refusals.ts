/** Refusals that several use cases share, worded once. */
import { AssetwireError, type Problem } from '../core/errors.ts';
import { problemSentence } from '../core/problem-sentence.ts';

/** Not there, or not in the caller's workspace: nobody can tell the two apart. */
export function notFound(what: string): AssetwireError {
  return new AssetwireError('not_found', { detail: `Find ${what}: none in this workspace` });
}

/** The subject was written by somebody else each time we decided. */
export function contended(): AssetwireError {
  return new AssetwireError('conflict', {
    detail: 'Decide on an unchanged state: it was changed by others 8 times in a row',
    mend: 'Try again in a moment; what others write to it meanwhile is kept',
  });
}

/** Whoever could still let others in must not go. `why` says who it was. */
export function lastAdmin(why: string): AssetwireError {
  return new AssetwireError('last_admin', { detail: `Leave somebody who can let others in: ${why}` });
}

/** Something in the request does not fit. Worded as the API words what its schemas find. */
export function unfit(at: string, wanted: string, found: string): AssetwireError {
  return unfitAll([{ at, wanted, found }]);
}

/** Several things in the request do not fit. */
export function unfitAll(problems: readonly Problem[]): AssetwireError {
  const first = problems[0];
  return new AssetwireError('invalid_request', {
    detail: `Check the request: ${first === undefined ? 'it does not fit' : problemSentence(first)}`,
    problems,
  });
}

export type Rejection = {
  readonly code: 'already_exists' | 'storage_full' | 'storage_unavailable';
  readonly detail: string;
};

/** What the store refused, in the caller's terms. */
export function refusedByStore(rejection: Rejection): AssetwireError {
  return new AssetwireError(rejection.code, {
    detail: rejection.detail,
    ...(rejection.code === 'already_exists' ? {} : { retryAfterSeconds: 5 }),
  });
}
