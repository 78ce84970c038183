/** Shapes of folders, collections, sections and tasks. */
import {
  type CollectionInput,
  type CollectionPatch,
  type FolderInput,
  type FolderPatch,
  type SectionInput,
  taskKinds,
} from '../../app/folder-cases.ts';
import { sectionPositionMax } from '../../app/sections.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { cursor, id, jsonObject, limit, line, timeMs } from './basics.ts';

const path: Schema<string> = {
  ...string({ minLength: 1, maxLength: limits.folderPathCharactersMax }),
  description: 'Absolute; its spelling is tidied as that of assets: one slash between names, accents composed',
  examples: ['/campaigns/spring'],
};
const description = string({ maxLength: 4_000 });
const info: Schema<JsonObject> = raw({
  type: 'object',
  description: `Facts of your own, ${limits.folderInfoBytesMax} bytes at most`,
  examples: [{ owner: 'ada' }],
});
const version = integer({ minimum: 1, description: 'Rises by one with every write; the ETag is made of it' });
const counted = (description: string): Schema<number> => integer({ minimum: 0, description });

// --- Tasks ------------------------------------------------------------------------------------------------------

export const taskSchema: Schema<unknown> = named(
  'Task',
  object(
    {
      id: id('task'),
      kind: oneOf(taskKinds),
      subject: string({ description: 'type:id of what it is about' }),
      state: oneOf(['running', 'done']),
      total: counted('Assets concerned; more may come while it runs'),
      done: counted('Assets done'),
      from: optional(string({ description: 'Path of the folder before' })),
      to: optional(string({ description: 'Path of the folder after, or where what lies in it goes' })),
      createdAtMs: timeMs(),
      endedAtMs: optional(timeMs()),
    },
    { description: 'Work on many assets that goes on by itself, also after a restart' },
  ),
);

export const taskListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  state: optional(oneOf(['running', 'done'])),
});

/** What a removal that goes on answers. */
export const startedSchema: Schema<unknown> = named('StartedTask', object({ task: taskSchema }));

// --- Folders ----------------------------------------------------------------------------------------------------

const folderFields = {
  id: string({ description: 'fld_ and 26 characters, or `root`', examples: ['fld_01m93k7q5v8x2c4r6t8w0y1z3b'] }),
  externalId: optional(string({ description: 'The id by which a DAM that reports the folder knows it' })),
  version,
  path: string(),
  name: string(),
  parent: nullable(string({ description: 'Path of the folder it lies in; null for the root' })),
  description: optional(string()),
  info: jsonObject,
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
  counts: optional(
    object(
      { assets: counted('Assets directly in it'), folders: counted('Folders directly in it') },
      { description: 'Only where one folder is shown' },
    ),
  ),
};

export const folderSchema: Schema<unknown> = named('Folder', object(folderFields));
export const changedFolderSchema: Schema<unknown> = named(
  'ChangedFolder',
  object({ ...folderFields, task: optional(taskSchema) }),
);

export const folderInputSchema: Schema<FolderInput> = named(
  'FolderInput',
  object({ path, description: optional(description), info: optional(info) }),
);

const expectedVersion = optional(
  integer({ minimum: 1, description: 'Refused with conflict where it is at another version' }),
);

export const folderPatchSchema: Schema<FolderPatch & { readonly expectedVersion?: number }> = named(
  'FolderPatch',
  object({
    name: optional({ ...line(255, 'Another name: all that lies in the folder goes along'), examples: ['summer'] }),
    parent: optional({
      ...string({ minLength: 1, maxLength: limits.folderPathCharactersMax + 5 }),
      description: 'Another place: a path, or the id of a folder. Folders on the way are made',
      examples: ['/archive/2026'],
    }),
    description: optional(nullable(description)),
    info: optional({ ...info, description: 'Merged by field; null takes a field away' }),
    expectedVersion,
  }),
);

const folderReferenceText = string({
  minLength: 1,
  maxLength: limits.folderPathCharactersMax + 5,
  pattern: '^(?:root|fld_[0-9a-z]{26}|path:/[^\\u0000-\\u001f\\u007f]*)$',
  description: 'Id of the folder, `path:` and its path (percent-encoded), or `root`',
  examples: ['fld_01m93k7q5v8x2c4r6t8w0y1z3b', 'path:/campaigns/spring'],
});
export const folderReference: Schema<{ readonly reference: string }> = object({ reference: folderReferenceText });

export const folderListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  in: optional({ ...folderReferenceText, description: 'The folder whose folders are listed; the root where absent' }),
  below: optional(boolean({ description: 'All folders below it, not only those directly in it' })),
});

