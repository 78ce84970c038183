import type { JsonObject } from '../../core/json.ts';
import type { EventRow } from './events.ts';

const uuid: JsonObject = {
  type: 'string',
  minLength: 1,
  description: 'A UUID, or the id that it had where it came from',
};
const text: JsonObject = { type: 'string' };
const integer: JsonObject = { type: 'integer' };
const number: JsonObject = { type: 'number' };
const unixSeconds: JsonObject = { type: 'integer', description: 'Unix seconds' };

/** The fields of a broadcast in their order. */
const broadcast: JsonObject = {
  author: text,
  created: { ...unixSeconds, description: 'Unix seconds: when it went live' },
  customData: { ...text, description: 'Text of the customer’s own' },
  height: { ...integer, description: 'Pixels; 0 while it is not known' },
  id: uuid,
  ingestChannel: uuid,
  lat: number,
  length: { ...integer, description: 'Seconds; 0 while it is live' },
  lon: number,
  positionAccuracy: { ...number, description: 'Metres; 0 where there is no position' },
  positionType: { ...text, description: 'How the position was found, such as GPS; empty where there is none' },
  preview: { ...text, description: 'URL of a picture; absent while there is none' },
  resourceUri: {
    ...text,
    description: 'Signed URL: pass it on as it is, without looking into it. It plays the recording once there is one',
  },
  tags: {
    type: 'array',
    items: { type: 'object', required: ['text'], additionalProperties: false, properties: { text } },
  },
  title: text,
  type: { enum: ['live', 'archived'] },
  width: { ...integer, description: 'Pixels; 0 while it is not known' },
};

/** The fields of an image in their order. */
const image: JsonObject = {
  added: { ...unixSeconds, description: 'Unix seconds: when it was uploaded' },
  author: text,
  created: { ...unixSeconds, description: 'Unix seconds: when it was taken, or uploaded where the file does not say' },
  customData: text,
  derivatives: {
    type: 'array',
    description: 'Smaller versions; empty at first, they come with an update',
    items: {
      type: 'object',
      required: ['title', 'url', 'width', 'height'],
      additionalProperties: false,
      properties: { title: { enum: ['small', 'medium', 'large'] }, url: text, width: integer, height: integer },
    },
  },
  height: { ...integer, description: 'Pixels; 0 while it is not known' },
  id: uuid,
  ingestChannel: uuid,
  lat: number,
  lon: number,
  originalFilename: text,
  title: text,
  url: text,
  width: { ...integer, description: 'Pixels; 0 while it is not known' },
};

const extraction: JsonObject = {
  id: uuid,
  status: { type: 'string', description: '`error`: no broadcast could be made; others may come' },
};

function payloadSchema({ collection, action }: EventRow): JsonObject {
  const properties: JsonObject =
    action === 'remove' ? { id: uuid } : action === 'extract' ? extraction : collection === 'image' ? image : broadcast;
  return {
    type: 'object',
    required: Object.keys(properties).filter((name) => name !== 'preview'),
    additionalProperties: false,
    properties,
  };
}

/** JSON Schema of the whole body of one notification. Bodies are closed: there is nothing else in them. */
export function bodySchema(row: EventRow): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: row.name,
    type: 'object',
    required: ['action', 'collection', 'payload', 'eventId'],
    additionalProperties: false,
    properties: {
      action: { const: row.action },
      collection: { const: row.collection },
      payload: payloadSchema(row),
      eventId: { type: 'string', pattern: '^[0-9a-f]{16}$', description: 'Ask for the event by this id to verify it' },
    },
  };
}
