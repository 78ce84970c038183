import type { ShareLinkInput, ShareLinkPatch, ShareLinkView } from '../../app/share-cases.ts';
import { assetKinds } from '../../core/asset.ts';
import { limits } from '../../core/limits.ts';
import { shareAllowances } from '../../core/share-link.ts';
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
  record,
  type Schema,
  string,
} from '../schema.ts';
import { id, line, timeMs } from './basics.ts';

export const shareLinkStates = ['active', 'revoked', 'expired'] as const;
const linkName = line(200, 'Shown to visitors; the name of what is shared where absent');
const allow = oneOf(shareAllowances, {
  description: '`preview`: smaller pictures to look at, never the original',
});
const renditionNames = array(line(100), {
  minItems: 1,
  maxItems: limits.shareLinkRenditionsMax,
  description: 'Which files may be fetched: titles of renditions, and `original`. Absent: all',
  examples: [['original', 'large']],
});
const expiry = nullable(timeMs('From then on it answers 410; null: until it is revoked'));
const password = string({
  minLength: 1,
  maxLength: limits.passwordBytesMax,
  description: `At least ${limits.sharePasswordCharactersMin} characters; kept as a hash, never shown again`,
});
const folder = string({
  minLength: 1,
  maxLength: limits.folderPathCharactersMax,
  description: 'What lies in this folder or below it when the link is opened',
});

export const shareLinkInputSchema: Schema<ShareLinkInput> = named(
  'ShareLinkInput',
  object({
    name: optional(linkName),
    assets: optional(
      array(line(400), {
        minItems: 1,
        maxItems: limits.shareLinkAssetsMax,
        description: 'Assets, by our id or as `external:ID`. One of `assets`, `folder` and `collection`',
      }),
    ),
    folder: optional(folder),
    collection: optional(line(300, 'What is in this collection when the link is opened')),
    version: optional(
      oneOf(['active', 'fixed'], {
        description: '`fixed`: the version that is active now, also when a newer one comes; for assets only',
      }),
    ),
    allow: optional(allow),
    renditions: optional(renditionNames),
    expiresAtMs: optional(expiry),
    password: optional(password),
  }),
);

export const shareLinkPatchSchema: Schema<ShareLinkPatch> = named(
  'ShareLinkPatch',
  object({
    name: optional(linkName),
    allow: optional(allow),
    renditions: optional(nullable(renditionNames)),
    expiresAtMs: optional(expiry),
    password: optional(nullable(password)),
  }),
);

export const shareLinkSchema: Schema<ShareLinkView> = named(
  'ShareLink',
  object({
    id: id('shareLink'),
    url: string({ description: 'Whoever has it may open the link: hand it out with care' }),
    name: string(),
    assets: optional(array(string())),
    folder: optional(string()),
    collection: optional(string()),
    versions: optional(
      record(integer({ minimum: 1 }), { description: 'Numbers of the versions that are shared, by asset' }),
    ),
    allow,
    renditions: optional(array(string())),
    expiresAtMs: expiry,
    hasPassword: boolean(),
    createdBy: string({ description: 'Id of the user or key that made it' }),
    version: integer({ minimum: 1 }),
    uses: object(
      {
        views: integer({ minimum: 0, description: 'How often the page was opened' }),
        downloads: integer({ minimum: 0, description: 'Downloads that were begun' }),
        lastUsedAtMs: nullable(timeMs()),
      },
      { description: 'Exact to some seconds' },
    ),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
    state: oneOf(shareLinkStates, { description: 'An ended link is remembered for 90 days' }),
    endedAtMs: optional(timeMs()),
  }),
);

const sharedFile = object({
  name: string({ description: '`original`, or the title of a rendition' }),
  mimeType: string(),
  bytes: integer({ minimum: 0 }),
  widthPx: optional(integer({ minimum: 0 })),
  heightPx: optional(integer({ minimum: 0 })),
  url: string(),
});

/** What a visitor is told. */
export const shareVisitSchema: Schema = named(
  'ShareVisit',
  object({
    name: string(),
    allow,
    expiresAtMs: expiry,
    single: boolean({ description: 'Whether the link is of one asset' }),
    assets: array(
      object({
        id: id('asset'),
        name: string(),
        kind: oneOf(assetKinds),
        durationMs: optional(raw({ type: 'number', minimum: 0 })),
        preview: nullable(string({ description: 'The name of the file to look at' })),
        files: array(sharedFile),
      }),
    ),
    nextCursor: nullable(string()),
  }),
);
