/** Values from JSON Schemas: those that fit, those that nearly fit, and those that nobody should send. */
import fc from 'fast-check';
import { isJson, type Json } from '../support/answer-check.ts';
import { hostileValue } from './hostile-values.ts';

export type Value = unknown;
type Make = fc.Arbitrary<Value>;

/** What some fields must be for a call to get past the door; ids of examples are replaced by real ones when it is sent. */
const fitting: { readonly [name: string]: readonly unknown[] } = {
  url: ['https://example.com/hook', 'https://example.com/other', 'http://10.0.0.1/', 'nonsense'],
  dialect: ['standard', 'standard', 'standard', 'woodwing', 'none'],
  events: [['*'], ['*'], ['asset.created'], ['no.such.event']],
  filter: [{ folder: ['/'] }, { field: 'name', equals: 'x' }, { not: { folder: ['/a'] } }, { nonsense: 1 }],
  policy: [{}, { timeoutMs: 5_000 }, { timeoutMs: -1 }],
  headers: [[], [['x-team', 'dam']], [['host', 'x']]],
  settings: [{}],
  secret: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'short'],
  externalId: ['external-1', 'external-2', 'ü'],
  fromMs: [0],
  path: ['/', '/a/b', 'relative'],
};

/** Deeper than this a schema gives what is shortest. */
const depthMax = 6;

export type SchemaArbitraries = {
  /** Fits the schema. */
  valid(schema: unknown): Make;
  /** Fits but for one thing, or not at all. */
  wrong(schema: unknown): Make;
};

export function createSchemaArbitraries(document: Json): SchemaArbitraries {
  const valid = (schema: unknown, depth = 0): Make => {
    const node = resolved(document, schema);
    if (!isJson(node)) return fc.jsonValue({ maxDepth: 2 });
    const { enum: values, oneOf, anyOf, type, examples } = node;
    if ('const' in node) return fc.constant(node['const']);
    if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
    const branches = Array.isArray(oneOf) ? oneOf : anyOf;
    if (Array.isArray(branches)) return fc.oneof(...branches.map((branch) => valid(branch, depth)));
    const kinds: readonly unknown[] = Array.isArray(type) ? type : [type];
    const made = fc.oneof(...kinds.map((kind) => ofKind(kind, node, depth)));
    return Array.isArray(examples) && examples.length > 0
      ? fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...(examples as unknown[])) }, { weight: 2, arbitrary: made })
      : made;
  };

  const ofKind = (kind: unknown, node: Json, depth: number): Make => {
    switch (kind) {
      case 'object':
        return objectOf(node, depth);
      case 'array':
        return arrayOf(node, depth);
      case 'string':
        return stringOf(node);
      case 'integer':
        return integerOf(node);
      case 'number':
        return fc.double({
          noNaN: true,
          min: numberAt(node, 'minimum') ?? -1e9,
          max: numberAt(node, 'maximum') ?? 1e9,
        });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  };

  const objectOf = ({ properties, required, additionalProperties, maxProperties }: Json, depth: number): Make => {
    if (!isJson(properties)) {
      const values = isJson(additionalProperties)
        ? valid(additionalProperties, depth + 1)
        : fc.jsonValue({ maxDepth: 2 });
      return fc.dictionary(fc.string({ maxLength: 12 }), values, { maxKeys: Math.min(4, Number(maxProperties ?? 4)) });
    }
    const needed = Array.isArray(required) ? required.map(String) : [];
    const names = Object.keys(properties).filter((name) => depth < depthMax || needed.includes(name));
    const model = Object.fromEntries(names.map((name) => [name, named(name, properties[name], depth)]));
    return fc.record(model, { requiredKeys: needed.filter((name) => names.includes(name)) });
  };

  const named = (name: string, schema: unknown, depth: number): Make => {
    const made = valid(schema, depth + 1);
    const known = Object.hasOwn(fitting, name) ? fitting[name] : undefined;
    return known === undefined
      ? made
      : fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made });
  };

  const arrayOf = ({ items, prefixItems, minItems, maxItems }: Json, depth: number): Make => {
    if (Array.isArray(prefixItems)) return fc.tuple(...prefixItems.map((item) => valid(item, depth + 1)));
    const minLength = Number(minItems ?? 0);
    if (depth >= depthMax && minLength === 0) return fc.constant([]);
    return fc.array(valid(items, depth + 1), {
      minLength,
      maxLength: Math.max(minLength, Math.min(Number(maxItems ?? 4), 4)),
    });
  };

  /** One thing wrong with what would fit. */
  const nearly = (schema: unknown): Make =>
    fc.tuple(valid(schema), fc.nat({ max: 40 }), slip).map(([value, place, how]) => spoilt(value, place, how));

  return {
    valid: (schema) => valid(schema),
    wrong: (schema) => fc.oneof({ weight: 4, arbitrary: nearly(schema) }, { weight: 1, arbitrary: hostileValue }),
  };
}

