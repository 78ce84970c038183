/**
 * A change as an SNS message, in the form of its transport: over HTTP and to a queue the envelope, by mail something to
 * read or the envelope with SNS's footer. The envelope carries its own signature, so the engine finishes it.
 */
import { encodeId } from '../../core/id-encoding.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Rendered, RenderInput, SelfSignedBody } from '../contract/message.ts';
import { jsonConfirmationMail, jsonMail, withFooter } from './email-json.ts';
import { confirmationMail, notificationMail, unsubscribedMail } from './email-messages.ts';
import { messageOf } from './payload.ts';
import { confirmationHours } from './policy.ts';
import { contentTypeOf, isJsonMail, isRaw, signatureVersionOf } from './settings.ts';
import { algorithmOf, signingKeyName } from './sign.ts';
import { certificateUrl, confirmPageUrl, subscribeUrl, unsubscribePageUrl, unsubscribeUrl } from './sns-links.ts';
import { type SnsMessage, snsText, stringToSign } from './sns-message.ts';
import { queueBody } from './sqs-body.ts';
import { subscriptionArnOf, topicArnOf } from './topic.ts';

/** Event names of the messages that nobody subscribes to. */
export const confirmationEvent = 'SubscriptionConfirmation';
export const unsubscribedEvent = 'UnsubscribeConfirmation';

const userAgent = 'Amazon Simple Notification Service Agent';

export function render(input: RenderInput): Rendered {
  const message = snsMessage(input);
  switch (input.webhook.target.transport) {
    case 'http':
      return isRaw(input.webhook) && message.Type === 'Notification'
        ? rawRequest(input, message)
        : { ...request(input, message), body: signed(input, message, Buffer.from) };
    case 'sqs':
      return isRaw(input.webhook) && message.Type === 'Notification'
        ? { body: Buffer.from(queueBody(message.Message)), contentType: 'text/plain; charset=utf-8', headers: [] }
        : {
            body: signed(input, message, (text) => Buffer.from(queueBody(text))),
            contentType: 'text/plain; charset=utf-8',
            headers: [],
            ...hiddenOf(message),
          };
    case 'email':
      return { ...mail(input, message, input.webhook.target.address), ...hiddenOf(message) };
    default:
      return input.webhook.target satisfies never;
  }
}

/** The message of a notification, or of the question to an endpoint. */
function snsMessage(input: RenderInput): SnsMessage {
  const { change, webhook, notification, links } = input;
  const TopicArn = topicArnOf(webhook);
  const frozen: JsonObject = isObject(notification.frozen) ? notification.frozen : {};
  const common = { MessageId: uuidOf(input.messageId), TopicArn, Timestamp: timestampOf(frozen, input.createdAtMs) };
  if (notification.event === confirmationEvent || notification.event === unsubscribedEvent) {
    const token = ownValue(frozen, 'token');
    const Token = typeof token === 'string' ? token : '';
    const SubscribeURL = subscribeUrl(links, TopicArn, Token);
    return {
      Type: notification.event,
      ...common,
      Token,
      Message: notification.event === confirmationEvent ? chosen(TopicArn) : deactivated(subscriptionArnOf(webhook)),
      SubscribeURL,
    };
  }
  return {
    Type: 'Notification',
    ...common,
    Subject: notification.event,
    Message: JSON.stringify(messageOf(change, notification.event, links)),
    UnsubscribeURL: unsubscribeUrl(links, subscriptionArnOf(webhook)),
  };
}

function chosen(topicArn: string): string {
  return `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`;
}

function deactivated(subscriptionArn: string): string {
  return `You have chosen to deactivate subscription ${subscriptionArn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`;
}

/** Drawn as one at commit; of a question, which is made by the app, it is another spelling of the delivery's id. */
function uuidOf(messageId: string): string {
  return messageId.includes('_') ? encodeId(messageId, 'uuid') : messageId;
}

