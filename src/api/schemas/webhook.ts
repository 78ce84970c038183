import type { WebhookInput, WebhookPatch } from '../../app/app.ts';
import type { Filter, Projection } from '../../core/filter.ts';
import type { PolicyOverride } from '../../core/policy.ts';
import type { Target } from '../../core/webhook.ts';
import { limits } from '../../core/limits.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  object,
  oneOf,
  optional,
  raw,
  type Schema,
  string,
} from '../schema.ts';
import { setupSteps } from './receiver-setup.ts';
import { credentialsSchema } from './webhook-credentials.ts';
import { shownTls, tlsSchema } from './webhook-tls.ts';
import { headerPairs, id, jsonObject, line, timeMs } from './basics.ts';

const url = string({
  minLength: 1,
  maxLength: limits.urlCharactersMax,
  description: 'Absolute, without credentials; https unless the dialect allows http',
});

const targetSchema: Schema<Target> = named(
  'Target',
  raw({
    type: 'object',
    required: ['transport'],
    description: 'Where to: by HTTP, to an Amazon SQS queue, or by e-mail, as far as the dialect does so',
    discriminator: { propertyName: 'transport' },
    oneOf: [
      named(
        'HttpTarget',
        object({ transport: oneOf(['http']), url, method: optional(oneOf(['POST', 'PUT', 'PATCH'])) }),
      ),
      named(
        'SqsTarget',
        object({
          transport: oneOf(['sqs']),
          queue: line(200, 'ARN of a standard queue: arn:aws:sqs:REGION:ACCOUNT:QUEUE'),
        }),
      ),
      named('EmailTarget', object({ transport: oneOf(['email']), address: line(254, 'One plain e-mail address') })),
    ],
  }),
);

const filterSchema: Schema<Filter> = named(
  'Filter',
  raw({
    type: 'object',
    description:
      'Conditions on the change beyond its event: {all: […]}, {any: […]}, {not: …}, {folder: […]}, {assetKind: […]}, {changed: […]}, ' +
      'or {field, equals | in | contains | startsWith | exists | atLeast | atMost}',
  }),
);

export const policySchema: Schema<PolicyOverride> = named(
  'PolicyOverride',
  raw({
    type: 'object',
    description: "Parts of the dialect's delivery policy that are to be different, within its bounds",
  }),
);

const projectionSchema: Schema<Projection> = object(
  { fields: array(line(300), { maxItems: 1_000 }) },
  { description: 'Which fields of the asset are sent, where the dialect lets one choose' },
);

const headersInput: Schema<readonly (readonly [string, string])[]> = raw({
  ...headerPairs,
  maxItems: limits.customHeadersMax,
  description: 'Further headers, as pairs of name and value; those that the dialect or HTTP sets are refused',
});

const changeable = {
  target: targetSchema,
  // Whether there may be none at all is the dialect's to say.
  events: array(line(128), { maxItems: 200, description: 'Event names of the dialect, * for all' }),
  name: line(200, 'For people'),
};
const optionalFields = {
  filter: optional(filterSchema),
  projection: optional(projectionSchema),
  settings: optional({
    ...jsonObject,
    description:
      'What the dialect asks for: GET /v1/dialects/{id} has the schema. All of them: what is left out has its default, secrets stay',
  }),
  headers: optional(headersInput),
  credentials: optional(credentialsSchema),
  tls: optional(tlsSchema),
  policy: optional(policySchema),
  contacts: optional(array(line(320), { maxItems: 20, description: 'Who is told when it fails: e-mail addresses' })),
  enabled: optional(boolean({ description: 'Whether it starts at once; true where absent' })),
};

/** Parts of a webhook that may be tried before they are saved; null takes one away. */
export const webhookFields = {
  events: optional(changeable.events),
  filter: optional(nullable(filterSchema)),
  projection: optional(nullable(projectionSchema)),
};

export const webhookInputSchema: Schema<WebhookInput> = named(
  'WebhookInput',
  object({
    ...changeable,
    dialect: line(63, 'How it speaks: GET /v1/dialects lists them'),
    ...optionalFields,
    secret: optional(
      string({ minLength: 1, maxLength: 512, description: 'A signing secret of your own; made where absent' }),
    ),
  }),
);

export const webhookPatchSchema: Schema<WebhookPatch> = named(
  'WebhookPatch',
  object({
    target: optional(changeable.target),
    events: optional(changeable.events),
    name: optional(changeable.name),
    ...optionalFields,
    filter: optional(nullable(filterSchema)),
    projection: optional(nullable(projectionSchema)),
    tls: optional(nullable(tlsSchema)),
  }),
);

