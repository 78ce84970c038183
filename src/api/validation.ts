/**
 * Checks values against schemas: strictly (what is not listed is refused, nothing is coerced, dropped or filled in), and
 * lazily: a validator is compiled when its route is first called, so that starting compiles nothing.
 */
import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';
import type { Problem } from '../core/errors.ts';
import { problemOf } from './problem-words.ts';
import type { Schema } from './schema.ts';

const problemsShownMax = 20;

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
  const telling = withoutNulls(errors.filter(tells));
  return (telling.length === 0 ? errors : telling).slice(0, problemsShownMax).map(problemOf);
}

/** That a value could also be null is no news to whoever sent another one that does not fit. */
function withoutNulls(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  return errors.filter((error) => {
    if (error.keyword !== 'type' || error.params['type'] !== 'null') return true;
    const within = `${error.instancePath}/`;
    return !errors.some(
      (other) =>
        other !== error && (other.instancePath === error.instancePath || other.instancePath.startsWith(within)),
    );
  });
}

/**
 * `anyOf` and `oneOf` report themselves after the faults of their branches, which say it better; a tag that is missing is
 * told by `required`.
 */
function tells({ keyword, params }: ErrorObject): boolean {
  if (keyword === 'discriminator') return Reflect.get(params, 'tagValue') !== undefined;
  return keyword !== 'anyOf' && keyword !== 'oneOf' && keyword !== 'if';
}
