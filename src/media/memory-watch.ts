/** Looks at the resident memory of a process, and says once when it has too much. Nothing where that cannot be told. */
import type { Clock, Timer } from '../runtime/clock.ts';
import { residentBytes } from './bounded-process.ts';

export type MemoryWatch = { readonly clock: Clock; readonly bytesMax: number; readonly onExceeded: () => void };

export const memoryNote = 'reading it takes more memory than is allowed';

const checkMs = 200;

export function watchMemory(pid: number | undefined, { clock, bytesMax, onExceeded }: MemoryWatch): Timer {
  let cancelled = false;
  let timer: Timer | null = null;
  const check = async (): Promise<void> => {
    const bytes = pid === undefined ? null : await residentBytes(pid);
    if (cancelled || bytes === null) return;
    if (bytes > bytesMax) onExceeded();
    else arm();
  };
  const arm = (): void => {
    timer = clock.timer(checkMs, () => void check());
  };
  arm();
  return {
    cancel() {
      cancelled = true;
      timer?.cancel();
    },
  };
}
