/**
 * What of an asset can be found: its texts by field, its whole values, its folders, its numbers and times. The evaluator
 * asks for one field at a time, an index for all of them; both read here.
 *
 * Fields: `name`, `type` (MIME type), `tags`, `labels`, `collections`, `info.…`, `metadata.…`, `embedded.…`, and every
 * other single value of the state by its own name (`createdBy`, `checkedOutBy`, `availability`). Times end with `AtMs` in
 * the state and lose it here (`expiresAtMs` → `expires`, `publishAtMs` → `publish`).
 */
import { isList, isObject, ownValue } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { type ValueField, valueFields } from './search-expression.ts';
import { foldText } from './search-words.ts';

/** An asset as it is stored. */
export type SearchSubject = {
  readonly id: string;
  /** Its external id. */
  readonly alias?: string;
  readonly state: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** What was read of it, for whoever asks much of one asset: a hundred queries, all of the same few fields. */
  readonly read?: SearchReadings;
};

/** Readings of one asset by field; good for as long as its state is not written to. */
export type SearchReadings = {
  /** The words of each text of a field; of all that plain words are looked for in under the empty name. */
  readonly words: Map<string, readonly (readonly string[])[]>;
  readonly numbers: Map<string, number | undefined>;
};

export function createSearchReadings(): SearchReadings {
  return { words: new Map(), numbers: new Map() };
}

/** Objects in each other that fields are looked for in, below `info`, `metadata` and `embedded`. */
const depthMax = 4;
/** A packet of embedded metadata as it lies in the file is no text for people. */
const embeddedTextCharactersMax = 1_000;

/** The groups of fields that people fill. */
const groups = ['info', 'metadata', 'embedded'] as const;
/** Of the state: objects of their own, lists, and what is found in another way. */
const notPlain = new Set([
  ...groups,
  ...['name', 'path', 'kind', 'archived', 'file', 'versions', 'versionsMade', 'renditions', 'tags', 'labels'],
  ...['collections', 'focusPoint', 'inspection', 'derivation', 'clipOf', 'aliases', 'createdAtMs', 'sourceVersion'],
]);

/** Whether words without a field are looked for in this one. */
export function isPlainSearched(field: string): boolean {
  return (
    field === 'name' ||
    field === 'tags' ||
    field === 'labels' ||
    field.startsWith('info.') ||
    field.startsWith('metadata.')
  );
}

/** Every field with every value that it has, one by one. */
export function* fieldValues(state: JsonObject): Generator<readonly [field: string, value: string | number | boolean]> {
  const name = ownValue(state, 'name');
  if (typeof name === 'string') yield ['name', name];
  const file = ownValue(state, 'file');
  const type = isObject(file) ? ownValue(file, 'mimeType') : undefined;
  if (typeof type === 'string') yield ['type', type];
  for (const field of ['tags', 'labels', 'collections'] as const) yield* flat(field, ownValue(state, field), 0);
  for (const group of groups) {
    const value = groupOf(state, group);
    if (!isObject(value)) continue;
    for (const key of Object.keys(value)) yield* flat(`${group}.${key}`, value[key], 1);
  }
  for (const key of Object.keys(state)) {
    if (notPlain.has(key) || key.includes('\n')) continue;
    const value = state[key];
    // Times are numbers only.
    if (typeof value === 'string' || typeof value === 'boolean') yield [key, value];
  }
}

/** What was found in a file lies in `fields`, where it has one name per thing. */
function groupOf(state: JsonObject, group: (typeof groups)[number]): JsonValue | undefined {
  const value = ownValue(state, group);
  const fields = group === 'embedded' && isObject(value) ? ownValue(value, 'fields') : undefined;
  return isObject(fields) ? fields : value;
}

function* flat(
  field: string,
  value: JsonValue | undefined,
  depth: number,
): Generator<readonly [string, string | number | boolean]> {
  // Terms of an index are lines.
  if (field.includes('\n')) return;
  if (typeof value === 'string') {
    if (value !== '' && (value.length <= embeddedTextCharactersMax || !field.startsWith('embedded.')))
      yield [field, value];
  } else if (typeof value === 'number' || typeof value === 'boolean') {
    yield [field, value];
  } else if (isList(value)) {
    for (const item of value) if (!isObject(item) && !isList(item)) yield* flat(field, item, depth);
  } else if (isObject(value) && depth < depthMax) {
    for (const key of Object.keys(value)) yield* flat(`${field}.${key}`, value[key], depth + 1);
  }
}

/** The texts of one field; of all that plain words are looked for in where `field` is undefined. */
export function* textsOf(state: JsonObject, field: string | undefined): Generator<string> {
  // Most fields are asked for by name: only their own values are looked at.
  for (const [name, value] of field === undefined ? fieldValues(state) : valuesOfField(state, field)) {
    if (field === undefined ? isPlainSearched(name) : name === field) yield String(value);
  }
}

