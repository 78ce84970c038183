import type { AssetInput, AssetPatch, AssetPush, ClipInput, VersionInput } from '../../app/app.ts';
import type { JsonObject } from '../../core/json.ts';
import { libraryKeyPattern } from '../../core/library.ts';
import { limits } from '../../core/limits.ts';
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
  record,
  type Schema,
  string,
} from '../schema.ts';
import { assetFileSchema, assetStateSchema, dateTexts } from './asset-state.ts';
import { id, line, problemItemSchema, timeMs } from './basics.ts';
import { sourceVersionSchema } from './change.ts';

const words = (description: string, examples: readonly unknown[]): Schema<readonly string[]> =>
  array(line(300), { maxItems: 1_000, description, examples });

export const assetPath: Schema<string> = {
  ...string({ minLength: 1, maxLength: limits.folderPathCharactersMax }),
  description:
    'Folder: absolute, `/` for the root. Slashes at the end and repeated ones are dropped, accents composed; `.` and `..`, backslashes and control characters are refused',
  examples: ['/campaigns/spring'],
};

const fraction = number({ minimum: 0, maximum: 1 });
const focusPoint = object(
  { x: fraction, y: fraction },
  {
    description: 'What must stay in sight: fractions of width and height, from the upper left',
    examples: [{ x: 0.5, y: 0.3 }],
  },
);

const dates = {
  archiveAtMs: optional(timeMs(dateTexts.archiveAtMs)),
  publishAtMs: optional(timeMs(dateTexts.publishAtMs)),
  expiresAtMs: optional(timeMs(dateTexts.expiresAtMs)),
};

const clearableDates = {
  archiveAtMs: optional(nullable(timeMs(dateTexts.archiveAtMs))),
  publishAtMs: optional(nullable(timeMs(dateTexts.publishAtMs))),
  expiresAtMs: optional(nullable(timeMs(dateTexts.expiresAtMs))),
};

/** Names of dialects, of this server or not. */
export const aliasName: Schema<string> = string({ pattern: '^[a-z][a-z0-9-]{0,39}$' });

const libraryKey = string({
  pattern: libraryKeyPattern,
  description: 'Key of the library it is in, of one at a time; the one that is always there is `default`',
  examples: ['brand'],
});

const inputFields = {
  name: optional(line(500, 'Without slashes: the folder goes into path')),
  path: optional(assetPath),
  info: optional(
    raw<JsonObject>({
      type: 'object',
      description:
        'Title, description, copyright and other facts of everybody; `approval`, `expiration` and `comments` have changes of their own',
      examples: [{ title: 'Harbour at dawn', copyright: '© 2026 Example GmbH' }],
    }),
  ),
  metadata: optional(
    raw<JsonObject>({
      type: 'object',
      description: 'Fields of your own, checked against `/v1/metadata-fields` where the workspace has defined any',
      examples: [{ season: 'spring' }],
    }),
  ),
  tags: optional(words('A set: order and repetition mean nothing', [['harbour', 'dawn']])),
  labels: optional(words('A set, as tags', [['hero']])),
  collections: optional(words('A set, as tags', [['Spring']])),
  library: optional(libraryKey),
  aliases: optional(
    record(line(300), {
      maxProperties: 20,
      propertyNames: aliasName,
      description:
        'Ids of a former DAM that stand in for ours in what a dialect sends, by dialect; each unique in the workspace',
      examples: [{ bynder: '6A5C8D9E-0F1A-4B2C-3D4E5F60718293A4' }],
    }),
  ),
};

export const externalIdField = line(
  limits.externalIdCharactersMax,
  'The id that your own system knows the asset by; unique in the workspace',
);

/** What an upload may say of itself. */
export const assetInputFields = { ...inputFields, externalId: optional(externalIdField) };

export const assetInputSchema: Schema<AssetInput> = named(
  'AssetInput',
  object({ ...inputFields, ...dates, focusPoint: optional(focusPoint), externalId: optional(externalIdField) }),
);

