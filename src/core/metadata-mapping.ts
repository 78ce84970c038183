/**
 * Rules that bring what a file says of itself (EXIF, IPTC, XMP) into fields of an asset. A value that does not fit where it
 * is to go is left out: a file is written by anybody, and must not make metadata that nobody may write.
 */
import type { AssetState } from './asset.ts';
import type { Problem } from './errors.ts';
import { isList, isObject, ownValue, sameMembers } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { MetadataField } from './metadata-field.ts';
import { composed } from './spelling.ts';
import { isEmptyValue, valueProblem } from './metadata-value.ts';

export const mappingTransforms = ['first', 'join', 'split', 'lower', 'upper', 'date', 'number'] as const;
export type MappingTransform = (typeof mappingTransforms)[number];

export type MetadataMapping = {
  /** Where in `embedded`: a package and a name in it, such as `fields.creators`, `iptc.By-line`, `xmp.dc:creator`. */
  readonly from: string;
  /** `metadata.…`, `info.…`, `tags` or `labels`. */
  readonly to: string;
  /** `empty` (default): only where nothing is there yet. */
  readonly when?: 'empty' | 'always';
  readonly transform?: MappingTransform;
};

const sources = ['fields', 'exif', 'iptc', 'xmp', 'gps', 'tags', 'container', 'document'];
const sets = ['tags', 'labels'];
const groups = ['metadata', 'info'];

/** What is wrong with a list of mappings whose shape is sound. */
export function mappingProblems(mappings: readonly MetadataMapping[]): readonly Problem[] {
  return mappings.flatMap(({ from, to }, at) => {
    const problems: Problem[] = [];
    const [source, name] = split(from);
    if (!sources.includes(source) || name === '')
      problems.push({
        at: `/mappings/${at}/from`,
        wanted: `a package and a name: ${sources.map((each) => `${each}.…`).join(', ')}`,
        found: JSON.stringify(from),
      });
    const [group, field] = split(to);
    const isField = groups.includes(group) && field !== '' && field !== '__proto__';
    if (!isField && !sets.includes(to))
      problems.push({
        at: `/mappings/${at}/to`,
        wanted: 'metadata.…, info.…, tags or labels',
        found: JSON.stringify(to),
      });
    return problems;
  });
}

/** The asset with what its embedded metadata says; the same object where that adds nothing. */
export function withMapped(
  state: AssetState,
  mappings: readonly MetadataMapping[],
  fields: ReadonlyMap<string, MetadataField> | null,
): AssetState {
  let mapped = state;
  for (const mapping of mappings) mapped = withOne(mapped, mapping, fields);
  return mapped;
}

function withOne(
  state: AssetState,
  { from, to, when = 'empty', transform }: MetadataMapping,
  fields: ReadonlyMap<string, MetadataField> | null,
): AssetState {
  const found = valueAt(state.embedded, from);
  const value = found === undefined ? undefined : transformed(found, transform);
  if (value === undefined || isEmptyValue(value)) return state;
  const [group, name] = split(to);
  if (group === 'tags' || group === 'labels') {
    const there = state[group];
    if (when === 'empty' && there.length > 0) return state;
    const added = textsOf(value)
      .map(composed)
      .filter((text) => !there.includes(text));
    return added.length === 0 ? state : { ...state, [group]: [...there, ...new Set(added)] };
  }
  const kept: JsonObject = group === 'metadata' ? state.metadata : state.info;
  const there = ownValue(kept, name);
  if (when === 'empty' && !isEmptyValue(there)) return state;
  const field = group === 'metadata' ? fields?.get(name) : undefined;
  const fitting = field === undefined ? plain(value) : fittingValue(field, value);
  if (fitting === undefined || JSON.stringify(fitting) === JSON.stringify(there)) return state;
  if (field?.type === 'multiselect' && isList(fitting) && isList(there) && sameMembers(fitting, there)) return state;
  return { ...state, [group]: { ...kept, [name]: fitting } };
}

function split(path: string): readonly [string, string] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot + 1)];
}

/** By the very name, else without the prefix of a namespace: `dc:creator` is kept as `creator`. */
function valueAt(embedded: JsonObject, from: string): JsonValue | undefined {
  const [source, name] = split(from);
  const group = ownValue(embedded, source);
  if (!isObject(group)) return undefined;
  return ownValue(group, name) ?? ownValue(group, name.slice(name.indexOf(':') + 1));
}

function textsOf(value: JsonValue): readonly string[] {
  const list = isList(value) ? value : [value];
  return list
    .filter((item) => typeof item === 'string' || typeof item === 'number')
    .map((item) => String(item).trim())
    .filter((text) => text !== '' && text.length <= 300);
}

function transformed(value: JsonValue, transform: MappingTransform | undefined): JsonValue | undefined {
  switch (transform) {
    case undefined:
      return value;
    case 'first':
      return isList(value) ? value[0] : value;
    case 'join':
      return isList(value) ? textsOf(value).join(', ') : value;
    case 'split':
      return typeof value === 'string' ? textsOf(value.split(/[,;]/)) : value;
    case 'lower':
      return eachText(value, (text) => text.toLowerCase());
    case 'upper':
      return eachText(value, (text) => text.toUpperCase());
    case 'date':
      return typeof value === 'string' ? dayOf(value) : undefined;
    case 'number':
      return numberOf(value);
    default:
      return transform satisfies never;
  }
}

function eachText(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  return isList(value) ? value.map((item) => (typeof item === 'string' ? change(item) : item)) : value;
}

/** The day of a date or time in either spelling: `2026-11-22T…`, `2026:11:22 …`, `20261122`. */
function dayOf(text: string): string | undefined {
  const parts = /^(\d{4})[-:]?(\d{2})[-:]?(\d{2})/.exec(text);
  return parts === null ? undefined : `${parts[1]}-${parts[2]}-${parts[3]}`;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** What may stand in a field that nothing is said of: no objects. */
function plain(value: JsonValue): JsonValue | undefined {
  return isObject(value) ? undefined : value;
}

/** The value as its field wants it; undefined where it does not fit. */
function fittingValue(field: MetadataField, value: JsonValue): JsonValue | undefined {
  const fitting = shaped(field, value);
  return fitting === undefined || valueProblem(field, fitting) !== null ? undefined : fitting;
}

function shaped(field: MetadataField, value: JsonValue): JsonValue | undefined {
  const [first] = textsOf(value);
  switch (field.type) {
    case 'text':
      return textsOf(value).join(', ');
    case 'number':
      return numberOf(isList(value) ? value[0] : value);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (/^(true|yes|1)$/i.test(first ?? '')) return true;
      return /^(false|no|0)$/i.test(first ?? '') ? false : undefined;
    case 'date':
      if (first === undefined) return undefined;
      return valueProblem(field, first) === null ? first : dayOf(first);
    case 'select':
      return first === undefined ? undefined : optionOf(field, first);
    case 'multiselect':
      return [...new Set(textsOf(value).flatMap((text) => optionOf(field, text) ?? []))];
    default:
      return field.type satisfies never;
  }
}

/** An option by its value or label, whatever the case. */
function optionOf({ options = [] }: MetadataField, text: string): string | undefined {
  const wanted = text.toLowerCase();
  return options.find(({ value, label }) => value.toLowerCase() === wanted || label?.toLowerCase() === wanted)?.value;
}
