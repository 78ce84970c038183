/** The rules of delivery as data: each dialect ships defaults, a webhook may override them within the dialect's bounds. */

/**
 * Waits before attempt 2, 3, … in milliseconds; attempts = `delaysMs.length + then.times + 1`. Jitter is a share of each wait
 * (0.2 = ±20 %).
 */
export type RetrySchedule = {
  readonly delaysMs: readonly number[];
  /** After `delaysMs`: this many more attempts, this far apart. Written out, 100,000 of them would be a list in every lane. */
  readonly then?: { readonly everyMs: number; readonly times: number };
  readonly jitter: number;
  /** A delivery older than this dies even where attempts are left. */
  readonly ageMaxMs: number;
};

export type RetryAfterRule = {
  /** Statuses whose `Retry-After` is obeyed. */
  readonly statuses: readonly number[];
  readonly capMs: number;
  /** Whether the whole lane waits, not only this delivery. */
  readonly throttlesLane: boolean;
};

/** A set of statuses: single ones and inclusive ranges. */
export type StatusSet = readonly (number | readonly [from: number, to: number])[];

export type BreakerRule = {
  readonly failuresToOpen: number;
  readonly openMs: number;
  readonly openMsMax: number;
};

/**
 * When a webhook is switched off for its receiver's failures.
 * - `window`: this many failures within this time (WoodWing: 10 s; `failures` −1 never).
 * - `continued`: every attempt failed for this long and at least `attemptsMin` were made; warns at 50, 75 and 90 %.
 * - `status`: one answer of this status says it (410 Gone).
 * - `refused`: so many times in a row a mail server or a queue service said that nothing will ever be taken for this address
 *   (SMTP's 5xx); what it refused for its content or its size does not count.
 */
export type DisableRule =
  | { readonly kind: 'window'; readonly failures: number; readonly windowMs: number }
  | { readonly kind: 'continued'; readonly forMs: number; readonly attemptsMin: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'refused'; readonly times: number };

export type DeliveryPolicy = {
  readonly timeoutMs: number;
  readonly success: StatusSet;
  /** Ends the delivery at once as `rejected`. Everything in neither set is retried. */
  readonly rejected: StatusSet;
  readonly schedule: RetrySchedule;
  readonly retryAfter: RetryAfterRule | null;
  readonly concurrencyMax: number;
  readonly requestsPerSecondMax: number | null;
  readonly bytesPerSecondMax: number | null;
  /** `webhook`: strictly one after another; `subject`: one after another per subject. */
  readonly order: 'none' | 'webhook' | 'subject';
  readonly onDead: 'skip' | 'stop';
  readonly breaker: BreakerRule | null;
  readonly disable: readonly DisableRule[];
  /** What `enable` does by default with held and with missed deliveries. */
  readonly onEnable: { readonly held: 'send' | 'cancel'; readonly missed: 'replay' | 'skip' };
};

export type PolicyOverride = Partial<DeliveryPolicy>;
