import { AssetwireError, type Problem } from '../core/errors.ts';
import { invalidRequest } from './problem.ts';
import type { Schema } from './schema.ts';

const queryCharactersMax = 4_096;
const parametersMax = 32;

/**
 * Reads a query string by its schema: each parameter at most once, integers and booleans only in their plain spelling
 * (`1e3`, ` 5` and `+5` are refused), lists separated by commas. What is not listed is left for the validator to refuse.
 * The result has no prototype, so `__proto__` is a name like any other.
 */
export function readQuery(search: string, schema: Schema | undefined): Record<string, unknown> {
  const query = emptyRecord();
  if (search === '') return query;
  if (search.length > queryCharactersMax) {
    throw invalidRequest(
      [{ at: '', wanted: `at most ${queryCharactersMax} characters`, found: `${search.length} characters` }],
      'the query',
    );
  }
  const properties = propertiesOf(schema);
  const problems: Problem[] = [];
  let count = 0;
  for (const [name, text] of new URLSearchParams(search)) {
    if (++count > parametersMax) {
      throw invalidRequest([{ at: '', wanted: `at most ${parametersMax} parameters`, found: 'more' }], 'the query');
    }
    if (name in query)
      problems.push({
        at: `/${name.slice(0, 60)}`,
        wanted: 'the parameter once',
        found: 'several',
        mend: 'Give it once; several values go into one, separated by commas, where a list is taken',
      });
    query[name] = convert(text, Object.hasOwn(properties, name) ? properties[name] : undefined);
  }
  if (problems.length > 0) throw invalidRequest(problems, 'the query');
  return query;
}

/** No prototype: no name is taken from the start. */
function emptyRecord(): Record<string, unknown> {
  return Object.setPrototypeOf({}, null) as Record<string, unknown>;
}

function propertiesOf(schema: Schema | undefined): { readonly [name: string]: { readonly type?: unknown } } {
  const properties: unknown = schema?.['properties'];
  return isPropertyMap(properties) ? properties : {};
}

function isPropertyMap(value: unknown): value is { readonly [name: string]: { readonly type?: unknown } } {
  return typeof value === 'object' && value !== null;
}

function convert(text: string, schema: { readonly type?: unknown } | undefined): unknown {
  switch (schema?.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'array':
      return text === '' ? [] : text.split(',');
    default:
      return text;
  }
}

/** Throws `not_found`: a path parameter that holds control characters names nothing. */
export function assertCleanParameter(value: string): void {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code === 0x7f)
      throw new AssetwireError('not_found', { detail: 'Find it here: the id holds control characters' });
  }
}
