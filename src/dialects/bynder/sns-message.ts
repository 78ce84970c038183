/** SNS messages: their fields in SNS's order and layout, and what of them is signed. */
import type { JsonObject } from '../../core/json.ts';

/** A message without its signature. All values are texts, as SNS has them. */
export type SnsMessage =
  | {
      readonly Type: 'Notification';
      readonly MessageId: string;
      readonly TopicArn: string;
      readonly Subject?: string;
      readonly Message: string;
      readonly Timestamp: string;
      readonly UnsubscribeURL: string;
    }
  | {
      readonly Type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
      readonly MessageId: string;
      readonly Token: string;
      readonly TopicArn: string;
      readonly Message: string;
      readonly SubscribeURL: string;
      readonly Timestamp: string;
    };

export type SignatureVersion = '1' | '2';
export type SnsSignature = {
  readonly version: SignatureVersion;
  readonly value: string;
  readonly certificateUrl: string;
};

const signedOfNotification = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const;
const signedOfControl = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const;

/** Name and value of each field that there is, a newline behind each: "Verifying the signatures of Amazon SNS messages". */
export function stringToSign(message: SnsMessage): string {
  const fields: { readonly [name: string]: string | undefined } = message;
  const names = message.Type === 'Notification' ? signedOfNotification : signedOfControl;
  let text = '';
  for (const name of names) {
    const value = fields[name];
    if (value !== undefined) text += `${name}\n${value}\n`;
  }
  return text;
}

/** The whole message in SNS's own layout: two blanks, and one on either side of each colon. */
export function snsText(message: SnsMessage, signature: SnsSignature): string {
  const lines = Object.entries(snsFields(message, signature)).map(
    ([name, value]) => `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`,
  );
  return `{\n${lines.join(',\n')}\n}`;
}

/** The fields in SNS's order: the signature goes before the link that ends a subscription. */
function snsFields(message: SnsMessage, { version, value, certificateUrl }: SnsSignature): JsonObject {
  const signature = { SignatureVersion: version, Signature: value, SigningCertURL: certificateUrl };
  if (message.Type !== 'Notification') {
    const { Type, MessageId, Token, TopicArn, Message, SubscribeURL, Timestamp } = message;
    return { Type, MessageId, Token, TopicArn, Message, SubscribeURL, Timestamp, ...signature };
  }
  const { Type, MessageId, TopicArn, Subject, Message, Timestamp, UnsubscribeURL } = message;
  const subject = Subject === undefined ? {} : { Subject };
  return { Type, MessageId, TopicArn, ...subject, Message, Timestamp, ...signature, UnsubscribeURL };
}