/** The schema behind a reference. */
export function resolved(document: Json, schema: unknown): unknown {
  if (!isJson(schema)) return schema;
  const ref = schema['$ref'];
  if (typeof ref !== 'string') return schema;
  return ref
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (node, part) => (isJson(node) ? node[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
      document,
    );
}

const usualTexts = ['a', 'name', 'external-1', '/folder', 'standard', 'asset.created', 'x-name', 'Ünïcödé 😀'];

function stringOf({ pattern, minLength, maxLength, format }: Json): Make {
  const longest = Math.min(Number(maxLength ?? 40), 40);
  const bounds = { minLength: Math.min(Number(minLength ?? 0), longest), maxLength: longest };
  const plain = fc.oneof(
    fc.constantFrom(...usualTexts),
    fc.string(bounds),
    fc.string({ ...bounds, unit: 'grapheme', maxLength: Math.max(bounds.minLength, Math.floor(longest / 4)) }),
  );
  if (typeof pattern !== 'string' || format === 'binary') return plain;
  // The form of our ids: an example id, for which a real one is put in when the call is made.
  const id = /\^\(?(?:\?:)?([a-z]+)_\[0-9a-z\]\{26\}/.exec(pattern)?.[1];
  if (id !== undefined) return fc.constant(placeholder(id));
  const rule = new RegExp(pattern, 'u');
  const longestMade = Number(maxLength ?? 1_000);
  const made = fc.stringMatching(rule, { size: 'small' }).map((text) => text.slice(0, longestMade));
  // Never filtered: a pattern that plain text hardly meets would be tried for ever.
  const usual = usualTexts.filter((text) => rule.test(text) && text.length >= bounds.minLength);
  return usual.length === 0 ? made : fc.oneof(fc.constantFrom(...usual), made);
}

/** Stands for the id of something that exists. */
export function placeholder(prefix: string): string {
  return `${prefix}_01m93k7q5v8x2c4r6t8w0y1z3b`;
}

function integerOf(node: Json): Make {
  const min = numberAt(node, 'minimum') ?? -1_000;
  const max = numberAt(node, 'maximum') ?? 1_000_000;
  const edges = [min, max, Math.min(max, min + 1), Math.min(max, Math.max(min, 50))];
  return fc.oneof(fc.constantFrom(...edges), fc.integer({ min: Math.ceil(min), max: Math.floor(max) }));
}

function numberAt(node: Json, key: string): number | undefined {
  const value = node[key];
  return typeof value === 'number' ? value : undefined;
}

type Slip = { readonly kind: 'drop' | 'add' | 'replace' | 'lengthen' | 'nest'; readonly value: unknown };

const slip: fc.Arbitrary<Slip> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), value: fc.constant(null) }),
  fc.record({ kind: fc.constant('add' as const), value: hostileValue }),
  fc.record({ kind: fc.constant('replace' as const), value: hostileValue }),
  fc.record({ kind: fc.constant('lengthen' as const), value: fc.integer({ min: 41, max: 3_000 }) }),
  fc.record({ kind: fc.constant('nest' as const), value: fc.integer({ min: 1, max: 100 }) }),
);

/** The value with the slip made at its n-th place, counted in the order of writing. */
function spoilt(value: unknown, place: number, how: Slip): unknown {
  let left = place % (countPlaces(value) || 1);
  const visit = (node: unknown): unknown => {
    if (left-- === 0) return made(node, how);
    if (Array.isArray(node)) return node.map(visit);
    if (isJson(node)) return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, visit(item)]));
    return node;
  };
  return visit(value);
}

function countPlaces(value: unknown): number {
  if (!isJson(value)) return 1;
  return 1 + Object.values(value).reduce<number>((sum, item) => sum + countPlaces(item), 0);
}

function made(node: unknown, { kind, value }: Slip): unknown {
  switch (kind) {
    case 'drop':
      if (Array.isArray(node)) return node.slice(1);
      return isJson(node) ? Object.fromEntries(Object.entries(node).slice(1)) : null;
    case 'add':
      if (Array.isArray(node)) return [...(node as unknown[]), value];
      return isJson(node) ? { ...node, extra: value } : value;
    case 'replace':
      return value;
    case 'lengthen':
      if (Array.isArray(node))
        return Array.from({ length: Math.min(Number(value), 1_100) }, () => (node as unknown[])[0] ?? 'x');
      return typeof node === 'number' ? node * Number(value) : 'x'.repeat(Number(value));
    case 'nest': {
      let nested: unknown = node;
      for (let depth = 0; depth < Number(value); depth += 1) nested = depth % 2 === 0 ? [nested] : { a: nested };
      return nested;
    }
    default:
      return kind satisfies never;
  }
}
