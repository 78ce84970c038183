/**
 * One fault that the validator found, in words: where, what was wanted, what was found, how to mend it. What was found is
 * cut short, and never told where it may be a secret.
 */
import type { ErrorObject } from 'ajv/dist/2020.js';
import { counted } from '../core/counted.ts';
import type { Problem } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { exampleText } from './example.ts';

const foundCharactersMax = 60;
const pointerCharactersMax = 200;
const namesCharactersMax = 1_500;
/** Values under these names are never repeated, not even to the one who sent them: answers end up in logs. */
const secretName = /secret|password|token|key|authorization|cookie|credential/i;

export function problemOf(error: ErrorObject): Problem {
  const parameters: Record<string, unknown> = error.params;
  const at = cut(error.instancePath, pointerCharactersMax);
  const { data, parentSchema } = error;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownField(at, String(Object.values(parameters)[0]), parentSchema);
    case 'required':
      return missingField(at, String(parameters['missingProperty']), parentSchema);
    case 'type':
      return wrongType({ at, wanted: parameters['type'] }, data, parentSchema);
    case 'enum':
      return wrongValue(at, textsOf(parameters['allowedValues']), data);
    case 'const':
      return { at, wanted: JSON.stringify(parameters['allowedValue']), found: describeValue(at, data) };
    case 'pattern':
      return { at, wanted: wantedByPattern(parentSchema), found: describeValue(at, data) };
    case 'minLength':
    case 'maxLength':
      return { at, wanted: bounded(error, 'character'), found: counted(String(data).length, 'character') };
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return { at, wanted: bounded(error, 'item'), found: counted(countOf(data), 'item') };
    case 'minimum':
    case 'maximum':
      return { at, wanted: bounded(error), found: describeValue(at, data) };
    case 'discriminator': {
      const tag = String(parameters['tag']);
      return wrongValue(`${at}/${tag}`, branchTags(parentSchema, tag), parameters['tagValue']);
    }
    default:
      return { at, wanted: error.message ?? error.keyword, found: describeValue(at, data) };
  }
}

/** The same of a query parameter, whose values are all text as they come and are no secrets. */
export function queryProblem(problem: Problem, query: { readonly [name: string]: unknown }): Problem {
  const name = problem.at.slice(1);
  const value = Object.hasOwn(query, name) ? query[name] : undefined;
  if (problem.wanted === noField) return { ...problem, wanted: 'no such parameter', found: 'the parameter' };
  if (problem.found !== 'text' || typeof value !== 'string') return problem;
  const whole = problem.wanted === 'integer' ? 'a whole number' : problem.wanted;
  return { at: problem.at, wanted: whole, found: describeValue(problem.at, value) };
}

const noField = 'no such field';

function unknownField(at: string, name: string, schema: unknown): Problem {
  const known = Object.keys(objectAt(schema, 'properties'));
  const near = nearestName(name, known);
  return {
    at: `${at}/${cut(name, foundCharactersMax)}`,
    wanted: noField,
    found: 'the field',
    mend:
      known.length === 0
        ? 'Leave it out: nothing is taken here'
        : `${near === undefined ? 'Leave it out: ' : `Write "${near}" instead; `}known are ${listed(known)}`,
  };
}

function missingField(at: string, name: string, schema: unknown): Problem {
  const tags = Reflect.get(objectAt(schema, 'discriminator'), 'propertyName') === name ? branchTags(schema, name) : [];
  const example = exampleText(Reflect.get(objectAt(schema, 'properties'), name));
  const mend = example === undefined ? `Add the field "${name}"` : `Add it, for example "${name}": ${example}`;
  const wanted = tags.length === 0 ? 'a value' : `one of ${listed(tags)}`;
  return { at: `${at}/${name}`, wanted, found: 'nothing', mend };
}

type Wanted = { readonly at: string; readonly wanted: unknown };

function wrongType({ at, wanted }: Wanted, data: unknown, schema: unknown): Problem {
  const types = textsOf(Array.isArray(wanted) ? wanted : [wanted]);
  const tag: unknown = Reflect.get(objectAt(schema, 'discriminator'), 'propertyName');
  const tags = typeof tag === 'string' ? ` with "${tag}": ${branchTags(schema, tag).join(', ')}` : '';
  const mend = mendOfTime(at, types, data) ?? mendOfType(types, data, schema);
  return {
    at,
    wanted: `${types.join(' or ')}${tags}`,
    found: describeType(data),
    ...(mend === undefined ? {} : { mend }),
  };
}

