/** What is refused of a full sync by the state it is in. */
import { AssetwireError } from '../core/errors.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { pushable, type StoredSync, storedSync } from './sync-state.ts';

/** A source is synced once at a time. */
export function refuseSecond(row: Resource): never {
  const { id } = row;
  throw new AssetwireError('already_exists', {
    detail: `Begin one sync of a source at a time: ${id} is ${storedSync(row).state}`,
    mend: `Go on with it ("resume": true answers it), complete it, or cancel it: DELETE /v1/syncs/${id}`,
  });
}

export function refuseUnlessPushable({ state }: StoredSync): void {
  if (pushable.has(state)) return;
  throw new AssetwireError('conflict', {
    detail: `Push to a sync that is open: this one is ${state}`,
    mend: state === 'done' || state === 'cancelled' ? 'Begin a new one' : 'Wait until it is done, then begin a new one',
  });
}

/** Completing while batches are under way. */
export function stillPushing(): AssetwireError {
  return new AssetwireError('conflict', {
    detail: 'Complete a sync when all its batches are answered: some are under way',
    mend: 'Wait for their answers, then complete it',
  });
}
