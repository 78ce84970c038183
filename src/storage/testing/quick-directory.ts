/** Where stores of tests lie: in memory where there is room, for syncs cost nothing there, and hundreds are made and dropped. */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const roomBytes = 2 * 1024 ** 3;

/** What a kill of a process leaves is the same there; what a crash of the system leaves is tested by nobody here. */
export function quickDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > roomBytes ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}
