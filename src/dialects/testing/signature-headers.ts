import { createHmac, createPrivateKey, sign as signEd25519 } from 'node:crypto';
import { decodeSecret } from '../../core/secret.ts';
import type { SignatureRequest } from '../contract/message.ts';

const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

export type Header = readonly [name: string, value: string];

/**
 * Does what the engine does with the requests of one attempt, with secrets in the open: the headers that a receiver would
 * get. `valueOf` answers a secret's text.
 */
export function signatureHeaders(
  requests: readonly SignatureRequest[],
  valueOf: (name: string, version: number) => string,
): readonly Header[] {
  const headers = new Map<string, string>();
  for (const request of requests) {
    const { header, prefix, encoding, separator, fixed } = request.placement;
    for (const [name, value] of fixed) headers.set(name, value);
    const signature = `${prefix}${Buffer.from(signatureOf(request, valueOf)).toString(encoding)}`;
    const before = headers.get(header);
    headers.set(header, before === undefined ? signature : `${before}${separator}${signature}`);
  }
  return [...headers];
}

function signatureOf(request: SignatureRequest, valueOf: (name: string, version: number) => string): Uint8Array {
  if (request.key.kind !== 'webhook-secret')
    throw new Error('This dialect signs with a key that the suite does not have');
  const { secret, decode } = request.key;
  const key = decodeSecret(valueOf(secret.name, secret.version), decode);
  if (key === null) throw new Error(`The secret cannot be read as ${decode}`);
  const content = Buffer.concat(request.content.map((part) => Buffer.from(part)));
  switch (request.algorithm) {
    case 'hmac-sha256':
      return createHmac('sha256', key).update(content).digest();
    case 'ed25519':
      return signEd25519(
        null,
        content,
        createPrivateKey({ key: Buffer.concat([seedPrefix, key]), format: 'der', type: 'pkcs8' }),
      );
    default:
      throw new Error(`The suite cannot sign with ${request.algorithm}`);
  }
}
