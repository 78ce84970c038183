/** Metadata as the vendor's clients send it with an update, as a patch of ours: wrong and read-only fields are named. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { knownFields } from './fields.ts';

export type ReadPatch = { readonly patch: JsonObject } | { readonly refused: string };

/** What the vendor and we call the same: title and its like are our `info`. */
const infoFields: ReadonlySet<string> = new Set([
  'title',
  'description',
  'copyright',
  'creatorName',
  'credit',
  'source',
]);
const listFields = ['tags', 'labels'] as const;
/** Of the fields that the dialect computes, those that may be written. */
const writable: ReadonlySet<string> = new Set([
  'filename',
  'name',
  'folderPath',
  'assetPath',
  'archiveAtMs',
  'publishAtMs',
  'expiresAtMs',
  ...listFields,
]);
/** Read beside the table of `fields.ts`. */
const readOnly: ReadonlySet<string> = new Set([...knownFields, 'id'].filter((field) => !writable.has(field)));

/** `metadata` is the object, or its JSON as the vendor's query and form parameters hold it. */
export function readMetadata(metadata: JsonValue | undefined): ReadPatch {
  const given = typeof metadata === 'string' ? parsed(metadata) : metadata;
  if (given === undefined || given === null || !isObject(given)) {
    return { refused: 'metadata must be a JSON object of field names and values: got something else' };
  }
  const patch: { [field: string]: JsonValue } = {};
  const info: [string, JsonValue][] = [];
  const own: [string, JsonValue][] = [];
  for (const field of Object.keys(given)) {
    const value = ownValue(given, field) ?? null;
    if (readOnly.has(field)) return { refused: `${field} cannot be written: it is computed` };
    if (typeof value === 'string' && /^[+-]./.test(value) && isListField(field)) {
      return { refused: `${field} must be the whole list: adding and taking away (+a,-b) is not understood here` };
    }
    if (isListField(field)) {
      const list = textsOf(value);
      if (list === null) return { refused: `${field} must be a list of texts, or texts separated by commas` };
      patch[field] = list;
    } else if (field === 'filename' || field === 'name') patch['name'] = value;
    else if (field === 'folderPath') patch['path'] = value;
    else if (field === 'assetPath') {
      const cut = typeof value === 'string' ? value.lastIndexOf('/') : -1;
      if (typeof value !== 'string' || cut < 0) return { refused: 'assetPath must be a folder path and a file name' };
      patch['path'] = cut === 0 ? '/' : value.slice(0, cut);
      patch['name'] = value.slice(cut + 1);
    } else if (writable.has(field)) patch[field] = value;
    else (infoFields.has(field) ? info : own).push([field, value]);
  }
  return {
    patch: {
      ...patch,
      ...(info.length === 0 ? {} : { info: Object.fromEntries(info) }),
      ...(own.length === 0 ? {} : { metadata: Object.fromEntries(own) }),
    },
  };
}

function isListField(field: string): boolean {
  return listFields.some((name) => name === field);
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function textsOf(value: JsonValue): readonly string[] | null {
  if (value === null) return [];
  if (typeof value === 'string') {
    return value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return isList(value) && value.every((item) => typeof item === 'string') ? value : null;
}
