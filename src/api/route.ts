/**
 * A route as data: one entry says everything that is needed to check, serve and document an operation. `mount.ts` turns
 * the table into listeners, `openapi.ts` into the OpenAPI document, tests into matrices over every route.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { App, Caller, Idempotency, Scope } from '../app/app.ts';
import type { AssetwireError, ErrorCode, Problem } from '../core/errors.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonLimits } from '../core/json-guard.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ApiLogger, ApiSettings } from './api.ts';
import type { JsonLine } from './json-body.ts';
import type { BodyReader } from './request-body.ts';
import type { Schema } from './schema.ts';
import type { AnswerStyle } from './security-headers.ts';

/** What a caller must have: a scope, any valid key (`signed-in`), an admin key, or nothing (`open`). */
export type RouteScope = Scope | 'signed-in' | 'admin' | 'open';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What handlers reach beside their call. */
export type Services = {
  readonly app: App;
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: ApiLogger;
  readonly streams: Streams;
  readonly bodies: BodyReader;
  readonly publicUrl: () => string;
  readonly startedAtMs: number;
};

/** Opens server-sent event streams; bounded in number. See `event-streams.ts`. */
export interface Streams {
  open(call: Pick<Call, 'caller' | 'request' | 'response' | 'recheck'>): EventStream;
}

export interface EventStream {
  /** False where the reader has not kept up and nothing more fits for now; await `drained` then. */
  send(event: { readonly event?: string; readonly id?: string; readonly data: unknown }): boolean;
  /** Resolves when there is room again or the stream has ended. */
  drained(): Promise<void>;
  /** Ends the stream; harmless twice. */
  end(): void;
  /** Calls back once when the stream has ended, whoever ended it. */
  onEnd(listener: () => void): void;
  readonly ended: boolean;
}

/** One request as a handler sees it: everything is validated and the caller may do this. */
export type Call<P = unknown, Q = unknown, B = unknown> = {
  /** For `open` routes the workspace is empty and there are no scopes. */
  readonly caller: Caller;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Where the body came as lines: each, of which `body` holds the values, null for those that could not be read. */
  readonly lines?: readonly JsonLine[];
  readonly idempotency: Idempotency | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whether the credentials this call came with are still good; for what lasts longer than a request. */
  readonly recheck: () => Promise<boolean>;
};

/** What a handler answers: JSON by default, or text, or a stream of its own. */
export type Answer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** Which set of security headers; `api` by default. */
  readonly style?: AnswerStyle;
} & (
  | { readonly json: unknown }
  | { readonly text: string | Buffer; readonly contentType: string }
  | { readonly stream: Readable; readonly contentType: string; readonly bytes: number }
  | { readonly empty: true }
  /** The handler has written, or goes on writing, to the response itself. */
  | { readonly handled: true }
);

export type RouteAnswer = {
  readonly description: string;
  readonly schema?: Schema;
  /** Absent: JSON. */
  readonly contentType?: string;
  /** Headers of the answer that mean something here, as `answerHeaders` in `request-headers.ts` names them. */
  readonly headers?: readonly ('ETag' | 'ContentRange' | 'ContentDisposition')[];
  /** For the document; made from the schema where absent. */
  readonly example?: unknown;
};

export type RouteSpec<P, Q, B> = {
  readonly method: Method;
  /** With `{name}` parameters. */
  readonly path: string;
  /** The operation's id in the OpenAPI document: unique, camel case. */
  readonly operation: string;
  readonly area: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: RouteScope;
  readonly params?: Schema<P>;
  readonly query?: Schema<Q>;
  /** JSON body; absent: none is read. A stream of another kind is described by `upload`. */
  readonly body?: Schema<B>;
  /** The body may be absent and is then an empty object. */
  readonly bodyOptional?: boolean;
  readonly bodyBytesMax?: number;
  /** The body may come as NDJSON as well: each line is an item of the body's list of this name. */
  readonly ndjson?: string;
  readonly jsonLimits?: JsonLimits;
  /** Checks the body instead of `body`, which then only describes it: where one of two shapes is chosen by hand. */
  readonly check?: (body: unknown) => readonly Problem[];
  /** The handler reads the body itself: its content type and schema for the document. */
  readonly upload?: { readonly contentType: string; readonly schema: Schema };
  /** Headers it reads beyond those of every route, as `request-headers.ts` names them. */
  readonly requestHeaders?: readonly ('Last-Event-ID' | 'Range' | 'If-Range' | 'If-Match' | 'If-None-Match')[];
  /**
   * Lets in callers who lack the scope but hold a grant with it. Only for routes whose use case looks at grants
   * (`granted-assets.ts`).
   */
  readonly grantable?: boolean;
  /** Another scope that lets callers in as well; with `grantable` a grant with either does. */
  readonly orScope?: Scope;
  /** Lets in callers whose bearer is a session's: for vendors whose login hands out tokens. */
  readonly sessionBearer?: boolean;
  /**
   * How many changes it asks for, toward the workspace's quota of changes a second; only asked of routes that write with
   * `assets:write` (see `chargedItems`). Default 1. 0: it writes nothing.
   */
  items?(asked: { readonly body: B; readonly query: Q }): number;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  readonly answers: { readonly [status: number]: RouteAnswer };
  /** Errors of the table beyond those that every route of its kind may give. */
  readonly errors?: readonly ErrorCode[];
  /** Answers for as long as the caller listens. */
  readonly streaming?: boolean;
  /** The events of a stream and what their data is. */
  readonly events?: { readonly [event: string]: Schema };
  /** Answers a page instead of JSON and of problems where the caller's `Accept` says that he reads pages. */
  readonly pages?: boolean;
  /** Words errors below 500 in the form of somebody else's API or as a page; absent, and null: problem+json. */
  readonly presentError?: (error: AssetwireError, request: IncomingMessage) => Answer | null;
  handle(call: Call<P, Q, B>, services: Services): Promise<Answer> | Answer;
};

export type Route = RouteSpec<unknown, unknown, unknown>;

/** Types one entry of a route table. */
export function route<P = unknown, Q = unknown, B = unknown>(spec: RouteSpec<P, Q, B>): RouteSpec<P, Q, B> {
  return spec;
}

export function ok(json: unknown): Answer {
  return { status: 200, json };
}

export function created(json: unknown, location: string): Answer {
  return { status: 201, json, headers: { location } };
}

export const noContent: Answer = { status: 204, empty: true };
