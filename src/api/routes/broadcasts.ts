import type { Written } from '../../app/app.ts';
import type { BroadcastView } from '../../app/broadcast-cases.ts';
import { servedContent } from '../content-answer.ts';
import { versionTag } from '../if-match.ts';
import { liveBody } from '../live-body.ts';
import type { Answer, Route } from '../route.ts';
import { ok, route } from '../route.ts';
import { boolean, object, optional, raw } from '../schema.ts';
import { line, pageOf, pageOptions, shownPage } from '../schemas/basics.ts';
import {
  broadcastClipSchema,
  broadcastInputSchema,
  broadcastListQuery,
  broadcastPatchSchema,
  broadcastReference,
  broadcastSchema,
} from '../schemas/broadcast.ts';
import { contentAnswers, contentHeaders, emptyAnswer, writeOptionsOf, writtenAnswer } from './assets.ts';

const area = 'broadcasts';

function broadcastAnswer(written: Written<BroadcastView>): Answer {
  const answer = writtenAnswer(written, ({ id }) => `/v1/broadcasts/${id}`);
  return { ...answer, headers: { ...answer.headers, etag: versionTag(written.body.version) } };
}

const createBroadcast = route({
  method: 'POST',
  path: '/v1/broadcasts',
  operation: 'createBroadcast',
  area,
  summary: 'Register a broadcast',
  description:
    'One that is planned is told to nobody until its bytes come (`…/stream`) or it is said to be live. One that is live elsewhere, or over, is told at once.',
  scope: 'assets:write',
  idempotent: true,
  body: broadcastInputSchema,
  answers: { 201: { description: 'The broadcast', schema: broadcastSchema, headers: ['ETag'] } },
  errors: ['already_exists', 'conflict'],
  async handle({ caller, body, idempotency }, { app }) {
    return broadcastAnswer(await app.broadcasts.create(caller, body, idempotency));
  },
});

const listBroadcasts = route({
  method: 'GET',
  path: '/v1/broadcasts',
  operation: 'listBroadcasts',
  area,
  summary: 'List broadcasts, newest first',
  scope: 'assets:read',
  query: broadcastListQuery,
  answers: { 200: { description: 'A page of broadcasts', schema: pageOf(broadcastSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.broadcasts.list(caller, { ...query, ...pageOptions(query) })));
  },
});

const getBroadcast = route({
  method: 'GET',
  path: '/v1/broadcasts/{reference}',
  operation: 'getBroadcast',
  area,
  summary: 'Show a broadcast',
  scope: 'assets:read',
  params: broadcastReference,
  answers: { 200: { description: 'The broadcast', schema: broadcastSchema, headers: ['ETag'] } },
  async handle({ caller, params }, { app }) {
    const view = await app.broadcasts.get(caller, params.reference);
    return { status: 200, json: view, headers: { etag: versionTag(view.version) } };
  },
});

const patchBroadcast = route({
  method: 'PATCH',
  path: '/v1/broadcasts/{reference}',
  operation: 'patchBroadcast',
  area,
  summary: 'Change what is said of a broadcast, or end one that is live elsewhere',
  description: 'What is absent stays; null takes away. One whose bytes arrive here ends with them and by nothing else.',
  scope: 'assets:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: broadcastReference,
  body: broadcastPatchSchema,
  answers: { 200: { description: 'The broadcast', schema: broadcastSchema, headers: ['ETag'] } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, body, request, idempotency }, { app }) {
    const { expectedVersion, ...patch } = body;
    const said = expectedVersion === undefined ? {} : { expected: expectedVersion };
    const options = { ...said, ...writeOptionsOf({ request, idempotency }) };
    return broadcastAnswer(await app.broadcasts.update(caller, params.reference, { ...patch, ...options }));
  },
});

const deleteBroadcast = route({
  method: 'DELETE',
  path: '/v1/broadcasts/{reference}',
  operation: 'deleteBroadcast',
  area,
  summary: 'Remove a broadcast, and its recording with it',
  scope: 'assets:write',
  idempotent: true,
  requestHeaders: ['If-Match'],
  params: broadcastReference,
  query: object({ keepRecording: optional(boolean({ description: 'Leave the asset with its file as it is' })) }),
  answers: { 204: { description: 'Removed' } },
  errors: ['conflict', 'precondition_failed'],
  async handle({ caller, params, query, request, idempotency }, { app }) {
    const options = { ...query, ...writeOptionsOf({ request, idempotency }) };
    return emptyAnswer(await app.broadcasts.remove(caller, params.reference, options));
  },
});

const streamBroadcast = route({
  method: 'PUT',
  path: '/v1/broadcasts/{reference}/stream',
  operation: 'streamBroadcast',
  area,
  summary: 'Go live: the bytes of a film, for as long as they come',
  description:
    'The broadcast is live with the first byte and archived when they end, with the length, size and preview of what arrived; the answer waits for that, 20 seconds at most. ' +
    'Bytes that break off, stay away for half a minute, or are more than the server takes end it with what has arrived. In one go: `ffmpeg … -f mpegts - | curl -T - …`.',
  scope: 'assets:write',
  params: broadcastReference,
  query: object({ name: optional(line(255, 'Name of the file, for its extension')) }),
  upload: { contentType: 'application/octet-stream', schema: raw({ type: 'string', format: 'binary' }) },
  answers: { 200: { description: 'The broadcast', schema: broadcastSchema, headers: ['ETag'] } },
  errors: ['conflict', 'upload_incomplete', 'unsupported_media_type', 'too_many_requests', 'quota_exceeded'],
  async handle({ caller, params, query, request }, { app, bodies }) {
    const content = liveBody(request, bodies);
    try {
      const view = await app.broadcasts.stream(caller, params.reference, { ...query, content });
      return { status: 200, json: view, headers: { etag: versionTag(view.version) } };
    } finally {
      content.destroy();
    }
  },
});

const clipBroadcast = route({
  method: 'POST',
  path: '/v1/broadcasts/{reference}/clips',
  operation: 'clipBroadcast',
  area,
  summary: 'Cut a stretch out of a broadcast, as a broadcast of its own',
  description:
    'It is there at once, `extracting`. When it has been cut it is told as new and archived; where it cannot be cut it is `failed`, with the reason in `note`.',
  scope: 'assets:write',
  idempotent: true,
  params: broadcastReference,
  body: broadcastClipSchema,
  answers: { 202: { description: 'The broadcast to be', schema: broadcastSchema, headers: ['ETag'] } },
  errors: ['content_unavailable', 'content_withheld', 'conflict'],
  async handle({ caller, params, body, idempotency }, { app }) {
    const input = { ...body, ...(idempotency === undefined ? {} : { idempotency }) };
    return broadcastAnswer(await app.broadcasts.clip(caller, params.reference, input));
  },
});

const getBroadcastContent = route({
  method: 'GET',
  path: '/v1/broadcasts/{reference}/content',
  operation: 'getBroadcastContent',
  area,
  summary: "The file of a broadcast's recording",
  scope: 'assets:read',
  params: broadcastReference,
  requestHeaders: contentHeaders,
  answers: contentAnswers,
  errors: ['content_unavailable', 'content_withheld', 'range_not_satisfiable', 'gone', 'not_ready'],
  handle: ({ caller, params, request }, { app }) =>
    servedContent(request, (wanted) => app.broadcasts.content(caller, params.reference, wanted)),
});

export const broadcastRoutes: readonly Route[] = [
  createBroadcast,
  listBroadcasts,
  getBroadcast,
  patchBroadcast,
  deleteBroadcast,
  streamBroadcast,
  clipBroadcast,
  getBroadcastContent,
];
