/**
 * How many attempts of one lane may be in flight. Starts at 4, one more with every success while the room is used, up to
 * the policy's cap; every timeout halves it, so a receiver that hangs is at 1 after its first window has timed out, and
 * one slow answer among thousands costs a few milliseconds instead of the lane's speed. Never below 1: the next attempt
 * is how we learn that the receiver is back.
 */
export type InFlightWindow = { size: number };

export const windowAtStart = 4;

export function createWindow(): InFlightWindow {
  return { size: windowAtStart };
}

/** After a success. `wanted`: more could have been started, had the window let it; one that was not needed does not grow. */
export function widen(window: InFlightWindow, wanted: boolean, max: number): void {
  if (wanted && window.size < max) window.size += 1;
  if (window.size > max) window.size = Math.max(1, max);
}

/** After a timeout, or an answer that asks us to slow down. */
export function narrow(window: InFlightWindow): void {
  window.size = Math.max(1, window.size >> 1);
}
