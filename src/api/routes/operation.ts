import { listPage } from '../../app/list-page.ts';
import { AssetwireError } from '../../core/errors.ts';
import type { ApiMetrics } from '../api.ts';
import { type Answer, ok, type Route, route } from '../route.ts';
import { array, boolean, object, raw, string } from '../schema.ts';
import { pageOf, pageOptions, pageQuery, shownPage } from '../schemas/basics.ts';
import { manifestSchema } from '../schemas/operation.ts';

const area = 'operation';

const listDialects = route({
  method: 'GET',
  path: '/v1/dialects',
  operation: 'listDialects',
  area: 'dialects',
  summary: 'List dialects with their manifests',
  scope: 'webhooks:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of dialects', schema: pageOf(manifestSchema) } },
  errors: ['invalid_cursor'],
  handle({ query }, { app }) {
    const manifests = app.dialects.list().toSorted((left, right) => (left.id < right.id ? -1 : 1));
    return ok(shownPage(listPage(manifests, ({ id }) => id, pageOptions(query ?? {}))));
  },
});

const getDialect = route({
  method: 'GET',
  path: '/v1/dialects/{id}',
  operation: 'getDialect',
  area: 'dialects',
  summary: 'Show a dialect: events with schemas and examples, configuration, limits, policy',
  scope: 'webhooks:read',
  params: object({ id: string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9-]+$' }) }),
  description:
    '`eventsOff` lists events that there are none of in this workspace, because the properties of the dialect say so; `transportsOff` ways of delivery that this server has nothing to send by, with the setting of the operator that mends it.',
  answers: { 200: { description: 'The manifest', schema: manifestSchema } },
  async handle({ caller, params }, { app }) {
    try {
      const manifest = app.dialects.get(params.id);
      const eventsOff = await app.dialectProperties.eventsOff(caller, params.id);
      return ok({ ...manifest, eventsOff, transportsOff: app.dialects.transportsOff(params.id) });
    } catch (error) {
      // Asked for by name in the path it is a thing that is not there, not a bad value in a body.
      if (error instanceof AssetwireError && error.code === 'unknown_dialect')
        throw new AssetwireError('not_found', { detail: error.message });
      throw error;
    }
  },
});

const getEventSchema = route({
  method: 'GET',
  path: '/v1/dialects/{id}/schemas/{event}',
  operation: 'getEventSchema',
  area: 'dialects',
  summary: "The JSON Schema of an event's message, for whoever writes or tests a receiver",
  scope: 'open',
  params: object({
    id: string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9-]+$' }),
    event: string({ minLength: 1, maxLength: 128 }),
  }),
  answers: { 200: { description: 'JSON Schema 2020-12', schema: raw({ type: 'object' }) } },
  handle({ params }, { app, publicUrl }) {
    const manifest = app.dialects.list().find(({ id }) => id === params.id);
    const event = manifest?.events.find(({ name }) => name === params.event);
    if (event === undefined)
      throw new AssetwireError('not_found', { detail: 'Find the event: the dialect has none of this name' });
    const $id = `${publicUrl()}/v1/dialects/${params.id}/schemas/${encodeURIComponent(params.event)}`;
    return ok({ $id, ...event.schema });
  },
});

const livez = route({
  method: 'GET',
  path: '/livez',
  operation: 'getLiveness',
  area,
  summary: 'Whether the process answers',
  scope: 'open',
  answers: { 200: { description: 'It does', schema: object({ live: boolean() }) } },
  handle: () => ok({ live: true }),
});

const readySchema = object({
  ready: boolean(),
  checks: array(object({ name: string(), ok: boolean(), needed: boolean() })),
});

const readyz = route({
  method: 'GET',
  path: '/readyz',
  operation: 'getReadiness',
  area,
  summary: 'Whether the store takes writes and the engine runs',
  description:
    'Not ready (503) only where a check that is `needed` fails. The others say what else is wrong: `media` that files are not read, `files` that they can be neither stored nor given; whoever needs no file is served all the same.',
  scope: 'open',
  answers: {
    200: { description: 'Ready', schema: readySchema },
    503: { description: 'Not ready', schema: readySchema },
  },
  async handle(_call, { app }): Promise<Answer> {
    const { ready, checks } = await app.operation.readiness();
    // Details are for the log and for those who are signed in: this answers anybody.
    return {
      status: ready ? 200 : 503,
      json: { ready, checks: checks.map(({ name, ok: fine, needed }) => ({ name, ok: fine, needed })) },
    };
  },
});

export const operationRoutes: readonly Route[] = [listDialects, getDialect, getEventSchema, livez, readyz];

/** Open or with `settings:read`, as the operator set it. */
export function createMetricsRoute({ metrics, open }: { readonly metrics: ApiMetrics; readonly open: boolean }): Route {
  return route({
    method: 'GET',
    path: '/metrics',
    operation: 'getMetrics',
    area,
    summary: 'Metrics for Prometheus',
    scope: open ? 'open' : 'settings:read',
    answers: { 200: { description: 'The metrics', contentType: 'text/plain', schema: string() } },
    async handle({ caller }) {
      // Whoever opens the page to everybody has decided; otherwise workspaces are told apart for admins only.
      const text = await metrics.text({ byWorkspace: open || caller.admin });
      return { status: 200, text, contentType: metrics.contentType };
    },
  });
}
