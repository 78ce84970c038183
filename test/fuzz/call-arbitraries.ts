/** Calls to one operation of the document, as they should be made and as they should not. */
import fc from 'fast-check';
import { isJson, type Json } from '../support/answer-check.ts';
import { hostileBody, hostileText, hostileValue } from './hostile-values.ts';
import { createSchemaArbitraries, resolved, type SchemaArbitraries } from './schema-arbitraries.ts';

export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly template: string;
  readonly node: Json;
  readonly streaming: boolean;
};

/** A call before the ids of things that exist are put in. */
export type Plan = {
  readonly operation: Operation;
  readonly path: { readonly [name: string]: unknown };
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: { readonly [name: string]: string };
  readonly body: PlannedBody;
  /** Draws which of the things that exist are meant. */
  readonly choice: number;
};

export type PlannedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'form'; readonly parts: readonly FormPart[]; readonly slip: FormSlip };
export type FormPart = { readonly name: string; readonly fileName?: string; readonly content: unknown };
export type FormSlip = 'none' | 'cut' | 'no boundary' | 'other boundary' | 'swapped';

/** Every operation that the document has below the API; the inbox takes anything and is no part of it. */
export function operationsOf(document: Json): readonly Operation[] {
  const paths: Json = isJson(document['paths']) ? document['paths'] : {};
  return Object.entries(paths)
    .filter(([template]) => !template.startsWith('/inbox/'))
    .flatMap(([template, item]) =>
      Object.entries(isJson(item) ? item : {}).map(([method, node]) => {
        const operation = isJson(node) ? node : {};
        return {
          id: String(operation['operationId']),
          method: method.toUpperCase(),
          template,
          node: operation,
          streaming: JSON.stringify(operation['responses']).includes('text/event-stream'),
        };
      }),
    );
}

export function createCallArbitraries(document: Json): (operation: Operation) => fc.Arbitrary<Plan> {
  const schemas = createSchemaArbitraries(document);
  return (operation) => {
    const parameters = parametersOf(document, operation);
    const at = (place: string): readonly Parameter[] => parameters.filter((parameter) => parameter.place === place);
    return fc.record({
      operation: fc.constant(operation),
      path: fc.record(Object.fromEntries(at('path').map((one) => [one.name, pathValue(schemas, one)]))),
      query: queryOf(schemas, at('query')),
      headers: headersOf(schemas, at('header')),
      body: bodyOf(document, schemas, operation),
      choice: fc.nat(),
    });
  };
}

/** Neither a neighbour's thing nor the last one deleted: see `known-things.ts` and `wire.ts`. */
const exampleChoice = 2;

/** The document's own example of a call, with what it must have and nothing more. */
export function examplePlan(document: Json, operation: Operation, choice = exampleChoice): Plan {
  const parameters = parametersOf(document, operation);
  const [type, media] = mediaOf(document, operation) ?? [];
  const example = media?.['example'];
  const form: PlannedBody = { kind: 'form', parts: formParts(example), slip: 'none' };
  const body: PlannedBody =
    type === undefined ? { kind: 'none' } : type === 'multipart/form-data' ? form : { kind: 'json', value: example };
  const needed = (at: string): readonly Parameter[] =>
    parameters.filter(({ place, required }) => place === at && required);
  return {
    operation,
    path: Object.fromEntries(
      parameters.filter(({ place }) => place === 'path').map(({ name, example: value }) => [name, value]),
    ),
    query: needed('query').map(({ name, example: value }) => [name, queryText(value)] as const),
    headers: Object.fromEntries(
      needed('header').map(({ name, example: value }) => [name.toLowerCase(), headerText(value)]),
    ),
    body,
    choice,
  };
}

type Parameter = {
  readonly name: string;
  readonly place: string;
  readonly required: boolean;
  readonly schema: unknown;
  readonly example: unknown;
};

function parametersOf(document: Json, { node }: Operation): readonly Parameter[] {
  const list: readonly unknown[] = Array.isArray(node['parameters']) ? node['parameters'] : [];
  return list.map((one) => {
    const parameter = resolved(document, one);
    const { name, in: place, required, schema, example } = isJson(parameter) ? parameter : {};
    return { name: String(name), place: String(place), required: required === true, schema, example };
  });
}

function pathValue(schemas: SchemaArbitraries, { schema, example }: Parameter): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(example) },
    { weight: 3, arbitrary: schemas.valid(schema) },
    { weight: 1, arbitrary: hostileText },
  );
}