export const assetPatchSchema: Schema<AssetPatch & { readonly expectedVersion?: number }> = named(
  'AssetPatch',
  object({
    ...inputFields,
    ...clearableDates,
    aliases: optional(
      record(nullable(line(300)), {
        maxProperties: 20,
        propertyNames: aliasName,
        description: 'Merged by dialect, null takes one away; each unique in the workspace',
        examples: [{ bynder: '6A5C8D9E-0F1A-4B2C-3D4E5F60718293A4' }],
      }),
    ),
    library: optional(nullable(libraryKey)),
    archived: optional(boolean()),
    focusPoint: optional(nullable(focusPoint)),
    expectedVersion: optional(
      integer({ minimum: 1, description: 'Refused with conflict where the asset is at another version' }),
    ),
  }),
);

const moment = (description: string): Schema<number> =>
  integer({ minimum: 0, maximum: 10 * 365 * 86_400_000, description });

export const clipInputSchema: Schema<Omit<ClipInput, 'expected' | 'idempotency'>> = named(
  'ClipInput',
  object({
    fromMs: moment('Where the clip begins, in milliseconds of the film'),
    toMs: moment('Where it ends; beyond the end of the film means its end'),
    name: optional(line(500, 'Default: that of the film, with both moments')),
    path: optional(assetPath),
  }),
);

const pushFields = {
  ...inputFields,
  externalId: optional(externalIdField),
  ...clearableDates,
  focusPoint: optional(nullable(focusPoint)),
  archived: optional(boolean()),
  file: optional(assetFileSchema),
  renditions: optional(array(assetFileSchema, { maxItems: 1_000 })),
  source: optional(
    line(
      limits.sourceCharactersMax,
      'The system that the asset is kept in step with: see `/v1/syncs`; stays where absent',
    ),
  ),
  sourceVersion: optional(sourceVersionSchema),
  occurredAtMs: optional(timeMs()),
};

export const assetPushSchema: Schema<AssetPush> = named('AssetPush', object(pushFields));

/** One state of a batch: the asset is named within. */
export const assetStateItemSchema: Schema<AssetPush & { readonly id?: string }> = named(
  'AssetStateItem',
  object({ ...pushFields, id: optional(id('asset')) }, { description: 'One of `externalId` and `id` names the asset' }),
);

/** What an upload of a further version may say. */
export const versionInputSchema: Schema<VersionInput> = named(
  'AssetVersionInput',
  object({
    name: optional(line(500, "The file's name; that of the asset stays")),
    activate: optional(boolean({ description: 'Whether it becomes the active version at once; true where absent' })),
  }),
);

const viewFields = {
  id: id('asset'),
  externalId: optional(string()),
  version: integer({ minimum: 1, description: 'Rises by one with every write; the ETag is made of it' }),
  state: assetStateSchema,
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
  metadataProblems: optional(
    array(problemItemSchema, { description: 'Metadata that does not fit its definitions; absent where all fits' }),
  ),
};

export const assetViewSchema: Schema<unknown> = named('Asset', object(viewFields));

export const assetPushedSchema: Schema<unknown> = named(
  'PushedAsset',
  object({ ...viewFields, result: oneOf(['created', 'changed', 'unchanged', 'stale']) }),
);

/** What names an asset in a path. */
export const assetReferenceText = string({
  minLength: 1,
  maxLength: 360,
  pattern:
    '^(?:ast_[0-9a-z]{26}|external:[^\\u0000-\\u001f\\u007f]{1,300}|alias:[a-z][a-z0-9-]{0,39}:[^\\u0000-\\u001f\\u007f]{1,300})$',
  description:
    'Id of the asset, or external: and its external id, or alias:DIALECT: and the id it has from a former DAM',
});

/** The asset's id, or `external:` and the id that its own DAM knows it by. */
export const assetReference: Schema<{ readonly reference: string }> = object({ reference: assetReferenceText });

/** An asset and the number of one of its versions; path parameters are texts. */
export const versionReference: Schema<{ readonly reference: string; readonly number: string }> = object({
  reference: assetReferenceText,
  number: string({ pattern: '^[1-9]\\d{0,8}$', description: 'Number of a version', examples: ['2'] }),
});

/** An asset and the title of one of its renditions. */
export const renditionReference: Schema<{ readonly reference: string; readonly name: string }> = object({
  reference: assetReferenceText,
  name: string({
    minLength: 1,
    maxLength: 300,
    pattern: '^[^\\u0000-\\u001f\\u007f/]+$',
    description: '`small`, `medium`, `large`, or the title of a rendition that a DAM named',
    examples: ['small'],
  }),
});
