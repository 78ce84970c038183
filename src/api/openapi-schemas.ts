/** Schemas as the OpenAPI document writes them: those with a name become components and references to them. */
import { problemContentType } from './problem.ts';
import { nameOf } from './schema.ts';

export type Json = { [key: string]: unknown };

/** Everything that is written once and referred to. */
export type Components = {
  readonly schemas: Json;
  readonly responses: Json;
  readonly parameters: Json;
  readonly headers: Json;
  readonly examples: Json;
};

/**
 * A copy in which named schemas are references. A `discriminator` stays where all its branches are references, with the
 * mapping that generators need; objects that take anything say so, because generators read silence as an empty object.
 */
export function hoisted(schema: unknown, components: Components): unknown {
  if (Array.isArray(schema)) return schema.map((item) => hoisted(item, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = nameOf(schema);
  if (name === undefined) return copied(schema, components);
  if (!Object.hasOwn(components.schemas, name)) {
    // Taken before it is made, for schemas that hold themselves.
    components.schemas[name] = {};
    components.schemas[name] = copied(schema, components);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function copied(schema: object, components: Components): Json {
  const copy: Json = {};
  for (const [key, value] of Object.entries(schema) as [string, unknown][]) {
    // What stands in examples, enums and constants is data, whatever it is called.
    copy[key] = key === 'examples' || key === 'enum' || key === 'const' ? value : hoisted(value, components);
  }
  if ('discriminator' in copy) discriminate(copy, schema);
  const open = ['properties', 'additionalProperties', 'oneOf', 'anyOf', 'allOf'].every((keyword) => !(keyword in copy));
  if (copy['type'] === 'object' && open) copy['additionalProperties'] = true;
  return copy;
}

function discriminate(copy: Json, schema: object): void {
  const branches: unknown = Reflect.get(schema, 'oneOf');
  const discriminator: unknown = copy['discriminator'];
  const tag: unknown = isObject(discriminator) ? Reflect.get(discriminator, 'propertyName') : undefined;
  const mapping: Json = {};
  for (const branch of Array.isArray(branches) ? branches : []) {
    const name = isObject(branch) ? nameOf(branch) : undefined;
    const values = tagValues(branch, tag);
    if (name === undefined || values === undefined) {
      delete copy['discriminator'];
      return;
    }
    for (const value of values) mapping[String(value)] = `#/components/schemas/${name}`;
  }
  copy['discriminator'] = { propertyName: tag, mapping };
}

function tagValues(branch: unknown, tag: unknown): readonly unknown[] | undefined {
  const properties: unknown = isObject(branch) ? Reflect.get(branch, 'properties') : undefined;
  const property: unknown = isObject(properties) && typeof tag === 'string' ? Reflect.get(properties, tag) : undefined;
  const values: unknown = isObject(property) ? Reflect.get(property, 'enum') : undefined;
  return Array.isArray(values) ? values : undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** `application/json` of a schema, with its example. */
export function jsonContent(schema: unknown, example: unknown, contentType = 'application/json'): Json {
  return { [contentType]: { schema, ...(example === undefined ? {} : { example }) } };
}

export function problemContent(schema: unknown, examples: Json): Json {
  return { [problemContentType]: { schema, examples } };
}
