import type { ReportedChange, ReportResult } from '../../app/app.ts';
import { type Change, changeKinds, type ChangeKind, subjectTypes } from '../../core/change.ts';
import { limits } from '../../core/limits.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { id, jsonObject, line, problemItemSchema, timeMs } from './basics.ts';

/** What a DAM may report: all but what concerns webhooks, which happens here. */
export const reportableKinds: readonly ChangeKind[] = changeKinds.filter((kind) => !kind.startsWith('webhook.'));

export const sourceVersionSchema: Schema<number | string> = raw({
  type: ['number', 'string'],
  maxLength: 200,
  // A hash or a word has no order, and whatever came second would be taken for older at random.
  pattern:
    '^(?:[vVrR]?\\d{1,30}(?:[.-]\\d{1,30}){0,8}|\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}[0-9:.,]{0,20}(?:Z|[+-]\\d{2}:?\\d{2})?)$',
  description:
    'Number or time of this state at its source, such as 42, 1.4.2 or 2026-11-22T10:00:00Z; an older one than known is stale',
});

export const reportedChangeSchema: Schema<ReportedChange> = named(
  'ReportedChange',
  object({
    kind: oneOf(reportableKinds, { description: 'What happened' }),
    subject: object(
      {
        type: oneOf(subjectTypes.filter((type) => type !== 'webhook')),
        id: optional(line(300)),
        externalId: optional(line(300)),
      },
      { description: 'One of id and externalId' },
    ),
    before: optional(nullable({ ...jsonObject, description: 'How it was; what we know of it where absent' })),
    after: optional(
      nullable({
        ...jsonObject,
        description:
          'How it is now; becomes the present state in the same commit. Fields left out are as they were; those that are there are replaced whole, `metadata` and `info` too',
      }),
    ),
    changed: optional(
      array(line(300), { maxItems: 1_000, description: 'Fields that changed, as `info.title`; computed where absent' }),
    ),
    occurredAtMs: optional(timeMs('When it happened, in Unix milliseconds; now where absent')),
    actor: optional(
      object({ id: line(300), name: optional(line(300)) }, { description: 'Who did it, as the source knows them' }),
    ),
    sourceVersion: optional(sourceVersionSchema),
    causationDepth: optional(
      integer({
        minimum: 0,
        maximum: 1_000,
        description:
          'How many changes caused each other before this one. Reported because of a delivery: one more than its header assetwire-causation-depth, which is 0 where it is absent',
      }),
    ),
  }),
);

export const changeBatchSchema: Schema<{ readonly changes: readonly ReportedChange[] }> = named(
  'ChangeBatch',
  object({ changes: array(reportedChangeSchema, { minItems: 1, maxItems: limits.batchItemsMax }) }),
);

export const subjectSchema = object({
  type: oneOf(subjectTypes),
  id: string(),
  externalId: optional(string()),
});

export const reportResultSchema: Schema<ReportResult> = named(
  'ReportResult',
  raw({
    type: 'object',
    required: ['status'],
    discriminator: { propertyName: 'status' },
    oneOf: [
      named(
        'AppliedReport',
        object({
          status: oneOf(['applied']),
          changes: array(object({ id: id('change'), kind: oneOf(changeKinds) })),
          subject: subjectSchema,
          deliveries: integer({ minimum: 0, description: 'Deliveries committed with the change' }),
          metadataProblems: optional(
            array(problemItemSchema, { description: 'Metadata that does not fit its definitions; taken all the same' }),
          ),
          dropped: optional(
            array(string(), {
              description:
                'Fields that were known here and are gone because `after` has `metadata`, `info`, `embedded` or `aliases` without them, and neither `before` nor `changed` speaks of them: ' +
                'if a part was sent for the whole, send the whole, or PATCH the asset, which merges',
            }),
          ),
        }),
      ),
      named('UnchangedReport', object({ status: oneOf(['unchanged', 'stale']), subject: subjectSchema })),
      named(
        'RejectedReport',
        object({
          status: oneOf(['rejected']),
          code: string(),
          detail: string(),
          problems: optional(array(problemItemSchema)),
        }),
      ),
    ],
  }),
);

export const actorSchema = object({
  type: oneOf(['user', 'key', 'source', 'system']),
  id: string(),
  name: optional(string()),
});

export const changeSchema: Schema<Change> = named(
  'Change',
  object({
    id: id('change'),
    workspaceId: string(),
    kind: oneOf(changeKinds),
    subject: subjectSchema,
    subjectVersion: integer({ minimum: 0 }),
    occurredAtMs: timeMs(),
    acceptedAtMs: timeMs(),
    actor: actorSchema,
    before: nullable(jsonObject),
    after: nullable(jsonObject),
    changed: array(string()),
    causationDepth: integer({ minimum: 0 }),
    beforeDiffers: optional(boolean()),
    erased: optional(
      boolean({ description: 'Something was taken out of it by an erasure: the states of the asset, or a person' }),
    ),
  }),
);
