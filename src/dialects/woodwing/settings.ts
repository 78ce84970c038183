/**
 * What a webhook of this dialect may be configured with beside name, URL and events, in the vendor's own names, and the
 * same read once: `notify` is asked for every change, so nothing is parsed there twice.
 */
import type { Problem } from '../../core/errors.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { ConfigurationSchema } from '../contract/manifest.ts';
import { compileFolders, type FolderTest } from './folders.ts';
import { tokenName } from './sign.ts';
import { compileQuery, type QueryTest } from './query-conditions.ts';
import { parseQuery } from './query.ts';
import { queryCharactersMax } from './query-tree.ts';

/** More field names or folders than any form of the vendor's shows. */
export const listEntriesMax = 200;
export const fieldCharactersMax = 200;
export const folderCharactersMax = 1_000;

const fieldNames = (title: string, description: string): JsonObject => ({
  type: 'array',
  title,
  description,
  items: { type: 'string', minLength: 1, maxLength: fieldCharactersMax },
  maxItems: listEntriesMax,
  default: [],
});

/** Drawn as a form, checked by the app, documented from here. Every field is optional. */
export const configuration: ConfigurationSchema = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      metadataToReturn: fieldNames(
        'Metadata to return',
        'Technical names of the metadata fields that every payload carries in "metadata"',
      ),
      changedMetadataToReturn: fieldNames(
        'Changed metadata to return',
        'Technical names of the fields that "changedMetadata" may hold; empty: all that changed',
      ),
      triggerMetadataFields: fieldNames(
        'Trigger metadata fields',
        'Asset events are told only where at least one of these fields changed; empty: always',
      ),
      foldersAndQuery: {
        type: 'object',
        title: 'Folders and query',
        description: 'Asset events are told only for assets in one of the folders that match the query',
        additionalProperties: false,
        properties: {
          folders: {
            type: 'array',
            title: 'Folders',
            description: 'Folder paths; what lies below counts too. Empty: everywhere',
            items: { type: 'string', minLength: 1, maxLength: folderCharactersMax },
            maxItems: listEntriesMax,
            default: [],
          },
          query: {
            type: 'string',
            title: 'Query',
            description:
              'status:Final AND (tags:beach OR width:[1000 TO 4000]) NOT filename:draft*, as in the search field. Empty: all',
            maxLength: queryCharactersMax,
            default: '',
          },
          enableWildcardSelection: {
            type: 'boolean',
            title: 'Wildcards in folders',
            description: 'A * in a folder path stands for any one folder',
            default: false,
          },
        },
      },
    },
  },
  secretFields: [],
  // The vendor's token has no second one beside it: a new token is the only one from then on.
  generated: [{ name: tokenName, format: 'base64-16', overlapMs: 0 }],
};

/** The query is the one thing that a schema cannot check. */
export function checkSettings(settings: JsonObject): readonly Problem[] {
  const both = ownValue(settings, 'foldersAndQuery');
  const query = isObject(both) ? ownValue(both, 'query') : undefined;
  const parsed = typeof query === 'string' ? parseQuery(query) : null;
  if (parsed === null || 'node' in parsed) return [];
  const { at, wanted, found } = parsed.problem;
  return [{ at: '/foldersAndQuery/query', wanted: `${wanted} at character ${at}`, found }];
}

/** The settings of one webhook revision, ready to be asked. */
export type Wishes = {
  readonly metadataToReturn: readonly string[];
  readonly changedMetadataToReturn: ReadonlySet<string> | null;
  readonly triggerMetadataFields: ReadonlySet<string> | null;
  readonly inFolders: FolderTest | null;
  readonly matchesQuery: QueryTest | null;
};

const known = new WeakMap<Webhook, Wishes>();

/** Read once per revision: a webhook of one revision never changes. */
export function wishesOf(webhook: Webhook): Wishes {
  let wishes = known.get(webhook);
  if (wishes === undefined) {
    wishes = readWishes(webhook);
    known.set(webhook, wishes);
  }
  return wishes;
}

function readWishes({ settings, projection }: Webhook): Wishes {
  const both = ownValue(settings, 'foldersAndQuery');
  const place = isObject(both) ? both : {};
  const folders = texts(ownValue(place, 'folders'));
  const query = ownValue(place, 'query');
  const requested = texts(ownValue(settings, 'metadataToReturn'));
  return {
    // A projection says the same in our own words; the vendor's word counts where both are there.
    metadataToReturn: requested.length > 0 ? requested : (projection?.fields ?? []),
    changedMetadataToReturn: setOf(ownValue(settings, 'changedMetadataToReturn')),
    triggerMetadataFields: setOf(ownValue(settings, 'triggerMetadataFields')),
    inFolders:
      folders.length === 0 ? null : compileFolders(folders, ownValue(place, 'enableWildcardSelection') === true),
    matchesQuery: typeof query === 'string' && query.trim() !== '' ? compileQuery(query) : null,
  };
}

function texts(value: JsonValue | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === 'string') : [];
}

function setOf(value: JsonValue | undefined): ReadonlySet<string> | null {
  const names = texts(value);
  return names.length === 0 ? null : new Set(names);
}
