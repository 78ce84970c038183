/** Writes answers. The one place that knows which headers go with everything. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { AssetwireError, errorTable } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { RangeOutside } from './content-answer.ts';
import { presentableError, problemContentType, problemDocument, retryAfterOf } from './problem.ts';
import type { Answer } from './route.ts';
import {
  type AnswerStyle,
  apiHeaders,
  foreignHeaders,
  pageHeaders,
  shareHeaders,
  transportSecurity,
} from './security-headers.ts';

const policyName = 'content-security-policy';

const headersOf: { readonly [S in AnswerStyle]: readonly string[] } = {
  api: apiHeaders,
  page: pageHeaders,
  share: shareHeaders,
  foreign: foreignHeaders,
};

export type AnswerWriter = {
  write(request: IncomingMessage, response: ServerResponse, answer: Answer): void;
  /** Writes what was thrown as a problem; answers its status. Where the answer has begun the connection is cut. */
  fail(request: IncomingMessage, response: ServerResponse, thrown: unknown): number;
};

export type AnswerWriterOptions = {
  /** Draws the id that ties a problem to our log. */
  readonly requestId: () => string;
  /** Called for what is our own fault, with the id the caller was given. */
  readonly onFault: (requestId: string, fault: AssetwireError, request: IncomingMessage) => void;
  readonly clock: Clock;
  readonly https: boolean;
  readonly closing: () => boolean;
};

export function createAnswerWriter({ requestId, onFault, clock, https, closing }: AnswerWriterOptions): AnswerWriter {
  const base: Record<AnswerStyle, readonly string[]> = { ...headersOf };
  if (https) {
    base.api = [...base.api, ...transportSecurity];
    base.page = [...base.page, ...transportSecurity];
    base.share = [...base.share, ...transportSecurity];
  }

  /** Takes `headers` over. */
  const head = (response: ServerResponse, status: number, headers: string[]): void => {
    const request = response.req;
    // A request whose body was not read would leave its bytes to be taken for the next request's.
    if (closing() || !(request.complete || bodyless(request))) headers.push('connection', 'close');
    response.writeHead(status, headers);
  };

  const write: AnswerWriter['write'] = (request, response, answer) => {
    const headers = base[answer.style ?? 'api'].slice();
    if (answer.headers !== undefined) {
      // Two policies would both hold: a page's own takes the place of the common one.
      if (answer.headers[policyName] !== undefined) headers.splice(headers.indexOf(policyName), 2);
      for (const [name, value] of Object.entries(answer.headers)) {
        // The one header of ours that an answer may replace: it knows who may keep it.
        if (name === 'cache-control') headers.splice(headers.indexOf(name), 2);
        headers.push(name, value);
      }
    }
    if ('json' in answer) {
      const text = JSON.stringify(answer.json);
      const bytes = Buffer.byteLength(text);
      headers.push('content-type', 'application/json; charset=utf-8', 'content-length', String(bytes));
      head(response, answer.status, headers);
      if (request.method === 'HEAD') response.end();
      else if (answer.status >= 400 && !(request.complete || bodyless(request)))
        endBehindRequest(response, text, clock);
      // Plain ASCII goes out as Latin-1, the same bytes at a fraction of the cost of encoding.
      else response.end(text, bytes === text.length ? 'latin1' : 'utf8');
    } else if ('text' in answer) {
      headers.push('content-type', answer.contentType, 'content-length', String(Buffer.byteLength(answer.text)));
      head(response, answer.status, headers);
      response.end(request.method === 'HEAD' ? undefined : answer.text);
    } else if ('stream' in answer) {
      headers.push('content-type', answer.contentType, 'content-length', String(answer.bytes));
      head(response, answer.status, headers);
      if (request.method === 'HEAD') {
        answer.stream.destroy();
        response.end();
        return;
      }
      // The length has been promised: a stream that fails midway can only be told by cutting the connection.
      pipeline(answer.stream, response, (error) => {
        if (error) response.destroy();
      });
    } else if ('empty' in answer) {
      head(response, answer.status, headers);
      response.end();
    }
  };

  const fail: AnswerWriter['fail'] = (request, response, thrown) => {
    const error = presentableError(thrown);
    const { status } = errorTable[error.code];
    const id = requestId();
    if (status >= 500) onFault(id, error, request);
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return status;
    }
    const text = JSON.stringify(problemDocument(error, id));
    const headers = base.api.slice();
    headers.push('content-type', problemContentType, 'content-length', String(Buffer.byteLength(text)));
    const retryAfter = retryAfterOf(error);
    if (retryAfter !== undefined) headers.push('retry-after', String(retryAfter));
    if (status === 401) headers.push('www-authenticate', error.code === 'share_locked' ? basic : 'Bearer');
    if (error instanceof MethodNotAllowed) headers.push('allow', error.allow);
    if (error instanceof RangeOutside) headers.push('content-range', `bytes */${error.bytes}`);
    head(response, status, headers);
    if (request.method === 'HEAD') response.end();
    else if (request.complete || bodyless(request) || error.code === 'request_timeout') response.end(text);
    else endBehindRequest(response, text, clock);
    return status;
  };

  return { write, fail };
}

/** A program is asked for the password alone. */
const basic = 'Basic realm="Share link", charset="UTF-8"';

/** Carries what is allowed instead. */
export class MethodNotAllowed extends AssetwireError {
  readonly allow: string;

  constructor(method: string, allow: string) {
    super('method_not_allowed', {
      detail: `Use ${allow} here: ${method.slice(0, 20)}`,
      mend: `Use one of ${allow} at this path, or another path: /openapi.json lists them`,
    });
    this.allow = allow;
  }
}

/** Nothing lies at the path. */
export class NoRoute extends AssetwireError {
  constructor(words: { readonly detail: string; readonly mend: string }) {
    super('not_found', words);
  }
}

/** How much of a refused body is still read, and for how long. */
const refusedBytesMax = 4 * 1024 * 1024;
const refusedMsMax = 1_000;

/**
 * Sends the answer at once but closes only when the rest of the request has come, or enough of it: a connection that is
 * closed with bytes unread is reset, and the reset destroys the answer on its way to the caller.
 */
function endBehindRequest(response: ServerResponse, text: string, clock: Clock): void {
  const request = response.req;
  let bytes = 0;
  const end = (): void => {
    timer.cancel();
    request.off('data', onData).off('end', end).off('close', end);
    response.end();
  };
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > refusedBytesMax) end();
  };
  const timer = clock.timer(refusedMsMax, end);
  response.write(text);
  request.on('data', onData).on('end', end).on('close', end);
  request.resume();
}

function bodyless(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] === undefined || headers['content-length'] === '0')
  );
}
