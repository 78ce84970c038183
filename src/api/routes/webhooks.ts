import { noContent, ok, type Route, route } from '../route.ts';
import { boolean, integer, nullable, object, oneOf, optional, string } from '../schema.ts';
import { limits } from '../../core/limits.ts';
import { testSentSchema } from '../schemas/delivery.ts';
import { byId, cursor, id, limit, line, pageOf, pageOptions, shownPage, timeMs } from '../schemas/basics.ts';
import {
  createdWebhookSchema,
  enabledWebhookSchema,
  enableSchema,
  webhookInputSchema,
  webhookPatchSchema,
  webhookSchema,
} from '../schemas/webhook.ts';
import { writtenAnswer } from './assets.ts';

const area = 'webhooks';
const params = byId('webhook');
const aWebhook = { 200: { description: 'The webhook', schema: webhookSchema } };

/** What a target, headers, filter, policy or the dialect may object to. */
export const webhookInputErrors = [
  'unknown_dialect',
  'invalid_event',
  'invalid_filter',
  'invalid_settings',
  'invalid_policy',
  'invalid_secret',
  'limit_reached',
  'target_scheme',
  'target_malformed',
  'target_forbidden_address',
  'target_forbidden_name',
  'target_forbidden_port',
  'credentials_in_url',
  'header_name',
  'header_value',
  'header_reserved',
  'conflict',
] as const;

const createWebhook = route({
  method: 'POST',
  path: '/v1/webhooks',
  operation: 'createWebhook',
  area,
  summary: 'Create a webhook',
  description: 'The signing secret is shown in this answer only.',
  scope: 'webhooks:write',
  idempotent: true,
  body: webhookInputSchema,
  answers: { 201: { description: 'The webhook, with its secret', schema: createdWebhookSchema } },
  // Where it is about a library: one that is there, that the caller may have, and not the same twice.
  errors: [...webhookInputErrors, 'not_found', 'forbidden', 'already_exists'],
  async handle({ caller, body, idempotency }, { app }) {
    return writtenAnswer(
      await app.webhooks.create(caller, body, idempotency),
      (webhook) => `/v1/webhooks/${webhook.id}`,
    );
  },
});

const listWebhooks = route({
  method: 'GET',
  path: '/v1/webhooks',
  operation: 'listWebhooks',
  area,
  summary: 'List webhooks, newest first',
  scope: 'webhooks:read',
  query: object({
    limit: optional(limit),
    cursor: optional(cursor),
    state: optional(oneOf(['pending', 'enabled', 'disabled'])),
    dialect: optional(line(63)),
    name: optional(line(200, 'Part of the name, whatever its case')),
    event: optional(line(128, 'Those that name this event')),
  }),
  answers: { 200: { description: 'A page of webhooks', schema: pageOf(webhookSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    return ok(shownPage(await app.webhooks.list(caller, { ...filters, ...pageOptions(query) })));
  },
});

const getWebhook = route({
  method: 'GET',
  path: '/v1/webhooks/{id}',
  operation: 'getWebhook',
  area,
  summary: 'Show a webhook, its secrets masked',
  scope: 'webhooks:read',
  params,
  answers: aWebhook,
  async handle({ caller, params: { id } }, { app }) {
    return ok(await app.webhooks.get(caller, id));
  },
});

const updateWebhook = route({
  method: 'PATCH',
  path: '/v1/webhooks/{id}',
  operation: 'updateWebhook',
  area,
  summary: 'Change a webhook; what is absent stays',
  scope: 'webhooks:write',
  params,
  body: webhookPatchSchema,
  answers: aWebhook,
  errors: [...webhookInputErrors, 'forbidden', 'already_exists'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok(await app.webhooks.update(caller, id, body));
  },
});

const deleteWebhook = route({
  method: 'DELETE',
  path: '/v1/webhooks/{id}',
  operation: 'deleteWebhook',
  area,
  summary: 'Delete a webhook and cancel what it is owed',
  scope: 'webhooks:write',
  params,
  answers: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  async handle({ caller, params: { id } }, { app }) {
    await app.webhooks.remove(caller, id);
    return noContent;
  },
});

const enableWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/enable',
  operation: 'enableWebhook',
  area,
  summary: 'Enable a webhook; says what becomes of what it missed',
  scope: 'webhooks:write',
  params,
  body: enableSchema,
  bodyOptional: true,
  answers: { 200: { description: 'The webhook, and what became of what waited', schema: enabledWebhookSchema } },
  errors: ['conflict', 'forbidden', 'already_exists'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok(await app.webhooks.enable(caller, id, body));
  },
});

const disableWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/disable',
  operation: 'disableWebhook',
  area,
  summary: 'Disable a webhook and hold what is pending',
  scope: 'webhooks:write',
  params,
  body: object({ reason: optional(line(500)) }),
  bodyOptional: true,
  answers: aWebhook,
  errors: ['conflict'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok(await app.webhooks.disable(caller, id, body.reason));
  },
});

const testWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/test',
  operation: 'testWebhook',
  area,
  summary: 'Send a sample, or a real asset, the way a real delivery goes',
  description:
    'By the same rendering, signature, guarded road and log, with origin `test`; once, at once and beside the lane, so it ' +
    'works for a webhook that is disabled, waits for its confirmation or is far behind. A failed test is not tried again, ' +
    'switches nothing off and is in no statistic but `tests`. With `wait` the answer tells what came of it.',
  scope: 'webhooks:write',
  params,
  body: object({ event: optional(line(128)), assetId: optional(id('asset')) }),
  bodyOptional: true,
  query: object({
    wait: optional(
      integer({
        minimum: 0,
        maximum: limits.testWaitSecondsMax,
        description: 'Seconds to wait for the attempt; 0, where absent, answers at once',
      }),
    ),
  }),
  answers: {
    200: { description: 'What came of it (`wait`)', schema: testSentSchema },
    202: { description: 'The delivery to watch', schema: testSentSchema },
  },
  errors: ['invalid_event', 'unknown_dialect', 'conflict'],
  async handle({ caller, params: { id }, query, body }, { app }) {
    const sent = await app.webhooks.test(caller, id, { ...body, waitMs: (query?.wait ?? 0) * 1_000 });
    return { status: sent.attempt === null ? 202 : 200, json: sent };
  },
});

const rotateSecret = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/rotate-secret',
  operation: 'rotateWebhookSecret',
  area,
  summary: 'Make a new signing secret; whether the old one signs on for a while is the dialect’s to say',
  description:
    'A dialect whose receivers can hold two secrets has an overlap (`configuration.generated[].overlapMs` of ' +
    'GET /v1/dialects/{id}), in which old and new both sign; any other has 0, and the old one stops at once, as it does ' +
    'with `revokeOldNow`. The answer tells which it was: `oldSignsUntilMs`.',
  scope: 'webhooks:write',
  params,
  body: object({ secret: optional(string({ minLength: 1, maxLength: 512 })), revokeOldNow: optional(boolean()) }),
  bodyOptional: true,
  answers: {
    200: {
      description: 'The secret, shown in this answer only',
      schema: object({
        secret: string(),
        oldSignsUntilMs: nullable(timeMs('Until when the old one signs too; null: it stopped at once')),
        webhook: webhookSchema,
      }),
    },
  },
  errors: ['invalid_secret', 'conflict'],
  async handle({ caller, params: { id }, body }, { app }) {
    return ok(await app.webhooks.rotateSecret(caller, id, body));
  },
});

const revealSecret = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/reveal-secret',
  operation: 'revealWebhookSecret',
  area,
  summary: 'Show the signing secret in force; written to the audit log',
  scope: 'secrets:reveal',
  params,
  answers: { 200: { description: 'The secret', schema: object({ secret: string() }) } },
  errors: ['conflict'],
  async handle({ caller, params: { id } }, { app }) {
    return ok(await app.webhooks.revealSecret(caller, id));
  },
});

export const webhookRoutes: readonly Route[] = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  enableWebhook,
  disableWebhook,
  testWebhook,
  rotateSecret,
  revealSecret,
];
