import { deliveryOrigins, deliveryStates } from '../../core/delivery.ts';
import { outcomeKinds } from '../../core/outcome.ts';
import { type Answer, ok, type Route, route } from '../route.ts';
import { array, integer, object, oneOf, optional, string } from '../schema.ts';
import {
  byId,
  cursor,
  id,
  limit,
  line,
  pageOf,
  pageOptions,
  shownPage,
  skippedSchema,
  timeMs,
} from '../schemas/basics.ts';
import {
  deliverySchema,
  deliverySummarySchema,
  replayInputSchema,
  replaySchema,
  signedRequestSchema,
} from '../schemas/delivery.ts';
import { writtenAnswer } from './assets.ts';

const area = 'deliveries';

const listDeliveries = route({
  method: 'GET',
  path: '/v1/deliveries',
  operation: 'listDeliveries',
  area,
  summary: 'List deliveries, newest first',
  scope: 'deliveries:read',
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    webhookId: optional(id('webhook')),
    dialect: optional(line(63, 'Of webhooks of this dialect, as they are now')),
    origins: optional(
      array(oneOf(deliveryOrigins), {
        minItems: 1,
        maxItems: deliveryOrigins.length,
        description: 'What they were made by, separated by commas',
      }),
    ),
    states: optional(
      array(oneOf(deliveryStates), {
        minItems: 1,
        maxItems: deliveryStates.length,
        description: 'Separated by commas',
      }),
    ),
    event: optional(line(128)),
    changeId: optional(id('change')),
    subject: optional(line(400)),
    status: optional(integer({ minimum: 100, maximum: 599 })),
    outcomes: optional(
      array(oneOf(outcomeKinds), {
        minItems: 1,
        maxItems: outcomeKinds.length,
        description: 'What the last attempt came to, separated by commas',
      }),
    ),
    fromMs: optional(timeMs()),
    toMs: optional(timeMs()),
    order: optional(oneOf(['newest', 'oldest'])),
  }),
  answers: { 200: { description: 'A page of deliveries', schema: pageOf(deliverySummarySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query ?? {};
    return ok(shownPage(await app.deliveries.list(caller, { ...filters, ...pageOptions(query ?? {}) })));
  },
});

const getDelivery = route({
  method: 'GET',
  path: '/v1/deliveries/{id}',
  operation: 'getDelivery',
  area,
  summary: 'Show a delivery: its attempts and the exact body',
  scope: 'deliveries:read',
  params: byId('delivery'),
  answers: { 200: { description: 'The delivery', schema: deliverySchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.deliveries.get(caller, params.id));
  },
});

const streamDeliveries = route({
  method: 'GET',
  path: '/v1/deliveries/stream',
  operation: 'streamDeliveries',
  area,
  summary: 'Deliveries as they are recorded, as server-sent events',
  description:
    'Each event is `delivery`. What a slow reader misses is counted in an event `skipped`; the list has everything.',
  scope: 'deliveries:read',
  streaming: true,
  events: { delivery: deliverySummarySchema, skipped: skippedSchema },
  answers: { 200: { description: 'The stream', contentType: 'text/event-stream', schema: string() } },
  handle({ caller, request, response, recheck }, { app, streams }): Answer {
    const stream = streams.open({ caller, request, response, recheck });
    let skipped = 0;
    stream.onEnd(
      app.live.onDelivery(caller.workspaceId, (delivery) => {
        if (skipped > 0 && stream.send({ event: 'skipped', data: { count: skipped } })) skipped = 0;
        if (skipped > 0 || !stream.send({ event: 'delivery', data: delivery })) skipped++;
      }),
    );
    return { status: 200, handled: true };
  },
});

const redeliver = route({
  method: 'POST',
  path: '/v1/deliveries/{id}/redeliver',
  operation: 'redeliver',
  area,
  summary: 'Hasten a pending delivery, or send an ended one again with the same id and bytes',
  scope: 'deliveries:write',
  params: byId('delivery'),
  answers: { 202: { description: 'The delivery to watch', schema: object({ deliveryId: id('delivery') }) } },
  errors: ['webhook_disabled', 'conflict'],
  async handle({ caller, params }, { app }) {
    return { status: 202, json: await app.deliveries.redeliver(caller, params.id) };
  },
});

const signDelivery = route({
  method: 'POST',
  path: '/v1/deliveries/{id}/sign',
  operation: 'signDelivery',
  area,
  summary: 'Sign the request of a delivery afresh, for whoever repeats it by hand',
  description:
    'The bytes and headers of the last attempt with a signature of this moment, made with the secrets in force; secrets ' +
    'themselves are masked. Nothing is sent. Stands in the audit as `delivery.signed`.',
  scope: 'deliveries:write',
  params: byId('delivery'),
  answers: { 200: { description: 'The request', schema: signedRequestSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.deliveries.signAnew(caller, params.id));
  },
});

const replays = 'replays';

const createReplay = route({
  method: 'POST',
  path: '/v1/replays',
  operation: 'createReplay',
  area: replays,
  summary: 'Send past deliveries again, or count them first',
  scope: 'deliveries:write',
  idempotent: true,
  body: replayInputSchema,
  answers: {
    200: { description: 'The count (`dryRun`)', schema: replaySchema },
    202: { description: 'The replay, under way', schema: replaySchema },
  },
  errors: ['limit_reached', 'conflict', 'webhook_disabled', 'not_found'],
  async handle({ caller, body, idempotency }, { app }) {
    return writtenAnswer(await app.replays.create(caller, body, idempotency), (replay) => `/v1/replays/${replay.id}`);
  },
});

const listReplays = route({
  method: 'GET',
  path: '/v1/replays',
  operation: 'listReplays',
  area: replays,
  summary: 'List replays, newest first',
  scope: 'deliveries:read',
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    state: optional(oneOf(['running', 'done', 'cancelled'])),
    webhookId: optional(id('webhook')),
  }),
  answers: { 200: { description: 'A page of replays', schema: pageOf(replaySchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    return ok(shownPage(await app.replays.list(caller, { ...filters, ...pageOptions(query) })));
  },
});

const getReplay = route({
  method: 'GET',
  path: '/v1/replays/{id}',
  operation: 'getReplay',
  area: replays,
  summary: 'Show how far a replay has come',
  scope: 'deliveries:read',
  params: byId('replay'),
  answers: { 200: { description: 'The replay', schema: replaySchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.replays.get(caller, params.id));
  },
});

const cancelReplay = route({
  method: 'DELETE',
  path: '/v1/replays/{id}',
  operation: 'cancelReplay',
  area: replays,
  summary: 'Stop a replay; what it has made stays',
  scope: 'deliveries:write',
  params: byId('replay'),
  answers: { 200: { description: 'The replay', schema: replaySchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.replays.cancel(caller, params.id));
  },
});

export const deliveryRoutes: readonly Route[] = [
  listDeliveries,
  getDelivery,
  streamDeliveries,
  redeliver,
  signDelivery,
  createReplay,
  listReplays,
  getReplay,
  cancelReplay,
];
