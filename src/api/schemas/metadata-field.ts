import type { MetadataFieldInput, MetadataFieldPatch, MetadataFieldView } from '../../app/app.ts';
import type { JsonValue } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import {
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
import { line, timeMs } from './basics.ts';

const name: Schema<string> = {
  ...line(100, 'The key under `metadata`: fixed once defined, without slashes'),
  examples: ['season'],
};
const option: Schema<MetadataOption> = object({
  value: line(300, 'What assets hold'),
  label: optional(line(300, 'What people read; the value where absent')),
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
    description: optional(description),
    required: optional(boolean({ description: 'New assets must have a value; false where absent' })),
    default: optional(value),
    options: optional(options),
    validation: optional(validation),
  }),
);

export const metadataFieldPatchSchema: Schema<MetadataFieldPatch> = named(
  'MetadataFieldPatch',
  object({
    label: optional(label),
    description: optional(nullable(description)),
    required: optional(boolean()),
    default: optional(nullable(value)),
    options: optional(options),
    validation: optional(nullable(validation)),
  }),
);

export const metadataFieldSchema: Schema<MetadataFieldView> = named(
  'MetadataField',
  object({
    name,
    type: oneOf(metadataFieldTypes),
    label,
    description: optional(description),
    required: boolean(),
    default: optional(value),
    options: optional(options),
    validation: optional(validation),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
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
