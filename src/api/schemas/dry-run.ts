import { array, boolean, integer, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { headerPairs, timeMs } from './basics.ts';

const reason = object(
  {
    code: oneOf(['not_supported', 'event_not_subscribed', 'filter', 'no_notification', 'dialect_failed', 'damaged']),
    detail: string(),
    events: optional(array(string(), { description: 'What the dialect would tell it as' })),
    at: optional(string({ description: 'Place of the condition in the filter' })),
    wanted: optional(string()),
    found: optional(string()),
  },
  { description: 'Why it does not match' },
);

const message = named(
  'RenderedMessage',
  object({
    event: string(),
    refused: optional(string({ description: 'Why nothing could be sent; then nothing else is here' })),
    method: optional(string()),
    url: optional(string()),
    headers: optional(headerPairs),
    bodyBase64: optional(string({ description: 'The exact bytes' })),
    bodyBytes: optional(integer({ minimum: 0 })),
    bodySha256: optional(string()),
    subject: optional(string({ description: 'Of a mail' })),
    fieldsMissing: optional(array(string(), { description: 'Fields of the projection that the asset does not have' })),
  }),
);

export const dryRunSchema: Schema<unknown> = named(
  'DryRun',
  object({
    state: oneOf(['pending', 'enabled', 'disabled'], { description: 'Only an enabled webhook is told anything' }),
    examined: integer({ minimum: 0, description: 'Changes looked at on this page' }),
    matched: integer({ minimum: 0 }),
    results: array(
      object({
        changeId: string(),
        kind: string(),
        subject: string(),
        acceptedAtMs: timeMs(),
        matches: boolean(),
        events: array(string(), { description: 'The notifications it becomes' }),
        reason: optional(reason),
        messages: optional(array(message)),
      }),
    ),
    nextCursor: nullable(string()),
  }),
);
