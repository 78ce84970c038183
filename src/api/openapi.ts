/**
 * The OpenAPI 3.1 document, made from the very schemas that validate. Schemas of 3.1 are JSON Schemas, so they go in as
 * they are; those with a name become components.
 */
import { type ErrorCode, errorTable } from '../core/errors.ts';
import { problemContentType } from './problem.ts';
import type { Route } from './route.ts';
import { nameOf, type Schema } from './schema.ts';

export type DocumentOptions = { readonly version: string; readonly url: string };

type Json = { [key: string]: unknown };

export function openApiDocument(routes: readonly Route[], { version, url }: DocumentOptions): object {
  const components: Json = { Problem: problemSchema };
  const paths: { [path: string]: Json } = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = operationOf(route, components);
  }
  paths['/inbox/{id}'] = inboxOperations();
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Assetwire',
      version,
      summary: 'The webhook system for digital assets',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url }],
    tags: [...new Set(routes.map((route) => route.area))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key. An admin key names another workspace with the header assetwire-workspace.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'assetwire-session',
          description: 'Set by POST /v1/sessions; for pages of our own.',
        },
      },
    },
  };
}

function operationOf(route: Route, components: Json): Json {
  const parameters = [
    ...parametersOf(route.params, 'path', components),
    ...parametersOf(route.query, 'query', components),
    ...(route.idempotent === true ? [idempotencyParameter] : []),
    ...(route.scope === 'open' ? [] : [workspaceParameter]),
  ];
  return {
    operationId: route.operation,
    tags: [route.area],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(route, components),
    responses: responsesOf(route, components),
    security: route.scope === 'open' ? [] : [{ key: [] }, { session: [] }],
    'x-scope': route.scope,
  };
}

function parametersOf(schema: Schema | undefined, place: 'path' | 'query', components: Json): readonly Json[] {
  const properties = schema?.['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  const required: unknown = schema?.['required'];
  return Object.entries(properties).map(([name, property]: [string, unknown]) => ({
    name,
    in: place,
    required: place === 'path' || (Array.isArray(required) && required.includes(name)),
    schema: hoisted(property, components),
    // Lists are one parameter, separated by commas.
    ...(place === 'query' && isArraySchema(property) ? { style: 'form', explode: false } : {}),
  }));
}

function isArraySchema(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && Reflect.get(schema, 'type') === 'array';
}

function requestBodyOf(route: Route, components: Json): Json {
  const [contentType, schema] =
    route.upload === undefined ? ['application/json', route.body] : [route.upload.contentType, route.upload.schema];
  if (schema === undefined) return {};
  return {
    requestBody: {
      required: route.bodyOptional !== true,
      content: { [contentType]: { schema: hoisted(schema, components) } },
    },
  };
}

function responsesOf(route: Route, components: Json): Json {
  const responses: Json = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.schema === undefined
        ? {}
        : { content: { [answer.contentType ?? 'application/json']: { schema: hoisted(answer.schema, components) } } }),
    };
  }
  for (const [status, codes] of errorsByStatus(route)) {
    if (Object.hasOwn(responses, status)) continue;
    responses[status] = {
      description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('; '),
      content: { [problemContentType]: { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return responses;
}

/** The errors a route may give by what it is, and those it names itself. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([
    'internal',
    'malformed_request',
    'headers_too_large',
    'shutting_down',
    'storage_unavailable',
  ]);
  const add = (...more: readonly ErrorCode[]): void => more.forEach((code) => void codes.add(code));
  if (route.scope !== 'open')
    add('unauthenticated', 'forbidden', 'too_many_requests', 'cross_site_request', 'not_found');
  if (route.params !== undefined) add('not_found');
  if (route.query !== undefined || route.method === 'GET') add('invalid_request');
  if (route.body !== undefined || route.upload !== undefined) {
    add(
      'invalid_request',
      'invalid_json',
      'json_too_deep',
      'json_too_many_keys',
      'body_too_large',
      'request_timeout',
      'unsupported_media_type',
    );
  }
  if (route.method !== 'GET') add('invalid_request', 'storage_busy', 'storage_full');
  if (route.idempotent === true) add('invalid_idempotency_key', 'idempotency_mismatch');
  add(...(route.errors ?? []));
  return [...codes];
}

function errorsByStatus(route: Route): ReadonlyMap<string, readonly ErrorCode[]> {
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const status = String(errorTable[code].status);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([left], [right]) => left.localeCompare(right)));
}

/** Named schemas become components and references to them; everything else is copied as it is. */
function hoisted(schema: unknown, components: Json): unknown {
  if (Array.isArray(schema)) return schema.map((item) => hoisted(item, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = nameOf(schema);
  const copy = (): Json =>
    Object.fromEntries(
      Object.entries(schema).map(([key, value]: [string, unknown]) => [key, hoisted(value, components)]),
    );
  if (name === undefined) return copy();
  if (!Object.hasOwn(components, name)) {
    components[name] = {};
    components[name] = copy();
  }
  return { $ref: `#/components/schemas/${name}` };
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorTable) },
    detail: { type: 'string', description: 'What was wanted and what was found' },
    mend: { type: 'string', description: 'What to do about it' },
    problems: {
      type: 'array',
      items: {
        type: 'object',
        required: ['at', 'wanted', 'found'],
        properties: { at: { type: 'string' }, wanted: { type: 'string' }, found: { type: 'string' } },
      },
    },
    requestId: { type: 'string', description: "Ties this answer to the server's log" },
  },
};

const idempotencyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes repeating the request safe for 24 hours: the first answer is given again, with Idempotent-Replayed: true',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

const workspaceParameter = {
  name: 'assetwire-workspace',
  in: 'header',
  required: false,
  description: 'The workspace to act in; for admin keys',
  schema: { type: 'string', pattern: '^[a-z0-9-]{1,63}$' },
};

/** The inbox takes any method; the document can name only those it knows. */
function inboxOperations(): Json {
  const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
  return Object.fromEntries(
    methods.map((method) => [
      method,
      {
        operationId: `${method}ToInbox`,
        tags: ['inboxes'],
        summary: 'Takes what anybody sends; answers as the inbox was told to',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          default: {
            description: 'What the inbox was told to answer',
            content: { 'text/plain': { schema: { type: 'string' } } },
          },
        },
        security: [],
        'x-scope': 'open',
      },
    ]),
  );
}
