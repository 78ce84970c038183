/** Shapes of broadcasts. */
import type { BroadcastClipInput, BroadcastInput, BroadcastPatch } from '../../app/broadcast-cases.ts';
import { broadcastEnds, type BroadcastPosition, type BroadcastPreview, broadcastTypes } from '../../core/broadcast.ts';
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
  type Schema,
  string,
} from '../schema.ts';
import { cursor, id, limit, line, timeMs } from './basics.ts';

const title = { ...string({ maxLength: 500 }), examples: ['The launch'] };
const author = {
  ...string({ maxLength: 200 }),
  description: 'Default: the name of who calls',
  examples: ['Ada Example'],
};
const tags = array(line(200), { maxItems: 200 });
const customData = { ...string({ maxLength: 10_000 }), description: 'Text of your own, carried as it is' };
const ingestChannel = {
  ...string({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }),
  description: 'A UUID; the workspace’s own where absent',
  examples: ['cfc8626c-9a0e-8b78-a424-3eb0978d8e45'],
};
const position: Schema<BroadcastPosition> = object(
  {
    latitude: number({ minimum: -90, maximum: 90 }),
    longitude: number({ minimum: -180, maximum: 180 }),
    accuracyMetres: optional(number({ minimum: 0, maximum: 1e7 })),
    type: optional({ ...line(40, 'How it was found'), examples: ['GPS'] }),
  },
  { examples: [{ latitude: 63.205312, longitude: 17.13011, accuracyMetres: 25, type: 'GPS' }] },
);
const webUrl = string({ maxLength: limits.urlCharactersMax, pattern: '^https?://[^\\s]+$' });
const preview: Schema<BroadcastPreview> = raw({
  oneOf: [object({ assetId: id('asset') }), object({ url: webUrl })],
  description: 'A picture: an image of this workspace, or one that lies elsewhere',
  examples: [{ url: 'https://cdn.example/launch.jpg' }],
});
const lengthMs = integer({ minimum: 0, maximum: 1e10, description: 'How long it is' });
const px = integer({ minimum: 0, maximum: 1e6 });

const said = {
  title: optional(title),
  author: optional(author),
  tags: optional(tags),
  customData: optional(customData),
  durationMs: optional(lengthMs),
  widthPx: optional(px),
  heightPx: optional(px),
  resourceUrl: optional({ ...webUrl, description: 'Where it is to be seen, where its file lies elsewhere' }),
};

export const broadcastInputSchema: Schema<BroadcastInput> = named(
  'BroadcastInput',
  object(
    {
      externalId: optional(line(400, 'The id by which another system knows it; a UUID stands in for ours')),
      type: optional(
        oneOf(['planned', 'live', 'archived'], {
          description: 'Default: archived with a recording or resourceUrl, else planned, which nobody is told of',
        }),
      ),
      ...said,
      ingestChannel: optional(ingestChannel),
      position: optional(position),
      preview: optional(preview),
      recording: optional({ ...line(410, 'Reference of an asset with its file'), examples: ['external:show-17'] }),
      startedAtMs: optional(timeMs('When it went live')),
    },
    { examples: [{ title: 'The launch', author: 'Ada Example', tags: ['launch'] }] },
  ),
);

export const broadcastPatchSchema: Schema<BroadcastPatch & { readonly expectedVersion?: number }> = named(
  'BroadcastPatch',
  object(
    {
      ...said,
      type: optional(
        oneOf(['live', 'archived'], { description: 'Tells a planned one, or ends one that is live elsewhere' }),
      ),
      ingestChannel: optional(nullable(ingestChannel)),
      position: optional(nullable(position)),
      preview: optional(nullable(preview)),
      expectedVersion: optional(integer({ minimum: 1, description: 'Refused with conflict at another version' })),
    },
    { examples: [{ title: 'The launch, complete', tags: ['launch', 'press'] }] },
  ),
);

export const broadcastClipSchema: Schema<Omit<BroadcastClipInput, 'idempotency'>> = named(
  'BroadcastClipInput',
  object(
    {
      fromMs: integer({ minimum: 0, maximum: 1e10 }),
      toMs: integer({ minimum: 0, maximum: 1e10 }),
      title: optional({ ...title, description: 'Default: that of the broadcast' }),
    },
    { examples: [{ fromMs: 0, toMs: 2_000, title: 'The beginning' }] },
  ),
);

const stateSchema: Schema<unknown> = object(
  {
    type: oneOf(broadcastTypes),
    title: string(),
    author: string(),
    tags: array(string()),
    customData: string(),
    ingestChannel: optional(string()),
    position: optional(position),
    startedAtMs: optional(timeMs('When it went live')),
    endedAtMs: optional(timeMs('When it ended')),
    end: optional(oneOf(broadcastEnds, { description: 'How it ended' })),
    streaming: optional(boolean({ description: 'Its bytes are arriving' })),
    durationMs: optional(integer()),
    widthPx: optional(integer()),
    heightPx: optional(integer()),
    recording: optional(string({ description: 'The asset with its file' })),
    recordingPreview: optional(boolean({ description: 'A picture was made of the recording' })),
    resourceUrl: optional(string()),
    preview: optional(preview),
    clipOf: optional(object({ broadcastId: string(), fromMs: integer(), toMs: integer() })),
    status: optional(oneOf(['finished', 'error'], { description: 'What came of cutting it out' })),
    note: optional(string({ description: 'Why there is less than expected' })),
  },
  { description: 'What another system reported may hold more' },
);

export const broadcastSchema: Schema<unknown> = named(
  'Broadcast',
  object({
    id: id('broadcast'),
    externalId: optional(string()),
    version: integer({ minimum: 1, description: 'Rises by one with every write; the ETag is made of it' }),
    // Reported states are whatever the reporter sends.
    state: raw({ ...stateSchema, required: ['type'], additionalProperties: true }),
    createdAtMs: timeMs(),
    updatedAtMs: timeMs(),
  }),
);

export const broadcastReference: Schema<{ readonly reference: string }> = object({
  reference: string({
    minLength: 1,
    maxLength: 410,
    pattern: '^(?:brc_[0-9a-z]{26}|external:[^\\u0000-\\u001f\\u007f]{1,400})$',
    description: 'Id of the broadcast, or `external:` and the id by which another system knows it',
    examples: ['brc_01m93k7q5v8x2c4r6t8w0y1z3b'],
  }),
});

export const broadcastListQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  type: optional(oneOf(broadcastTypes)),
  author: optional({ ...line(200, 'Of this author'), examples: ['Ada Example'] }),
  titleContains: optional({ ...line(200, 'Part of the title, whatever its case'), examples: ['launch'] }),
  fromMs: optional(timeMs('Registered then or later')),
  toMs: optional(timeMs('Registered before')),
  order: optional(oneOf(['newest', 'oldest'])),
});
