/**
 * A file from an address that a tenant named: one GET over the guarded road. No redirect is followed (HARDENING SR-01): the
 * answer says where it leads. The content is streamed as it comes, never inflated; a slow sender meets three deadlines:
 * until the head, between two pieces, and over all.
 */
import { Readable } from 'node:stream';
import type { Client } from 'undici';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { Connected, Egress, NotConnected } from '../../egress/egress.ts';
import type { TargetUrl } from '../../egress/target.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { FetchFile, FileAnswer, FileRequest } from '../transport.ts';

export type FetchFileParts = {
  readonly egress: Pick<Egress, 'checkTarget' | 'connect'>;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly headMsMax?: number;
  readonly silenceMsMax?: number;
  readonly wholeMsMax?: number;
};

const headMsDefault = 30_000;
const silenceMsDefault = 60_000;
const locationCharactersMax = 512;

export function createFileFetcher(parts: FetchFileParts): FetchFile {
  return async (request) => {
    let target: TargetUrl;
    try {
      target = parts.egress.checkTarget(request.url, { plainHttp: true });
    } catch (error) {
      if (!(error instanceof AssetwireError)) throw error;
      return { kind: 'failed', code: error.code, detail: error.message, again: false };
    }
    const connecting = parts.egress.connect({ target, method: 'GET', scope: request.workspaceId });
    const stop = (): void => connecting.cancel();
    request.signal.addEventListener('abort', stop, { once: true });
    const made = await connecting.result.finally(() => request.signal.removeEventListener('abort', stop));
    if (made.kind !== 'attached') return notConnected(made);
    return ask(parts, { request, target, made });
  };
}

/** Nothing of what a port scan could learn: the kind of failure, no banner and no error text. */
function notConnected({ failure }: NotConnected): FileAnswer {
  switch (failure.kind) {
    case 'blocked-address':
      return {
        kind: 'failed',
        code: 'target_forbidden_address',
        detail: 'The address lies where this server does not go (private, special or forbidden)',
        again: false,
      };
    case 'dns-failed':
      return { kind: 'failed', code: 'name_not_found', detail: 'The name has no address', again: true };
    case 'tls-failed':
      return {
        kind: 'failed',
        code: 'tls_failed',
        detail: `The server could not prove who it is (${failure.code})`,
        again: false,
      };
    case 'proxy-failed':
      return {
        kind: 'failed',
        code: 'egress_proxy_failed',
        detail: 'The egress proxy of this server let no connection through',
        again: true,
      };
    default:
      return { kind: 'failed', code: 'unreachable', detail: 'No connection could be made', again: true };
  }
}

type Asking = { readonly request: FileRequest; readonly target: TargetUrl; readonly made: Connected };

async function ask(parts: FetchFileParts, { request, target, made }: Asking): Promise<FileAnswer> {
  const client = await clientOn(target, made);
  const close = (): void => {
    client.destroy(null).catch(() => undefined);
    made.socket.destroy();
  };
  const head = new AbortController();
  const timer = parts.clock.timer(parts.headMsMax ?? headMsDefault, () => head.abort());
  try {
    const answer = await client.request({
      path: target.path,
      method: 'GET',
      headers: {
        'user-agent': parts.userAgent,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(request.etag === undefined ? {} : { 'if-none-match': request.etag }),
      },
      signal: AbortSignal.any([head.signal, request.signal]),
    });
    timer.cancel();
    const judged = judge(answer.statusCode, answer.headers, request);
    if (judged !== null) {
      answer.body.on('error', () => undefined);
      close();
      return judged;
    }
    const bytes = lengthOf(answer.headers['content-length']);
    return {
      kind: 'file',
      content: bounded(parts, answer.body, { bytes, close, signal: request.signal }),
      bytes,
      etag: textOf(answer.headers['etag']),
      disposition: textOf(answer.headers['content-disposition']),
    };
  } catch {
    timer.cancel();
    close();
    const detail = head.signal.aborted ? 'No answer came in time' : 'The connection broke before an answer came';
    return { kind: 'failed', code: head.signal.aborted ? 'timeout' : 'connection_broken', detail, again: true };
  }
}