const shownSecret = object({
  name: string(),
  masked: string(),
  publicKey: optional(string({ description: 'Of an ed25519 secret: what receivers verify with, whpk_…' })),
  createdAtMs: timeMs(),
  expiresAtMs: nullable(timeMs()),
});

const healthSchema = named(
  'WebhookHealth',
  object(
    {
      pending: integer({ minimum: 0, description: 'Deliveries that wait' }),
      oldestPendingAtMs: nullable(timeMs()),
      lastHour: object({
        attempts: integer({ minimum: 0 }),
        delivered: integer({ minimum: 0 }),
        failed: integer({ minimum: 0, description: 'Attempts that failed' }),
      }),
      refusedInARow: optional(integer({ minimum: 1, description: 'How often its mailbox was said not to be there' })),
      failing: optional(
        object(
          {
            sinceMs: timeMs(),
            failures: integer({ minimum: 1, description: 'Attempts of this run' }),
            warnedPercent: integer({
              minimum: 0,
              maximum: 100,
              description: 'The highest warning that its contacts had',
            }),
            disablesAtMs: nullable(timeMs('When it is disabled should it go on; null where no rule goes by time')),
          },
          { description: 'While it is enabled and every attempt fails; some seconds behind' },
        ),
      ),
    },
    { description: 'How it has gone lately' },
  ),
);

const viewFields = {
  id: id('webhook'),
  workspaceId: string(),
  revision: integer({ minimum: 1, description: 'Grows with every change of it' }),
  name: string(),
  dialect: string(),
  target: targetSchema,
  events: array(string()),
  filter: optional(filterSchema),
  projection: optional(projectionSchema),
  settings: jsonObject,
  headers: headerPairs,
  credentials: jsonObject,
  tls: optional(shownTls),
  policy: policySchema,
  state: oneOf(['pending', 'enabled', 'disabled'], { description: 'pending: not confirmed by its receiver yet' }),
  stateReason: optional(string({ description: 'Why it is disabled' })),
  stateChangedAtMs: timeMs(),
  contacts: array(string()),
  ownerKeyId: optional(string({ description: 'The key it was made with' })),
  createdAtMs: timeMs(),
  updatedAtMs: timeMs(),
  secrets: array(shownSecret, { description: 'Masked to at most four trailing characters' }),
  setup: optional(setupSteps),
  policyInForce: optional(
    raw({
      type: 'object',
      description:
        'How it is delivered to as things stand: `policy` over what its settings, the properties of the workspace and the dialect say. Where one webhook is shown; absent in lists',
    }),
  ),
  missed: integer({ minimum: 0, description: 'Changes it would have got while disabled' }),
  health: healthSchema,
  confirmation: optional(
    named(
      'Confirmation',
      object(
        {
          state: oneOf(['pending', 'confirmed', 'expired', 'unsubscribed'], {
            description: 'pending: its link may be visited; expired: it is to be made anew',
          }),
          expiresAtMs: nullable(timeMs('Until when the link is good')),
          confirmedAtMs: nullable(timeMs()),
        },
        { description: 'How the endpoint stands to it, where the dialect asks it once' },
      ),
    ),
  ),
};

export const webhookSchema: Schema<unknown> = named('Webhook', object(viewFields));

export const createdWebhookSchema: Schema<unknown> = named(
  'CreatedWebhook',
  object({ ...viewFields, secret: optional(string({ description: 'Shown here once' })) }),
);

const waited = integer({ minimum: 0 });

export const enabledWebhookSchema: Schema<unknown> = named(
  'EnabledWebhook',
  object({
    ...viewFields,
    enabled: object({
      held: object({
        done: oneOf(['sent', 'cancelled', 'cancelling'], {
          description: 'cancelling: the webhook is enabled once many have been cancelled',
        }),
        count: waited,
      }),
      missed: object({
        done: oneOf(['replayed', 'skipped']),
        count: waited,
        replayId: optional(string({ description: 'The replay that shows how far the telling has come' })),
      }),
    }),
  }),
);

export const enableSchema = object({
  held: optional(oneOf(['send', 'cancel'], { description: 'What becomes of deliveries that waited' })),
  missed: optional(oneOf(['replay', 'skip'], { description: 'What becomes of changes that made no delivery' })),
});
