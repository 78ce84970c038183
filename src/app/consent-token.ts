/** The token of the link by which an endpoint answers a question, or ends what it consented to: drawn once, stored as a digest. */
import { createHash } from 'node:crypto';
import type { Handshake } from '../dialects/contract/manifest.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { sameText } from './same-text.ts';

/** 160 bits where the dialect says nothing. */
const tokenDefault = { bytes: 20, encoding: 'base64url' } as const;

/** A token for a link, and what it is found by. */
export function drawToken(
  { random }: Pick<AppDeps, 'random'>,
  { token: { bytes, encoding } = tokenDefault }: Handshake,
): { readonly token: string; readonly alias: string } {
  const token = Buffer.from(random.bytes(bytes)).toString(encoding);
  return { token, alias: tokenDigest(token) };
}

/** What a token is found by: at rest there is nothing that could be visited. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(`assetwire handshake v1\0${token}`).digest('hex');
}

/** What was asked with this token; null where nothing was. */
export async function handshakeByToken(
  { storage }: { readonly storage: Pick<AppDeps['storage'], 'findByAlias'> },
  token: string,
): Promise<Resource | null> {
  const alias = tokenDigest(token);
  const [row] = await storage.findByAlias('handshake', alias);
  return row?.alias !== undefined && sameText(row.alias, alias) ? row : null;
}
