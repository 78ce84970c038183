import { type BynderEvent, parseBynderEvent } from './bynder-event.ts';
import { VerificationError } from './verification-error.ts';

type SnsCommon = {
  /** The same on every attempt: drop the ones you have seen. */
  readonly messageId: string;
  readonly topicArn: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
};

/** One notification of Bynder. */
export type BynderNotification = SnsCommon & {
  readonly type: 'Notification';
  /** What `Subject` and `Message` say. */
  readonly event: BynderEvent;
  /** Whoever visits it ends the subscription. */
  readonly unsubscribeUrl: string;
};

/** Asks whether you want notifications, or tells that you do not get them any more. Visit `subscribeUrl` if you want them. */
export type BynderConfirmation = SnsCommon & {
  readonly type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  readonly token: string;
  /** Visit it by GET; before you do, see that `topicArn` is one you asked for. */
  readonly subscribeUrl: string;
};

export type BynderMessage = BynderNotification | BynderConfirmation;

/** The fields of an SNS message; all of them are texts. */
export type SnsFields = { readonly [name: string]: string };

const always = ['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp'] as const;

/** Reads the frame: throws `invalid_payload` for what is no SNS message. */
export function parseSnsFields(payload: string): SnsFields {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    throw otherForm();
  }
  if (!isObject(value) || always.some((name) => typeof value[name] !== 'string')) throw otherForm();
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Reads fields whose signature has been verified. */
export function bynderMessage(fields: SnsFields): BynderMessage {
  const text = (name: string): string => {
    const value = fields[name];
    if (value === undefined) throw otherForm();
    return value;
  };
  const common = { messageId: text('MessageId'), topicArn: text('TopicArn'), timestamp: text('Timestamp') };
  const type = text('Type');
  if (type === 'SubscriptionConfirmation' || type === 'UnsubscribeConfirmation') {
    return { type, ...common, token: text('Token'), subscribeUrl: text('SubscribeURL') };
  }
  if (type !== 'Notification') throw otherForm();
  return {
    type,
    ...common,
    event: parseBynderEvent(text('Subject'), text('Message')),
    unsubscribeUrl: fields['UnsubscribeURL'] ?? '',
  };
}

function otherForm(): VerificationError {
  return new VerificationError('invalid_payload', 'The body must be an SNS message: got another form');
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
