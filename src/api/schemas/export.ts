import { exportFormats, type ExportInput, exportKinds, exportStates } from '../../app/export-state.ts';
import { changeKinds } from '../../core/change.ts';
import { deliveryOrigins, deliveryStates } from '../../core/delivery.ts';
import { outcomeKinds } from '../../core/outcome.ts';
import { array, boolean, integer, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { id, jsonObject, line, timeMs } from './basics.ts';

const several = <const T extends readonly string[]>(values: T, description: string): Schema<readonly T[number][]> =>
  array(oneOf<T>(values), { minItems: 1, maxItems: values.length, description });

export const exportInputSchema: Schema<ExportInput> = named(
  'ExportInput',
  object({
    of: oneOf(exportKinds),
    format: oneOf(exportFormats),
    fromMs: optional(timeMs('Made at or after this time')),
    toMs: optional(timeMs('Made before this time; now where absent')),
    webhookId: optional(id('webhook')),
    dialect: optional(line(63, 'Of deliveries and attempts')),
    states: optional(several(deliveryStates, 'Of deliveries and attempts')),
    event: optional(line(128, 'Of deliveries and attempts')),
    status: optional(integer({ minimum: 100, maximum: 599, description: 'Of the last attempt of a delivery' })),
    outcomes: optional(several(outcomeKinds, 'What the last attempt of a delivery came to')),
    origins: optional(several(deliveryOrigins, 'Of deliveries and attempts')),
    subject: optional(line(400, 'type:id; of deliveries, attempts and changes')),
    kinds: optional(several(changeKinds, 'Of changes')),
    folder: optional(string({ pattern: '^/', maxLength: 2_000, description: 'Of assets: in it or below it' })),
    collection: optional(line(200, 'Of assets')),
    tag: optional(line(200, 'Of assets')),
    actor: optional(line(200, 'type:id; of the audit: what this one did')),
    action: optional(line(64, 'Of the audit, such as webhook.created')),
    target: optional(line(200, 'type:id; of the audit: what was done to this')),
  }),
);

export const exportSchema: Schema<unknown> = named(
  'Export',
  object({
    id: id('export'),
    state: oneOf(exportStates),
    input: jsonObject,
    snapshotAtMs: timeMs('Nothing made at or after this time is in it'),
    rows: integer({ minimum: 0, description: 'Written so far, without the head of a CSV' }),
    bytes: integer({ minimum: 0 }),
    expectedRows: nullable(integer({ minimum: 0 })),
    complete: boolean({ description: 'False where a limit or a failure ended it' }),
    reason: optional(string()),
    createdAtMs: timeMs(),
    endedAtMs: optional(timeMs()),
    expiresAtMs: optional(timeMs('When the file leaves')),
  }),
);
