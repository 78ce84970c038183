import type { AssetInput, AssetPatch, AssetPush } from '../../app/app.ts';
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
  record,
  type Schema,
  string,
} from '../schema.ts';
import { id, jsonObject, line, timeMs } from './basics.ts';
import { sourceVersionSchema } from './change.ts';

const words = array(line(300), { maxItems: 1_000 });

const inputFields = {
  name: optional(line(500)),
  path: optional(line(1_000, 'Folder, absolute: / for the root')),
  info: optional(jsonObject),
  metadata: optional(jsonObject),
  tags: optional(words),
  labels: optional(words),
  collections: optional(words),
  aliases: optional(record(line(300), { maxProperties: 20 })),
};

export const assetInputSchema: Schema<AssetInput> = named(
  'AssetInput',
  object({ ...inputFields, externalId: optional(line(300)) }),
);

const fraction = number({ minimum: 0, maximum: 1 });

export const assetPatchSchema: Schema<AssetPatch & { readonly expectedVersion?: number }> = named(
  'AssetPatch',
  object({
    ...inputFields,
    archived: optional(boolean()),
    focusPoint: optional(nullable(object({ x: fraction, y: fraction }))),
    expectedVersion: optional(
      integer({ minimum: 1, description: 'Refused with conflict where the asset is at another version' }),
    ),
  }),
);

export const assetPushSchema: Schema<AssetPush> = named(
  'AssetPush',
  object({
    ...inputFields,
    externalId: optional(line(300)),
    archived: optional(boolean()),
    file: optional(jsonObject),
    renditions: optional(array(jsonObject, { maxItems: 1_000 })),
    sourceVersion: optional(sourceVersionSchema),
    occurredAtMs: optional(timeMs()),
  }),
);

const viewFields = {
  id: id('asset'),
  externalId: optional(string()),
  version: integer({ minimum: 1 }),
  state: jsonObject,
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
};

export const assetViewSchema: Schema<unknown> = named('Asset', object(viewFields));

export const assetPushedSchema: Schema<unknown> = named(
  'PushedAsset',
  object({ ...viewFields, result: oneOf(['created', 'changed', 'unchanged', 'stale']) }),
);

/** The asset's id, or `external:` and the id that its own DAM knows it by. */
export const assetReference: Schema<{ readonly reference: string }> = object({
  reference: string({
    minLength: 1,
    maxLength: 320,
    pattern: '^(?:ast_[0-9a-z]{26}|external:[^\\u0000-\\u001f\\u007f]{1,300})$',
    description: 'Id of the asset, or external: and its external id',
  }),
});
