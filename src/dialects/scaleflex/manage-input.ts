/** What a caller of the webhooks API sends, as our input; every field that is wrong or unknown is named. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { triggers } from './events.ts';
import { fieldGroups, type FieldGroup, groupNames } from './fields.ts';
import { readAuth } from './manage-auth.ts';
import { kindOf, readText, shownValue, type Wrong } from './manage-values.ts';
import { metaFieldCharactersMax, metaValueCharactersMax } from './settings.ts';

/** Our input, or why there is none. */
export type Read = { readonly webhook: JsonObject } | { readonly refused: string };

const known = ['name', 'active', 'hostname', 'path', 'auth', 'headers', 'triggers', 'change_meta', 'fields'] as const;
/** What an answer has beside them: a caller that reads a webhook, changes something and sends all of it may leave them in. */
const shownOnly = ['uuid', 'inactive_reason', 'created_at', 'modified_at'] as const;
const nameCharactersMax = 200;
const urlCharactersMax = 2_048;
const headerCharactersMax = 8_192;

export function readNewWebhook(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with hostname and triggers: got none' };
  const wrong: Wrong = [];
  for (const field of ['hostname', 'triggers'] as const) {
    if (ownValue(body, field) === undefined) wrong.push(`${field} is required`);
  }
  const webhook = readFields(body, wrong);
  if (wrong.length > 0) return { refused: wrong.join('; ') };
  const hostname = ownValue(body, 'hostname');
  return {
    webhook: { name: typeof hostname === 'string' ? hostname : '', settings: {}, ...webhook, dialect: 'scaleflex' },
  };
}

/** Only what is there changes. */
export function readUpdate(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with the fields to change: got none' };
  const wrong: Wrong = [];
  if ((ownValue(body, 'hostname') === undefined) !== (ownValue(body, 'path') === undefined)) {
    wrong.push('hostname and path are changed together: got one of them');
  }
  const changes = Object.entries(body).filter(([field]) => !shownOnly.some((name) => name === field));
  const webhook = readFields(Object.fromEntries(changes), wrong);
  return wrong.length > 0 ? { refused: wrong.join('; ') } : { webhook };
}

function readFields(body: JsonObject, wrong: Wrong): JsonObject {
  const unknown = Object.keys(body).filter((field) => !known.some((name) => name === field));
  if (unknown.length > 0) {
    wrong.push(`fields are ${known.join(', ')}: got ${shownValue(unknown[0])}`);
  }
  const webhook: { [field: string]: JsonValue } = {};
  const name = readText(body, 'name', { wrong, charactersMax: nameCharactersMax });
  if (name !== null) webhook['name'] = name;
  const url = readUrl(body, wrong);
  if (url !== null) webhook['target'] = { transport: 'http', url };
  const active = ownValue(body, 'active');
  if (typeof active === 'boolean') webhook['enabled'] = active;
  else if (active !== undefined) wrong.push(`active must be true or false: got ${kindOf(active)}`);
  const auth = ownValue(body, 'auth');
  const credentials = auth === undefined ? null : readAuth(auth, wrong);
  if (credentials !== null) webhook['credentials'] = credentials;
  const headers = readHeaders(ownValue(body, 'headers'), wrong);
  if (headers !== null) webhook['headers'] = headers;
  const events = readTriggers(ownValue(body, 'triggers'), wrong);
  if (events !== null) webhook['events'] = events;
  const settings = readSettings(body, wrong);
  if (Object.keys(settings).length > 0) webhook['settings'] = settings;
  return webhook;
}