function valuesOfField(state: JsonObject, field: string): Iterable<readonly [string, string | number | boolean]> {
  const group = groups.find((one) => field.startsWith(`${one}.`));
  if (group !== undefined) {
    const value = groupOf(state, group);
    if (!isObject(value)) return [];
    // A key may itself hold dots: only a key that the field goes through can lead to it.
    const rest = field.slice(group.length + 1);
    return Object.keys(value)
      .filter((key) => rest === key || rest.startsWith(`${key}.`))
      .flatMap((key) => [...flat(`${group}.${key}`, value[key], 1)]);
  }
  if (field === 'tags' || field === 'labels' || field === 'collections') return flat(field, ownValue(state, field), 0);
  return fieldValues(state);
}

/** The whole values of a field. */
export function wholeValues({ state, alias }: SearchSubject, field: ValueField): readonly string[] {
  switch (field) {
    case 'tags':
    case 'labels':
    case 'collections': {
      const list = ownValue(state, field);
      return isList(list) ? list.filter((item) => typeof item === 'string') : [];
    }
    case 'kind': {
      const kind = ownValue(state, 'kind');
      return typeof kind === 'string' ? [kind] : [];
    }
    case 'archived':
      return [String(ownValue(state, 'archived') === true)];
    case 'externalId':
      return alias === undefined ? [] : [alias];
    case 'extension': {
      const name = ownValue(state, 'name');
      const found = typeof name === 'string' ? /\.([\p{L}\p{N}]{1,16})$/u.exec(name)?.[1] : undefined;
      return found === undefined ? [] : [foldText(found)];
    }
    default:
      return field satisfies never;
  }
}

/** The folder it lies in. */
export function folderOf(state: JsonObject): string | null {
  const path = ownValue(state, 'path');
  return typeof path === 'string' ? path : null;
}

const fileNumbers: { readonly [field: string]: readonly [property: string, scale: number] } = {
  size: ['bytes', 1],
  width: ['widthPx', 1],
  height: ['heightPx', 1],
  duration: ['durationMs', 1_000],
  pages: ['pages', 1],
};

/** Fields of numbers and times that every asset may have, for messages and checks. */
export const numberFields: readonly string[] = [
  'created',
  'updated',
  'modified',
  'versions',
  ...Object.keys(fileNumbers),
];

/** The one number or time (unix milliseconds) of a field; undefined where it has none. Seconds for `duration`, bytes for `size`. */
export function numberOf(subject: SearchSubject, field: string): number | undefined {
  const { read } = subject;
  if (read === undefined) return readNumber(subject, field);
  if (read.numbers.has(field)) return read.numbers.get(field);
  const number = readNumber(subject, field);
  read.numbers.set(field, number);
  return number;
}

function readNumber(subject: SearchSubject, field: string): number | undefined {
  const { state } = subject;
  if (field === 'created') return subject.createdAtMs;
  if (field === 'updated') return subject.updatedAtMs;
  if (field === 'versions') {
    const versions = ownValue(state, 'versions');
    return isList(versions) ? versions.length : undefined;
  }
  const ofFile = Object.hasOwn(fileNumbers, field) ? fileNumbers[field] : undefined;
  if (ofFile !== undefined) {
    const file = ownValue(state, 'file');
    const value = isObject(file) ? ownValue(file, ofFile[0]) : undefined;
    return typeof value === 'number' ? value / ofFile[1] : undefined;
  }
  if (!field.includes('.')) {
    const value = ownValue(state, `${field}AtMs`);
    return typeof value === 'number' ? value : undefined;
  }
  for (const [name, value] of valuesOfField(state, field)) if (name === field) return numberIn(value);
  return undefined;
}

/** Every field with a number or time. */
export function numbersOf(subject: SearchSubject): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const field of numberFields) {
    const value = numberOf(subject, field);
    if (value !== undefined) found.set(field, value);
  }
  for (const key of Object.keys(subject.state)) {
    const field = key.endsWith('AtMs') && !/[.\n]/.test(key) ? key.slice(0, -4) : '';
    const value = subject.state[key];
    if (field !== '' && typeof value === 'number' && !found.has(field)) found.set(field, value);
  }
  // Of a list the first value counts, whether it is a number or not.
  const seen = new Set<string>();
  for (const [field, value] of fieldValues(subject.state)) {
    if (!field.includes('.') || seen.has(field)) continue;
    seen.add(field);
    const number = numberIn(value);
    if (number !== undefined) found.set(field, number);
  }
  return found;
}

const dated = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** A number as it is, a date or time as milliseconds; a date is its first moment in UTC. */
function numberIn(value: string | number | boolean): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !dated.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The field says something: a text, a number, a whole value. */
export function hasField(subject: SearchSubject, field: string): boolean {
  const whole = valueFields.find((one) => one === field);
  if (whole !== undefined && wholeValues(subject, whole).length > 0) return true;
  for (const [name] of valuesOfField(subject.state, field)) if (name === field) return true;
  return numberOf(subject, field) !== undefined;
}
