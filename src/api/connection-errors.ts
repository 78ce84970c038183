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
  const body = JSON.stringify(problemDocument(new AssetwireError(code, said[code]), requestId()));
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

const said: { readonly [C in ConnectionCode]: { readonly detail: string; readonly mend: string } } = {
  malformed_request: {
    detail: 'Send a request as in RFC 9112: it cannot be read without doubt',
    mend: 'Send plain HTTP to this port, framed once and with one Host; a client library or proxy in between does it',
  },
  headers_too_large: {
    detail: 'Send at most 16 KiB of request line and headers: there are more',
    mend: 'Send fewer or shorter headers and cookies, and what is long in the body instead of the URL',
  },
  request_timeout: {
    detail: 'Send the whole request in time: it was still under way',
    mend: 'Send it again without long pauses; if that happens often, look for a slow proxy in between',
  },
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
