import { createVerify } from 'node:crypto';
import { bytesOf } from './raw-message.ts';
import { type BynderMessage, bynderMessage, parseSnsFields, type SnsFields } from './sns-event.ts';
import { VerificationError } from './verification-error.ts';

export type BynderOptions = {
  /**
   * Where certificates may come from: the hosts (with their port, where there is one) that `SigningCertURL` may name. Yours
   * is that of the server's SNS URL. Nothing is fetched from anywhere else, and only by https.
   */
  readonly certificateHosts: readonly string[];
  /** Topics that you asked for; absent: any. A message of another one is refused. */
  readonly topicArns?: readonly string[];
  /** Your way to fetch certificates: the global `fetch`, or one that goes through a proxy. At most 100 are kept, by URL. */
  readonly fetch: typeof fetch;
};

export type BynderVerifier = (payload: string | Uint8Array) => Promise<BynderMessage>;

const signedOfNotification = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const signedOfConfirmation = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const certificatesMax = 100;

/**
 * Checks messages in the form of Bynder, which are those of Amazon SNS: RSA over the fields of the message, with the
 * certificate at `SigningCertURL`. Both signature versions are understood. The verifier throws a `VerificationError` for
 * everything that must not be trusted. This form limits no age: remember the `messageId`s you have seen.
 */
export function createBynderVerifier(options: BynderOptions): BynderVerifier {
  if (options.certificateHosts.length === 0) {
    throw new VerificationError('invalid_secret', 'At least one host of certificates is needed');
  }
  const certificates = new Map<string, Promise<string>>();
  const certificateAt = (url: string): Promise<string> => {
    const known = certificates.get(url);
    if (known !== undefined) return known;
    if (certificates.size >= certificatesMax) certificates.clear();
    const fetched = fetchPem(options.fetch, url);
    certificates.set(url, fetched);
    // A failure is not kept.
    fetched.catch(() => certificates.delete(url));
    return fetched;
  };
  return async (payload) => {
    const fields = parseSnsFields(bytesOf(payload).toString('utf8'));
    const { topicArns } = options;
    if (topicArns !== undefined && !topicArns.includes(fields['TopicArn'] ?? '')) {
      throw new VerificationError('invalid_payload', 'TopicArn must be one that was asked for: it is another');
    }
    const url = certificateUrl(fields, options.certificateHosts);
    let pem: string;
    try {
      pem = await certificateAt(url);
    } catch {
      throw new VerificationError('source_unavailable', 'The certificate at SigningCertURL could not be fetched');
    }
    if (!fits(fields, pem)) {
      throw new VerificationError(
        'no_matching_signature',
        'Signature must fit the message and its certificate: it does not',
      );
    }
    return bynderMessage(fields);
  };
}

/** The only address that anything is fetched from, and only if it is one of yours. */
function certificateUrl(fields: SnsFields, hosts: readonly string[]): string {
  const text = fields['SigningCertURL'] ?? '';
  const url = URL.canParse(text) ? new URL(text) : null;
  const ours =
    url !== null &&
    url.protocol === 'https:' &&
    hosts.includes(url.host) &&
    url.username === '' &&
    url.pathname.endsWith('.pem');
  if (ours) return url.href;
  throw new VerificationError(
    'no_matching_signature',
    'SigningCertURL must name a .pem at one of your hosts, by https',
  );
}

function fits(fields: SnsFields, pem: string): boolean {
  const version = fields['SignatureVersion'];
  if (version !== '1' && version !== '2') return false;
  const names = fields['Type'] === 'Notification' ? signedOfNotification : signedOfConfirmation;
  const verifier = createVerify(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
  for (const name of names) {
    const value = fields[name];
    if (value !== undefined) verifier.update(`${name}\n${value}\n`);
  }
  try {
    return verifier.verify(pem, fields['Signature'] ?? '', 'base64');
  } catch {
    // No certificate, or none with an RSA key.
    return false;
  }
}

async function fetchPem(ask: BynderOptions['fetch'], url: string): Promise<string> {
  const answer = await ask(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`The certificate must be there: got ${answer.status}`);
  return answer.text();
}