export const folderRemovalQuery = object({
  contents: optional(
    oneOf(['delete', 'move'], { description: 'What becomes of what lies in it; where absent it must be empty' }),
  ),
  to: optional({
    ...folderReferenceText,
    pattern: '^(?:root|fld_[0-9a-z]{26}|(?:path:)?/[^\\u0000-\\u001f\\u007f]*)$',
    description: 'With contents=move: the folder that they move to, by path or id',
  }),
});

// --- Collections and sections -------------------------------------------------------------------------------------

const key: Schema<string> = {
  ...line(300, 'What assets in it carry; the name where absent; never changes'),
  examples: ['spring'],
};
const groupName: Schema<string> = { ...line(300), examples: ['Spring 2027'] };

const collectionFields = {
  id: id('collection'),
  key: string({ description: 'What assets in it carry in `collections`; never changes' }),
  name: string(),
  version,
  description: optional(string()),
  info: jsonObject,
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
  assets: optional(counted('How many assets are in it; only where one is shown')),
};
export const collectionSchema: Schema<unknown> = named('Collection', object(collectionFields));
export const collectionInputSchema: Schema<CollectionInput> = named(
  'CollectionInput',
  object({ name: groupName, key: optional(key), description: optional(description), info: optional(info) }),
);
export const collectionPatchSchema: Schema<CollectionPatch & { readonly expectedVersion?: number }> = named(
  'CollectionPatch',
  object({
    name: optional(groupName),
    description: optional(nullable(description)),
    info: optional({ ...info, description: 'Merged by field; null takes a field away' }),
    expectedVersion,
  }),
);

export const sectionSchema: Schema<unknown> = named(
  'Section',
  object({
    id: id('section'),
    key: string({ description: 'What assets in it carry as `info.section`; never changes' }),
    name: string(),
    version,
    position: integer({ description: 'Sections are shown in the order of their positions' }),
    collection: optional(string({ description: 'Key of the collection that it divides; absent: the workspace' })),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    assets: optional(counted('How many assets are in it; only where one is shown')),
  }),
);
const position = integer({
  minimum: -sectionPositionMax,
  maximum: sectionPositionMax,
  description: 'Behind all others where absent',
});
export const sectionInputSchema: Schema<SectionInput> = named(
  'SectionInput',
  object({
    name: { ...line(300), examples: ['Photographs'] },
    key: optional({ ...key, examples: ['photographs'] }),
    position: optional(position),
    collection: optional({ ...line(300, 'Key of the collection that it divides'), examples: ['spring'] }),
  }),
);
export const sectionPatchSchema: Schema<{
  readonly name?: string;
  readonly position?: number;
  readonly expectedVersion?: number;
}> = named(
  'SectionPatch',
  object({
    name: optional(line(300)),
    position: optional(integer({ minimum: -sectionPositionMax, maximum: sectionPositionMax })),
    expectedVersion,
  }),
);

function groupReference(prefix: string, what: string): Schema<{ readonly reference: string }> {
  return object({
    reference: string({
      minLength: 1,
      maxLength: 304,
      pattern: `^(?:${prefix}_[0-9a-z]{26}|key:[^\\u0000-\\u001f\\u007f]{1,300})$`,
      description: `Id of the ${what}, or key: and its key`,
      examples: [`${prefix}_01m93k7q5v8x2c4r6t8w0y1z3b`, 'key:spring'],
    }),
  });
}
export const collectionReference = groupReference('col', 'collection');
export const sectionReference = groupReference('sct', 'section');

const assetNames = array(line(310, 'Id of an asset, or external: and its external id'), {
  maxItems: limits.batchItemsMax,
  examples: [['ast_01m93k7q5v8x2c4r6t8w0y1z3b', 'external:dam-4711']],
});
export const membersSchema: Schema<{ readonly add?: readonly string[]; readonly remove?: readonly string[] }> = named(
  'MemberChange',
  object({ add: optional(assetNames), remove: optional(assetNames) }),
);
export const memberResultsSchema: Schema<unknown> = named(
  'MemberResults',
  object({
    results: array(
      object({
        asset: string({ description: 'As it was named' }),
        status: oneOf(['changed', 'unchanged', 'rejected']),
        code: optional(string()),
        detail: optional(string()),
      }),
      { description: 'One for each asset, those added first, in the order they were given' },
    ),
  }),
);
export const memberListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  order: optional(oneOf(['newest', 'oldest'], { description: 'By the age of the asset; oldest first where absent' })),
});
export const collectionListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  nameContains: optional(line(300, 'Part of the name, whatever its case')),
});
export const sectionListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  collection: optional(line(300, 'Only those that divide this collection, by its key')),
});
