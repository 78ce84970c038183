/**
 * The breaker of a lane. Closed: attempts go. After `failuresToOpen` failures in a row it opens: nothing is attempted, so
 * no delivery loses an attempt to a receiver that is known to be down. After `openMs` it is half open: one attempt is let
 * through as a probe. Its success closes the breaker; its failure opens it for twice as long, up to `openMsMax`.
 */
import type { BreakerRule } from './policy.ts';

export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly openMs: number }
  /** A probe is under way. */
  | { readonly kind: 'half-open'; readonly openMs: number };

export const closedBreaker: BreakerState = { kind: 'closed', failures: 0 };

/** Whether an attempt may start now. `state` is the one to keep: asking an open breaker in time takes its one probe. */
export function askBreaker(
  state: BreakerState,
  nowMs: number,
): { readonly allowed: boolean; readonly state: BreakerState } {
  if (state.kind === 'closed') return { allowed: true, state };
  if (state.kind === 'half-open' || nowMs < state.untilMs) return { allowed: false, state };
  return { allowed: true, state: { kind: 'half-open', openMs: state.openMs } };
}

/** When an attempt may start again; 0 where it may now, Infinity while the outcome of a probe is awaited. */
export function breakerOpensAtMs(state: BreakerState): number {
  if (state.kind === 'closed') return 0;
  return state.kind === 'open' ? state.untilMs : Number.POSITIVE_INFINITY;
}

/** The receiver answered with success. */
export function breakerAfterSuccess(state: BreakerState): BreakerState {
  return state.kind === 'closed' && state.failures === 0 ? state : closedBreaker;
}

/** An attempt failed. One that started before the breaker opened changes nothing. */
export function breakerAfterFailure(state: BreakerState, rule: BreakerRule, nowMs: number): BreakerState {
  switch (state.kind) {
    case 'open':
      return state;
    case 'half-open': {
      const openMs = Math.min(state.openMs * 2, rule.openMsMax);
      return { kind: 'open', untilMs: nowMs + openMs, openMs };
    }
    case 'closed': {
      const failures = state.failures + 1;
      if (failures < rule.failuresToOpen) return { kind: 'closed', failures };
      return { kind: 'open', untilMs: nowMs + rule.openMs, openMs: rule.openMs };
    }
    default:
      return state satisfies never;
  }
}

/** The probe ended without telling anything of the receiver (interrupted, refused by us): the next one may be tried. */
export function breakerAfterNothing(state: BreakerState, nowMs: number): BreakerState {
  return state.kind === 'half-open' ? { kind: 'open', untilMs: nowMs, openMs: state.openMs } : state;
}
