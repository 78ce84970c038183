/**
 * Whether the clock of this machine is right, by what receivers say: most of their answers carry a `Date`. Receivers refuse
 * what is signed at a time that is off by minutes, so a wrong clock stops every delivery and looks like their fault. One
 * receiver may be wrong; what counts is the median over their addresses.
 */
import { parseHttpDate } from '../core/retry-schedule.ts';
import type { EngineEvent } from '../engine/engine.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { raiseNotice } from './notices.ts';

const dayMs = 24 * 60 * 60_000;

/**
 * Of the answers of each `windowMs` the first `perWindow` are looked at: one change goes to many receivers at once, and then
 * nothing comes for long. `offMs` is how far the median may be off before people are told.
 */
export const clockWatchLimits = {
  windowMs: 5_000,
  perWindow: 16,
  addressesMin: 3,
  addressesMax: 64,
  ageMaxMs: 60 * 60_000,
  offMs: 2 * 60_000,
} as const;

export type ClockWatchDeps = Pick<AppDeps, 'ids' | 'logger' | 'metrics'> & {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly committer: Committer;
};

export type ClockWatch = {
  /** Called with every attempt that has ended; costs a comparison for all but a few of them. */
  heed(event: EngineEvent): void;
  /** How far this clock is behind what most receivers say, negative where it is ahead; null while too few have said it. */
  behindMs(): number | null;
};

type Sample = { readonly behindMs: number; readonly takenAtMs: number };

export function createClockWatch(deps: ClockWatchDeps): ClockWatch {
  const { clock, logger } = deps;
  const samples = new Map<string, Sample>();
  let windowEndsMs = -Infinity;
  let taken = 0;
  let toldAtMs = -Infinity;

  const behindMs = (): number | null => {
    const sinceMs = clock.monotonicMs() - clockWatchLimits.ageMaxMs;
    for (const [address, { takenAtMs }] of samples) if (takenAtMs < sinceMs) samples.delete(address);
    if (samples.size < clockWatchLimits.addressesMin) return null;
    const sorted = [...samples.values()].map((sample) => sample.behindMs).toSorted((a, b) => a - b);
    // Of an even number the smaller of the middle two: more than half must say so.
    const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
    return Math.abs(low) < Math.abs(high) ? low : high;
  };

  const tell = (offMs: number, nowMs: number): void => {
    const seconds = Math.round(Math.abs(offMs) / 1_000);
    const place = offMs > 0 ? 'behind' : 'ahead';
    logger.warn('clock.skew', { seconds, place, receivers: samples.size });
    raiseNotice(deps, 'default', {
      notice: {
        kind: 'clock.skew',
        severity: 'warning',
        subject: 'clock:server',
        text: `The clock of this server is ${seconds} seconds ${place}, by what ${samples.size} receivers answer: set it and run NTP, for receivers refuse signatures of another time`,
        details: { behindMs: offMs, receivers: samples.size },
      },
      once: `clock.skew:${Math.floor(nowMs / dayMs)}`,
    }).catch((error: unknown) => {
      toldAtMs = -Infinity;
      logger.warn('clock.watch_failed', { error });
    });
  };

  deps.metrics?.onScrape?.(() => {
    const clockBehindMs = behindMs();
    return clockBehindMs === null ? {} : { clockBehindMs };
  });

  return {
    behindMs,
    heed({ answer, delivery, startedAtMs }) {
      const monotonicMs = clock.monotonicMs();
      if (monotonicMs >= windowEndsMs) {
        windowEndsMs = monotonicMs + clockWatchLimits.windowMs;
        taken = 0;
      }
      if (taken >= clockWatchLimits.perWindow || answer?.kind !== 'response') return;
      taken += 1;
      const theirsMs = dateOf(answer.response.headers);
      if (theirsMs === null) return;
      const nowMs = clock.nowMs();
      const address = answer.address ?? delivery.webhookId;
      samples.delete(address);
      samples.set(address, { behindMs: distanceMs(theirsMs, startedAtMs, nowMs), takenAtMs: monotonicMs });
      if (samples.size > clockWatchLimits.addressesMax) samples.delete(samples.keys().next().value ?? '');
      const offMs = behindMs();
      if (offMs === null || Math.abs(offMs) <= clockWatchLimits.offMs) return;
      if (monotonicMs - toldAtMs < dayMs) return;
      toldAtMs = monotonicMs;
      tell(offMs, nowMs);
    },
  };
}

/** A date within the attempt is right: nobody knows when in it the receiver wrote it. */
function distanceMs(theirsMs: number, fromMs: number, toMs: number): number {
  if (theirsMs > toMs) return theirsMs - toMs;
  return theirsMs < fromMs ? theirsMs - fromMs : 0;
}

function dateOf(headers: readonly (readonly [name: string, value: string])[]): number | null {
  const [, value = ''] = headers.find(([name]) => name === 'date') ?? [];
  return value.length > 40 ? null : parseHttpDate(value);
}
