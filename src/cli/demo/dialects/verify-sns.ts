/**
 * Checks a notification of SNS: as a receiver would, from the certificate and the request, sharing nothing with the code that
 * signs.
 */
import { createVerify } from 'node:crypto';
import type { InboxRequest } from '../../../app/app.ts';
import { isObject, ownValue } from '../../../core/json-equality.ts';

const signed = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];

/** Whether the signature is that of the key of this certificate over the fields that SNS signs. */
export function verifySns(request: Pick<InboxRequest, 'bodyBase64' | 'bodyCut'>, certificatePem: string): boolean {
  if (request.bodyCut) return false;
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(request.bodyBase64, 'base64').toString('utf8'));
  } catch {
    return false;
  }
  if (!isObject(body)) return false;
  const fields = body;
  const text = (name: string): string | null => {
    const value = ownValue(fields, name);
    return typeof value === 'string' ? value : null;
  };
  const verifier = createVerify(text('SignatureVersion') === '2' ? 'RSA-SHA256' : 'RSA-SHA1');
  for (const name of signed) {
    const value = text(name);
    if (value !== null) verifier.update(`${name}\n${value}\n`);
  }
  return verifier.verify(certificatePem, text('Signature') ?? '', 'base64');
}
