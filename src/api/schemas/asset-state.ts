/** What is shown of an asset: its state, its versions, their files. Open, for other systems may report more. */
import { type AssetVersion, assetKinds, unavailabilities } from '../../core/asset.ts';
import type { JsonObject } from '../../core/json.ts';
import { named, raw, type Schema } from '../schema.ts';
import { jsonObject, timeMs } from './basics.ts';

export const dateTexts = {
  archiveAtMs: 'When it is archived by itself; webhooks are told some days before (archiveNoticeDays of the workspace)',
  publishAtMs: 'Not to be given out before: until then availability is upcoming',
  expiresAtMs:
    'Not to be given out from then on: availability is expired, links in payloads and share links answer 410',
};

const text = { type: 'string' };
const count = { type: 'number', minimum: 0 };

/** Open: a DAM may say more of a file than we have a word for. */
export const assetFileSchema: Schema<JsonObject> = named(
  'AssetFile',
  raw({
    type: 'object',
    description: 'A file: sizes in bytes, dimensions in pixels, durations in milliseconds, hashes in hex',
    properties: {
      name: text,
      bytes: count,
      mimeType: text,
      sha256: text,
      sha1: text,
      md5: text,
      // Receivers and pages make links of it: what a browser would run is no place where a file lies.
      url: {
        ...text,
        pattern: '^(https?|s3|gs|ftps?|sftp|file)://',
        description: 'Where it lies, where it does not lie here',
        examples: ['https://dam.example.com/files/4711.jpg'],
      },
      widthPx: count,
      heightPx: count,
      durationMs: count,
      bitRate: { ...count, description: 'Bits per second' },
      storedWidthPx: { ...count, description: 'As stored, where turning it to be shown changes it' },
      storedHeightPx: { ...count, description: 'As stored, where turning it to be shown changes it' },
      pages: count,
      frames: { ...count, description: 'Pictures of a moving picture' },
      frameRate: { ...count, description: 'Pictures per second' },
      codecs: { type: 'array', items: text, description: 'Of every track' },
      channels: { ...count, description: 'Of sound' },
      sampleRateHz: count,
      colourSpace: text,
      hasAlpha: { type: 'boolean' },
      scan: {
        type: 'object',
        description:
          'What a virus scanner found, where there is one: `state` pending, clean, infected or failed (nothing could be said), `atMs`, and a note. Content that is not clean is given to nobody',
      },
    },
    examples: [
      {
        name: 'harbour-at-dawn.jpg',
        bytes: 482_113,
        mimeType: 'image/jpeg',
        url: 'https://dam.example.com/files/4711.jpg',
        widthPx: 4_000,
        heightPx: 3_000,
      },
    ],
  }),
);

export const assetVersionSchema: Schema<AssetVersion> = named(
  'AssetVersion',
  raw({
    type: 'object',
    required: ['number', 'active', 'file'],
    properties: {
      number: { type: 'integer', minimum: 1, description: 'Never used again for another file of this asset' },
      active: { type: 'boolean', description: 'Exactly one version is' },
      createdAtMs: timeMs(),
      inspection: {
        enum: ['pending', 'withheld'],
        description:
          'Of a further version that receivers were not told of: pending (it is still to be looked into) or withheld (it is not clean). Absent once they were',
      },
      file: assetFileSchema,
    },
  }),
);

/** Open: states that other systems report may hold more. */
export const assetStateSchema: Schema<unknown> = named(
  'AssetState',
  raw({
    type: 'object',
    description: 'The full present state',
    required: ['kind', 'name', 'path', 'metadata', 'tags', 'archived'],
    properties: {
      kind: { enum: assetKinds },
      name: text,
      path: { ...text, description: 'Folder, absolute' },
      file: assetFileSchema,
      versions: { type: 'array', items: { type: 'object' }, description: 'See GET …/versions' },
      renditions: {
        type: 'array',
        items: { type: 'object' },
        description:
          'Smaller pictures: `small` (250 px on the longer edge), `medium` (750), `large` (1,000), made once the asset is ready, with size and dimensions; and those that a DAM named',
      },
      info: jsonObject,
      metadata: jsonObject,
      embedded: { type: 'object', description: 'What the file says of itself: EXIF, IPTC, XMP' },
      tags: { type: 'array', items: text },
      labels: { type: 'array', items: text },
      collections: { type: 'array', items: text },
      library: { ...text, description: 'Key of the library it is in; absent: default' },
      archived: { type: 'boolean' },
      archivedAtMs: { type: 'number', description: 'While it is archived: since when' },
      archivedBy: { ...text, description: 'Id of who archived it; `timer` where its date did' },
      archiveAtMs: { type: 'number', description: dateTexts.archiveAtMs },
      archiveNoticeAtMs: { type: 'number', description: 'When the next notice of that is given' },
      publishAtMs: { type: 'number', description: dateTexts.publishAtMs },
      expiresAtMs: { type: 'number', description: dateTexts.expiresAtMs },
      availability: { enum: unavailabilities, description: 'Absent: it may be given out' },
      checkedOutBy: { ...text, description: 'Id of who has checked it out' },
      checkedOutByName: text,
      checkedOutAtMs: { type: 'number' },
      focusPoint: { type: 'object' },
      inspection: {
        type: 'object',
        description: '`state`: pending, done, failed or withheld (not clean, so nobody was told of it), with a note',
      },
      clipOf: {
        type: 'object',
        description: 'Of a clip: the asset it was cut out of, `assetId`, and the stretch, `fromMs` to `toMs`',
      },
      derivation: { type: 'object', description: 'Why there are no renditions, where none could be made: a note' },
      createdAtMs: { type: 'number' },
      modifiedAtMs: { type: 'number' },
      createdBy: text,
      createdByName: { ...text, description: 'Their name, where it was known then' },
      copiedFrom: { type: 'object', description: 'assetId and version of what it was copied from' },
      aliases: jsonObject,
      source: text,
      sourceVersion: { type: ['number', 'string'] },
    },
  }),
);
