import type { JsonObject } from './json.ts';
import type { Outcome, ReceivedResponse } from './outcome.ts';
import type { DeliveryPolicy, StatusSet } from './policy.ts';
import { askedWaitMs, nextAttempt } from './retry-schedule.ts';
import type { Verdict } from './verdict.ts';

/** Everything a verdict depends on. */
export type JudgeInput = {
  readonly outcome: Outcome;
  /** The notification's event: a dialect may read the answer to a handshake differently. */
  readonly event: string;
  /** What was fixed with the notification at commit, where there is something. */
  readonly frozen?: JsonObject | undefined;
  /** Number of the attempt that just ended, from 1. */
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly nowMs: number;
  readonly policy: DeliveryPolicy;
  /** In [0, 1): drawn once per verdict, for jitter. */
  readonly chance: number;
};

/**
 * The judge that follows the policy alone; a dialect uses it as it is or decides its own cases first. Total: every outcome
 * has a verdict, in this order for responses: success, disable by status, rejected, retry.
 */
export function judgeByPolicy(input: JudgeInput): Verdict {
  const { outcome } = input;
  switch (outcome.kind) {
    case 'response':
      return judgeResponse(input, outcome.response);
    case 'timeout':
      return retry(input, `timeout-${outcome.phase}`);
    case 'dns-failed':
    case 'connect-failed':
    case 'tls-failed':
    case 'broken':
      return retry(input, `${outcome.kind}-${outcome.code}`);
    // The receiver has not been asked: while its token endpoint is left in peace, the whole lane waits.
    case 'token-failed':
      return judgeTokenFailure(input, outcome);
    // Our own road. By the schedule all the same: nobody knows when it is mended, and a delivery must not wait for ever.
    case 'proxy-failed':
      return retry(input, `proxy-${outcome.code}`);
    case 'not-accepted':
      return outcome.again ? retry(input, outcome.code) : { kind: 'rejected', reason: outcome.code };
    // The reason shown to a tenant is the same for every blocked address: a finer one would map the inner network.
    case 'blocked-address':
      return { kind: 'rejected', reason: 'blocked-address' };
    case 'refused-by-config':
      return { kind: 'rejected', reason: 'refused-by-config' };
    // Ours to repair, not the receiver's fault: at once, and never the delivery's end.
    case 'interrupted':
      return { kind: 'retry', atMs: input.nowMs, reason: 'interrupted' };
    default:
      return outcome satisfies never;
  }
}

function judgeResponse(input: JudgeInput, response: ReceivedResponse): Verdict {
  const { status } = response;
  const { policy, nowMs } = input;
  if (hasStatus(policy.success, status)) return { kind: 'delivered' };
  const reason = `status-${status}`;
  for (const rule of policy.disable) {
    if (rule.kind === 'status' && rule.status === status) return { kind: 'disable', reason };
  }
  if (hasStatus(policy.rejected, status)) return { kind: 'rejected', reason };
  const askedMs = askedWaitMs(policy.retryAfter, response, nowMs);
  const verdict = retry(input, reason, askedMs ?? 0);
  if (askedMs === null || askedMs === 0 || policy.retryAfter?.throttlesLane !== true) return verdict;
  // The lane waits as long as was asked; this delivery waits at least as long as its schedule says, which may be longer.
  return verdict.kind === 'retry' ? { ...verdict, throttleLaneUntilMs: nowMs + askedMs } : verdict;
}

function judgeTokenFailure(input: JudgeInput, { code, waitMs }: Extract<Outcome, { kind: 'token-failed' }>): Verdict {
  const reason = `token-${code}`;
  if (code === 'blocked-address') return { kind: 'rejected', reason };
  const verdict = retry(input, reason, waitMs);
  return verdict.kind === 'retry' && waitMs > 0 ? { ...verdict, throttleLaneUntilMs: input.nowMs + waitMs } : verdict;
}

function retry(input: JudgeInput, reason: string, askedMs = 0): Verdict {
  const { attempt, createdAtMs, nowMs, chance } = input;
  const next = nextAttempt({ schedule: input.policy.schedule, attempt, createdAtMs, nowMs, chance, askedMs });
  return next.kind === 'retry' ? { kind: 'retry', atMs: next.atMs, reason } : next;
}

/** Whether a status lies in a set of single statuses and inclusive ranges. */
export function hasStatus(set: StatusSet, status: number): boolean {
  for (const entry of set) {
    if (typeof entry === 'number' ? entry === status : status >= entry[0] && status <= entry[1]) return true;
  }
  return false;
}
