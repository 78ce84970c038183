/**
 * The command line's HTTP client, for the operator's own server only. It is no road for deliveries: those leave through
 * `egress/`. Answers are typed as the API documents them; the server is of our own making.
 */
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import type { Problem } from '../core/errors.ts';
import { createSystemRandom } from '../runtime/random.ts';
import type { Random } from '../runtime/random.ts';
import { eventsIn } from './client-events.ts';
import type { ServerEvent } from './client-events.ts';
import { multipart, sendForm } from './client-form.ts';
import type { Exchange, UploadFile, UploadOptions } from './client-form.ts';
import { sendStream } from './client-stream.ts';
import type { StreamOptions } from './client-stream.ts';

// Not imported: a module of Node's is read export by export then, and some of these load Node's own fetch, which nobody uses.
const { request: httpRequest } = process.getBuiltinModule('node:http');
const { request: httpsRequest } = process.getBuiltinModule('node:https');

export type Connection = {
  readonly url: string;
  readonly key: string | null;
  readonly workspace?: string;
  /** For idempotency keys and form boundaries. */
  readonly random?: Random;
};

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Client {
  readonly url: string;
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  send<Answer>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** Sends a file as the multipart form of `POST /v1/assets`. */
  upload<Answer>(file: UploadFile, asset: object, options?: UploadOptions): Promise<Answer>;
  /** Sends bytes as they come, as the body of a PUT, until they end or the signal does. */
  stream<Answer>(path: string, content: Readable, options?: StreamOptions): Promise<Answer>;
  /** The bytes behind a path, as they come; whoever asked reads or destroys them. */
  download(path: string): Promise<Readable>;
  /** Follows server-sent events until the signal is aborted or the server ends the stream. */
  follow(path: string, options: FollowOptions): Promise<void>;
}

export type FollowOptions = {
  readonly signal: AbortSignal;
  readonly query?: Query;
  readonly onOpen?: () => void;
  readonly onEvent: (event: ServerEvent) => void;
};

export type { ServerEvent, UploadFile };

/** No answer at all: nobody listens there, or the connection broke. */
export class UnreachableError extends Error {
  readonly url: string;
  constructor(url: string, cause: unknown) {
    super(`Server must answer at ${url}: ${cause instanceof Error ? cause.message : 'it did not'}`, { cause });
    this.name = 'UnreachableError';
    this.url = url;
  }
}

/** The server answered with a problem. */
export class RefusedError extends Error {
  readonly status: number;
  readonly code: string;
  readonly mend: string | undefined;
  readonly problems: readonly Problem[];
  /** When the server says that trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs: number | null;
  constructor(status: number, problem: Partial<Readonly<Record<string, unknown>>>, retryAfter?: string) {
    const text = (name: string): string | undefined =>
      typeof problem[name] === 'string' ? String(problem[name]) : undefined;
    super(text('detail') ?? text('title') ?? `The server answered with status ${status}`);
    this.name = 'RefusedError';
    this.status = status;
    this.code = text('code') ?? 'unknown';
    this.mend = text('mend');
    this.problems = Array.isArray(problem['problems']) ? problem['problems'] : [];
    const seconds = Number(retryAfter);
    this.retryAfterMs = retryAfter === undefined || !Number.isFinite(seconds) ? null : seconds * 1_000;
  }
}

const answerBytesMax = 64 * 1024 * 1024;
const silenceMsMax = 60_000;

/** A client of one server. */
export function createClient({ url, key, workspace, random = createSystemRandom() }: Connection): Client {
  const base = url.replace(/\/+$/, '');
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'assetwire-cli' };
  if (key !== null) headers['authorization'] = `Bearer ${key}`;
  if (workspace !== undefined) headers['assetwire-workspace'] = workspace;
  const open = (method: string, at: URL, more: Record<string, string | number>): Exchange =>
    exchange(at, { method, headers: { ...headers, ...more } });
  const draw = (): string => Buffer.from(random.bytes(16)).toString('hex');

  return {
    url: base,
    async get(path, query) {
      const { request, response } = open('GET', target(base, path, query), {});
      request.end();
      return readAnswer(await response);
    },
    async send(method, path, body) {
      const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
      const more = bytes === null ? {} : { 'content-type': 'application/json', 'content-length': bytes.length };
      // A key of its own for each call: should the connection break, a repetition by hand is a new wish.
      const { request, response } = open(method, target(base, path), {
        ...more,
        ...(method === 'POST' ? { 'idempotency-key': draw() } : {}),
      });
      request.end(bytes ?? undefined);
      return readAnswer(await response);
    },
    async upload(file, asset, options = {}) {
      const form = multipart(file, asset, `assetwire-${draw()}`);
      const headers = { ...form.headers, 'idempotency-key': options.idempotencyKey ?? draw() };
      const started = open('POST', target(base, options.path ?? '/v1/assets'), headers);
      return readAnswer(await sendForm(started, { ...form, file, options }));
    },
    async stream(path, content, options = {}) {
      const started = open('PUT', target(base, path), { 'content-type': 'application/octet-stream' });
      return readAnswer(await sendStream(started, content, options));
    },
    async download(path) {
      const { request, response } = open('GET', target(base, path), { accept: '*/*' });
      request.end();
      const answer = await response;
      if (answer.statusCode !== 200) await readAnswer(answer);
      return answer;
    },
    follow: (path, options) =>
      follow(open('GET', target(base, path, options.query), { accept: 'text/event-stream' }), options),
  };
}

function target(base: string, path: string, query?: Query): URL {
  const url = new URL(`${base}${path}`);
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

function exchange(url: URL, options: RequestOptions): Exchange {
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
  request.setTimeout(silenceMsMax, () => request.destroy(new Error('it was silent for a minute')));
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', (error) => reject(new UnreachableError(url.origin, error)));
  });
  return { request, response };
}

async function readAnswer<Answer>(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax)
      throw new RefusedError(502, { detail: 'The answer must have a sane size: it has more than 64 MiB' });
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = response.statusCode ?? 0;
  const value = parseJson(text);
  if (status < 200 || status > 299)
    throw new RefusedError(
      status,
      isRecord(value) ? value : { detail: text.slice(0, 200) },
      response.headers['retry-after'],
    );
  return value as Answer;
}

function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

async function follow({ request, response }: Exchange, { signal, onEvent, onOpen }: FollowOptions): Promise<void> {
  const stop = (): void => {
    request.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  // Streams are silent while nothing happens; the server's own comments keep them open.
  request.setTimeout(0);
  request.end();
  try {
    const answer = await response;
    if (answer.statusCode !== 200) await readAnswer(answer);
    onOpen?.();
    answer.setEncoding('utf8');
    for await (const event of eventsIn(answer as AsyncIterable<string>)) onEvent(event);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    request.destroy();
  }
}
