/**
 * The OpenAPI 3.1 document, made from the very schemas that validate. Schemas of 3.1 are JSON Schemas, so they go in as
 * they are; those with a name become components.
 */
import { areaOf, sortedAreas } from './areas.ts';
import { operationOf } from './openapi-operation.ts';
import { problemResponse, problemSchema } from './openapi-problems.ts';
import type { Components, Json } from './openapi-schemas.ts';
import { answerHeaders } from './request-headers.ts';
import type { Route } from './route.ts';

export type DocumentOptions = { readonly version: string; readonly url: string };

export function openApiDocument(routes: readonly Route[], { version, url }: DocumentOptions): object {
  const components: Components = {
    schemas: { Problem: problemSchema },
    responses: {},
    parameters: {},
    headers: { ...answerHeaders },
    examples: {},
  };
  const paths: { [path: string]: Json } = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = operationOf(route, components);
  }
  paths['/inbox/{id}'] = inboxOperations(components);
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Assetwire',
      version,
      summary: 'The webhook system for digital assets',
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    externalDocs: { url: `${url}/docs`, description: 'Tutorial, guides, reference' },
    servers: [{ url, description: 'This server' }],
    tags: sortedAreas(routes.map((route) => route.area)).map((name) => {
      const { title, description } = areaOf(name);
      return { name: title, description };
    }),
    paths,
    components: { ...components, securitySchemes },
  };
}

const introduction = `JSON over HTTP.

- A 2xx to a write means that it is on disk.
- Lists answer \`{"data": […], "nextCursor": string | null}\` and take \`limit\` and \`cursor\` beside their filters. Cursors are opaque.
- Times are Unix milliseconds in fields that end in \`Ms\`.
- What is not listed in a schema is refused, nothing is coerced or filled in.
- Errors are \`application/problem+json\` with a stable \`code\`; \`mend\` says what to do.
- What belongs to another workspace is not found.
- Streams are server-sent events; \`x-events\` gives the schema of each event's data.`;

const securitySchemes = {
  key: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key: `Authorization: Bearer KEY`. It belongs to a workspace and has scopes; an admin key names another workspace with the header `assetwire-workspace`.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'assetwire-session',
    description:
      'Set by `POST /v1/sessions`; for pages of our own. Over https it is called `__Host-assetwire-session`.',
  },
};

/** The inbox takes any method; the document can name only those it knows. */
function inboxOperations(components: Components): Json {
  const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
  return Object.fromEntries(
    methods.map((method) => [
      method,
      {
        operationId: `${method}ToInbox`,
        tags: [areaOf('inboxes').title],
        summary: 'Takes what anybody sends; answers as the inbox was told to',
        description: 'Needs no key: whoever knows the address may send.',
        parameters: [
          { name: 'id', in: 'path', required: true, description: 'Id of an inbox', schema: { type: 'string' } },
        ],
        responses: {
          404: problemResponse(404, ['not_found'], components),
          413: problemResponse(413, ['body_too_large'], components),
          429: problemResponse(429, ['too_many_requests'], components),
          default: {
            description: 'What the inbox was told to answer',
            content: { 'text/plain': { schema: { type: 'string' }, example: 'ok' } },
          },
        },
        security: [],
        'x-scope': 'open',
      },
    ]),
  );
}
