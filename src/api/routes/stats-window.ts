import { invalidRequest } from '../problem.ts';
import { integer, object, optional } from '../schema.ts';
import { timeMs } from '../schemas/basics.ts';

const dayMs = 24 * 3_600_000;
const bucketMsMin = 60_000;
const bucketsMax = 2_000;

export const statsQuerySchema = object({
  fromMs: optional(timeMs('From, in Unix milliseconds; a day before `toMs` where absent')),
  toMs: optional(timeMs('To; now where absent')),
  bucketMs: optional(
    integer({ minimum: bucketMsMin, maximum: dayMs, description: 'Width of a row; an hour where absent' }),
  ),
});

type Asked = { readonly fromMs?: number; readonly toMs?: number; readonly bucketMs?: number };

/** The window asked for, with what was left out; at most 2,000 rows wide. */
export function statsWindow(
  query: Asked,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number } {
  const toMs = query.toMs ?? nowMs;
  const fromMs = query.fromMs ?? Math.max(0, toMs - dayMs);
  const bucketMs = query.bucketMs ?? 3_600_000;
  if (fromMs > toMs)
    throw invalidRequest([{ at: '/fromMs', wanted: 'a time before toMs', found: 'a later one' }], 'the query');
  if ((toMs - fromMs) / bucketMs > bucketsMax) {
    throw invalidRequest(
      [{ at: '/bucketMs', wanted: `at most ${bucketsMax} rows`, found: 'more: widen it, or ask for less time' }],
      'the query',
    );
  }
  return { fromMs, toMs, bucketMs };
}
