/**
 * The routes of vendors' APIs as a document of their own: no schemas, for their answers are the vendor's, but paths, methods
 * and an example of a body, so that they are called as hard as ours. Any status below 500 and any body will do.
 */
import type { Dialect } from '../../src/dialects/dialect.ts';
import type { Json, OpenApi } from '../support/answer-check.ts';

const webhook: Json = {
  name: 'Fuzz',
  url: 'https://example.com/hook',
  eventTypes: ['asset_create', 'asset_update_metadata'],
  enabled: true,
  metadataToReturn: ['name', 'folderPath'],
};
const assetId = 'vast_01m93k7q5v8x2c4r6t8w0y1z3b';
const mediaId = 'vmed_01m93k7q5v8x2c4r6t8w0y1z3b';
const assetUuid = 'vuas_01m93k7q5v8x2c4r6t8w0y1z3b';
const broadcastUuid = 'vubr_01m93k7q5v8x2c4r6t8w0y1z3b';

function subscription(callback_url: string): Json {
  const attributes = {
    event_type: 'asset.update',
    resource_key: 'default',
    resource_type: 'brandfolder',
    callback_url,
  };
  return { data: { attributes } };
}

const configuration: Json = {
  name: 'Fuzz',
  protocol: 'https',
  endpoint: 'https://example.com/fresh-7d1',
  events: ['asset_bank.media.create'],
};

/** What the vendors' own clients send, by how the call begins; where nothing is said, an empty object. */
const bodies: readonly (readonly [call: string, body: Json])[] = [
  ['POST /woodwing/services/search', { q: 'name:*' }],
  ['POST /woodwing/services/update', { id: assetId, metadata: { rating: 3 } }],
  ['POST /woodwing/services/admin/webhook', webhook],
  ['PUT /woodwing/services/admin/webhook', webhook],
  ['POST /bynder/v7/', configuration],
  ['PUT /bynder/v7/', { events: ['asset_bank.media.create', 'asset_bank.media.updated'] }],
  ['PATCH /bynder/v7/', { name: 'Fuzz, on', status: 1 }],
  ['POST /scaleflex/v5/webhooks/', {}],
  ['PUT /scaleflex/v5/webhooks/', { name: 'Shop' }],
  ['POST /scaleflex/v5/webhooks', { hostname: 'example.com', path: '/hook', triggers: ['upload'] }],
  // Equal ones are refused, so each has a place of its own.
  ['POST /brandfolder/api/v1/webhooks', subscription('https://example.com/fresh-7d1')],
  ['POST /bambuser/broadcasts', { source: { broadcastId: broadcastUuid, start: 0, end: 2 } }],
];

/** The ids that paths name, by how they begin; the first that fits. */
const ids: readonly (readonly [path: RegExp, id: string])[] = [
  [/^\/bynder\/api\/v4\/media\//, mediaId],
  [/^\/bynder\/v7\//, 'vbyn_01m93k7q5v8x2c4r6t8w0y1z3b'],
  [/^\/brandfolder\/api\/v4\/brandfolders\//, 'default'],
  [/^\/brandfolder\/api\/v4\/assets\//, assetId],
  [/^\/brandfolder\/api\/v1\//, 'vbra_01m93k7q5v8x2c4r6t8w0y1z3b'],
  [/^\/scaleflex\/v5\/webhooks\//, 'vsca_01m93k7q5v8x2c4r6t8w0y1z3b'],
  [/^\/scaleflex\/v5\//, assetUuid],
  [/^\/bambuser\/broadcasts\//, broadcastUuid],
  [/^\/bambuser\/images\//, assetUuid],
  [/^\/woodwing\/(?:file|preview|thumbnail)\//, assetId],
];

/** Whatever else a path names than a thing with the vendor's id. */
function pathExample(template: string, name: string, { manifest }: Dialect): string {
  if (name === 'version') return '1';
  if (name === 'name') return 'a.txt';
  if (name === 'event') return manifest.events[0]?.name ?? 'none';
  return ids.find(([path]) => path.test(template))?.[1] ?? 'vend_01m93k7q5v8x2c4r6t8w0y1z3b';
}

/** Asked for on every call, also those without a body. */
const jsonHeader: readonly Json[] = [
  {
    name: 'content-type',
    in: 'header',
    required: true,
    schema: { const: 'application/json' },
    example: 'application/json',
  },
];

export function vendorDocument(dialects: readonly Dialect[]): OpenApi & Json {
  const paths: { [path: string]: { [method: string]: Json } } = {};
  for (const dialect of dialects) {
    const { manifest, manage = [] } = dialect;
    for (const { method, path } of manage) {
      const template = `/${manifest.id}${path.replaceAll(/:(\w+)/g, '{$1}')}`;
      const [, body = {}] = bodies.find(([beginning]) => `${method} ${template}`.startsWith(beginning)) ?? [];
      const query = template.endsWith('/services/search')
        ? [
            {
              name: 'q',
              in: 'query',
              required: true,
              schema: { type: 'string' },
              example: 'name:a* OR rating:[1 TO 3]',
            },
          ]
        : [];
      (paths[template] ??= {})[method.toLowerCase()] = {
        operationId: `${method} ${template}`,
        parameters: [
          ...query,
          ...(template.startsWith('/brandfolder/api/v1/') ? jsonHeader : []),
          ...[...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
            name,
            in: 'path',
            required: true,
            schema: { type: 'string', pattern: '^[0-9a-z_]{1,40}$' },
            example: pathExample(template, name, dialect),
          })),
        ],
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
