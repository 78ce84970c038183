/** One route as an operation of the OpenAPI document: parameters, request, answers, who may call it. */
import { areaOf } from './areas.ts';
import { exampleOf } from './example.ts';
import { pageContent, problemResponses } from './openapi-problems.ts';
import { type Components, hoisted, isObject, type Json, jsonContent } from './openapi-schemas.ts';
import { requestHeaders } from './request-headers.ts';
import { answerExample, requestExample } from './route-examples.ts';
import type { Route, RouteAnswer } from './route.ts';

export function operationOf(route: Route, components: Components): Json {
  const parameters = [
    ...parametersOf(route, 'path', components),
    ...parametersOf(route, 'query', components),
    ...headerNames(route).map((name) => headerParameter(name, components)),
  ];
  return {
    operationId: route.operation,
    tags: [areaOf(route.area).title],
    summary: route.summary,
    description: descriptionOf(route),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(route, components),
    responses: { ...successResponses(route, components), ...problemResponses(route, components) },
    security: securityOf(route),
    'x-scope': route.scope,
    ...(route.orScope === undefined ? {} : { 'x-or-scope': route.orScope }),
  };
}

function descriptionOf({ description, scope, orScope, idempotent }: Route): string {
  const needs =
    scope === 'open'
      ? 'Needs no key.'
      : scope === 'signed-in'
        ? 'Any valid key will do.'
        : scope === 'admin'
          ? 'Needs an admin key.'
          : `Needs the scope \`${scope}\`${orScope === undefined ? '' : ` or \`${orScope}\``}.`;
  const repeats = idempotent === true ? ' Safe to repeat with an `Idempotency-Key`.' : '';
  return `${description === undefined ? '' : `${description.replace(/\.?$/, '.')}\n\n`}${needs}${repeats}`;
}

/** OpenAPI 3.1 lets a requirement name the roles it wants; ours are scopes. */
function securityOf({ scope }: Route): readonly Json[] {
  if (scope === 'open') return [];
  const roles = scope === 'signed-in' ? [] : [scope];
  return [{ key: roles }, { session: roles }];
}

function parametersOf(route: Route, place: 'path' | 'query', components: Components): readonly Json[] {
  const schema = place === 'path' ? route.params : route.query;
  const properties: unknown = isObject(schema) ? Reflect.get(schema, 'properties') : undefined;
  if (!isObject(properties)) return [];
  const required: unknown = isObject(schema) ? Reflect.get(schema, 'required') : undefined;
  return Object.entries(properties).map(([name, property]: [string, unknown]) => {
    const { description, ...rest } = Object.fromEntries(Object.entries(isObject(property) ? property : {}));
    const list = isObject(property) && Reflect.get(property, 'type') === 'array';
    return {
      name,
      in: place,
      required: place === 'path' || (Array.isArray(required) && required.includes(name)),
      ...(typeof description === 'string' ? { description } : {}),
      schema: hoisted(rest, components),
      // Lists are one parameter, separated by commas.
      ...(place === 'query' && list ? { style: 'form', explode: false } : {}),
      example: exampleOf(property, 'telling', nameInPath(route.path, name)),
    };
  });
}

/** An `id` is one of what stands before it in the path: a dialect's is another than a workspace's. */
function nameInPath(path: string, name: string): string {
  return name === 'id' ? (/\/([a-z-]+)\/\{id\}/.exec(path)?.[1] ?? name) : name;
}

/** The headers a route reads beyond those of HTTP itself. */
export function headerNames(route: Route): readonly string[] {
  return [
    ...(route.idempotent === true ? ['Idempotency-Key'] : []),
    ...(route.scope === 'open' ? [] : ['assetwire-workspace']),
    ...(route.requestHeaders ?? []),
  ];
}

function headerParameter(name: string, components: Components): Json {
  const key = name.replaceAll('-', '');
  const header = requestHeaders[name];
  if (header === undefined) throw new TypeError(`Describe the header "${name}" in request-headers.ts: it is not there`);
  components.parameters[key] ??= { name, in: 'header', required: false, ...header };
  return { $ref: `#/components/parameters/${key}` };
}

function requestBodyOf(route: Route, components: Components): Json {
  const required = route.bodyOptional !== true;
  const example = requestExample(route);
  if (route.upload !== undefined) {
    const { contentType, schema } = route.upload;
    const media: Json = { schema: hoisted(schema, components), example };
    if (contentType === 'multipart/form-data')
      media['encoding'] = { asset: { contentType: 'application/json' }, file: { contentType: '*/*' } };
    return { requestBody: { required, content: { [contentType]: media } } };
  }
  if (route.body === undefined) return {};
  const content = jsonContent(hoisted(route.body, components), example);
  return { requestBody: { required, content: { ...content, ...linesContent(route) } } };
}

/** Lines are texts to a document: what each of them is says the list in the JSON body. */
function linesContent({ ndjson }: Route): Json {
  if (ndjson === undefined) return {};
  const description = `Each line is one item of \`${ndjson}\``;
  return { 'application/x-ndjson': { schema: { type: 'string', description } } };
}

function successResponses(route: Route, components: Components): Json {
  const responses: Json = {};
  for (const [status, answer] of Object.entries(route.answers)) {
    const headers = answerHeaders(route, Number(status), answer);
    responses[status] = {
      description: answer.description,
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(answer.schema === undefined
        ? {}
        : {
            content: {
              ...jsonContent(
                hoisted(answer.schema, components),
                answerExample(route, answer),
                answer.contentType ?? 'application/json',
              ),
              ...(route.pages === true && answer.contentType === undefined ? pageContent : {}),
            },
          }),
      ...(route.events === undefined ? {} : { 'x-events': hoisted(route.events, components) }),
    };
  }
  return responses;
}

function answerHeaders(route: Route, status: number, answer: RouteAnswer): Json {
  const names = [
    ...(status === 201 && hasId(answer.schema) ? ['Location'] : []),
    ...(route.idempotent === true ? ['Idempotent-Replayed'] : []),
    ...(answer.headers ?? []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name.replaceAll('-', '')}` }]));
}

/** What has an id has a place of its own. */
function hasId(schema: unknown): boolean {
  const properties: unknown = isObject(schema) ? Reflect.get(schema, 'properties') : undefined;
  return isObject(properties) && Object.hasOwn(properties, 'id');
}