/** A client that only ever speaks on the socket that the guard has judged. */
async function clientOn(target: TargetUrl, { socket }: Connected): Promise<Client> {
  // The whole of it, with what makes a stream of an answer: loaded by the first file that is fetched.
  const undici = await import('undici');
  let handedOver = false;
  return new undici.Client(target.origin, {
    allowH2: false,
    pipelining: 1,
    maxHeaderSize: limits.responseHeaderBytesMax,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, callback) => {
      if (handedOver) return queueMicrotask(() => callback(new Error('The connection is gone'), null));
      handedOver = true;
      queueMicrotask(() => callback(null, socket));
    },
  });
}

type Headers = { readonly [name: string]: string | string[] | undefined };

/** Why the answer is not a file; null where it is one. */
function judge(status: number, headers: Headers, { bytesMax, etag }: FileRequest): FileAnswer | null {
  if (status === 304 && etag !== undefined) return { kind: 'unchanged' };
  if (status >= 300 && status <= 399) {
    const location = (textOf(headers['location']) ?? '').slice(0, locationCharactersMax);
    const detail = `The address leads on${location === '' ? '' : ` to ${JSON.stringify(location)}`}, and redirects are not followed: give the address of the file itself`;
    return { kind: 'failed', code: 'redirected', detail, again: false };
  }
  if (status !== 200)
    return {
      kind: 'failed',
      code: 'status',
      detail: `The server answered with status ${status}`,
      again: status === 429 || status === 408 || status >= 500,
    };
  const encoding = textOf(headers['content-encoding']);
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    return {
      kind: 'failed',
      code: 'encoded',
      detail: 'The file came compressed although that was not asked for',
      again: false,
    };
  const bytes = lengthOf(headers['content-length']);
  if (bytes !== null && bytes > bytesMax)
    return {
      kind: 'failed',
      code: 'upload_too_large',
      detail: `The file has ${bytes} bytes: at most ${bytesMax} are taken`,
      again: false,
    };
  return null;
}

type Bounds = { readonly bytes: number | null; readonly close: () => void; readonly signal: AbortSignal };

/** The content, with its deadlines; less than was announced is an error and no file. */
function bounded(parts: FetchFileParts, body: Readable, { bytes, close, signal }: Bounds): Readable {
  const { clock, silenceMsMax = silenceMsDefault, wholeMsMax = limits.fetchMsMax } = parts;
  const late = (): void => void body.destroy(new Error('The file came too slowly'));
  const interrupt = (): void => void body.destroy(new Error('The fetch was stopped'));
  async function* pieces(): AsyncGenerator<Buffer> {
    const whole = clock.timer(wholeMsMax, late);
    let silence: Timer = clock.timer(silenceMsMax, late);
    signal.addEventListener('abort', interrupt, { once: true });
    let read = 0;
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        silence.cancel();
        read += piece.length;
        yield piece;
        silence = clock.timer(silenceMsMax, late);
      }
      if (bytes !== null && read !== bytes) throw new Error(`The file must have ${bytes} bytes: ${read} came`);
    } finally {
      signal.removeEventListener('abort', interrupt);
      silence.cancel();
      whole.cancel();
      close();
    }
  }
  const content = Readable.from(pieces(), { objectMode: false });
  // Given up before anything of it was read: `pieces` has not begun then, and nobody listens to the body.
  body.on('error', () => undefined);
  content.once('close', close);
  return content;
}

function lengthOf(header: string | string[] | undefined): number | null {
  const text = textOf(header);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function textOf(header: string | string[] | undefined): string | null {
  const text = Array.isArray(header) ? header[0] : header;
  return text === undefined ? null : text;
}
