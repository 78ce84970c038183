/** What a webhook of this dialect may be configured with beside name, target and events. */
import { ownValue } from '../../core/json-equality.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { ConfigurationSchema } from '../contract/manifest.ts';

const host = "A-Za-z0-9._~!$&'()*+,;=-";
const escape = '%[0-9A-Fa-f]{2}';
/** RFC 3986, "URI-reference": receivers that use an SDK of CloudEvents refuse an event whose source is none. */
const uriReference =
  '^(?:[A-Za-z][A-Za-z0-9+.-]*:|(?=[^:/?#]*(?:[/?#]|$)))' +
  `(?://(?:(?:[:${host}]|${escape})*@)?(?:\\[[0-9A-Fa-f:.]+\\]|(?:[${host}]|${escape})*)(?::[0-9]*)?(?=[/?#]|$)|(?!//))` +
  `(?:[/:@${host}]|${escape})*(?:\\?(?:[/?:@${host}]|${escape})*)?(?:#(?:[/?:@${host}]|${escape})*)?$`;

export const configuration: ConfigurationSchema = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      mode: {
        type: 'string',
        title: 'Mode',
        description:
          'structured: the whole event is the body; binary: its attributes are ce- headers and the body is the data',
        enum: ['structured', 'binary'],
        default: 'structured',
      },
      source: {
        type: 'string',
        title: 'Source',
        description:
          'The attribute source, a URI or a part of one (RFC 3986); absent: an address of this server that names the workspace',
        minLength: 1,
        maxLength: 1_000,
        pattern: uriReference,
      },
    },
  },
  secretFields: [],
  generated: [],
};

export function isBinary({ settings }: Webhook): boolean {
  return ownValue(settings, 'mode') === 'binary';
}

export function sourceOf({ settings }: Webhook): string | null {
  const source = ownValue(settings, 'source');
  return typeof source === 'string' ? source : null;
}
