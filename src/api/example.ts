/**
 * An example of what a schema allows, made from the schema itself: its own `examples` where it has some, else what its
 * fields are called. One maker for the OpenAPI document, the reference page and the mends of refused requests, so that an
 * example is never of another shape than what is validated.
 */
import { componentExamples } from './component-examples.ts';
import { exampleByName } from './example-values.ts';
import { nameOf } from './schema.ts';

/** Which optional fields an example has: all (answers), or only those whose schema gives an example (requests). */
export type ExampleFields = 'all' | 'telling';

type Node = { readonly [keyword: string]: unknown };

export function exampleOf(schema: unknown, fields: ExampleFields, name = ''): unknown {
  if (!isNode(schema)) return {};
  const { examples, enum: values, oneOf, anyOf, allOf, type } = schema;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if ('const' in schema) return schema['const'];
  const named = exampleByName(name, type);
  if (Array.isArray(values)) return values.includes(named) ? named : values[0];
  const branches = Array.isArray(oneOf) ? oneOf : anyOf;
  if (Array.isArray(branches)) {
    return allowsNull(schema) && exampleByName(name, 'null') === null ? null : exampleOf(branches[0], fields, name);
  }
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map((part) => exampleOf(part, fields, name))) as unknown;
  switch (Array.isArray(type) ? type.find((one) => one !== 'null') : type) {
    case 'object':
      return overlaid(objectExample(schema, fields, name), schema, fields);
    case 'array':
      return arrayExample(schema, fields, name);
    case 'string':
      return stringExample(schema, named);
    case 'integer':
    case 'number':
      return numberExample(schema, named);
    case 'boolean':
      return typeof named === 'boolean' ? named : false;
    case 'null':
      return null;
    default:
      return named ?? {};
  }
}

/** One line of JSON, for a message; undefined where it would be too long for one. */
export function exampleText(schema: unknown): string | undefined {
  const text = JSON.stringify(exampleOf(schema, 'telling'));
  // What was only put there to be of the right type tells nobody anything.
  const telling = text !== undefined && text !== '{}' && !/"(?:text|example)"/.test(text);
  return telling && text.length <= exampleCharactersMax ? text : undefined;
}

const exampleCharactersMax = 240;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectExample(
  { properties, required, additionalProperties }: Node,
  fields: ExampleFields,
  name: string,
): Node {
  if (!isNode(properties)) {
    const known = exampleByName(name, 'object');
    if (isNode(known)) return known;
    return isNode(additionalProperties) ? { name: exampleOf(additionalProperties, fields) } : {};
  }
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const needed = Array.isArray(required) && required.includes(key);
    if (needed || fields === 'all' || (isNode(property) && Array.isArray(property['examples'])))
      result[key] = exampleOf(property, fields, key);
  }
  return result;
}

/** With what the component of this name says laid over it; of a request only what is there already. */
function overlaid(made: Node, schema: Node, fields: ExampleFields): Node {
  const component = nameOf(schema);
  const overlay =
    component !== undefined && Object.hasOwn(componentExamples, component) ? componentExamples[component] : undefined;
  if (overlay === undefined) return made;
  const { properties, required } = schema;
  const result: Record<string, unknown> = { ...made };
  for (const [key, value] of Object.entries(overlay)) {
    if (isNode(properties) && !Object.hasOwn(properties, key)) continue;
    if (fields !== 'all' && !Object.hasOwn(made, key)) continue;
    if (value !== undefined) result[key] = value;
    else if (!Array.isArray(required) || !required.includes(key)) delete result[key];
    else if (isNode(properties) && allowsNull(properties[key])) result[key] = null;
  }
  return result;
}

function allowsNull(schema: unknown): boolean {
  const branches: unknown = isNode(schema) ? schema['anyOf'] : undefined;
  return Array.isArray(branches) && branches.some((branch) => isNode(branch) && branch['type'] === 'null');
}

function arrayExample({ items, prefixItems }: Node, fields: ExampleFields, name: string): unknown {
  const known = exampleByName(name, 'array');
  if (Array.isArray(known)) return known;
  if (Array.isArray(prefixItems)) return prefixItems.map((item) => exampleOf(item, fields));
  return [exampleOf(items, fields, name)];
}

function stringExample({ pattern, minLength, maxLength }: Node, named: unknown): string {
  const prefix = typeof pattern === 'string' ? /^\^(?:\(\?:)?([a-z]+)_\[0-9a-z\]\{26\}/.exec(pattern)?.[1] : undefined;
  if (prefix !== undefined) return exampleId(prefix);
  const text = typeof named === 'string' ? named : 'text';
  const fits =
    (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text)) &&
    text.length >= Number(minLength ?? 0) &&
    text.length <= Number(maxLength ?? Infinity);
  return fits ? text : 'example';
}

/** An id of a kind: well-formed, and the same in every example. */
export function exampleId(prefix: string): string {
  return `${prefix}_01m93k7q5v8x2c4r6t8w0y1z3b`;
}

function numberExample({ minimum, maximum }: Node, named: unknown): number {
  const wanted = typeof named === 'number' ? named : 1;
  return Math.min(Math.max(wanted, Number(minimum ?? -Infinity)), Number(maximum ?? Infinity));
}
