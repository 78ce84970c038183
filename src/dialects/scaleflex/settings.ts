/**
 * What a webhook of this dialect may be configured with beside hostname and path (its URL), triggers (its events), headers
 * and credentials; and the same read once per revision, because `notify` is asked for every change.
 */
import type { Change } from '../../core/change.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { ConfigurationSchema } from '../contract/manifest.ts';
import { compileCondition, type MetaCondition } from './change-meta.ts';
import { type FieldGroup, fieldGroups, type Selection, selectionOf } from './fields.ts';

export const metaFieldCharactersMax = 200;
export const metaValueCharactersMax = 1_000;

const groupWords: { readonly [Group in FieldGroup]: readonly [title: string, description: string] } = {
  file: ['File (all assets)', 'Name, size, path, MIME type, CDN link and UUID of every asset'],
  video: ['Video', 'Width, height, length (in seconds), bitrate and the URLs of HLS and DASH playlists of a video'],
  image: ['Image', 'Width and height of a picture'],
  additional: [
    'Additional',
    'Whole packages: all system metadata (hashes, tags, labels, times …), all custom metadata, all embedded metadata. The last can be very voluminous',
  ],
};

function groupField(group: FieldGroup): JsonObject {
  const [title, description] = groupWords[group];
  const fields = fieldGroups[group];
  return {
    type: 'array',
    title,
    description,
    items: { type: 'string', enum: fields },
    uniqueItems: true,
    maxItems: fields.length,
    default: fields,
  };
}

/** Drawn as a form, checked by the app, documented from here. Every field is optional. */
export const configuration: ConfigurationSchema = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      changeMeta: {
        type: 'object',
        title: 'On change meta',
        description: 'Which change of metadata the trigger "On change meta" is about; empty: any',
        additionalProperties: false,
        properties: {
          field: {
            type: 'string',
            title: 'Metadata field',
            description: 'Name of a custom metadata field; empty: any field',
            maxLength: metaFieldCharactersMax,
            default: '',
          },
          value: {
            type: 'string',
            title: 'Modified to',
            description:
              'The value that the field is modified to: text, number, true or false, date, or one of several; empty: any',
            maxLength: metaValueCharactersMax,
            default: '',
          },
        },
      },
      fields: {
        type: 'object',
        title: 'Fields to send',
        description: 'Which details of the asset the body carries; a group that is left out is sent whole',
        additionalProperties: false,
        properties: {
          file: groupField('file'),
          video: groupField('video'),
          image: groupField('image'),
          additional: groupField('additional'),
        },
      },
    },
  },
  secretFields: [],
  // The vendor does not sign: receivers know it by the credentials it brings.
  generated: [],
};

/** The settings of one webhook revision, ready to be asked. */
export type Wishes = {
  readonly selection: Selection;
  /** Null: every change of metadata is wanted. */
  readonly metaTest: ((change: Change) => boolean) | null;
};

const known = new WeakMap<Webhook, Wishes>();

/** Read once per revision: a webhook of one revision never changes. */
export function wishesOf(webhook: Webhook): Wishes {
  let wishes = known.get(webhook);
  if (wishes === undefined) {
    wishes = { selection: selectionOf(webhook), metaTest: compileCondition(conditionOf(webhook.settings)) };
    known.set(webhook, wishes);
  }
  return wishes;
}

export function conditionOf(settings: JsonObject): MetaCondition {
  const given = ownValue(settings, 'changeMeta');
  const condition = isObject(given) ? given : {};
  return { field: textIn(condition, 'field'), value: textIn(condition, 'value') };
}

function textIn(object: JsonObject, key: string): string | null {
  const value = ownValue(object, key);
  return typeof value === 'string' && value !== '' ? value : null;
}
