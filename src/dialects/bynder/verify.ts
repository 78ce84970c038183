import { verify as verifyBytes, X509Certificate } from 'node:crypto';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Verification, VerifyInput } from '../contract/message.ts';
import { type SnsMessage, stringToSign } from './sns-message.ts';
import { topicArnOf } from './topic.ts';

const digests = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' } as const;

/** Verifies as a receiver would, with the certificates handed in: nothing is fetched that a stranger's message names. */
export function verify({ body, keys, webhook }: VerifyInput): Verification {
  const fields = jsonIn(body);
  const signature = fields === null ? undefined : ownValue(fields, 'Signature');
  if (fields === null || typeof signature !== 'string') {
    return { result: 'unsigned', detail: 'The body is no signed SNS message' };
  }
  const version = ownValue(fields, 'SignatureVersion');
  if (version !== '1' && version !== '2') return failed('SignatureVersion is neither 1 nor 2');
  const content = signedText(fields);
  if (content === null) return failed('The message lacks a field that its signature is made of');
  const given = Buffer.from(signature, 'base64');
  const certificates = keys.flatMap((key) => (key.kind === 'certificate' ? [key.pem] : []));
  if (certificates.length === 0) return failed('No certificate was given to verify with');
  const claim: Claim = { digest: digests[version], content: Buffer.from(content), signature: given };
  const fits = certificates.some((pem) => fitsCertificate(pem, claim));
  if (!fits) return failed('The signature fits none of the certificates');
  // One key signs for all configurations of a workspace: whose message it is the topic in it says.
  const another = webhook !== undefined && ownValue(fields, 'TopicArn') !== topicArnOf(webhook);
  const verified: Verification = { result: 'verified', detail: `RSA, SignatureVersion ${version}` };
  return another ? { ...verified, ofAnother: true } : verified;
}

function failed(detail: string): Verification {
  return { result: 'failed', detail };
}

type Claim = { readonly digest: string; readonly content: Uint8Array; readonly signature: Uint8Array };

function fitsCertificate(pem: string, { digest, content, signature }: Claim): boolean {
  try {
    return verifyBytes(digest, content, new X509Certificate(pem).publicKey, signature);
  } catch {
    // A key that cannot be read fits nothing.
    return false;
  }
}

function jsonIn(body: Uint8Array): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return isObject(parsed) ? parsed : null;
  } catch {
    // Not JSON, so no SNS message.
    return null;
  }
}

function signedText(fields: JsonObject): string | null {
  const text = (name: string): string | undefined => {
    const value = ownValue(fields, name);
    return typeof value === 'string' ? value : undefined;
  };
  const Type = text('Type');
  const control = Type === 'SubscriptionConfirmation' || Type === 'UnsubscribeConfirmation';
  if (Type !== 'Notification' && !control) return null;
  const needed = ['Message', 'MessageId', 'Timestamp', 'TopicArn', ...(control ? ['SubscribeURL', 'Token'] : [])];
  if (needed.some((name) => text(name) === undefined)) return null;
  return stringToSign(fields as unknown as SnsMessage);
}
