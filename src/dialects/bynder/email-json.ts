/**
 * Mail of the protocol Email-JSON: the SNS document, then SNS's footer behind the separator that programs cut at
 * (`\n\n--\n`; the mail parser sisimai reads what stands before it as JSON).
 */
import type { Rendered } from '../contract/message.ts';
import { listUnsubscribe } from './email-headers.ts';

const contentType = 'text/plain; charset=utf-8';

export type JsonMailInput = {
  /** The SNS document as it stands. */
  readonly document: Uint8Array;
  readonly subject: string;
  /** The page behind the link in the footer. */
  readonly unsubscribeUrl: string;
};

/** A notification: the document and the footer. */
export function jsonMail({ document, subject, unsubscribeUrl }: JsonMailInput): Rendered {
  return {
    body: withFooter(document, unsubscribeUrl),
    contentType,
    headers: listUnsubscribe(unsubscribeUrl),
    subject: subject === '' ? subjectDefault : subject,
  };
}

/** The question whether notifications are wanted: the document alone. */
export function jsonConfirmationMail({ document }: Pick<JsonMailInput, 'document'>): Rendered {
  return { body: document, contentType, headers: [], subject: confirmationSubject };
}

/** What SNS writes where a message has no subject. */
export const subjectDefault = 'AWS Notification Message';
export const confirmationSubject = 'AWS Notification - Subscription Confirmation';

export function withFooter(document: Uint8Array, unsubscribeUrl: string): Uint8Array {
  return Buffer.concat([document, Buffer.from(footer(unsubscribeUrl))]);
}

/** Word for word SNS's, but for the last sentence: whom to contact it leaves to who runs the server. */
export function footer(unsubscribeUrl: string): string {
  return (
    '\n\n--\n' +
    'If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n' +
    `${unsubscribeUrl}\n\n` +
    'Please do not reply directly to this email. If you have any questions or comments regarding this email, please contact ' +
    'whoever runs the service that sends it.\n'
  );
}
