import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/**
 * The request's `Idempotency-Key`; undefined where none was sent. 1–255 printable ASCII characters without spaces
 * (HARDENING ID-05). Throws `invalid_idempotency_key`.
 */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[!-~]{1,255}$/.test(key)) return key;
  throw new AssetwireError('invalid_idempotency_key', {
    detail: `Use 1–${limits.idempotencyKeyCharactersMax} printable ASCII characters without spaces as Idempotency-Key: it has others, or another number of them`,
    mend: 'A random UUID will do',
  });
}

/** Operation (so method and route), path parameters and body: what must be the same for a key to be used again. */
export function fingerprintOf(operation: string, parameters: string, body: Uint8Array | string): string {
  return createHash('sha256')
    .update(operation)
    .update('\n')
    .update(parameters)
    .update('\n')
    .update(body)
    .digest('base64');
}
