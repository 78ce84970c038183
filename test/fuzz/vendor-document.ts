/**
 * The routes of vendors' APIs as a document of their own: no schemas, for their answers are the vendor's, but paths, methods
 * and an example of a body, so that they are called as hard as ours. Any status below 500 and any body will do.
 */
import type { Dialect } from '../../src/dialects/dialect.ts';
import type { Json, OpenApi } from '../support/answer-check.ts';

/** What the vendors' own clients send; a dialect that is not here is sent an empty object. */
const bodies: { readonly [dialect: string]: Json } = {
  woodwing: {
    name: 'Fuzz',
    url: 'https://example.com/hook',
    eventTypes: ['asset_create', 'asset_update_metadata'],
    enabled: true,
    metadataToReturn: ['name', 'folderPath'],
  },
};

export function vendorDocument(dialects: readonly Dialect[]): OpenApi & Json {
  const paths: { [path: string]: { [method: string]: Json } } = {};
  for (const { manifest, manage = [] } of dialects) {
    const body = bodies[manifest.id] ?? {};
    for (const { method, path } of manage) {
      const template = `/${manifest.id}${path.replaceAll(/:(\w+)/g, '{$1}')}`;
      (paths[template] ??= {})[method.toLowerCase()] = {
        operationId: `${method} ${template}`,
        parameters: [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
          name,
          in: 'path',
          required: true,
          schema: { type: 'string', pattern: '^vend_[0-9a-z]{26}$' },
          example: 'vend_01m93k7q5v8x2c4r6t8w0y1z3b',
        })),
        ...(method === 'GET' || method === 'DELETE'
          ? {}
          : { requestBody: { content: { 'application/json': media(body) } } }),
        responses: { default: { description: "The vendor's", content: { '*/*': { schema: {} } } } },
        'x-scope': 'vendor',
      };
    }
  }
  return { paths, components: {} };
}

/** Every field of any type: the vendor's own checks are what is tried. */
function media(example: Json): Json {
  const properties = Object.fromEntries(
    Object.entries(example).map(([name, value]) => [
      name,
      Array.isArray(value) ? { type: 'array', items: { type: 'string' } } : { type: typeof value },
    ]),
  );
  return { example, schema: { type: 'object', properties: { ...properties, other: {} }, additionalProperties: true } };
}