/** https where the hostname names no scheme. */
function readUrl(body: JsonObject, wrong: Wrong): string | null {
  const hostname = readText(body, 'hostname', { wrong, charactersMax: urlCharactersMax });
  const given = ownValue(body, 'path');
  const path =
    given === undefined || given === '' ? '/' : readText(body, 'path', { wrong, charactersMax: urlCharactersMax });
  if (hostname === null || path === null) return null;
  const [, scheme, host = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*?)\/?$/i.exec(hostname.trim()) ?? [];
  if (host === '' || /[/?#@\s\\]/.test(host)) {
    const mend = host.includes('@')
      ? '; a name and a password belong into auth'
      : '; what follows it belongs into path';
    wrong.push(`hostname must be the name of a host, such as api.example.com: got ${shownHost(host)}${mend}`);
    return null;
  }
  return `${scheme ?? 'https://'}${host}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** Nothing before an @ is repeated: it may be a password. */
function shownHost(host: string): string {
  return host.includes('@') ? 'something with an @' : shownValue(host);
}

/** `name: value` as the vendor's form has them, or an object of names and values. */
function readHeaders(given: JsonValue | undefined, wrong: Wrong): readonly JsonValue[] | null {
  if (given === undefined) return null;
  const lines = isObject(given) ? Object.entries(given) : isList(given) ? given.map(splitHeader) : null;
  if (lines === null) {
    wrong.push(`headers must be a list of "name: value", or an object of names and values: got ${kindOf(given)}`);
    return null;
  }
  const unfit = lines.findIndex((line) => line === null || !isPair(line));
  if (unfit >= 0) {
    // A value may be a secret: only where it stands is told.
    wrong.push(
      `headers must each be "name: value" of at most ${headerCharactersMax} characters: number ${unfit + 1} is not`,
    );
    return null;
  }
  return lines;
}

function splitHeader(line: JsonValue): readonly [string, string] | null {
  if (typeof line !== 'string' || line.length > headerCharactersMax) return null;
  const colon = line.indexOf(':');
  return colon < 1 ? null : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function isPair(line: readonly (JsonValue | undefined)[] | null): boolean {
  return line?.every((part) => typeof part === 'string' && part.length <= headerCharactersMax) === true;
}

function readTriggers(given: JsonValue | undefined, wrong: Wrong): readonly string[] | null {
  if (given === undefined) return null;
  const names = triggers.map(({ name }) => name);
  const wanted = isList(given) ? given.filter((name) => typeof name === 'string') : [];
  const unknown = isList(given) ? given.find((name) => typeof name !== 'string' || !names.includes(name)) : given;
  if (unknown !== undefined || wanted.length === 0) {
    wrong.push(`triggers must be a list of one or more of ${names.join(', ')}: got ${shownValue(unknown)}`);
    return null;
  }
  return [...new Set(wanted)];
}

function readSettings(body: JsonObject, wrong: Wrong): JsonObject {
  const settings: { [field: string]: JsonValue } = {};
  const meta = ownValue(body, 'change_meta');
  if (meta !== undefined) settings['changeMeta'] = readChangeMeta(meta, wrong);
  const fields = ownValue(body, 'fields');
  if (fields !== undefined) settings['fields'] = readFieldChoice(fields, wrong);
  return settings;
}

function readChangeMeta(given: JsonValue, wrong: Wrong): JsonObject {
  const condition: { [field: string]: JsonValue } = {};
  if (!isObject(given)) {
    wrong.push(`change_meta must be an object with field and value: got ${kindOf(given)}`);
    return condition;
  }
  const bounds = { field: metaFieldCharactersMax, value: metaValueCharactersMax } as const;
  for (const key of Object.keys(given))
    if (key !== 'field' && key !== 'value') wrong.push(`change_meta has field and value: got ${shownValue(key)}`);
  for (const part of ['field', 'value'] as const) {
    const value = ownValue(given, part);
    if (value === undefined || value === null) continue;
    // A number or a truth value says the same as its text.
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    if (typeof text === 'string' && text.length <= bounds[part]) condition[part] = text;
    else wrong.push(textWanted(part, bounds[part], text));
  }
  return condition;
}

function textWanted(part: string, charactersMax: number, found: JsonValue): string {
  const got = typeof found === 'string' ? `${found.length}` : kindOf(found);
  return `change_meta.${part} must be a text of at most ${charactersMax} characters, empty for any: got ${got}`;
}

function readFieldChoice(given: JsonValue, wrong: Wrong): JsonObject {
  if (!isObject(given)) {
    wrong.push(`fields must be an object with ${groupNames.join(', ')}: got ${kindOf(given)}`);
    return {};
  }
  const chosen: { [group: string]: JsonValue } = {};
  for (const [group, value] of Object.entries(given)) {
    const names: readonly string[] | undefined = isGroup(group) ? fieldGroups[group] : undefined;
    if (names === undefined) {
      wrong.push(`fields has ${groupNames.join(', ')}: got ${shownValue(group)}`);
      continue;
    }
    const unknown = isList(value) ? value.find((name) => typeof name !== 'string' || !names.includes(name)) : value;
    if (isList(value) && unknown === undefined) chosen[group] = [...new Set(value)];
    else wrong.push(`fields.${group} must be a list of ${names.join(', ')}: got ${shownValue(unknown)}`);
  }
  return chosen;
}

function isGroup(name: string): name is FieldGroup {
  return groupNames.some((group) => group === name);
}
