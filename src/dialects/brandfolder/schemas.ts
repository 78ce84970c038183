import type { JsonObject } from '../../core/json.ts';

const key = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });

/** JSON Schema of the whole body of one event. The vendor's bodies are closed: there is nothing else in them. */
export function bodySchema(event: string): JsonObject {
  const attributes: JsonObject = {
    key: key('The asset'),
    event_time: {
      type: 'string',
      pattern: String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$`,
      description: 'When it happened, UTC; notifications may come in another order',
    },
    event_type: { const: event },
    brandfolder_key: key('The Brandfolder that the asset is in'),
    organization_key: key('The organization that the Brandfolder belongs to'),
  };
  const closed = (properties: JsonObject): JsonObject => ({
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: event,
    ...closed({ data: closed({ attributes: closed(attributes), webhook_id: key('The subscription') }) }),
  };
}
