import type { JsonObject } from '../../core/json.ts';
import { neutralDataSchema } from '../neutral-schema.ts';

/** JSON Schema of the whole body of one event about one type of subject. */
export function bodySchema(event: string, subjectType: string): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: event,
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    additionalProperties: false,
    properties: {
      type: { const: event },
      timestamp: { type: 'string', format: 'date-time', description: 'When it happened' },
      data: neutralDataSchema(subjectType),
    },
  };
}
