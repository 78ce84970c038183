/** What clients of Bynder's API send for a configuration, read strictly by name and type; other fields are left alone. */
import { isList, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { canonicalEvent, eventNames, legacyEventNames } from './events.ts';
import { type Protocol, protocolNames } from './settings.ts';

/** Our input, or why there is none, naming the fields. */
export type Read = { readonly webhook: JsonObject } | { readonly refused: string };

/** What is wrong so far, each naming its field. */
type Wrong = string[];

const charactersMax = { name: 200, endpoint: 2_048 } as const;

/** `{name, protocol, endpoint, events, preArchivedNotificationDays}`; the last is optional. */
export function readConfiguration(body: JsonObject | null): Read {
  if (body === null)
    return { refused: 'The body must be a JSON object with name, protocol, endpoint and events: got none' };
  const wrong: Wrong = [];
  for (const field of ['name', 'protocol', 'endpoint', 'events'] as const) {
    if ((ownValue(body, field) ?? null) === null) wrong.push(`${field} is required`);
  }
  const name = readText(body, 'name', wrong);
  const endpoint = readText(body, 'endpoint', wrong);
  const protocol = readProtocol(body, wrong);
  const events = readEvents(body, wrong);
  const days = readDays(body, wrong);
  const place = protocol === null || endpoint === null ? null : placeOf(protocol, endpoint, wrong);
  if (wrong.length > 0 || place === null) return { refused: wrong.join('; ') };
  const settings = { ...days, ...place.settings };
  return { webhook: { name, dialect: 'bynder', target: place.target, events, settings } };
}

/** `{events, preArchivedNotificationDays}`: what is there changes. */
export function readEventsUpdate(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with the events: got none' };
  const wrong: Wrong = [];
  const fixed = ['endpoint', 'protocol'].filter((field) => (ownValue(body, field) ?? null) !== null);
  for (const field of fixed) wrong.push(`${field} cannot be changed: delete the configuration and make another`);
  const events = readEvents(body, wrong);
  const days = readDays(body, wrong);
  if (events === null && Object.keys(days).length === 0 && wrong.length === 0) {
    wrong.push('events or preArchivedNotificationDays is required');
  }
  if (wrong.length > 0) return { refused: wrong.join('; ') };
  return {
    webhook: {
      ...(events === null ? {} : { events }),
      ...(Object.keys(days).length === 0 ? {} : { settings: days }),
    },
  };
}

/** `{name, status}`, status 1 for on and 0 for off: what is there changes. */
export function readStatusUpdate(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with name or status: got none' };
  const wrong: Wrong = [];
  const name = readText(body, 'name', wrong);
  const status = ownValue(body, 'status') ?? null;
  const on = status === 1 || status === '1' || status === true;
  const off = status === 0 || status === '0' || status === false;
  if (status !== null && !on && !off) wrong.push(`status must be 0 or 1: got ${shown(status)}`);
  if (name === null && status === null && wrong.length === 0) wrong.push('name or status is required');
  if (wrong.length > 0) return { refused: wrong.join('; ') };
  return { webhook: { ...(name === null ? {} : { name }), ...(status === null ? {} : { enabled: on }) } };
}

type Place = { readonly target: JsonObject; readonly settings: JsonObject };

function placeOf(protocol: Protocol, endpoint: string, wrong: Wrong): Place | null {
  switch (protocol) {
    case 'http':
    case 'https':
      if (!endpoint.toLowerCase().startsWith(`${protocol}://`)) {
        wrong.push(`endpoint must begin with ${protocol}:// for protocol ${protocol}`);
        return null;
      }
      return { target: { transport: 'http', url: endpoint }, settings: {} };
    case 'sqs':
      return { target: { transport: 'sqs', queue: endpoint }, settings: {} };
    case 'email':
    case 'email-json':
      return {
        target: { transport: 'email', address: endpoint },
        settings: { emailFormat: protocol === 'email' ? 'text' : 'json' },
      };
    default:
      return protocol satisfies never;
  }
}

/** The vendor does not say how protocols are spelled: SNS's spelling in any case, and the words of its page. */
const spellings: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ...protocolNames.map((name) => [name, name] as const),
  ['email json', 'email-json'],
  ['email_json', 'email-json'],
  ['emailjson', 'email-json'],
  ['amazon sqs', 'sqs'],
]);

function readProtocol(body: JsonObject, wrong: Wrong): Protocol | null {
  const value = ownValue(body, 'protocol') ?? null;
  if (value === null) return null;
  const protocol = typeof value === 'string' ? spellings.get(value.trim().toLowerCase()) : undefined;
  if (protocol !== undefined) return protocol;
  wrong.push(`protocol must be one of ${protocolNames.join(', ')}: got ${shown(value)}`);
  return null;
}

function readText(body: JsonObject, field: 'name' | 'endpoint', wrong: Wrong): string | null {
  const value = ownValue(body, field) ?? null;
  if (value === null) return null;
  const max = charactersMax[field];
  if (typeof value !== 'string') wrong.push(`${field} must be a text: got ${shown(value)}`);
  else if (value.trim() !== '' && value.length <= max) return value.trim();
  else wrong.push(`${field} must have 1 to ${max} characters: got ${value.trim() === '' ? 'none' : value.length}`);
  return null;
}

function readEvents(body: JsonObject, wrong: Wrong): readonly string[] | null {
  const value = ownValue(body, 'events') ?? null;
  if (value === null) return null;
  if (!isList(value) || value.length > 100) {
    wrong.push(`events must be a list of names: got ${isList(value) ? `${value.length} entries` : shown(value)}`);
    return null;
  }
  const names = value.filter((name) => typeof name === 'string');
  const unknown = value.filter(
    (name) => typeof name !== 'string' || (!eventNames.includes(name) && !legacyEventNames.has(name)),
  );
  if (unknown.length > 0 || value.length === 0) {
    const found = value.length === 0 ? 'none' : unknown.slice(0, 5).map(shown).join(', ');
    wrong.push(`events must be of ${eventNames.join(', ')}: got ${found}`);
    return null;
  }
  return [...new Set(names.map(canonicalEvent))];
}

function readDays(body: JsonObject, wrong: Wrong): JsonObject {
  const value = ownValue(body, 'preArchivedNotificationDays') ?? null;
  if (value === null) return {};
  if (typeof value === 'number' && Number.isInteger(value)) return { preArchivedNotificationDays: value };
  wrong.push(`preArchivedNotificationDays must be a whole number: got ${shown(value)}`);
  return {};
}

function shown(value: JsonValue): string {
  return JSON.stringify(value).slice(0, 60);
}
