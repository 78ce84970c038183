/**
 * Runs something once the present turn of the event loop is over, after everything that this turn brought has been
 * handled: that is how work of one turn comes to share one write.
 */
export function endOfTurn(run: () => void): void {
  setImmediate(run);
}
