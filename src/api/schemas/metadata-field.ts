import type { MetadataFieldInput, MetadataFieldPatch, MetadataFieldView } from '../../app/app.ts';
import type { JsonValue } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { type MetadataMapping, mappingTransforms } from '../../core/metadata-mapping.ts';
import {
  type MetadataLabels,
  type MetadataOption,
  type MetadataRules,
  metadataFieldTypes,
  type MetadataValidation,
  textFormats,
} from '../../core/metadata-field.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  number,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { id, line, timeMs } from './basics.ts';

const name: Schema<string> = {
  ...line(100, 'The key under `metadata`: fixed once defined, without slashes'),
  examples: ['season'],
};
const labels: Schema<MetadataLabels> = raw({
  type: 'object',
  maxProperties: limits.metadataLabelsMax,
  propertyNames: { pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' },
  additionalProperties: { type: 'string', minLength: 1, maxLength: 300, pattern: '^[^\\u0000-\\u001f\\u007f]*$' },
  description: 'What people read, by language (`de`, `pt-BR`); `label` in any other',
  examples: [{ de: 'Jahreszeit', fr: 'Saison' }],
});
const option: Schema<MetadataOption> = object({
  value: line(300, 'What assets hold'),
  label: optional(line(300, 'What people read; the value where absent')),
  labels: optional(labels),
});
const options: Schema<readonly MetadataOption[]> = array(option, {
  minItems: 1,
  maxItems: limits.metadataFieldOptionsMax,
  description: 'The choices of select and multiselect, in order; each value once',
  examples: [[{ value: 'spring', label: 'Spring' }, { value: 'autumn' }]],
});
const length = integer({ minimum: 0, maximum: 1_000_000 });
const count = integer({ minimum: 0, maximum: limits.metadataFieldOptionsMax });
const date = string({ maxLength: 40, description: '`2026-11-22`, or `2026-11-22T12:00:00Z`' });
const validation: Schema<MetadataValidation> = object(
  {
    minLength: optional(length),
    maxLength: optional(length),
    format: optional(oneOf(textFormats)),
    minimum: optional(number()),
    maximum: optional(number()),
    whole: optional(boolean({ description: 'Whole numbers only' })),
    earliest: optional(date),
    latest: optional(date),
    itemsMin: optional(count),
    itemsMax: optional(count),
  },
  {
    description:
      'text: minLength, maxLength (characters), format. number: minimum, maximum, whole. date: earliest, latest. multiselect: itemsMin, itemsMax',
  },
);
const position = integer({
  minimum: 0,
  maximum: limits.metadataFieldsMax,
  description: 'Where it stands among the fields, from 0: forms show them in this order. Default the last',
});
const label = line(300, 'What people read; the name where absent');
const description = string({ maxLength: 2_000 });
/** Any JSON of a fitting type; what fits says the field itself. */
const value: Schema<JsonValue> = raw({
  type: ['string', 'number', 'boolean', 'array'],
  description: 'What an uploaded asset gets where the upload says nothing',
  examples: ['spring'],
});

export const metadataFieldInputSchema: Schema<MetadataFieldInput> = named(
  'MetadataFieldInput',
  object({
    name,
    type: oneOf(metadataFieldTypes, { examples: ['select'] }),
    label: optional(label),
    labels: optional(labels),
    description: optional(description),
    required: optional(boolean({ description: 'New assets must have a value; false where absent' })),
    default: optional(value),
    options: optional(options),
    validation: optional(validation),
    position: optional(position),
  }),
);

export const metadataFieldPatchSchema: Schema<MetadataFieldPatch> = named(
  'MetadataFieldPatch',
  object({
    label: optional(label),
    labels: optional(nullable(labels)),
    description: optional(nullable(description)),
    required: optional(boolean()),
    default: optional(nullable(value)),
    options: optional(options),
    validation: optional(nullable(validation)),
    position: optional(position),
    replace: optional(
      raw<{ readonly [value: string]: string | null }>({
        type: 'object',
        maxProperties: limits.metadataFieldOptionsMax,
        additionalProperties: { type: ['string', 'null'] },
        description:
          'Values that are no options any more, with those that take their place in assets; null: assets lose them. A job does it: see `jobId`',
        examples: [{ summer: 'spring' }],
      }),
    ),
  }),
);

export const metadataFieldSchema: Schema<MetadataFieldView> = named(
  'MetadataField',
  object({
    name,
    type: oneOf(metadataFieldTypes),
    label,
    labels: optional(labels),
    description: optional(description),
    required: boolean(),
    default: optional(value),
    options: optional(options),
    validation: optional(validation),
    position: integer({ minimum: 0, description: 'Where it stands among the fields, from 0' }),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    jobId: optional(string({ description: 'The job that brings assets in line with this change' })),
  }),
);

/** What becomes of the values that assets have. */
export const removalQuery: Schema<{ readonly values?: 'keep' | 'remove' }> = object({
  values: optional(
    oneOf(['keep', 'remove'], { description: '`remove` takes them out of the assets, by a job; default keep' }),
  ),
});

const mapping: Schema<MetadataMapping> = object({
  from: line(200, 'A package and a name in `embedded`: `fields.creators`, `iptc.By-line`, `xmp.dc:creator`'),
  to: line(110, '`metadata.…`, `info.…`, `tags` or `labels`'),
  when: optional(oneOf(['empty', 'always'], { description: 'Default `empty`: only where nothing is there yet' })),
  transform: optional(
    oneOf(mappingTransforms, {
      description: 'first of a list, join (with commas), split (at commas), lower, upper, date (its day), number',
    }),
  ),
});

const mappings = array(mapping, {
  maxItems: limits.metadataMappingsMax,
  description: 'In their order',
  examples: [
    [
      { from: 'fields.creators', to: 'metadata.photographer', transform: 'join' },
      { from: 'fields.keywords', to: 'tags', when: 'always' },
    ],
  ],
});

export const metadataMappingsSchema: Schema<unknown> = named(
  'MetadataMappings',
  object({
    mappings,
    version: integer({ minimum: 0, description: 'Rises by one with every write; 0: none were written yet' }),
  }),
);

export const metadataMappingsInputSchema: Schema<{
  readonly mappings: readonly MetadataMapping[];
  readonly version?: number;
}> = named(
  'MetadataMappingsInput',
  object({
    mappings,
    version: optional(
      integer({ minimum: 0, description: 'Refused with conflict where they are at another version; absent: any' }),
    ),
  }),
);

export const metadataJobSchema: Schema<unknown> = named(
  'MetadataJob',
  object({
    id: id('metadataJob'),
    state: oneOf(['running', 'done', 'cancelled']),
    work: raw({ type: 'object', description: '`kind`: apply-mappings, replace-options or remove-field' }),
    dryRun: boolean(),
    looked: integer({ description: 'Assets looked at so far' }),
    changed: integer({ description: 'Those of them that changed; in a dry run, would change' }),
    failed: integer({ description: 'Assets that could not be changed' }),
    endedAtMs: optional(timeMs()),
    createdAtMs: timeMs(),
  }),
);

export const metadataFieldName: Schema<{ readonly name: string }> = object({ name });

const unknownFields = oneOf(['accept', 'refuse'], {
  description: 'Fields that no definition names, in uploads and patches: kept as they come, or refused',
});
const fromElsewhere = oneOf(['note', 'refuse'], {
  description:
    'Pushed states and reported changes whose metadata does not fit: taken and told in the answer, or refused',
});

export const metadataRulesSchema: Schema<MetadataRules> = named(
  'MetadataRules',
  object({ unknownFields, fromElsewhere }),
);

export const metadataRulesPatchSchema: Schema<Partial<MetadataRules>> = named(
  'MetadataRulesPatch',
  object({ unknownFields: optional(unknownFields), fromElsewhere: optional(fromElsewhere) }),
);
