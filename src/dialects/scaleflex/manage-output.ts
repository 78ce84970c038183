/** A webhook of ours as an object in the manner of the vendor's API, and that API's forms of success and error. */
import { encodeId } from '../../core/id-encoding.ts';
import { isList, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { listIn, objectIn, textIn } from '../json-fields.ts';
import type { VendorAnswer } from '../contract/vendor-route.ts';
import { triggers } from './events.ts';
import { fieldGroups, groupNames } from './fields.ts';
import { conditionOf } from './settings.ts';

/** Hostname and path are the two halves of the URL, as the vendor's form has them. */
export function presentWebhook(webhook: JsonObject): JsonObject {
  const url = textIn(objectIn(webhook, 'target'), 'url');
  const settings = objectIn(webhook, 'settings');
  const { field, value } = conditionOf(settings);
  const active = textIn(webhook, 'state') !== 'disabled';
  const reason = textIn(webhook, 'stateReason');
  return {
    uuid: encodeId(textIn(webhook, 'id'), 'uuid'),
    name: textIn(webhook, 'name'),
    active,
    ...(active || reason === '' ? {} : { inactive_reason: reason }),
    ...splitUrl(url),
    auth: authOf(objectIn(webhook, 'credentials')),
    headers: listIn(webhook, 'headers').map(headerOf),
    triggers: triggersOf(webhook),
    change_meta: { field: field ?? '', value: value ?? '' },
    fields: fieldsOf(settings),
    created_at: timeOf(ownValue(webhook, 'createdAtMs')),
    modified_at: timeOf(ownValue(webhook, 'updatedAtMs')),
  };
}

/** One with a scheme other than https keeps it in its hostname. */
function splitUrl(url: string): { readonly hostname: string; readonly path: string } {
  const [, scheme = '', host = '', path = ''] = /^(https?:\/\/)([^/?#]*)(.*)$/.exec(url) ?? [];
  return { hostname: scheme === 'https://' ? host : `${scheme}${host}`, path: path === '' ? '/' : path };
}

/** Secrets are masked; what is static and what is exchanged are both the vendor's OAuth2. */
function authOf(credentials: JsonObject): JsonObject {
  const shown = (field: string): JsonObject => {
    const value = ownValue(credentials, field);
    return value === undefined ? {} : { [snake(field)]: value };
  };
  switch (textIn(credentials, 'kind')) {
    case 'basic':
      return { type: 'basic', ...shown('username'), ...shown('password') };
    case 'bearer':
      return { type: 'oauth2', ...shown('token') };
    case 'oauth2':
      return {
        type: 'oauth2',
        endpoint: textIn(credentials, 'tokenUrl'),
        grant: textIn(credentials, 'grant') === 'password' ? 'password' : 'client_credentials',
        ...shown('username'),
        ...shown('password'),
        ...shown('clientId'),
        ...shown('clientSecret'),
        ...shown('clientAuthentication'),
        ...shown('scope'),
        ...shown('audience'),
      };
    default:
      return { type: 'none' };
  }
}

function snake(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function headerOf(header: JsonValue): JsonValue {
  const [name, value] = isList(header) ? header : [];
  return `${typeof name === 'string' ? name : ''}: ${typeof value === 'string' ? value : ''}`;
}

/** One made in our own words may ask for all triggers. */
function triggersOf(webhook: JsonObject): readonly JsonValue[] {
  const events = listIn(webhook, 'events');
  return events.includes('*') ? triggers.map(({ name }) => name) : events;
}

function fieldsOf(settings: JsonObject): JsonObject {
  const fields = objectIn(settings, 'fields');
  return Object.fromEntries(groupNames.map((group) => [group, ownValue(fields, group) ?? fieldGroups[group]]));
}

function timeOf(ms: JsonValue | undefined): string {
  return typeof ms === 'number' ? new Date(ms).toISOString() : '';
}

export function succeeded(status: number, more: JsonObject): VendorAnswer {
  return { status, body: { status: 'success', ...more } };
}

/** The vendor's form of an error: `{status: "error", code, msg}`. */
export function failure(status: number, code: string, msg: string): VendorAnswer {
  return { status, body: { status: 'error', code, msg } };
}