function queryOf(schemas: SchemaArbitraries, parameters: readonly Parameter[]): fc.Arbitrary<Plan['query']> {
  const one = ({ name, schema, example }: Parameter): fc.Arbitrary<readonly [string, string]> =>
    fc
      .oneof(
        { weight: 3, arbitrary: fc.constant(example) },
        { weight: 4, arbitrary: schemas.valid(schema) },
        { weight: 1, arbitrary: hostileText },
      )
      .map((value) => [name, queryText(value)]);
  const unknown = fc.tuple(fc.constantFrom('x', 'limt', '__proto__', 'constructor', 'a[b]', ''), hostileText);
  const known =
    parameters.length === 0
      ? fc.constant([])
      : fc.subarray([...parameters], { maxLength: Math.min(4, parameters.length) });
  return known
    .chain((chosen) => fc.tuple(fc.tuple(...chosen.map(one)), rarely(unknown, 25), fc.nat({ max: 30 })))
    .map(([given, extra, twice]) => [
      ...given,
      ...(extra === null ? [] : [extra]),
      ...(twice === 0 ? given.slice(0, 1) : []),
    ]);
}

/** The value in one of so many cases, else null. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

function queryText(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed();
}

/** Only what a client may write into a header; what it may not is for tests that write bytes. */
function headerText(value: unknown): string {
  return String(value).replaceAll(/[^\t\u0020-\u007e\u0080-\u00ff]/g, '?');
}

function headersOf(schemas: SchemaArbitraries, parameters: readonly Parameter[]): fc.Arbitrary<Plan['headers']> {
  const known = Object.fromEntries(
    // Another workspace than the key's is for admins: named by hand below.
    parameters
      .filter(({ name }) => name !== 'assetwire-workspace')
      .map(({ name, schema, example, required }) => [
        name.toLowerCase(),
        required === true
          ? fc.constant(headerText(example ?? 'x'))
          : rarely(fc.oneof(fc.constant(example ?? 'x'), schemas.valid(schema), hostileText).map(headerText), 5),
      ]),
  );
  const odd: { readonly [name: string]: readonly string[] } = {
    accept: ['*/*', 'text/html', 'application/json;q=0', 'x'.repeat(500)],
    'content-type': [
      'text/plain',
      'application/json; charset=utf-16',
      'multipart/form-data',
      'application/x-www-form-urlencoded',
      'x',
    ],
    'content-encoding': ['gzip', 'identity', 'br'],
    'assetwire-workspace': ['fuzz', 'foreign', 'default', 'nobody', '../x', '__proto__'],
    'x-http-method-override': ['DELETE'],
    'x-forwarded-for': ['127.0.0.1', "'"],
    origin: ['https://evil.example', 'null'],
    'sec-fetch-site': ['cross-site', 'same-origin'],
    cookie: ['assetwire-session=x', '__Host-assetwire-session=;;;', 'a='.repeat(300)],
    range: ['bytes=0-0', 'bytes=9-1', 'bytes=-5', 'bytes=0-,5-', 'x'],
    'last-event-id': ['0', 'chg_01m93k7q5v8x2c4r6t8w0y1z3b', 'ü', 'x'.repeat(2_000)],
    'if-none-match': ['*', '"x"', 'W/"x"'],
    'if-match': ['*', '"1"', 'W/"x"'],
    'accept-language': ['xx-'.repeat(400)],
  };
  const oddOnes = fc.record(
    Object.fromEntries(Object.entries(odd).map(([name, values]) => [name, rarely(fc.constantFrom(...values), 60)])),
  );
  return fc.tuple(fc.record(known), oddOnes).map(([given, more]) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries({ ...more, ...given }))
      if (typeof value === 'string') headers[name] = value;
    return headers;
  });
}

function mediaOf(document: Json, { node }: Operation): readonly [type: string, media: Json] | undefined {
  const request = resolved(document, node['requestBody']);
  const content = isJson(request) ? request['content'] : undefined;
  const [type, media] = isJson(content) ? (Object.entries(content)[0] ?? []) : [];
  return type === undefined || !isJson(media) ? undefined : [type, media];
}

