/**
 * AWS Signature Version 4, the verifier's side, written from Amazon's description ("Create a signed AWS API request", read
 * 2026-11-22) and not from the SDK that it judges.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type SignedRequest = {
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: Uint8Array;
};

export type SignatureFinding =
  | { readonly kind: 'valid'; readonly accessKeyId: string; readonly region: string; readonly service: string }
  | { readonly kind: 'invalid'; readonly code: string; readonly message: string };

export type SignatureJudge = {
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly nowMs: number;
};

const skewMsMax = 15 * 60_000;
const form =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

export function judgeSignature(request: SignedRequest, { secretOf, nowMs }: SignatureJudge): SignatureFinding {
  const invalid = (code: string, message: string): SignatureFinding => ({ kind: 'invalid', code, message });
  const { authorization, 'x-amz-date': date = '' } = request.headers;
  if (authorization === undefined)
    return invalid('MissingAuthenticationToken', 'Request is missing Authentication Token');
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', given = ''] =
    form.exec(authorization) ?? [];
  if (given === '') return invalid('IncompleteSignature', 'Authorization header cannot be read');
  const secret = secretOf(accessKeyId);
  if (secret === undefined) {
    return invalid('InvalidClientTokenId', 'The security token included in the request is invalid.');
  }
  const signedAtMs = Date.parse(date.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!Number.isFinite(signedAtMs) || !date.startsWith(day))
    return invalid('IncompleteSignature', 'X-Amz-Date is not usable');
  if (nowMs - signedAtMs > skewMsMax)
    return invalid('SignatureDoesNotMatch', `Signature expired: ${date} is now earlier than allowed`);
  if (signedAtMs - nowMs > skewMsMax)
    return invalid('SignatureDoesNotMatch', `Signature not yet current: ${date} is still later than allowed`);
  const signed = names.split(';');
  for (const needed of ['host', 'x-amz-date']) {
    if (!signed.includes(needed)) return invalid('IncompleteSignature', `'${needed}' must be a signed header`);
  }
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, signed))].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Uint8Array>(hmac, Buffer.from(`AWS4${secret}`));
  const wanted = createHmac('sha256', key).update(toSign).digest();
  if (!timingSafeEqual(wanted, Buffer.from(given, 'hex'))) {
    return invalid(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    );
  }
  return { kind: 'valid', accessKeyId, region, service };
}

function canonical({ method, url, headers, body }: SignedRequest, signed: readonly string[]): string {
  const [path = '/', query = ''] = url.split('?', 2);
  return [
    method,
    path,
    query.split('&').filter(Boolean).sort().join('&'),
    ...signed.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed.join(';'),
    sha256(body),
  ].join('\n');
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text).digest();
}
