/**
 * JSON Schemas that know their TypeScript type. One schema validates the request, types the handler and appears in the
 * OpenAPI document. Written by hand in sixty lines because the library we would use (TypeBox) costs 110 ms of the one
 * second a cold start may take, for its runtime half of which nothing else is needed.
 */
declare const staticType: unique symbol;

/** Plain JSON Schema (2020-12) with the type of what it accepts as a phantom. */
export type Schema<T = unknown> = { readonly [keyword: string]: unknown } & { readonly [staticType]?: T };

/** A property that may be absent. */
export type Optional<T> = { readonly optional: Schema<T> };

/** Names a schema that the OpenAPI document lists under `components`. Invisible to JSON and to the validator. */
const componentName = Symbol('component');

type Annotations = { readonly description?: string; readonly examples?: readonly unknown[] };
type Properties = { readonly [name: string]: Schema | Optional<unknown> };
type ObjectOf<P extends Properties> = Flat<
  {
    readonly [K in keyof P as P[K] extends Optional<unknown> ? never : K]: P[K] extends Schema<infer T> ? T : never;
  } & {
    readonly [K in keyof P as P[K] extends Optional<unknown> ? K : never]?: P[K] extends Optional<infer T> ? T : never;
  }
>;
type Flat<T> = { [K in keyof T]: T[K] };

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

/** A closed object: what is not listed is refused. */
export function object<P extends Properties>(properties: P, annotations: Annotations = {}): Schema<ObjectOf<P>> {
  const required: string[] = [];
  const schemas: Record<string, Schema> = {};
  for (const [name, property] of Object.entries(properties)) {
    if (isOptional(property)) {
      schemas[name] = property.optional;
    } else {
      schemas[name] = property;
      required.push(name);
    }
  }
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: schemas,
    additionalProperties: false,
    ...annotations,
  };
}

function isOptional(property: Schema | Optional<unknown>): property is Optional<unknown> {
  return Object.hasOwn(property, 'optional');
}

export function string(
  options: Annotations & { minLength?: number; maxLength?: number; pattern?: string } = {},
): Schema<string> {
  return { type: 'string', ...options };
}

export function integer(options: Annotations & { minimum?: number; maximum?: number } = {}): Schema<number> {
  return { type: 'integer', ...options };
}

export function number(options: Annotations & { minimum?: number; maximum?: number } = {}): Schema<number> {
  return { type: 'number', ...options };
}

export function boolean(annotations: Annotations = {}): Schema<boolean> {
  return { type: 'boolean', ...annotations };
}

/** One of these values. */
export function oneOf<const V extends readonly (string | number)[]>(
  values: V,
  annotations: Annotations = {},
): Schema<V[number]> {
  return { type: typeof values[0] === 'number' ? 'integer' : 'string', enum: values, ...annotations };
}

export function array<T>(
  items: Schema<T>,
  options: Annotations & { minItems?: number; maxItems?: number; uniqueItems?: boolean } = {},
): Schema<readonly T[]> {
  return { type: 'array', items, ...options };
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return { anyOf: [schema, { type: 'null' }] };
}

/** An object whose keys are the caller's. */
export function record<T>(
  values: Schema<T>,
  options: Annotations & { maxProperties?: number; propertyNames?: Schema<string> } = {},
): Schema<{ readonly [key: string]: T }> {
  return { type: 'object', additionalProperties: values, ...options };
}

/** A schema written out, whose type the author vouches for. */
export function raw<T>(schema: { readonly [keyword: string]: unknown }): Schema<T> {
  return schema;
}

/** Gives a schema a name of its own in the OpenAPI document. */
export function named<T>(name: string, schema: Schema<T>): Schema<T> {
  return Object.defineProperty({ ...schema }, componentName, { value: name, enumerable: false });
}

/** The name given by `named`. */
export function nameOf(schema: object): string | undefined {
  const name: unknown = Reflect.get(schema, componentName);
  return typeof name === 'string' ? name : undefined;
}
