import type { JsonObject } from '../../core/json.ts';
import type { EventRow } from './events.ts';

const timestamp: JsonObject = { type: 'integer', description: 'When it happened, in milliseconds since 1970' };

const metadata: JsonObject = {
  type: 'object',
  description: 'The fields named in metadataToReturn that have a value, by their technical names',
};

const changedMetadata: JsonObject = {
  type: 'object',
  description: 'Old and new value of every field that changed; empty where nothing did',
  additionalProperties: {
    type: 'object',
    required: ['oldValue', 'newValue'],
    additionalProperties: false,
    properties: {
      oldValue: { description: 'null where the field had no value' },
      newValue: { description: 'null where the field has no value' },
    },
  },
};

/** The parts of a body that depend on what the event is about, in their order. */
const parts: { readonly [About in EventRow['about']]: JsonObject } = {
  asset: {
    assetId: { type: 'string', minLength: 1, description: 'Id of the asset, at most 32 characters' },
    metadata,
    changedMetadata,
  },
  folder: { folderPath: { type: 'string', description: 'Path of the folder' }, metadata },
  authkey: { authKey: { type: 'string', minLength: 1, description: 'Id of the Share Link' } },
};

/** JSON Schema of the whole body of one event. The vendor's bodies are closed: there is nothing else in them. */
export function bodySchema({ name, about }: EventRow): JsonObject {
  const properties = { timestamp, type: { const: name }, ...parts[about] };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: name,
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}