/** A moment that was written as people write it, where milliseconds are wanted. */
function mendOfTime(at: string, types: readonly string[], data: unknown): string | undefined {
  if (!at.endsWith('AtMs') || !types.includes('integer') || typeof data !== 'string') return undefined;
  const ms = /^\d{4}-\d{2}-\d{2}/.test(data) ? Date.parse(data) : Number.NaN;
  if (Number.isNaN(ms))
    return 'Give Unix milliseconds as a number, without quotes: 1893456000000 is 2030-01-01T00:00:00.000Z';
  return `Give Unix milliseconds as a number: ${ms} is ${new Date(ms).toISOString()}`;
}

function mendOfType(types: readonly string[], data: unknown, schema: unknown): string | undefined {
  const numeric = types.includes('integer') || types.includes('number');
  if (types.includes('integer') && typeof data === 'number') return 'Give a whole number';
  if (numeric && typeof data === 'string') return 'Give a number, without quotes';
  if (types.includes('boolean')) return 'Give true or false, without quotes';
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean'))
    return 'Put it into double quotes';
  if (data === null) return 'Leave it out, or give a value: null is none here';
  if (types.includes('array') && !Array.isArray(data)) {
    const example = exampleText(schema);
    return example === undefined ? 'Put it into square brackets' : `Give a list, for example ${example}`;
  }
  const example = exampleText(schema);
  return example === undefined || types.includes('string') ? undefined : `For example ${example}`;
}

function wrongValue(at: string, allowed: readonly string[], data: unknown): Problem {
  const near = typeof data === 'string' ? nearestName(data, allowed) : undefined;
  return {
    at,
    wanted: `one of ${listed(allowed)}`,
    found: describeValue(at, data),
    ...(near === undefined ? {} : { mend: `Write "${near}" instead` }),
  };
}

/** The values that tell the branches of a `oneOf` apart. */
function branchTags(schema: unknown, tag: string): readonly string[] {
  const branches: unknown = typeof schema === 'object' && schema !== null ? Reflect.get(schema, 'oneOf') : undefined;
  if (!Array.isArray(branches)) return [];
  return branches.flatMap((branch) => {
    const property: unknown = Reflect.get(objectAt(branch, 'properties'), tag);
    return textsOf(typeof property === 'object' && property !== null ? Reflect.get(property, 'enum') : []);
  });
}

function wantedByPattern(schema: unknown): string {
  const node = typeof schema === 'object' && schema !== null ? schema : {};
  const description: unknown = Reflect.get(node, 'description');
  const pattern = String(Reflect.get(node, 'pattern'));
  if (pattern.endsWith('file)://'))
    return 'an address that begins with http://, https://, s3://, gs://, ftp://, sftp:// or file://';
  if (pattern === '^[^\\u0000-\\u001f\\u007f]*$') return 'text without line breaks or other control characters';
  const rule = pattern === '^[a-z0-9-]+$' ? 'lower-case letters, digits and hyphens' : `text that fits ${pattern}`;
  return typeof description === 'string' ? description : rule;
}

/** `unit` in the singular. */
function bounded(error: ErrorObject, unit?: string): string {
  const parameters: Record<string, unknown> = error.params;
  const word = error.keyword.startsWith('min') ? 'at least' : 'at most';
  const limit = Number(parameters['limit']);
  return `${word} ${unit === undefined ? limit : counted(limit, unit)}`;
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? `the number ${value}` : typeof value;
}

function describeValue(at: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'string') return describeType(value);
  return secretName.test(at) ? 'another text' : JSON.stringify(cut(value, foundCharactersMax));
}

function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function objectAt(schema: unknown, keyword: string): object {
  const value: unknown = typeof schema === 'object' && schema !== null ? Reflect.get(schema, keyword) : undefined;
  return typeof value === 'object' && value !== null ? value : {};
}

function textsOf(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.map(String) : [];
}

/** All of them as far as a message may be long. */
function listed(names: readonly string[]): string {
  return cut(names.join(', '), namesCharactersMax);
}

function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
}
