/** JSON Schemas of the bodies, from the same names that the file object is made with. Bodies are closed. */
import type { JsonObject } from '../../core/json.ts';
import type { TriggerRow } from './events.ts';

const text = (description: string): JsonObject => ({ type: 'string', description });
const whole = (description: string): JsonObject => ({ type: 'integer', minimum: 0, description });
const closed = (properties: JsonObject, description: string, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  description,
  additionalProperties: false,
  ...(required.length === 0 ? {} : { required }),
  properties,
});

const size = closed({ bytes: whole('Bytes'), pretty: text('The same for people, such as 65.87 KB') }, 'Size', [
  'bytes',
  'pretty',
]);

const playlist = closed(
  {
    playlists: { type: 'array', items: { type: 'string' }, description: 'URLs of the manifest' },
    resolution: text('Such as 1280x720, where it is known'),
  },
  'One HLS or DASH playlist; HLS stands first',
  ['playlists'],
);

const info = closed(
  {
    img_w: whole('Width of a picture in pixels'),
    img_h: whole('Height of a picture in pixels'),
    video_w: whole('Width of a video in pixels'),
    video_h: whole('Height of a video in pixels'),
    duration: { type: 'number', minimum: 0, description: 'Length of video or sound in seconds' },
    bitrate: { type: 'number', minimum: 0, description: 'Bits per second of the whole file' },
    playlists: { type: 'array', items: playlist, description: 'HLS and DASH playlists' },
    img_type: text('Form of a picture, such as JPEG'),
    color_space: text('Colour space of a picture'),
    pages: whole('Pages of a document'),
    frames: whole('Pictures of a moving picture'),
    frame_rate: { type: 'number', description: 'Pictures per second' },
    codecs: { type: 'array', items: { type: 'string' }, description: 'Of every track' },
    channels: whole('Channels of the sound'),
    sample_rate: whole('Samples per second of the sound'),
    has_alpha: { type: 'boolean', description: 'Whether a picture has an alpha channel' },
    metadata: { type: 'object', description: 'All embedded metadata: EXIF, IPTC, XMP' },
  },
  'What was found out about the file',
);

const file = closed(
  {
    uuid: text('Id of the asset: a UUID, or the one it had before (aliases.scaleflex)'),
    name: text('File name'),
    extension: text('Ending of the name in lower case; empty where it has none'),
    size,
    type: text('MIME type'),
    info,
    meta: { type: 'object', description: 'Title, description and the like, and all custom metadata' },
    tags: { type: 'array', description: 'Tags' },
    labels: { type: 'array', description: 'Labels' },
    url: closed(
      {
        public: text('The content of the file'),
        permalink: text('The same'),
        cdn: text('The same'),
        path: text('Folder and name'),
      },
      'Where it is',
    ),
    hash: closed({ sha1: text('In hex'), md5: text('In hex'), sha256: text('In hex') }, 'Hashes of the file'),
    created_at: text('When the asset was made, such as 2026-11-22T12:00:00Z'),
    modified_at: text('When it was changed last'),
    folder: closed({ name: text('Path of the folder') }, 'The folder', ['name']),
  },
  'The asset; what was not chosen, or has no value, is not there',
);

/** JSON Schema of the whole body of one trigger. */
export function bodySchema({ name, title }: TriggerRow): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    type: 'object',
    required: ['event', 'file'],
    additionalProperties: false,
    properties: { event: { const: name, description: 'The trigger' }, file },
  };
}
