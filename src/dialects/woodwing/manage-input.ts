/** What the vendor's clients send, read strictly by name and type; fields that are not known are left alone. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { eventNames } from './events.ts';
import { queryProblem } from './query.ts';
import { fieldCharactersMax, folderCharactersMax, listEntriesMax } from './settings.ts';

/** Our input, or why there is none, naming the field. */
export type Read = { readonly webhook: JsonObject } | { readonly refused: string };

const nameCharactersMax = 200;
const urlCharactersMax = 2_048;

/** What is wrong so far, each naming its field. */
type Wrong = string[];

export function readRegistration(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with name, url and eventTypes: got none' };
  const wrong: Wrong = [];
  for (const field of ['name', 'url', 'eventTypes'] as const) {
    const value = ownValue(body, field);
    if (value === undefined || value === null) wrong.push(`${field} is required`);
  }
  const fields = readFields(body, wrong);
  if (wrong.length > 0) return { refused: wrong.join('; ') };
  return { webhook: { settings: {}, ...fields, dialect: 'woodwing' } };
}

/** Only what is there changes; an optional field that is null is emptied. */
export function readUpdate(body: JsonObject | null): Read {
  if (body === null) return { refused: 'The body must be a JSON object with the fields to change: got none' };
  const wrong: Wrong = [];
  for (const field of ['name', 'url', 'eventTypes', 'enabled'] as const) {
    if (ownValue(body, field) === null) wrong.push(`${field} must not be null`);
  }
  const webhook = readFields(body, wrong);
  return wrong.length > 0 ? { refused: wrong.join('; ') } : { webhook };
}

function readFields(body: JsonObject, wrong: Wrong): JsonObject {
  const webhook: { [field: string]: JsonValue } = {};
  const name = readText(body, { field: 'name', charactersMax: nameCharactersMax }, wrong);
  if (name !== null) webhook['name'] = name;
  const url = readText(body, { field: 'url', charactersMax: urlCharactersMax }, wrong);
  if (url !== null) webhook['target'] = { transport: 'http', url };
  const events = readTexts(body, { field: 'eventTypes', charactersMax: 128 }, wrong);
  if (events !== null) webhook['events'] = knownEvents(events, wrong);
  const enabled = ownValue(body, 'enabled');
  if (typeof enabled === 'boolean') webhook['enabled'] = enabled;
  else if (enabled !== undefined && enabled !== null)
    wrong.push(`enabled must be true or false: got ${kindOf(enabled)}`);
  const settings = readSettings(body, wrong);
  if (Object.keys(settings).length > 0) webhook['settings'] = settings;
  return webhook;
}

function readSettings(body: JsonObject, wrong: Wrong): JsonObject {
  const settings: { [field: string]: JsonValue } = {};
  for (const field of ['metadataToReturn', 'changedMetadataToReturn', 'triggerMetadataFields'] as const) {
    const names = readTexts(body, { field, charactersMax: fieldCharactersMax }, wrong);
    if (names !== null) settings[field] = names;
    else if (ownValue(body, field) === null) settings[field] = [];
  }
  const both = ownValue(body, 'foldersAndQuery');
  if (both === null) settings['foldersAndQuery'] = {};
  else if (isObject(both)) settings['foldersAndQuery'] = readFoldersAndQuery(both, wrong);
  else if (both !== undefined) wrong.push(`foldersAndQuery must be an object: got ${kindOf(both)}`);
  return settings;
}

function readFoldersAndQuery(given: JsonObject, wrong: Wrong): JsonObject {
  const place = 'foldersAndQuery.';
  const folders = readTexts(given, { field: 'folders', charactersMax: folderCharactersMax, place }, wrong);
  const query = ownValue(given, 'query') ?? '';
  const wildcards = ownValue(given, 'enableWildcardSelection') ?? false;
  if (typeof query !== 'string') wrong.push(`${place}query must be text: got ${kindOf(query)}`);
  else {
    const problem = queryProblem(query.trim());
    if (problem !== null) wrong.push(`${place}query cannot be read: ${problem}`);
  }
  if (typeof wildcards !== 'boolean')
    wrong.push(`${place}enableWildcardSelection must be true or false: got ${kindOf(wildcards)}`);
  return {
    folders: folders ?? [],
    query: typeof query === 'string' ? query.trim() : '',
    ...(wildcards === true ? { enableWildcardSelection: true } : {}),
  };
}

type Field = { readonly field: string; readonly charactersMax: number; readonly place?: string };

/** Null where the value is missing or wrong; throws nothing: what is wrong is collected. */
function readText(body: JsonObject, { field, charactersMax }: Field, wrong: Wrong): string | null {
  const value = ownValue(body, field);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.trim() !== '' && value.length <= charactersMax) return value;
  wrong.push(unfitText(field, value, charactersMax));
  return null;
}

function unfitText(where: string, value: JsonValue, charactersMax: number): string {
  if (typeof value !== 'string') return `${where} must be text: got ${kindOf(value)}`;
  return `${where} must have 1 to ${charactersMax} characters: got ${value.trim() === '' ? 'none' : value.length}`;
}

/** As `readText`, of a list. */
function readTexts(
  body: JsonObject,
  { field, charactersMax, place = '' }: Field,
  wrong: Wrong,
): readonly string[] | null {
  const value = ownValue(body, field);
  if (value === undefined || value === null) return null;
  const where = `${place}${field}`;
  if (!isList(value)) {
    wrong.push(`${where} must be a list of texts: got ${kindOf(value)}`);
    return null;
  }
  if (value.length > listEntriesMax) {
    wrong.push(`${where} must have at most ${listEntriesMax} entries: got ${value.length}`);
    return null;
  }
  const texts: string[] = [];
  for (const [index, item] of value.entries()) {
    if (typeof item === 'string' && item !== '' && item.length <= charactersMax) texts.push(item);
    else wrong.push(unfitText(`${where}[${index}]`, item, charactersMax));
  }
  return texts;
}

function knownEvents(wanted: readonly string[], wrong: Wrong): readonly string[] {
  const unknown = wanted.filter((name) => !eventNames.includes(name));
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 60)));
    wrong.push(`eventTypes must be of ${eventNames.join(', ')}: got ${shown.join(', ')}`);
  }
  return [...new Set(wanted)];
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return isList(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
