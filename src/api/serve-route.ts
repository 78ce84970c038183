/**
 * One request through one route, from top to bottom. Everything that is checked for every route is checked here, in this
 * order: who calls, may they, is the path one of ours, does the query fit, is the body JSON, does it fit.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Idempotency } from '../app/app.ts';
import { limits } from '../core/limits.ts';
import type { Admission } from './admission.ts';
import type { AnswerWriter } from './answer.ts';
import type { ApiMetrics } from './api.ts';
import { idempotencyOf } from './idempotency.ts';
import { assertJsonType, readJson } from './json-body.ts';
import { invalidRequest, notFound } from './problem.ts';
import { assertCleanParameter, readQuery } from './query-string.ts';
import type { BodyReader } from './request-body.ts';
import type { Route, Services } from './route.ts';
import { problemsOf } from './validation.ts';

/** Enough for a change of 256 KiB and its envelope; routes that take more say so. */
export const bodyBytesMaxDefault = 288 * 1024;

export type Serving = {
  readonly services: Services;
  readonly admission: Admission;
  readonly bodies: BodyReader;
  readonly answers: AnswerWriter;
  readonly metrics: Pick<ApiMetrics, 'apiRequest'>;
};

export type Parameters = { readonly [name: string]: string };

/** Answers the request; never rejects. */
export async function serveRoute(
  serving: Serving,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: Parameters,
  search: string,
): Promise<void> {
  const { clock } = serving.services;
  const startedAtMs = clock.monotonicMs();
  let status: number;
  try {
    const { caller, recheck } = await serving.admission.admit(request, route.scope);
    if (route.params !== undefined) assertParameters(route, parameters);
    const query = route.query === undefined && search === '' ? undefined : checkedQuery(route, search);
    const body = route.body === undefined ? undefined : await checkedBody(serving.bodies, route, request);
    const idempotency =
      route.idempotent === true && body !== undefined
        ? idempotencyFor(route, request, parameters, body.bytes)
        : undefined;
    const answer = await route.handle(
      { caller, params: parameters, query, body: body?.value, idempotency, request, response, recheck },
      serving.services,
    );
    status = answer.status;
    serving.answers.write(request, response, answer);
  } catch (thrown) {
    status = serving.answers.fail(request, response, thrown);
  }
  if (route.streaming !== true) serving.metrics.apiRequest(statusClassOf(status), clock.monotonicMs() - startedAtMs);
}

const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

function statusClassOf(status: number): string {
  return statusClasses[Math.floor(status / 100) - 1] ?? '5xx';
}

/** A path that does not fit names nothing: 404, like an id of somebody else. */
function assertParameters(route: Route, parameters: Parameters): void {
  for (const name of Object.keys(parameters)) assertCleanParameter(parameters[name] ?? '');
  if (route.params !== undefined && problemsOf(route.params, parameters).length > 0) throw notFound();
}

function checkedQuery(route: Route, search: string): unknown {
  const query = readQuery(search, route.query);
  const problems = problemsOf(route.query ?? noQuery, query);
  if (problems.length > 0) throw invalidRequest(problems, 'the query');
  return query;
}

const noQuery = { type: 'object', additionalProperties: false };

type CheckedBody = { readonly value: unknown; readonly bytes: Buffer };

async function checkedBody(bodies: BodyReader, route: Route, request: IncomingMessage): Promise<CheckedBody> {
  if (route.bodyOptional === true && isEmpty(request)) return { value: {}, bytes: Buffer.alloc(0) };
  assertJsonType(request);
  const bytes = await bodies.read(request, route.bodyBytesMax ?? bodyBytesMaxDefault);
  const value = readJson(bytes, route.jsonLimits ?? limits);
  const problems = route.check === undefined ? problemsOf(route.body ?? {}, value) : route.check(value);
  if (problems.length > 0) throw invalidRequest(problems, 'the body');
  return { value, bytes };
}

function isEmpty(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

function idempotencyFor(
  route: Route,
  request: IncomingMessage,
  parameters: Parameters,
  bytes: Buffer,
): Idempotency | undefined {
  if (request.headers['idempotency-key'] === undefined) return undefined;
  return idempotencyOf(request, route.operation, JSON.stringify(parameters), bytes);
}
