import { limits } from '../../core/limits.ts';
import { ok, type Route, route } from '../route.ts';
import { object, oneOf, optional } from '../schema.ts';
import { byId, id } from '../schemas/basics.ts';
import { statsSchema } from '../schemas/stats.ts';
import { statsQueryFields, statsQuerySchema, statsWindow } from './stats-window.ts';

const description =
  'From sums made as attempts are recorded, by minute for 48 hours and by hour for as long as anything is kept; nothing is ' +
  'counted anew. Percentiles are upper bounds of the bucket they lie in. Test sends are counted in `tests` alone. ' +
  `At most ${limits.statsPointsMax} points; accepted deliveries appear within seconds.`;

const getStats = route({
  method: 'GET',
  path: '/v1/stats',
  operation: 'getStats',
  area: 'operation',
  summary: 'Deliveries, attempts, durations and backlog of the workspace by time',
  description,
  scope: 'deliveries:read',
  query: object({
    ...statsQueryFields,
    webhookId: optional(id('webhook')),
    by: optional(oneOf(['webhook'], { description: 'A point for each webhook and time; otherwise they are added up' })),
  }),
  answers: { 200: { description: 'Points in time, their totals, and what is waiting', schema: statsSchema } },
  errors: ['limit_reached'],
  async handle({ caller, query }, { app, clock }) {
    const { webhookId, by } = query;
    return ok(
      await app.stats.workspace(caller, {
        ...statsWindow(query, clock.nowMs()),
        ...(webhookId === undefined ? {} : { webhookId }),
        ...(by === undefined ? {} : { by }),
      }),
    );
  },
});

const webhookStats = route({
  method: 'GET',
  path: '/v1/webhooks/{id}/stats',
  operation: 'getWebhookStats',
  area: 'webhooks',
  summary: 'Deliveries, attempts and durations of a webhook by time',
  description,
  scope: 'webhooks:read',
  params: byId('webhook'),
  query: statsQuerySchema,
  answers: { 200: { description: 'Points in time, their totals, and what is waiting', schema: statsSchema } },
  async handle({ caller, params: { id: webhookId }, query }, { app, clock }) {
    return ok(await app.stats.webhook(caller, webhookId, statsWindow(query, clock.nowMs())));
  },
});

export const statsRoutes: readonly Route[] = [getStats, webhookStats];
