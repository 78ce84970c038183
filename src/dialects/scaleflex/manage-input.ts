/** What a caller of the webhooks API sends, as our input; every field that is wrong or unknown is named. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { triggers } from './events.ts';
import { fieldGroups, type FieldGroup, groupNames } from './fields.ts';
import { readAuth } from './manage-auth.ts';
import { kindOf, readText, type Wrong } from './manage-values.ts';
import { metaFieldCharactersMax, metaValueCharactersMax } from './settings.ts';

/** Our input, or why there is none. */
export type Read = { readonly webhook: JsonObject } | { readonly refused: string };

const known = ['name', 'active', 'hostname', 'path', 'auth', 'headers', 'triggers', 'change_meta', 'fields'] as const;
const nameCharactersMax = 200;
const urlCharactersMax = 2_048;
const headersMax = 32;
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
  const webhook = readFields(body, wrong);
  return wrong.length > 0 ? { refused: wrong.join('; ') } : { webhook };
}

function readFields(body: JsonObject, wrong: Wrong): JsonObject {
  const unknown = Object.keys(body).filter((field) => !known.some((name) => name === field));
  if (unknown.length > 0) {
    wrong.push(`fields are ${known.join(', ')}: got ${JSON.stringify(unknown[0]?.slice(0, 60))}`);
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
    wrong.push('hostname must be the name of a host, such as api.example.com: got something else');
    return null;
  }
  return `${scheme ?? 'https://'}${host}${path.startsWith('/') ? '' : '/'}${path}`;
}

/** `name: value` as the vendor's form has them, or an object of names and values. */
function readHeaders(given: JsonValue | undefined, wrong: Wrong): readonly JsonValue[] | null {
  if (given === undefined) return null;
  const lines = isObject(given) ? Object.entries(given) : isList(given) ? given.map(splitHeader) : null;
  if (lines === null || lines.length > headersMax || lines.some((line) => line === null || !isPair(line))) {
    wrong.push('headers must be a list of "name: value", or an object of names and values: got something else');
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
  if (
    !isList(given) ||
    wanted.length !== given.length ||
    wanted.length === 0 ||
    !wanted.every((name) => names.includes(name))
  ) {
    wrong.push(`triggers must be a list of one or more of ${names.join(', ')}: got something else`);
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
    if (key !== 'field' && key !== 'value') wrong.push('change_meta has field and value: got another');
  for (const part of ['field', 'value'] as const) {
    const value = ownValue(given, part);
    if (value === undefined || value === null) continue;
    // A number or a truth value says the same as its text.
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    if (typeof text === 'string' && text.length <= bounds[part]) condition[part] = text;
    else wrong.push(`change_meta.${part} must be a text of at most ${bounds[part]} characters; empty means any`);
  }
  return condition;
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
      wrong.push(`fields has ${groupNames.join(', ')}: got ${JSON.stringify(group.slice(0, 60))}`);
      continue;
    }
    if (isList(value) && value.every((name) => typeof name === 'string' && names.includes(name))) {
      chosen[group] = [...new Set(value)];
    } else wrong.push(`fields.${group} must be a list of ${names.join(', ')}: got something else`);
  }
  return chosen;
}

function isGroup(name: string): name is FieldGroup {
  return groupNames.some((group) => group === name);
}
