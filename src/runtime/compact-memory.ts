/**
 * Gives back what starting has used. Compiling and loading leaves some 20 MB that V8 keeps for a burst that does not come
 * in an idle server. Measured: 154 → 135 MB resident, for one pause of 50 to 100 ms.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage and returns free pages to the system. Blocks the loop: for the moment after a start only. */
export function compactMemory(): void {
  setFlagsFromString('--expose-gc');
  // The options are handed in as text, so that nothing of another context is called from here.
  runInNewContext("gc({ type: 'major', flavor: 'last-resort' })");
  setFlagsFromString('--no-expose-gc');
}