function bodyOf(document: Json, schemas: SchemaArbitraries, operation: Operation): fc.Arbitrary<PlannedBody> {
  const found = mediaOf(document, operation);
  const bytes = hostileBody.map((one): PlannedBody => ({ kind: 'bytes', bytes: one }));
  const none = fc.constant<PlannedBody>({ kind: 'none' });
  if (found === undefined)
    return operation.method === 'GET'
      ? none
      : fc.oneof({ weight: 20, arbitrary: none }, { weight: 1, arbitrary: bytes });
  const [type, media] = found;
  if (type === 'multipart/form-data') return formOf(document, schemas, media);
  const json = (value: fc.Arbitrary<unknown>): fc.Arbitrary<PlannedBody> =>
    value.map((one) => ({ kind: 'json', value: one }));
  return fc.oneof(
    { weight: 4, arbitrary: json(varied(schemas, document, media)) },
    { weight: 4, arbitrary: json(schemas.valid(media['schema'])) },
    { weight: 4, arbitrary: json(schemas.wrong(media['schema'])) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: none },
  );
}

/** The document's example with some of its fields made anew. */
function varied(schemas: SchemaArbitraries, document: Json, media: Json): fc.Arbitrary<unknown> {
  const example = media['example'];
  const schema = resolved(document, media['schema']);
  const properties = isJson(schema) ? schema['properties'] : undefined;
  if (!isJson(example) || !isJson(properties)) return fc.constant(example);
  const fields = Object.entries(properties).map(([name, property]) => [
    name,
    Object.hasOwn(example, name)
      ? rarely(schemas.valid(property), 7).map((made) => made ?? example[name])
      : rarely(schemas.valid(property), 12).map((made) => made ?? undefined),
  ]);
  return fc
    .record(Object.fromEntries(fields) as { [name: string]: fc.Arbitrary<unknown> })
    .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)));
}

const contents: readonly Buffer[] = [
  Buffer.from(''),
  Buffer.from('hello'),
  Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'),
  Buffer.from('%PDF-1.7\n'),
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  Buffer.alloc(70_000, 'x'),
];
const fileNames = ['a.jpg', 'ü.png', '../x', '', 'x'.repeat(300), 'a\u202egpj.exe', '😀.txt'];

function formOf(document: Json, schemas: SchemaArbitraries, media: Json): fc.Arbitrary<PlannedBody> {
  const schema = resolved(document, media['schema']);
  const properties = isJson(schema) && isJson(schema['properties']) ? schema['properties'] : {};
  const required: readonly unknown[] = isJson(schema) && Array.isArray(schema['required']) ? schema['required'] : [];
  const parts = Object.entries(properties).map(([name, property]): fc.Arbitrary<FormPart | null> => {
    const node = resolved(document, property);
    const file = isJson(node) && node['format'] === 'binary';
    const part: fc.Arbitrary<FormPart> = file
      ? fc.record({
          name: fc.constant(name),
          fileName: fc.constantFrom(...fileNames),
          content: fc.constantFrom(...contents),
        })
      : fc.record({
          name: fc.constant(name),
          content: fc.oneof(
            { weight: 5, arbitrary: schemas.valid(property) },
            { weight: 2, arbitrary: schemas.wrong(property) },
          ),
        });
    return fc.option(part, { freq: required.includes(name) ? 30 : 2 });
  });
  const extra = rarely(
    fc.record({ name: fc.constantFrom('other', '__proto__', 'file', 'asset'), content: hostileValue }),
    15,
  );
  const slip = fc.oneof(
    { weight: 12, arbitrary: fc.constant<FormSlip>('none') },
    { weight: 3, arbitrary: fc.constantFrom<FormSlip>('cut', 'no boundary', 'other boundary', 'swapped') },
  );
  return fc.oneof(
    {
      weight: 14,
      arbitrary: fc.tuple(fc.tuple(...parts), extra, slip).map(
        ([made, more, how]): PlannedBody => ({
          kind: 'form',
          parts: [...made, more].filter((part) => part !== null),
          slip: how,
        }),
      ),
    },
    { weight: 1, arbitrary: hostileBody.map((bytes): PlannedBody => ({ kind: 'bytes', bytes })) },
  );
}

function formParts(example: unknown): readonly FormPart[] {
  return Object.entries(isJson(example) ? example : {})
    .sort(([left], [right]) => Number(left === 'file') - Number(right === 'file'))
    .map(([name, content]) =>
      name === 'file' ? { name, fileName: 'example.txt', content: Buffer.from('hello') } : { name, content },
    );
}
