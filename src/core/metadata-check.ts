/** An asset's custom metadata against the definitions of its workspace. */
import type { Problem } from './errors.ts';
import { isList, isObject, ownValue, sameJson, sameMembers } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { MetadataField, MetadataFieldSet } from './metadata-field.ts';
import { isEmptyValue, valueProblem } from './metadata-value.ts';

/** The two states of `metadata` that a write lies between; `before` is null where the asset did not exist. */
export type MetadataWrite = { readonly before: JsonValue | undefined | null; readonly after: JsonValue | undefined };

/**
 * What does not fit. A write answers for what it changes: values it sets, fields it takes away; a new asset for everything,
 * required fields among it. So a definition that is made later holds up no other work on assets that do not fit it yet.
 * `at` names where the metadata lies.
 */
export function metadataProblems(
  { fields, rules }: MetadataFieldSet,
  { before, after }: MetadataWrite,
  at: string,
): readonly Problem[] {
  const was = isObject(before) ? before : {};
  const is = isObject(after) ? after : {};
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(is)) {
    if (value === null || (before !== null && sameJson(value, ownValue(was, name)))) continue;
    const field = fields.get(name);
    const problem = field === undefined ? unknownProblem(rules, fields) : fieldProblem(field, value);
    if (problem !== null) problems.push({ at: `${at}/${pointer(name)}`, ...problem });
  }
  for (const field of fields.values()) {
    if (!field.required || !isEmptyValue(ownValue(is, field.name))) continue;
    if (before !== null && isEmptyValue(ownValue(was, field.name))) continue;
    // What is there but empty has been looked at above where its type allows no empty value.
    if (problems.some((problem) => problem.at === `${at}/${pointer(field.name)}`)) continue;
    problems.push({ at: `${at}/${pointer(field.name)}`, wanted: `a value: ${field.label} is required`, found: 'none' });
  }
  return problems;
}

/** All that does not fit in an asset as it is, whoever wrote it and when. */
export function presentProblems(
  set: MetadataFieldSet,
  metadata: JsonValue | undefined,
  at: string,
): readonly Problem[] {
  return metadataProblems(set, { before: null, after: metadata }, at);
}

/** With the default of each field that was not given. */
export function withDefaults({ fields }: MetadataFieldSet, metadata: JsonObject): JsonObject {
  const missing: [string, JsonValue][] = [];
  for (const { name, default: value } of fields.values()) {
    if (value !== undefined && !Object.hasOwn(metadata, name)) missing.push([name, value]);
  }
  return missing.length === 0 ? metadata : { ...metadata, ...Object.fromEntries(missing) };
}

/**
 * A state whose multiselect fields that hold the same choices as before hold them in the order of before: what was chosen
 * is a set, and a DAM that lists it in another order tells nothing new.
 */
export function withChoicesAsBefore<State extends { readonly metadata: JsonObject }>(
  { fields }: MetadataFieldSet,
  before: { readonly metadata?: JsonValue } | null,
  after: State,
): State {
  const was = before?.metadata;
  if (!isObject(was) || was === after.metadata) return after;
  const kept: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(after.metadata)) {
    const known = ownValue(was, name);
    if (!isList(value) || !isList(known) || fields.get(name)?.type !== 'multiselect') continue;
    if (!sameJson(value, known) && sameMembers(value, known)) kept.push([name, known]);
  }
  return kept.length === 0 ? after : { ...after, metadata: { ...after.metadata, ...Object.fromEntries(kept) } };
}

function fieldProblem(field: MetadataField, value: JsonValue): Pick<Problem, 'wanted' | 'found'> | null {
  // An empty text or list is how forms say "nothing": the same as leaving it out.
  if (isEmptyValue(value) && (field.type === 'text' || field.type === 'multiselect')) return null;
  return valueProblem(field, value);
}

function unknownProblem(
  { unknownFields }: MetadataFieldSet['rules'],
  fields: MetadataFieldSet['fields'],
): Pick<Problem, 'wanted' | 'found'> | null {
  if (unknownFields === 'accept') return null;
  const names = [...fields.keys()].slice(0, 12).map((name) => JSON.stringify(name));
  const more = fields.size > names.length ? ', …' : '';
  return { wanted: `a defined field: ${names.join(', ')}${more}`, found: 'a field that is not defined' };
}

/** A key as it stands in a JSON pointer (RFC 6901). */
function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
