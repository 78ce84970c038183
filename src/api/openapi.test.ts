import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { errorTable } from '../core/errors.ts';
import { areas } from './areas.ts';
import { answerExample, requestExample } from './route-examples.ts';
import { openApiDocument } from './openapi.ts';
import { operationExamples } from './operation-examples.ts';
import { errorsOf } from './route-errors.ts';
import { allRoutes } from './testing/test-server.ts';
import { problemsOf } from './validation.ts';

type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security: readonly object[];
  readonly 'x-scope': string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: object } } };
  readonly responses: { readonly [status: string]: { readonly description: string; readonly content?: object } };
};
type Document = {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: object } };
  readonly tags: readonly { readonly name: string }[];
};

const routes = allRoutes();
// What is published is JSON: looked at as such.
const document: Document = JSON.parse(JSON.stringify(openApiDocument(routes, { version: '1.2.3', url: 'http://x' })));
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

test('the document has every route, and no route more than there are but the inbox', () => {
  const documented = operations
    .filter(({ path }) => path !== '/inbox/{id}')
    .map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(documented.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  assert.ok(document.paths['/inbox/{id}']?.['post']);
});

test('every operation has an id of its own, a tag, a summary, responses and says who may call it', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length, ids.filter((id, index) => ids.indexOf(id) !== index).join());
  const tags = new Set(document.tags.map(({ name }) => name));
  for (const { path, method, operation } of operations) {
    const where = `${method} ${path}`;
    assert.match(operation.operationId, /^[a-z][A-Za-z]+$/, where);
    assert.ok(
      operation.tags.every((tag) => tags.has(tag)),
      where,
    );
    assert.ok(operation.summary.length > 5, where);
    assert.ok(Object.keys(operation.responses).length > 0, where);
    assert.equal(operation.security.length === 0, operation['x-scope'] === 'open', where);
    if (operation['x-scope'] !== 'open')
      for (const status of ['401', '403', '429']) assert.ok(operation.responses[status], `${where} ${status}`);
  }
});

test('path parameters are those of the path, and all required', () => {
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const documented = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(documented.map(({ name }) => name).sort(), inPath.sort(), path);
    assert.ok(documented.every(({ required }) => required));
  }
});

test('every reference leads somewhere, and every schema of the document compiles', () => {
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(Object.hasOwn(document.components.schemas, name), name);
  const ajv = new Ajv2020({ strict: false, discriminator: true, validateFormats: false });
  // The mapping of a discriminator is for generators; this validator refuses it.
  const plain = JSON.stringify(document.components, (key, value: unknown) => (key === 'mapping' ? undefined : value));
  ajv.addSchema({ $id: 'doc', components: JSON.parse(plain) });
  const compile = (schema: object) =>
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')));
  for (const name of Object.keys(document.components.schemas)) compile({ $ref: `#/components/schemas/${name}` });
  for (const { operation } of operations)
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) compile(schema);
});

test('every schema of every route compiles in the strict validator that checks requests', () => {
  for (const { params, query, body, answers, operation } of routes) {
    for (const schema of [params, query, body, ...Object.values(answers).map((answer) => answer.schema)]) {
      if (schema !== undefined) assert.doesNotThrow(() => problemsOf(schema, {}), operation);
    }
  }
});

test('objects that callers send are closed: what is not listed is refused', () => {
  for (const { query, body, operation } of routes) {
    for (const schema of [query, body]) {
      if (schema === undefined || schema['type'] !== 'object') continue;
      assert.equal(schema['additionalProperties'], false, operation);
      assert.ok(
        problemsOf(schema, { workspaceId: 'x' }).some(({ at }) => at === '/workspaceId'),
        operation,
      );
    }
  }
});

test('the errors a route documents are rows of the error table under their status', () => {
  for (const route of routes) {
    const operation = document.paths[route.path]?.[route.method.toLowerCase()];
    for (const code of errorsOf(route))
      assert.ok(operation?.responses[String(errorTable[code].status)], `${route.operation} ${code}`);
  }
});

test('the document is sound by the schema of OpenAPI 3.1, as another program judges it', async () => {
  const { valid, errors } = await new Validator().validate(document);
  assert.equal(valid, true, JSON.stringify(errors));
});

test('the document keeps the recommended rules of a linter, its examples included', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      'no-invalid-schema-examples': 'error',
      'operation-description': 'error',
      'tag-description': 'error',
      'operation-operationId-unique': 'error',
      'operation-4xx-response': 'error',
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config, absoluteRef: 'openapi.json' });
  assert.deepEqual(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${String(location[0]?.pointer)}`),
    [],
  );
});

test('the linter does find a document that is wrong', async () => {
  const broken = JSON.parse(JSON.stringify(document).replace('"operationId":"listAssets"', '"operationId":"getAsset"'));
  const found = await lintFromString({
    source: JSON.stringify(broken),
    config: await createConfig({ extends: ['recommended'] }),
    absoluteRef: 'openapi.json',
  });
  assert.ok(found.some(({ ruleId }) => ruleId === 'operation-operationId-unique'));
});

test('every request and answer with a schema has an example that the validator of requests takes', () => {
  const formats = new Ajv2020({ strict: false, discriminator: true, validateFormats: false });
  for (const route of routes) {
    const example = requestExample(route);
    const where = `${route.operation}: ${JSON.stringify(example)}`;
    if (route.upload !== undefined) assert.ok(formats.validate(route.upload.schema, example), where);
    if (route.body !== undefined)
      assert.deepEqual(route.check === undefined ? problemsOf(route.body, example) : route.check(example), [], where);
    for (const [status, answer] of Object.entries(route.answers)) {
      if (answer.schema === undefined || answer.contentType !== undefined) continue;
      const example = answerExample(route, answer);
      assert.deepEqual(problemsOf(answer.schema, example), [], `${route.operation} ${status}`);
    }
  }
});

test('every area is told in a title and a sentence, and every example belongs to a route', () => {
  assert.deepEqual(
    routes.map(({ area }) => area).filter((area) => !Object.hasOwn(areas, area)),
    [],
    'src/api/areas.ts lacks it',
  );
  const operations_ = new Set(routes.map(({ operation }) => operation));
  assert.deepEqual(
    Object.keys(operationExamples).filter((operation) => !operations_.has(operation)),
    [],
  );
});

test('every list answers pages, and takes limit and cursor', () => {
  let lists = 0;
  for (const { path, method, query, answers } of allRoutes()) {
    const answer = answers[200]?.schema;
    const properties: unknown = answer === undefined ? undefined : Reflect.get(answer, 'properties');
    if (method !== 'GET' || typeof properties !== 'object' || properties === null || !('data' in properties)) continue;
    lists += 1;
    assert.ok('nextCursor' in properties, `GET ${path} answers nextCursor`);
    const taken: unknown = query === undefined ? {} : Reflect.get(query, 'properties');
    assert.partialDeepStrictEqual(Object.keys(Object(taken)).sort(), ['cursor', 'limit'], `GET ${path} takes both`);
  }
  assert.ok(lists > 10, `${lists} lists`);
});
