import type { JsonObject } from '../../core/json.ts';
import { neutralDataSchema } from '../neutral-schema.ts';

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });

/** JSON Schema of the whole body of one event in structured mode. */
export function bodySchema(event: string, subjectType: string): JsonObject {
  const properties: JsonObject = {
    specversion: { const: '1.0' },
    id: text('With `source` it names the event; the same on every attempt'),
    source: text('A URI'),
    type: { const: event },
    subject: text('Type and id of what it is about'),
    time: { type: 'string', format: 'date-time', description: 'When it happened' },
    datacontenttype: { const: 'application/json' },
    dataschema: { type: 'string', format: 'uri', description: 'Where the schema of `data` is served' },
    data: neutralDataSchema(subjectType),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: event,
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}

/** JSON Schema of `data` alone: what `dataschema` leads to. */
export function dataSchema(event: string, subjectType: string): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `data of ${event}`,
    ...neutralDataSchema(subjectType),
  };
}
