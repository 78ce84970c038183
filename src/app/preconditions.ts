/** Optimistic locking: a write that names the version it was decided on is refused where the asset is at another. */
import { AssetwireError } from '../core/errors.ts';

/**
 * The versions a write may meet: a number said in the body (`conflict` otherwise), or those of an `If-Match` header
 * (`precondition_failed` otherwise, as HTTP has it).
 */
export type Expected = number | { readonly ifMatch: readonly number[] };

/** Throws where the present version is none of those expected. */
export function refuseOtherVersion(expected: Expected | undefined, found: number, what = 'asset'): void {
  if (expected === undefined) return;
  const present = found === 0 ? 'there is none yet' : `the ${what} is at version ${found}`;
  if (typeof expected === 'number') {
    if (expected === found) return;
    throw new AssetwireError('conflict', {
      detail: `Find version ${expected} of the ${what}: ${present}`,
      mend: 'Read it again and decide anew',
    });
  }
  if (expected.ifMatch.includes(found)) return;
  throw new AssetwireError('precondition_failed', {
    detail: `Find the version that If-Match names: ${present}`,
    mend:
      found === 0 ? 'Leave If-Match out to make it' : `Read it again and decide anew, then send If-Match: "${found}"`,
  });
}

/** Whether a write was refused for its version alone: read again, it may be decided anew. */
export function isVersionConflict(error: unknown): boolean {
  return error instanceof AssetwireError && (error.code === 'conflict' || error.code === 'precondition_failed');
}
