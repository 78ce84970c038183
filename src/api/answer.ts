/** Writes answers. The one place that knows which headers go with everything. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { AssetwireError, errorTable } from '../core/errors.ts';
import { presentableError, problemContentType, problemDocument } from './problem.ts';
import type { Answer } from './route.ts';
import { type AnswerStyle, apiHeaders, foreignHeaders, pageHeaders, transportSecurity } from './security-headers.ts';

const headersOf: { readonly [S in AnswerStyle]: readonly string[] } = {
  api: apiHeaders,
  page: pageHeaders,
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
  readonly https: boolean;
  readonly closing: () => boolean;
};

export function createAnswerWriter({ requestId, onFault, https, closing }: AnswerWriterOptions): AnswerWriter {
  const base: Record<AnswerStyle, readonly string[]> = { ...headersOf };
  if (https) {
    base.api = [...base.api, ...transportSecurity];
    base.page = [...base.page, ...transportSecurity];
  }

  const head = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    style: AnswerStyle,
    extra: readonly string[],
  ): void => {
    const headers = [...base[style], ...extra];
    // A request whose body was not read would leave its bytes to be taken for the next request's.
    if (closing() || !(request.complete || bodyless(request))) headers.push('connection', 'close');
    response.writeHead(status, headers);
  };

  const write: AnswerWriter['write'] = (request, response, answer) => {
    const style = answer.style ?? 'api';
    const extra: string[] = [];
    if (answer.headers !== undefined)
      for (const [name, value] of Object.entries(answer.headers)) extra.push(name, value);
    if ('json' in answer) {
      const text = JSON.stringify(answer.json);
      extra.push('content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text)));
      head(request, response, answer.status, style, extra);
      response.end(request.method === 'HEAD' ? undefined : text);
    } else if ('text' in answer) {
      extra.push('content-type', answer.contentType, 'content-length', String(Buffer.byteLength(answer.text)));
      head(request, response, answer.status, style, extra);
      response.end(request.method === 'HEAD' ? undefined : answer.text);
    } else if ('stream' in answer) {
      extra.push('content-type', answer.contentType, 'content-length', String(answer.bytes));
      head(request, response, answer.status, style, extra);
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
      head(request, response, answer.status, style, extra);
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
    const extra = ['content-type', problemContentType, 'content-length', String(Buffer.byteLength(text))];
    if (error.retryAfterSeconds !== undefined)
      extra.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
    if (status === 401) extra.push('www-authenticate', 'Bearer');
    if (error instanceof MethodNotAllowed) extra.push('allow', error.allow);
    head(request, response, status, 'api', extra);
    response.end(request.method === 'HEAD' ? undefined : text);
    return status;
  };

  return { write, fail };
}

/** Carries what is allowed instead. */
export class MethodNotAllowed extends AssetwireError {
  readonly allow: string;

  constructor(method: string, allow: string) {
    super('method_not_allowed', { detail: `Use ${allow} here: ${method}` });
    this.allow = allow;
  }
}

function bodyless(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] === undefined || headers['content-length'] === '0')
  );
}
