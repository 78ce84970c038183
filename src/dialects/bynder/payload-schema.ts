/** JSON Schemas of what `Message` holds once it was parsed. The vendor's bodies are closed: there is nothing else in them. */
import type { JsonObject } from '../../core/json.ts';
import { type EventRow, eventRows } from './events.ts';

const text: JsonObject = { type: 'string' };
const flag: JsonObject = { type: 'integer', enum: [0, 1] };
const pixels: JsonObject = { type: 'integer', minimum: 0, description: 'Pixels; 0 where there are none' };
const bytes: JsonObject = { type: 'integer', minimum: 0, description: 'Bytes' };
const texts: JsonObject = { type: 'array', items: text };
const id: JsonObject = {
  type: 'string',
  minLength: 1,
  description: 'Upper-case hexadecimal, 8-4-4-16; of an asset that came from Bynder the id that it had there',
};
const date: JsonObject = {
  type: 'string',
  pattern: '^[+-]?\\d{4,6}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$',
  description: 'UTC, without milliseconds',
};

const point: JsonObject = {
  type: 'object',
  required: ['x', 'y'],
  additionalProperties: false,
  properties: { x: { type: 'number' }, y: { type: 'number' } },
  description: 'In pixels from the top left; the middle where none was set. Absent where there are no pixels',
};

const mediaItem: JsonObject = {
  type: 'object',
  required: ['version', 'active', 'dateCreated', 'fileName', 'id', 'size', 'height', 'width'],
  additionalProperties: false,
  properties: {
    version: { type: 'integer', minimum: 1 },
    active: flag,
    dateCreated: date,
    fileName: { type: ['string', 'null'] },
    id,
    size: bytes,
    height: pixels,
    width: pixels,
    focusPoint: point,
  },
};

/** A media as the vendor's API returns it. */
export const mediaSchema: JsonObject = {
  type: 'object',
  required: [
    ...['userCreated', 'limited', 'watermarked', 'mediaItems', 'archive', 'brandId', 'copyright', 'datePublished'],
    ...['dateCreated', 'description', 'dateModified', 'extension', 'fileSize', 'height', 'id', 'idHash', 'isPublic'],
    ...['name', 'orientation', 'tags', 'type', 'width'],
  ],
  additionalProperties: false,
  properties: {
    userCreated: { ...text, description: 'Who uploaded it' },
    limited: flag,
    watermarked: flag,
    mediaItems: { type: 'array', items: mediaItem, description: 'One for each version' },
    activeOriginalFocusPoint: point,
    archive: flag,
    brandId: id,
    copyright: text,
    datePublished: date,
    dateCreated: date,
    description: text,
    dateModified: date,
    extension: { ...texts, description: 'Of the file name, in lower case' },
    fileSize: bytes,
    height: pixels,
    id,
    idHash: { type: 'string', pattern: '^[0-9a-f]{16}$' },
    isPublic: flag,
    name: { ...text, description: 'The title' },
    orientation: { enum: ['landscape', 'portrait', 'square'] },
    tags: texts,
    thumbnails: {
      type: 'object',
      description: 'Links to derivatives, once there are any: mini, thul, webimage',
      additionalProperties: { type: 'string', format: 'uri' },
    },
    type: { enum: ['image', 'video', 'audio', 'document'] },
    width: pixels,
  },
  patternProperties: {
    '^property_': { ...texts, minItems: 1, description: 'The values of a metaproperty, where it has any' },
  },
};

const scan: JsonObject = {
  type: 'object',
  required: [
    ...['id', 'accountId', 'assetId', 'assetName', 'scanStatus', 'scanFailureReason', 'dateAdded', 'dateScanned'],
  ],
  additionalProperties: false,
  properties: {
    id,
    accountId: id,
    assetId: id,
    assetName: text,
    scanStatus: { enum: ['INFECTED', 'FAILED'], description: 'FAILED: it could not be looked for' },
    scanFailureReason: { ...text, description: 'What was found, or why it could not be looked for' },
    dateAdded: date,
    dateScanned: date,
  },
};

const nullable = (schema: JsonObject): JsonObject => ({ ...schema, type: ['string', 'null'] });

const job: JsonObject = {
  type: 'object',
  required: [
    ...['id', 'name', 'description', 'deadline', 'createdByID', 'accountableID', 'dateCreated', 'dateModified'],
    ...['presetID', 'campaignID', 'jobKey', 'status', 'media'],
  ],
  additionalProperties: false,
  properties: {
    id,
    name: text,
    description: text,
    deadline: nullable(date),
    createdByID: text,
    accountableID: nullable(text),
    dateCreated: date,
    dateModified: date,
    presetID: nullable(text),
    campaignID: nullable(text),
    jobKey: nullable(text),
    status: {
      ...text,
      description: 'open, in_progress, in_review, done, cancelled; another of a DAM that reports jobs',
    },
    media: { type: 'array', items: id, description: 'Ids of the media it is about' },
  },
};

const parts: { readonly [About in EventRow['about']]: JsonObject } = {
  media: { media_id: id, media: mediaSchema },
  scan: { media_id: id, scan },
  job: { job_id: id, job },
};

/** Of the object that `Message` is the text of. Throws for an event that is none of ours. */
export function messageSchema(event: string): JsonObject {
  const row = eventRows.find(({ name }) => name === event);
  if (row === undefined) throw new TypeError(`Describe ${JSON.stringify(event)}: there is no such event`);
  const properties = parts[row.about];
  return {
    title: `Message of ${event}`,
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}
