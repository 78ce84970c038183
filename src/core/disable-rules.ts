/**
 * When a webhook is switched off for its receiver's failures: one small value per lane and one pure step.
 *
 * A healthy lane has no clock. The first failed attempt starts one; any success clears it, so a receiver that fails now
 * and then is never switched off. A clock also starts anew when the lane was silent for `silenceResetMs`: two failures
 * with a week of nothing between them are two moments, not a week of failure. While we suspect ourselves (half of all
 * lanes fail at once) failures are not counted and the clock stands still. A lane that has been switched off says so once
 * and is quiet until it is enabled, which begins a fresh health.
 */
import type { DisableRule } from './policy.ts';

/** What is remembered of a lane's failures. Plain JSON, at most a few KiB: the engine may store it as it stands. */
export type LaneHealth = {
  /** Start of the present run of failures, moved on by the time the clock stood still; null while healthy. */
  readonly failingSinceMs: number | null;
  /** When the last attempt of that run ended. */
  readonly lastFailureAtMs: number | null;
  /** Failed attempts in that run. */
  readonly failures: number;
  /** The highest warning given in that run: 0, 50, 75 or 90. */
  readonly warnedPercent: number;
  /** Times of the latest failures, oldest first, as far as a `window` rule needs them. */
  readonly recentMs: readonly number[];
  /** Refusals for good since the last success, however far apart: an address that is gone does not come back by silence. */
  readonly refused: number;
  /** Set once a rule has said so. */
  readonly disabled: boolean;
};

export const healthy: LaneHealth = {
  failingSinceMs: null,
  lastFailureAtMs: null,
  failures: 0,
  warnedPercent: 0,
  recentMs: [],
  refused: 0,
  disabled: false,
};

/**
 * Longer than the longest wait a schedule may have with full jitter (`policyBounds`), so that a lane that waits for its
 * next retry never counts as silent.
 */
export const silenceResetMs = 80 * 3_600_000;

/** Shares of a `continued` rule's time at which the webhook's contacts are warned. */
export const warningPercents = [50, 75, 90] as const;

/** What an attempt showed of the receiver. Attempts that never left (blocked, interrupted) are not observed at all. */
export type HealthEvent =
  | { readonly kind: 'success' }
  | {
      readonly kind: 'failure';
      readonly status?: number;
      /** Who was asked to take it will never take anything for this target. */
      readonly refused?: boolean;
      /** True while we suspect our own network rather than the receiver. */
      readonly suspectOurselves?: boolean;
    };

export type HealthAction =
  | { readonly kind: 'warn'; readonly percent: number; readonly disablesAtMs: number }
  | { readonly kind: 'disable'; readonly reason: string };

export type HealthStep = { readonly health: LaneHealth; readonly actions: readonly HealthAction[] };

/** When an attempt ended, in milliseconds of a clock that never goes back, and the rules of its webhook then. */
export type Moment = { readonly rules: readonly DisableRule[]; readonly nowMs: number };

const noActions: readonly HealthAction[] = [];

/** One step: what is remembered after this attempt and what follows from it. A healthy lane's success costs nothing. */
export function observe(health: LaneHealth, event: HealthEvent, { rules, nowMs }: Moment): HealthStep {
  if (health.disabled) return { health, actions: noActions };
  if (event.kind === 'success') return { health: afterSuccess(health, rules, nowMs), actions: noActions };
  if (event.suspectOurselves === true) return { health: standStill(health, nowMs), actions: noActions };
  const next = afterFailure(health, rules, nowMs);
  const failed = { rules, status: event.status, refused: event.refused === true, nowMs };
  return decide(failed.refused ? { ...next, refused: next.refused + 1 } : next, failed);
}

function afterSuccess(health: LaneHealth, rules: readonly DisableRule[], nowMs: number): LaneHealth {
  if (health.failingSinceMs === null && health.recentMs.length === 0) return health;
  // A window counts failures whatever came between them; only a run is broken by a success.
  return { ...healthy, recentMs: recent(health.recentMs, rules, nowMs) };
}

/** The time since the last attempt is taken out of the run. */
function standStill(health: LaneHealth, nowMs: number): LaneHealth {
  if (health.failingSinceMs === null || health.lastFailureAtMs === null) return health;
  const heldMs = Math.max(0, nowMs - health.lastFailureAtMs);
  return { ...health, failingSinceMs: health.failingSinceMs + heldMs, lastFailureAtMs: nowMs };
}

function afterFailure(health: LaneHealth, rules: readonly DisableRule[], nowMs: number): LaneHealth {
  const silentMs = health.lastFailureAtMs === null ? 0 : nowMs - health.lastFailureAtMs;
  const run = health.failingSinceMs === null || silentMs > silenceResetMs ? null : health;
  return {
    failingSinceMs: run?.failingSinceMs ?? nowMs,
    lastFailureAtMs: nowMs,
    failures: (run?.failures ?? 0) + 1,
    warnedPercent: run?.warnedPercent ?? 0,
    recentMs: recent([...health.recentMs, nowMs], rules, nowMs),
    refused: health.refused,
    disabled: false,
  };
}

/** As much of the list as any window rule can still need; nothing where there is none. */
function recent(times: readonly number[], rules: readonly DisableRule[], nowMs: number): readonly number[] {
  let keep = 0;
  let windowMs = 0;
  for (const rule of rules) {
    if (rule.kind !== 'window' || rule.failures < 1) continue;
    keep = Math.max(keep, rule.failures);
    windowMs = Math.max(windowMs, rule.windowMs);
  }
  return keep === 0 ? healthy.recentMs : times.filter((atMs) => nowMs - atMs <= windowMs).slice(-keep);
}

/** What a failure is judged by. */
type Failed = Moment & { readonly status: number | undefined; readonly refused: boolean };

function decide(health: LaneHealth, failed: Failed): HealthStep {
  let warning: (HealthAction & { kind: 'warn' }) | null = null;
  for (const rule of failed.rules) {
    const action = judgeRule(health, rule, failed);
    if (action?.kind === 'disable') return { health: { ...health, disabled: true }, actions: [action] };
    if (action?.kind === 'warn' && action.percent > (warning?.percent ?? health.warnedPercent)) warning = action;
  }
  if (warning === null) return { health, actions: noActions };
  return { health: { ...health, warnedPercent: warning.percent }, actions: [warning] };
}

function judgeRule(health: LaneHealth, rule: DisableRule, { status, refused, nowMs }: Failed): HealthAction | null {
  switch (rule.kind) {
    case 'status':
      return rule.status === status ? { kind: 'disable', reason: `status-${rule.status}` } : null;
    case 'refused':
      return refused && health.refused >= rule.times ? { kind: 'disable', reason: 'refused-for-good' } : null;
    case 'window': {
      if (rule.failures < 1) return null;
      const within = health.recentMs.filter((atMs) => nowMs - atMs <= rule.windowMs).length;
      return within >= rule.failures ? { kind: 'disable', reason: 'failures-in-window' } : null;
    }
    case 'continued': {
      if (health.failingSinceMs === null || health.failures < rule.attemptsMin) return null;
      const failedMs = nowMs - health.failingSinceMs;
      if (failedMs >= rule.forMs) return { kind: 'disable', reason: 'continued-failure' };
      const percent = warningPercents.findLast((share) => failedMs * 100 >= rule.forMs * share);
      return percent === undefined ? null : { kind: 'warn', percent, disablesAtMs: health.failingSinceMs + rule.forMs };
    }
    default:
      return rule satisfies never;
  }
}
