/** The shape of what neutral dialects say of a change. */
import type { JsonObject } from '../core/json.ts';

const nullable = (type: string): JsonObject => ({ type: [type, 'null'] });

const fileSchema: JsonObject = {
  type: 'object',
  description: 'The file of the active version; sizes in bytes, dimensions in pixels',
  properties: {
    name: { type: 'string' },
    bytes: { type: 'integer', minimum: 0 },
    mimeType: { type: 'string' },
    sha256: { type: 'string' },
    url: { type: 'string' },
    widthPx: { type: 'integer', minimum: 0 },
    heightPx: { type: 'integer', minimum: 0 },
    durationMs: { type: 'integer', minimum: 0 },
  },
};

const texts: JsonObject = { type: 'array', items: { type: 'string' } };

const assetProperties: JsonObject = {
  kind: { enum: ['image', 'video', 'audio', 'document', 'broadcast', 'other'] },
  name: { type: 'string' },
  path: { type: 'string', description: 'Folder, absolute' },
  file: fileSchema,
  versions: { type: 'array', items: { type: 'object' } },
  renditions: { type: 'array', items: { type: 'object' } },
  info: { type: 'object' },
  metadata: { type: 'object' },
  tags: texts,
  labels: texts,
  collections: texts,
  archived: { type: 'boolean' },
  createdAtMs: { type: 'integer' },
  modifiedAtMs: { type: 'integer' },
};

const linksSchema: JsonObject = {
  type: ['object', 'null'],
  description: 'Links to content that Assetwire holds; null where it holds none',
  required: ['content', 'renditions'],
  additionalProperties: false,
  properties: {
    content: { type: 'string', format: 'uri' },
    renditions: { type: 'object', additionalProperties: { type: 'string', format: 'uri' } },
  },
};

const actorSchema: JsonObject = {
  type: 'object',
  description: 'Who did it',
  required: ['type', 'id'],
  additionalProperties: false,
  properties: { type: { enum: ['user', 'key', 'source', 'system'] }, id: { type: 'string' }, name: { type: 'string' } },
};

/** JSON Schema of `neutralData` for one type of subject. A projection leaves parts of `state` out. */
export function neutralDataSchema(subjectType: string): JsonObject {
  const state: JsonObject = subjectType === 'asset' ? { properties: assetProperties } : {};
  return {
    type: 'object',
    required: ['change', 'workspace', 'subject', 'actor', 'changed', 'state', 'before', 'links'],
    additionalProperties: false,
    properties: {
      change: { type: 'string', description: 'Id of the change; its notifications to all webhooks share it' },
      workspace: { type: 'string' },
      subject: {
        type: 'object',
        required: ['type', 'id', 'version'],
        additionalProperties: false,
        properties: {
          type: { const: subjectType },
          id: { type: 'string' },
          externalId: { type: 'string' },
          version: { type: 'integer', minimum: 1, description: 'Rises with every write; the higher one is newer' },
        },
      },
      actor: actorSchema,
      changed: { ...texts, description: 'Fields that differ; below info and metadata the field (metadata.status)' },
      state: { ...nullable('object'), description: 'As it is now; null where it is gone', ...state },
      before: {
        ...nullable('object'),
        description:
          'Former values of the changed fields, null for one that was not there; all that was, where it is gone',
      },
      links: linksSchema,
    },
  };
}