function timestampOf(frozen: JsonObject, createdAtMs: number): string {
  const atMs = ownValue(frozen, 'atMs');
  return new Date(typeof atMs === 'number' ? atMs : createdAtMs).toISOString();
}

/** What a message over HTTP says beside its body. A subscription has no ARN before it is confirmed. */
function request({ webhook }: RenderInput, message: SnsMessage): Omit<Rendered, 'body'> {
  const arn =
    message.Type === 'SubscriptionConfirmation'
      ? []
      : [['x-amz-sns-subscription-arn', subscriptionArnOf(webhook)] as const];
  return {
    contentType: contentTypeOf(webhook),
    headers: [
      ['x-amz-sns-message-type', message.Type],
      ['x-amz-sns-message-id', message.MessageId],
      ['x-amz-sns-topic-arn', message.TopicArn],
      ...arn,
      ['User-Agent', userAgent],
    ],
    ...hiddenOf(message),
  };
}

function rawRequest(input: RenderInput, message: SnsMessage): Rendered {
  const { headers, ...rest } = request(input, message);
  return { ...rest, headers: [...headers, ['x-amz-sns-rawdelivery', 'true']], body: Buffer.from(message.Message) };
}

/** Who reads the token in the log could confirm in the endpoint's place. */
function hiddenOf(message: SnsMessage): Pick<Rendered, 'hidden'> {
  return message.Type === 'Notification' || message.Token === '' ? {} : { hidden: [message.Token] };
}

/** The envelope, to be finished with its signature; it names the certificate of the key that made it. */
function signed(
  { webhook, notification, links }: RenderInput,
  message: SnsMessage,
  written: (text: string) => Uint8Array,
): SelfSignedBody {
  const version = signatureVersionOf(webhook);
  const frozen: JsonObject = isObject(notification.frozen) ? notification.frozen : {};
  const key = ownValue(frozen, 'key');
  const wanted = typeof key === 'string' ? key : undefined;
  return {
    sign: {
      algorithm: algorithmOf[version],
      key: { kind: 'signing-key', name: signingKeyName, ...(wanted === undefined ? {} : { id: wanted }) },
      content: [stringToSign(message)],
    },
    embed(signature, keyId = wanted) {
      const value = Buffer.from(signature).toString('base64');
      if (keyId === undefined)
        throw new TypeError('An SNS message must name the certificate of the key that signed it');
      return written(snsText(message, { version, value, certificateUrl: certificateUrl(links, keyId) }));
    },
  };
}

/** Readable mails are not signed, as with SNS; the others hold the envelope. */
function mail(input: RenderInput, message: SnsMessage, address: string): Rendered {
  const { change, webhook, links } = input;
  const topicArn = message.TopicArn;
  const subscriptionArn = subscriptionArnOf(webhook);
  const endUrl = unsubscribePageUrl(links, subscriptionArn, address);
  const json = isJsonMail(webhook);
  if (message.Type === 'Notification') {
    const event = message.Subject ?? '';
    if (!json) {
      const told = messageOf(change, event, links);
      return notificationMail({ event, message: told, change, links, topicArn, unsubscribeUrl: endUrl });
    }
    const frame = jsonMail({ document: new Uint8Array(), subject: event, unsubscribeUrl: endUrl });
    return { ...frame, body: signed(input, message, (text) => withFooter(Buffer.from(text), endUrl)) };
  }
  if (json) {
    return { ...jsonConfirmationMail({ document: new Uint8Array() }), body: signed(input, message, Buffer.from) };
  }
  const confirmPage = confirmPageUrl(links, { topicArn, token: message.Token, address });
  return message.Type === 'SubscriptionConfirmation'
    ? confirmationMail({ topicArn, confirmPageUrl: confirmPage, hours: confirmationHours })
    : unsubscribedMail({ subscriptionArn, restorePageUrl: confirmPage });
}
