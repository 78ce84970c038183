import type { Socket } from 'node:net';
import { AssetwireError, type ErrorCode, errorTable } from '../core/errors.ts';
import { problemContentType, problemDocument } from './problem.ts';
import { apiHeaders } from './security-headers.ts';

/**
 * Answers what is not an HTTP request that we understand (HARDENING IN-06…08): bad framing, headers that are too large or
 * too slow. Always closes: what follows on such a connection cannot be trusted to be a request.
 */
export function answerConnectionError(
  error: Error & { readonly code?: string },
  socket: Socket,
  requestId: () => string,
): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = codeOf(error.code);
  const { status } = errorTable[code];
  const body = JSON.stringify(problemDocument(new AssetwireError(code, { detail: details[code] }), requestId()));
  const lines = [
    `HTTP/1.1 ${status} ${reasons[code]}`,
    'connection: close',
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  for (let index = 0; index < apiHeaders.length; index += 2)
    lines.push(`${apiHeaders[index]}: ${apiHeaders[index + 1]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

type ConnectionCode = Extract<ErrorCode, 'malformed_request' | 'headers_too_large' | 'request_timeout'>;

const details: { readonly [C in ConnectionCode]: string } = {
  malformed_request: 'Send a request as in RFC 9112: it cannot be read without doubt',
  headers_too_large: 'Send at most 16 KiB of request line and headers: there are more',
  request_timeout: 'Send the whole request in time: it was still under way',
};

const reasons: { readonly [C in ConnectionCode]: string } = {
  malformed_request: 'Bad Request',
  headers_too_large: 'Request Header Fields Too Large',
  request_timeout: 'Request Timeout',
};

function codeOf(code: string | undefined): ConnectionCode {
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'malformed_request';
}
