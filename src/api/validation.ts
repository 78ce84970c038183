/**
 * Checks values against schemas: strictly (what is not listed is refused, nothing is coerced, dropped or filled in), and
 * lazily: a validator is compiled when its route is first called, so that starting compiles nothing.
 */
import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';
import type { Problem } from '../core/errors.ts';
import type { Schema } from './schema.ts';

const problemsShownMax = 20;
const foundCharactersMax = 60;
/** Values under these names are never repeated, not even to the one who sent them: answers end up in logs. */
const secretName = /secret|password|token|key|authorization|cookie|credential/i;

const options: Options = {
  strict: true,
  strictTypes: false,
  strictRequired: false,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  discriminator: true,
  ownProperties: true,
};

const load = createRequire(import.meta.url);
let quick: Ajv2020 | undefined;
let thorough: Ajv2020 | undefined;

function createAjv(extra: Options): Ajv2020 {
  const module = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  return new module.Ajv2020({ ...options, ...extra });
}

type Compiled = { readonly quick: ValidateFunction; thorough: ValidateFunction | undefined };
const compiled = new WeakMap<object, Compiled>();

/**
 * The problems of `value` under `schema`, none where it fits. Two validators: one that stops at the first fault decides,
 * and only where it refuses one that lists all faults runs, so that good requests pay nothing for good messages.
 */
export function problemsOf(schema: Schema, value: unknown): readonly Problem[] {
  let validators = compiled.get(schema);
  if (validators === undefined) {
    quick ??= createAjv({});
    validators = { quick: quick.compile(schema), thorough: undefined };
    compiled.set(schema, validators);
  }
  if (validators.quick(value)) return [];
  if (validators.thorough === undefined) {
    thorough ??= createAjv({ allErrors: true, verbose: true });
    validators.thorough = thorough.compile(schema);
  }
  validators.thorough(value);
  return describeErrors(validators.thorough.errors ?? []);
}

function describeErrors(errors: readonly ErrorObject[]): readonly Problem[] {
  // `anyOf` and `oneOf` report themselves after the faults of their branches; the branches say it better.
  const telling = errors.filter(
    (error) => error.keyword !== 'anyOf' && error.keyword !== 'oneOf' && error.keyword !== 'if',
  );
  return (telling.length === 0 ? errors : telling).slice(0, problemsShownMax).map(problemOf);
}

function problemOf(error: ErrorObject): Problem {
  const parameters: Record<string, unknown> = error.params;
  const at = error.instancePath;
  switch (error.keyword) {
    case 'additionalProperties':
      return {
        at: `${at}/${shorten(String(parameters['additionalProperty']))}`,
        wanted: 'no such field',
        found: 'the field',
      };
    case 'required':
      return { at: `${at}/${String(parameters['missingProperty'])}`, wanted: 'a value', found: 'nothing' };
    case 'type':
      return { at, wanted: String(parameters['type']), found: describeType(error.data) };
    case 'enum':
      return { at, wanted: `one of ${shortList(parameters['allowedValues'])}`, found: describeValue(at, error.data) };
    case 'const':
      return { at, wanted: JSON.stringify(parameters['allowedValue']), found: describeValue(at, error.data) };
    case 'minLength':
    case 'maxLength':
      return {
        at,
        wanted: `${bound(error.keyword)} ${String(parameters['limit'])} characters`,
        found: `${String(error.data).length} characters`,
      };
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return {
        at,
        wanted: `${bound(error.keyword)} ${String(parameters['limit'])} items`,
        found: `${countOf(error.data)} items`,
      };
    case 'minimum':
    case 'maximum':
      return {
        at,
        wanted: `${bound(error.keyword)} ${String(parameters['limit'])}`,
        found: describeValue(at, error.data),
      };
    case 'discriminator':
      return {
        at: `${at}/${String(parameters['tag'])}`,
        wanted: 'one of the kinds the documentation lists',
        found: describeValue(at, parameters['tagValue']),
      };
    default:
      return { at, wanted: error.message ?? error.keyword, found: describeValue(at, error.data) };
  }
}

function bound(keyword: string): string {
  return keyword.startsWith('min') ? 'at least' : 'at most';
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value === 'number' ? `number ${value}` : typeof value;
}

function describeValue(at: string, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'string') return describeType(value);
  return secretName.test(at) ? 'another text' : JSON.stringify(shorten(value));
}

function countOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function shortList(values: unknown): string {
  const list = Array.isArray(values) ? values.map(String) : [];
  return list.length > 12 ? `${list.slice(0, 12).join(', ')}, …` : list.join(', ');
}

function shorten(text: string): string {
  return text.length > foundCharactersMax ? `${text.slice(0, foundCharactersMax)}…` : text;
}
