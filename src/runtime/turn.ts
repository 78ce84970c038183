/**
 * "When this turn of the event loop is over" as an argument: what gathers calls into a batch hands its flush to one of
 * these. Tests and the in-memory store take `microtaskTurn`, which needs no turn of the loop at all.
 */
export type Turn = (fire: () => void) => void;

/** After everything that is ready in this turn has run. */
export const systemTurn: Turn = (fire) => {
  setImmediate(fire);
};

/** After the running callback, before the loop turns. */
export const microtaskTurn: Turn = (fire) => {
  queueMicrotask(fire);
};
