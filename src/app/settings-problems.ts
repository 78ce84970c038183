/** What is wrong with the settings of a webhook, in words: the field by its name, never its value, which may be a secret. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Problem } from '../core/errors.ts';
import { isObject, ownValue } from '../core/json-equality.ts';

const problemsShownMax = 20;

/** From the errors of a validator that was made with `verbose`. */
export function settingsProblems(errors: readonly ErrorObject[]): readonly Problem[] {
  return errors.slice(0, problemsShownMax).map(problemOf);
}

function problemOf({ keyword, instancePath, params, message, parentSchema, data }: ErrorObject): Problem {
  const at = `/settings${instancePath}`;
  const parameters: { readonly [name: string]: unknown } = params;
  switch (keyword) {
    case 'additionalProperties':
      return {
        at: `${at}/${String(parameters['additionalProperty']).slice(0, 60)}`,
        wanted: knownFields(parentSchema),
        found: 'a field that is none of these',
      };
    case 'required':
      return { at: `${at}/${String(parameters['missingProperty'])}`, wanted: 'a value', found: 'nothing' };
    case 'type':
      return { at, wanted: `a value of type ${String(parameters['type'])}`, found: typeOf(data) };
    case 'enum':
      return { at, wanted: `one of ${allowedOf(parameters['allowedValues'])}`, found: 'something else' };
    case 'pattern':
      // A pattern is for machines; what the field is for tells people more.
      return { at, wanted: descriptionOf(parentSchema) ?? 'text of another form', found: 'text of another form' };
    case 'maximum':
    case 'minimum':
      return {
        at,
        wanted: boundsOf(parentSchema),
        found: keyword === 'maximum' ? 'a larger number' : 'a smaller number',
      };
    case 'maxLength':
    case 'minLength':
    case 'maxItems':
    case 'minItems': {
      const [bound, other] = keyword.startsWith('max') ? ['at most', 'more'] : ['at least', 'fewer'];
      const isText = keyword.endsWith('Length');
      const wanted = `${bound} ${String(parameters['limit'])} ${isText ? 'characters' : 'entries'}`;
      return { at, wanted, found: isText ? other : typeOf(data) };
    }
    default:
      return { at, wanted: message ?? 'something that fits the dialect', found: typeOf(data) };
  }
}

function boundsOf(schema: unknown): string {
  const [least, most] = ['minimum', 'maximum'].map((name) => (isObject(schema) ? ownValue(schema, name) : undefined));
  if (typeof least === 'number' && typeof most === 'number') return `a number from ${least} to ${most}`;
  if (typeof most === 'number') return `a number of at most ${most}`;
  return typeof least === 'number' ? `a number of at least ${least}` : 'another number';
}

function allowedOf(values: unknown): string {
  return Array.isArray(values) ? values.map(String).join(', ') : 'those that the schema names';
}

function knownFields(schema: unknown): string {
  const properties = isObject(schema) ? ownValue(schema, 'properties') : undefined;
  const names = isObject(properties) ? Object.keys(properties) : [];
  return names.length === 0 ? 'no settings: the dialect has none' : `one of ${names.join(', ')}`;
}

function descriptionOf(schema: unknown): string | null {
  const description = isObject(schema) ? ownValue(schema, 'description') : undefined;
  return typeof description === 'string' ? description : null;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (isObject(value)) return 'an object';
  return Array.isArray(value) ? `a list of ${value.length}` : `a ${typeof value}`;
}
