/** Lets the threads that deliver go before those whose work can wait: signing, hashing files, keeping the index of the search. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Of the calling thread: other threads come first, and leave it a tenth where all are busy; at the lowest priority it would
 * come to nothing for as long as a storm lasts. Linux only: elsewhere, and where the system does not let us, it is a thread
 * like others.
 */
export function yieldToOthers(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isSafeInteger(thread)) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
}
