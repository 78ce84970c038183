/** What a lane learns from how an attempt ended: its window, breaker, pause and health. */
import { breakerAfterFailure, breakerAfterNothing, breakerAfterSuccess } from '../core/breaker.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import { askedWaitMs } from '../core/retry-schedule.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import { narrow, widen } from './in-flight-window.ts';
import type { LaneNow } from './lane.ts';
import { isUnusable } from './lane-setup.ts';
import type { LaneWatch } from './lane-watch.ts';
import type { Run } from './run.ts';

export type LessonParts = { readonly clock: Clock; readonly turnNow: () => LaneNow; readonly watch: LaneWatch };
export type Learned = { readonly outcome: Outcome; readonly verdict: Verdict };

/** So that a backlog does not run through its attempts while the egress proxy is away. */
const proxyPauseMs = 1_000;

/** Failures in a row after which a lane counts as failing. */
export const failuresToDoubt = 3;

/** What the lane learns from an outcome: window, breaker, throttle, health. */
export function learn(run: Run, { outcome, verdict }: Learned, parts: LessonParts): void {
  const { lane, setup } = run;
  const { monotonicMs } = parts.turnNow();
  if (isUnusable(setup)) {
    // The whole lane is another version's: one look at a time, not one for each delivery.
    if (verdict.kind === 'retry')
      lane.startFromMs = Math.max(lane.startFromMs, monotonicMs + verdict.atMs - parts.turnNow().dueMs);
    return;
  }
  const { policy } = setup;
  const silent =
    outcome.kind === 'interrupted' || outcome.kind === 'refused-by-config' || outcome.kind === 'proxy-failed';
  if (verdict.kind === 'delivered') {
    lane.failures = 0;
    lane.proven = true;
    lane.parked = false;
    widen(lane.window, lane.shelf.ready(lane.window.size), policy.concurrencyMax);
    lane.breaker = breakerAfterSuccess(lane.breaker);
  } else if (silent) {
    lane.breaker = breakerAfterNothing(lane.breaker, monotonicMs);
  } else {
    lane.failures += 1;
    if (lane.failures >= failuresToDoubt) lane.proven = false;
    if (outcome.kind === 'timeout' || outcome.kind === 'connect-failed' || outcome.kind === 'token-failed') {
      lane.proven = false;
      narrow(lane.window);
    }
    // A token endpoint has a pause of its own: it says nothing of the receiver.
    if (outcome.kind === 'token-failed') lane.breaker = breakerAfterNothing(lane.breaker, monotonicMs);
    else if (policy.breaker !== null) lane.breaker = breakerAfterFailure(lane.breaker, policy.breaker, monotonicMs);
  }
  if (outcome.kind === 'proxy-failed') lane.startFromMs = Math.max(lane.startFromMs, monotonicMs + proxyPauseMs);
  const pauseMs = askedPauseMs(policy, { outcome, verdict }, parts);
  if (pauseMs > 0) {
    narrow(lane.window);
    lane.startFromMs = Math.max(lane.startFromMs, monotonicMs + pauseMs);
  }
  parts.watch.observe(lane, policy, outcome, verdict);
}

/** How long the receiver asked the whole lane to wait; also where the answer was this delivery's last. */
function askedPauseMs(policy: DeliveryPolicy, { outcome, verdict }: Learned, parts: LessonParts): number {
  if (verdict.kind === 'retry') return (verdict.throttleLaneUntilMs ?? 0) - parts.turnNow().dueMs;
  if (verdict.kind !== 'dead' || outcome.kind !== 'response' || policy.retryAfter?.throttlesLane !== true) return 0;
  return askedWaitMs(policy.retryAfter, outcome.response, parts.clock.nowMs()) ?? 0;
}
