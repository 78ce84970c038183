import { deliveryOrigins, deliveryStates } from '../../core/delivery.ts';
import { outcomeKinds } from '../../core/outcome.ts';
import {
  array,
  boolean,
  integer,
  named,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Schema,
  string,
} from '../schema.ts';
import { headerPairs, id, jsonObject, line, timeMs } from './basics.ts';

const origin = oneOf(deliveryOrigins);
const durationMs = number({ minimum: 0, description: 'Milliseconds' });

const summaryFields = {
  id: id('delivery'),
  workspaceId: string(),
  webhookId: id('webhook'),
  changeId: id('change'),
  subject: string({ description: 'type:id of the subject' }),
  event: string({ description: "The event in the dialect's terms" }),
  messageId: string({ description: 'The id the receiver sees; the same on every attempt' }),
  origin,
  redeliveryOf: optional(id('delivery')),
  state: oneOf(deliveryStates),
  reason: optional(string()),
  attempts: integer({ minimum: 0 }),
  createdAtMs: timeMs(),
  dueAtMs: optional(timeMs()),
  endedAtMs: optional(timeMs()),
  lastStatus: optional(integer()),
  lastOutcome: optional(string()),
  lastDurationMs: optional(durationMs),
};

export const deliverySummarySchema: Schema<unknown> = named('DeliverySummary', object(summaryFields));

const attemptSchema = named(
  'Attempt',
  object({
    number: integer({ minimum: 1 }),
    startedAtMs: timeMs(),
    outcome: string(),
    code: string(),
    detail: optional(string({ description: 'What a code alone does not tell: what a service said and what mends it' })),
    timing: object({
      startedAtMs: number(),
      dnsMs: optional(durationMs),
      connectMs: optional(durationMs),
      tlsMs: optional(durationMs),
      firstByteMs: optional(durationMs),
      totalMs: durationMs,
    }),
    address: optional(string()),
    token: optional(
      object({
        source: oneOf(['kept', 'fetched', 'renewed'], {
          description:
            'The access token of OAuth2 credentials: one from before, one fetched for this attempt, or one fetched because the receiver answered 401 to the former; then the message was sent twice, and the second answer is shown',
        }),
        waitedMs: durationMs,
        renewalFailed: optional(
          string({ description: 'The receiver answered 401, and why no other token could be had' }),
        ),
      }),
    ),
    request: object({
      method: string(),
      url: string(),
      headers: headerPairs,
      bodyBytes: integer({ minimum: 0 }),
      bodySha256: string(),
    }),
    response: optional(
      object({
        status: integer(),
        headers: headerPairs,
        bodyBase64: string(),
        bodyBytes: integer({ minimum: 0 }),
        bodyComplete: boolean(),
      }),
    ),
    verdict: string(),
    reason: optional(string()),
    nextAtMs: optional(timeMs()),
    webhookRevision: integer({ minimum: 0 }),
  }),
);

/** What a test send answers. */
export const testSentSchema: Schema<unknown> = named(
  'TestSent',
  object({
    deliveryId: id('delivery'),
    state: optional(oneOf(deliveryStates)),
    attempt: nullable(attemptSchema),
  }),
);

export const deliverySchema: Schema<unknown> = named(
  'Delivery',
  object({
    ...summaryFields,
    attemptRecords: array(attemptSchema),
    body: object({
      base64: string(),
      source: oneOf(['stored', 'rendered', 'unavailable']),
      hashMatches: nullable(
        boolean({ description: 'Whether it is what was sent, by its hash; null where nothing was sent yet' }),
      ),
    }),
    curl: nullable(
      string({
        description:
          'A command that repeats the last attempt, of curl or, to a queue, of aws; secrets are masked in it. Null for mails',
      }),
    ),
  }),
);

export const signedRequestSchema: Schema<unknown> = named(
  'SignedRequest',
  object({
    deliveryId: id('delivery'),
    signedAtMs: timeMs('What the signature was made for; most receivers take it for some minutes'),
    method: string(),
    url: string(),
    headers: headerPairs,
    bodyBase64: string(),
    bodySha256: string(),
    masked: array(string(), { description: 'Headers, and `url`, in which a secret is masked and has to be put in' }),
    command: nullable(string({ description: 'It all as a command of curl or, to a queue, of aws; null for mails' })),
  }),
);

export const replayInputSchema = named(
  'ReplayInput',
  object({
    of: optional(
      oneOf(['deliveries', 'missed'], {
        description: 'What ended, once more (where absent), or what a webhook asks for and has no delivery of',
      }),
    ),
    webhookId: optional(id('webhook')),
    states: optional(array(oneOf(['delivered', 'rejected', 'dead', 'cancelled']), { minItems: 1, maxItems: 4 })),
    event: optional(line(128)),
    status: optional(integer({ minimum: 100, maximum: 599, description: 'Of the last attempt' })),
    outcomes: optional(
      array(oneOf(outcomeKinds), {
        minItems: 1,
        maxItems: outcomeKinds.length,
        description: 'What the last attempt came to',
      }),
    ),
    subject: optional(line(400, 'type:id of the subject')),
    assetId: optional(id('asset')),
    folder: optional(
      string({ pattern: '^/', maxLength: 2_000, description: 'In this folder or below it, as the change saw it' }),
    ),
    collection: optional(line(200, 'In this collection, as the change saw it')),
    fromMs: timeMs(),
    toMs: timeMs(),
    dryRun: optional(boolean({ description: 'Only count' })),
  }),
);

export const replaySchema: Schema<unknown> = named(
  'Replay',
  object({
    id: nullable(string()),
    state: oneOf(['estimated', 'running', 'done', 'cancelled']),
    count: integer({ minimum: 0, description: 'What it goes through' }),
    exact: boolean({ description: 'False where count is an upper bound of what is sent' }),
    tests: optional(
      integer({
        minimum: 0,
        description:
          'In an estimate: tests that fit too and are left out, because a receiver would take them for news. Send one again by itself, or test anew',
      }),
    ),
    done: integer({ minimum: 0, description: 'Gone through so far' }),
    made: integer({ minimum: 0, description: 'Deliveries made so far' }),
    input: jsonObject,
    createdAtMs: timeMs(),
    endedAtMs: optional(timeMs()),
  }),
);
