/** Senders that sign nothing are known by a token of the receiver's. */
import { timingSafeEqual } from 'node:crypto';
import { type HeaderSource, valuesOf } from './raw-message.ts';
import { VerificationError } from './verification-error.ts';

/** Throws where none of the tokens that were given out came along. */
export function assertToken(tokens: readonly string[], given: string | null): void {
  if (tokens.length === 0 || tokens.some((token) => typeof token !== 'string' || token === ''))
    throw new VerificationError('invalid_secret', 'At least one token is needed, and none may be empty');
  if (given === null || !tokens.some((token) => isSame(token, given)))
    throw new VerificationError('no_matching_token', 'A bearer token that you gave out must come along: it does not');
}

/** From the Authorization header, or the query of the URL that was asked for. */
export function tokenOf(headers: HeaderSource, url: string | undefined): string | null {
  const [authorization] = valuesOf(headers, 'authorization');
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  const query = url === undefined ? '' : (url.split('?', 2)[1] ?? '');
  return new URLSearchParams(query).get('access_token');
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
