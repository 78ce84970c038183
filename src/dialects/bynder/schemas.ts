/** JSON Schemas of the SNS messages. The vendor's bodies are closed: there is nothing else in them. */
import type { JsonObject } from '../../core/json.ts';
import { messageSchema } from './payload-schema.ts';

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });
const url = (description: string): JsonObject => ({ type: 'string', format: 'uri', description });

const common = {
  MessageId: { type: 'string', format: 'uuid', description: 'The same on every attempt' },
  TopicArn: text("The configuration's own, the same for its whole life"),
  Timestamp: {
    type: 'string',
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
    description: 'When it was accepted, UTC, with milliseconds',
  },
  SignatureVersion: { enum: ['1', '2'], description: '1: RSA with SHA-1; 2: RSA with SHA-256' },
  Signature: text('Base64'),
  SigningCertURL: url('The certificate of the key that signed it'),
} as const satisfies JsonObject;

/** The whole body of a Notification of one event. */
export function envelopeSchema(event: string): JsonObject {
  const { MessageId, TopicArn, Timestamp, ...signature } = common;
  return closed(event, {
    Type: { const: 'Notification' },
    MessageId,
    TopicArn,
    Subject: { const: event, description: 'The name of the notification' },
    Message: {
      type: 'string',
      description: 'A JSON document as text',
      contentMediaType: 'application/json',
      contentSchema: messageSchema(event),
    },
    Timestamp,
    ...signature,
    UnsubscribeURL: url('Ends the subscription'),
  });
}

/** The messages that nobody subscribes to. */
export function controlSchema(type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation'): JsonObject {
  const { MessageId, TopicArn, Timestamp, ...signature } = common;
  return closed(type, {
    Type: { const: type },
    MessageId,
    Token: text('For ConfirmSubscription'),
    TopicArn,
    Message: text('For people'),
    SubscribeURL: url('Whoever fetches it confirms, or takes the end of the subscription back'),
    Timestamp,
    ...signature,
  });
}

function closed(title: string, properties: JsonObject): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    type: 'object',
    required: Object.keys(properties),
    additionalProperties: false,
    properties,
  };
}
