import { type Answer, created, noContent, ok, type Route, route } from '../route.ts';
import { object, optional, string } from '../schema.ts';
import {
  byId,
  cursor,
  limit,
  line,
  pageOf,
  pageOptions,
  pageQuery,
  shownPage,
  skippedSchema,
} from '../schemas/basics.ts';
import { inboxAnswerSchema, inboxRequestSchema, inboxSchema } from '../schemas/operation.ts';
import type { InboxRequest } from '../../app/app.ts';
import { limits } from '../../core/limits.ts';

const area = 'inboxes';
const params = byId('inbox');

const createInbox = route({
  method: 'POST',
  path: '/v1/inboxes',
  operation: 'createInbox',
  area,
  summary: 'Make an inbox: an address that shows what arrives',
  scope: 'webhooks:write',
  body: object({}),
  bodyOptional: true,
  answers: { 201: { description: 'The inbox', schema: inboxSchema } },
  errors: ['limit_reached'],
  async handle({ caller }, { app }) {
    const inbox = await app.inboxes.create(caller);
    return created(inbox, `/v1/inboxes/${inbox.id}`);
  },
});

const listInboxes = route({
  method: 'GET',
  path: '/v1/inboxes',
  operation: 'listInboxes',
  area,
  summary: 'List inboxes, newest first',
  scope: 'webhooks:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of inboxes', schema: pageOf(inboxSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.inboxes.list(caller, pageOptions(query ?? {}))));
  },
});

const getInbox = route({
  method: 'GET',
  path: '/v1/inboxes/{id}',
  operation: 'getInbox',
  area,
  summary: 'Show an inbox',
  scope: 'webhooks:read',
  params,
  answers: { 200: { description: 'The inbox', schema: inboxSchema } },
  async handle({ caller, params: { id } }, { app }) {
    return ok(await app.inboxes.get(caller, id));
  },
});

const configureInbox = route({
  method: 'PATCH',
  path: '/v1/inboxes/{id}',
  operation: 'configureInbox',
  area,
  summary: 'Set what an inbox answers: status, delay, body',
  scope: 'webhooks:write',
  params,
  body: inboxAnswerSchema,
  answers: { 200: { description: 'The inbox', schema: inboxSchema } },
  errors: ['conflict'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok(await app.inboxes.configure(caller, id, body));
  },
});

const deleteInbox = route({
  method: 'DELETE',
  path: '/v1/inboxes/{id}',
  operation: 'deleteInbox',
  area,
  summary: 'Delete an inbox and what it holds',
  scope: 'webhooks:write',
  params,
  answers: { 204: { description: 'Deleted' } },
  async handle({ caller, params: { id } }, { app }) {
    await app.inboxes.remove(caller, id);
    return noContent;
  },
});

const listRequests = route({
  method: 'GET',
  path: '/v1/inboxes/{id}/requests',
  operation: 'listInboxRequests',
  area,
  summary: 'What has arrived, newest first, with whether its signature verifies',
  description:
    'With `after` only what came later than that request, oldest first. A cursor goes on as its list began. What arrived is kept in memory for a day: a restart empties it, the log of deliveries stays.',
  scope: 'webhooks:read',
  params,
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    after: optional(line(200, 'Only what came after the request of this id')),
  }),
  answers: { 200: { description: 'A page of requests', schema: pageOf(inboxRequestSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, params: { id }, query = {} }, { app }) {
    const { after } = query;
    const options = { ...pageOptions(query), ...(after === undefined ? {} : { after }) };
    return ok(shownPage(await app.inboxes.requests(caller, id, options)));
  },
});

const streamRequests = route({
  method: 'GET',
  path: '/v1/inboxes/{id}/stream',
  operation: 'streamInboxRequests',
  area,
  summary: 'Requests as they arrive, as server-sent events',
  description: 'Each event is `request`. With `Last-Event-ID` what came after it is sent first.',
  scope: 'webhooks:read',
  params,
  streaming: true,
  events: { request: inboxRequestSchema, skipped: skippedSchema },
  requestHeaders: ['Last-Event-ID'],
  answers: { 200: { description: 'The stream', contentType: 'text/event-stream', schema: string() } },
  async handle({ caller, params: { id }, request, response, recheck }, { app, streams }): Promise<Answer> {
    await app.inboxes.get(caller, id);
    const seen = request.headers['last-event-id'];
    const stream = streams.open({ caller, request, response, recheck });
    // Listened to before what was missed is read, so that nothing falls between the two.
    const early: InboxRequest[] = [];
    let skipped = 0;
    let live = false;
    const send = (item: InboxRequest): void => {
      if (skipped > 0 && stream.send({ event: 'skipped', data: { count: skipped } })) skipped = 0;
      if (skipped > 0 || !stream.send({ event: 'request', id: item.id, data: item })) skipped++;
    };
    const off = await app.inboxes.subscribe(caller, id, (item) => {
      if (live) send(item);
      else early.push(item);
    });
    stream.onEnd(off);
    const sent = new Set<string>();
    if (typeof seen === 'string' && /^[\w]{1,64}$/.test(seen)) {
      const missed = await app.inboxes.requests(caller, id, { limit: limits.inboxRequestsMax, after: seen });
      for (const item of missed.items) {
        sent.add(item.id);
        send(item);
      }
    }
    live = true;
    for (const item of early) if (!sent.has(item.id)) send(item);
    return { status: 200, handled: true };
  },
});

export const inboxRoutes: readonly Route[] = [
  createInbox,
  listInboxes,
  getInbox,
  configureInbox,
  deleteInbox,
  listRequests,
  streamRequests,
];
