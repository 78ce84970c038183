import { array, integer, named, nullable, number, object, optional, type Schema, string } from '../schema.ts';
import { timeMs } from './basics.ts';

const count = (description?: string): Schema<number> =>
  integer({ minimum: 0, ...(description === undefined ? {} : { description }) });

const percentile = nullable(number({ minimum: 0 }));
const percentiles = (description: string): Schema<unknown> =>
  object({ p50: percentile, p95: percentile, p99: percentile }, { description });

const counts = {
  accepted: count('Deliveries made'),
  attempts: count(),
  delivered: count(),
  failed: count('Attempts that did not end delivered'),
  retrying: count('Failed attempts that are followed by another'),
  rejected: count('Deliveries ended by the answer to them'),
  dead: count('Deliveries whose schedule ran out'),
  cancelled: count(),
  tests: count('Attempts of test sends, which are in no other number'),
  durationMs: percentiles('How long attempts took; null where there were none, at most the last bound'),
  durations: array(count(), { description: 'Counts by durationBoundsMs, and one for what lies above' }),
  firstAttemptMs: percentiles("From a delivery's creation to the start of its first attempt"),
  firstAttempts: array(count(), { description: 'Counts by firstAttemptBoundsMs, and one for what lies above' }),
};

export const backlogRowSchema: Schema<unknown> = named(
  'Backlog',
  object({
    workspaceId: string(),
    webhookId: string(),
    pending: integer({ minimum: 0 }),
    oldestAtMs: timeMs('When the oldest of them was made'),
  }),
);

export const statsSchema: Schema<unknown> = named(
  'Stats',
  object({
    fromMs: timeMs(),
    toMs: timeMs(),
    bucketMs: integer(),
    durationBoundsMs: array(number(), { description: 'Upper bounds in milliseconds, each included' }),
    firstAttemptBoundsMs: array(number(), { description: 'Upper bounds in milliseconds, each included' }),
    points: array(
      named(
        'StatsPoint',
        object({ atMs: timeMs('Beginning of the bucket'), webhookId: optional(string()), ...counts }),
      ),
      { description: 'In order of time; where nothing happened there is none' },
    ),
    totals: object(counts),
    backlog: array(backlogRowSchema),
    files: optional(
      object(
        {
          files: count('Files, versions and renditions, as often as assets hold them; those in the trash included'),
          bytes: count('Their bytes'),
          filesMax: nullable(count('The quota; null: no bound')),
          bytesMax: nullable(count('The quota; null: no bound')),
        },
        { description: 'What the workspace holds of files. Of the whole workspace only' },
      ),
    ),
  }),
);
