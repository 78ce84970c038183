import { ok, type Route, route } from '../route.ts';
import { boolean, object, oneOf, optional, string } from '../schema.ts';
import { byId, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import { auditSchema, noticeSchema, paging, severities, span } from '../schemas/people.ts';

const area = 'notices';
const kind = string({ minLength: 1, maxLength: 64, pattern: '^[a-z_.]+$', description: 'Such as webhook.disabled' });
const thing = string({
  minLength: 3,
  maxLength: 200,
  pattern: '^[a-z_]+:[^\\u0000-\\u0020\\u007f]+$',
  description: 'type:id',
  examples: ['webhook:wh_01jd8x0000000000000000000z'],
});

const listNotices = route({
  method: 'GET',
  path: '/v1/notices',
  operation: 'listNotices',
  area,
  summary: 'Warnings and what was switched off, newest first',
  scope: 'deliveries:read',
  query: object({
    ...paging,
    ...span,
    kind: optional(kind),
    severity: optional(oneOf(severities)),
    subject: optional(thing),
    acknowledged: optional(boolean()),
  }),
  answers: { 200: { description: 'A page of notices', schema: pageOf(noticeSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const { limit: _, cursor: __, ...filter } = query;
    return ok(shownPage(await app.notices.list(caller, { ...pageOptions(query), ...filter })));
  },
});

const getNotice = route({
  method: 'GET',
  path: '/v1/notices/{id}',
  operation: 'getNotice',
  area,
  summary: 'Show a notice',
  scope: 'deliveries:read',
  params: byId('notice'),
  answers: { 200: { description: 'The notice', schema: noticeSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.notices.get(caller, params.id));
  },
});

const acknowledgeNotice = route({
  method: 'POST',
  path: '/v1/notices/{id}/acknowledge',
  operation: 'acknowledgeNotice',
  area,
  summary: 'Say that somebody has seen to it; a second time changes nothing',
  scope: 'deliveries:write',
  params: byId('notice'),
  answers: { 200: { description: 'The notice', schema: noticeSchema } },
  errors: ['conflict'],
  async handle({ caller, params }, { app }) {
    return ok(await app.notices.acknowledge(caller, params.id));
  },
});

const streamNotices = route({
  method: 'GET',
  path: '/v1/notices/stream',
  operation: 'streamNotices',
  area,
  summary: 'Notices as they are made (server-sent events); the list has those before',
  scope: 'deliveries:read',
  streaming: true,
  events: { notice: noticeSchema },
  answers: { 200: { description: 'Events named notice', contentType: 'text/event-stream', schema: string() } },
  errors: ['too_many_requests'],
  handle(call, { app, streams }) {
    const stream = streams.open(call);
    stream.onEnd(
      app.live.onNotice(call.caller.workspaceId, (notice) => {
        // A reader that does not keep up finds what it missed in the list.
        stream.send({ event: 'notice', id: notice.id, data: notice });
      }),
    );
    return { status: 200, handled: true };
  },
});

const listAudit = route({
  method: 'GET',
  path: '/v1/audit',
  operation: 'listAudit',
  area: 'audit',
  summary: 'Who did what, when and from where: administration, secrets, replays, erasure',
  scope: 'settings:read',
  query: object({
    ...paging,
    ...span,
    actor: optional(thing),
    action: optional(kind),
    target: optional(thing),
  }),
  answers: { 200: { description: 'A page of entries, newest first', schema: pageOf(auditSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query = {} }, { app }) {
    const { limit: _, cursor: __, ...filter } = query;
    return ok(shownPage(await app.operation.audit(caller, { ...pageOptions(query), ...filter })));
  },
});

export const noticeRoutes: readonly Route[] = [listNotices, streamNotices, getNotice, acknowledgeNotice, listAudit];
