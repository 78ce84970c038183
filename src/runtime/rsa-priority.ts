/** Lets the threads of the loop go before the one that signs. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/**
 * Other threads come first: what is signed can wait a little, what is delivered beside it can not. Linux only: elsewhere a
 * thread has no priority of its own, and it is one like others.
 */
export function yieldToOthers(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isSafeInteger(thread)) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
  }
}
