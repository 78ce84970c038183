import type { BrokenReason, NetworkFailure } from '../../core/outcome.ts';
import { errorCode, tlsFailure } from '../../egress/connect-failure.ts';

export type ExchangeFailure =
  | NetworkFailure
  | { readonly kind: 'refused-by-config'; readonly code: string; readonly detail: string };

/**
 * What an error of undici or of the socket means, once a request was handed to a connection. `heard` says whether any
 * byte of an answer had come: a connection that ends in the middle of one is `truncated`, before it `reset`.
 */
export function exchangeFailure(error: Error, heard: boolean): ExchangeFailure {
  const code = errorCode(error);
  const tls = tlsFailure(error);
  if (tls !== null) return tls;
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'UND_ERR_HEADERS_OVERFLOW') return broken('headers-too-large', code);
  if (isNotHttp(error, code)) return broken('not-http', `${error.name} ${code}`);
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return { kind: 'refused-by-config', code: 'request_unsendable', detail: error.message };
  }
  if (code === 'UND_ERR_SOCKET') return socketFailure(error.message, heard);
  if (resetCodes.has(code)) return broken('reset', code);
  return broken('other', code);
}

/**
 * The strict parser refused it. Its errors carry their name but not always a code; contradictory lengths have an error
 * of their own; and undici asserts what its parser lets through, such as a status of 000.
 */
function isNotHttp(error: Error, code: string): boolean {
  if (error.name === 'HTTPParserError' || code.startsWith('HPE_')) return true;
  return code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || code === 'ERR_ASSERTION';
}

const resetCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ENOTCONN',
  'EHOSTUNREACH',
]);

/**
 * undici tells these three apart by text only. A test per text holds this to the pinned version: "bad upgrade" is a 101
 * nobody asked for, "bad response" a `100 Continue` nobody asked for (it refuses those to keep answers from slipping).
 */
function socketFailure(text: string, heard: boolean): NetworkFailure {
  if (text === 'bad upgrade') return broken('upgraded', 'Answered 101 Switching Protocols');
  if (text === 'bad response') return broken('other', 'Answered 100 Continue, which was not asked for');
  return heard
    ? broken('truncated', 'The connection ended inside the answer')
    : broken('reset', 'The connection ended before an answer');
}

function broken(code: BrokenReason, detail: string): NetworkFailure {
  return { kind: 'broken', code, detail };
}
