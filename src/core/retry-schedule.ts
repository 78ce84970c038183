import type { RetryAfterRule, RetrySchedule } from './policy.ts';

/** When the next attempt is due, or that there is none and why. */
export type NextAttempt =
  | { readonly kind: 'retry'; readonly atMs: number }
  | { readonly kind: 'dead'; readonly reason: 'attempts-exhausted' | 'age-exceeded' };

export type NextAttemptInput = {
  readonly schedule: RetrySchedule;
  /** Number of the attempt that just failed, from 1. */
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly chance: number;
  /** What the receiver asked for, already clamped; the longer of it and the schedule counts. */
  readonly askedMs?: number;
};

/**
 * The next attempt of a delivery whose attempt has failed. Dead by attempts, or by age: an attempt that would start
 * later than `ageMaxMs` after the delivery was made is not waited for.
 */
export function nextAttempt(input: NextAttemptInput): NextAttempt {
  const waitMs = scheduledWaitMs(input.schedule, input.attempt, input.chance);
  if (waitMs === null) return { kind: 'dead', reason: 'attempts-exhausted' };
  const atMs = input.nowMs + Math.max(waitMs, input.askedMs ?? 0);
  if (atMs - input.createdAtMs > input.schedule.ageMaxMs) return { kind: 'dead', reason: 'age-exceeded' };
  return { kind: 'retry', atMs };
}

/** The jittered wait after attempt number `attempt`, in whole milliseconds; null where the schedule ends. */
export function scheduledWaitMs(schedule: RetrySchedule, attempt: number, chance: number): number | null {
  const { delaysMs, then } = schedule;
  const further = then !== undefined && attempt <= delaysMs.length + then.times ? then.everyMs : undefined;
  const delayMs = delaysMs[attempt - 1] ?? further;
  if (delayMs === undefined) return null;
  return Math.max(0, Math.round(delayMs * (1 + schedule.jitter * (2 * chance - 1))));
}

/**
 * How long the receiver asks us to wait: null where this status is not obeyed or nothing usable was said, otherwise
 * within [0, capMs]. Several headers: the longest wait counts, because being late is harmless and hammering is not.
 */
export function askedWaitMs(
  rule: RetryAfterRule | null,
  response: { readonly status: number; readonly headers: readonly (readonly [name: string, value: string])[] },
  nowMs: number,
): number | null {
  if (rule === null || !rule.statuses.includes(response.status)) return null;
  let longestMs: number | null = null;
  for (const [name, value] of response.headers) {
    if (name !== 'retry-after') continue;
    const waitMs = parseRetryAfter(value, nowMs);
    if (waitMs !== null && (longestMs === null || waitMs > longestMs)) longestMs = waitMs;
  }
  return longestMs === null ? null : Math.min(longestMs, rule.capMs);
}

/** No usable value is longer; what is longer is garbage and not worth scanning. */
const retryAfterCharactersMax = 40;

/**
 * One `Retry-After` value (RFC 9110, 10.2.3): whole seconds or an HTTP date. Milliseconds to wait, 0 for the past,
 * possibly huge but always finite; null for everything that is neither.
 */
export function parseRetryAfter(value: string, nowMs: number): number | null {
  const text = value.trim();
  if (text === '' || text.length > retryAfterCharactersMax) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const atMs = parseHttpDate(text);
  return atMs === null ? null : Math.max(0, atMs - nowMs);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `Sun, 06 Nov 1994 08:49:37 GMT`, the one form senders may use today. */
const imfFixdate = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
/** `Sunday, 06-Nov-94 08:49:37 GMT`, obsolete but to be understood. */
const rfc850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
/** `Sun Nov  6 08:49:37 1994`, obsolete but to be understood. */
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/** Unix milliseconds of an HTTP date in one of the three forms of RFC 9110, 5.6.7; null for anything else. */
export function parseHttpDate(text: string): number | null {
  let match = imfFixdate.exec(text);
  if (match !== null) return utcMs([match[3], match[2], match[1]], match.slice(4, 7));
  match = rfc850.exec(text);
  if (match !== null) return utcMs([`20${match[3]}`, match[2], match[1]], match.slice(4, 7));
  match = asctime.exec(text);
  return match === null ? null : utcMs([match[6], match[1], match[2]], match.slice(3, 6));
}

/** Year, month and day as written, then hours, minutes and seconds; null where the calendar has no such day. */
function utcMs([year, month, day]: readonly (string | undefined)[], time: readonly string[]): number | null {
  const monthIndex = months.indexOf(month ?? '');
  const [hours, minutes, seconds] = time.map(Number);
  if (monthIndex < 0 || hours === undefined || minutes === undefined || seconds === undefined) return null;
  if (hours > 23 || minutes > 59 || seconds > 60) return null;
  const dayNumber = Number(day);
  const atMs = Date.UTC(Number(year), monthIndex, dayNumber, hours, minutes, seconds);
  const back = new Date(Date.UTC(Number(year), monthIndex, dayNumber));
  // 30 February would silently become 2 March.
  return back.getUTCMonth() === monthIndex && back.getUTCDate() === dayNumber ? atMs : null;
}
