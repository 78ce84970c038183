import { limits } from '../../core/limits.ts';
import { invalidRequest } from '../problem.ts';
import { integer, object, optional } from '../schema.ts';
import { timeMs } from '../schemas/basics.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const statsQueryFields = {
  fromMs: optional(timeMs('From, in Unix milliseconds; a day before `toMs` where absent')),
  toMs: optional(timeMs('To; now where absent')),
  bucketMs: optional(
    integer({
      minimum: minuteMs,
      maximum: dayMs,
      description: 'Width of a point: whole minutes up to an hour, then whole hours; an hour where absent',
    }),
  ),
};
export const statsQuerySchema = object(statsQueryFields);

type Asked = { readonly fromMs?: number; readonly toMs?: number; readonly bucketMs?: number };

/** The window asked for, with what was left out. Throws `invalid_request` for one that cannot be answered as it was asked. */
export function statsWindow(
  query: Asked,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number } {
  const toMs = query.toMs ?? nowMs;
  const fromMs = query.fromMs ?? Math.max(0, toMs - dayMs);
  const bucketMs = query.bucketMs ?? hourMs;
  if (fromMs > toMs) throw unfit('/fromMs', 'a time before toMs', 'a later one');
  if (bucketMs % minuteMs !== 0 || (bucketMs > hourMs && bucketMs % hourMs !== 0)) {
    throw unfit('/bucketMs', 'whole minutes up to an hour, whole hours above', `${bucketMs} ms`);
  }
  const { statsMinutesKeptMs: keptMs, statsPointsMax: pointsMax } = limits;
  if (bucketMs < hourMs && fromMs < nowMs - keptMs) {
    throw unfit(
      '/bucketMs',
      `an hour or more for what is older than ${keptMs / hourMs} hours, which is kept by hour`,
      `${bucketMs / minuteMs} minutes from ${new Date(fromMs).toISOString()}`,
    );
  }
  const points = Math.ceil((toMs - fromMs) / bucketMs);
  if (points > pointsMax) {
    throw unfit('/bucketMs', `at most ${pointsMax} points: widen it, or ask for less time`, `${points} points`);
  }
  return { fromMs, toMs, bucketMs };
}

function unfit(at: string, wanted: string, found: string): Error {
  return invalidRequest([{ at, wanted, found }], 'the query');
}
