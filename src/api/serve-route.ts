/**
 * One request through one route, from top to bottom. Everything that is checked for every route is checked here, in this
 * order: who calls, may they, is the path one of ours, does the query fit, is the body JSON, does it fit, may the workspace
 * write as much now.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Idempotency } from '../app/app.ts';
import { AssetwireError, type ErrorCode, errorTable, type Problem } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Admission } from './admission.ts';
import type { AnswerWriter } from './answer.ts';
import type { ApiMetrics } from './api.ts';
import { fingerprintOf, idempotencyKeyOf } from './idempotency.ts';
import { assertJsonType, isNdjson, type JsonLine, readJson, readJsonLines } from './json-body.ts';
import { invalidRequest, notFound, presentableError } from './problem.ts';
import { queryProblem } from './problem-words.ts';
import { assertCleanParameter, readQuery } from './query-string.ts';
import type { BodyReader } from './request-body.ts';
import { requestExample } from './route-examples.ts';
import type { Answer, Route, Services } from './route.ts';
import { problemsOf } from './validation.ts';

/** Enough for a change of 256 KiB and its envelope; routes that take more say so. */
export const bodyBytesMaxDefault = 288 * 1024;

export type Serving = {
  readonly services: Services;
  readonly admission: Admission;
  readonly bodies: BodyReader;
  readonly answers: AnswerWriter;
  readonly metrics: Pick<ApiMetrics, 'apiRequest' | 'refused'>;
};

export type Parameters = { readonly [name: string]: string };

/** One request, and the route it was found to be for. */
export type Exchange = {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly parameters: Parameters;
  /** What stands behind the question mark. */
  readonly search: string;
};

/** Answers the request; never rejects. */
export async function serveRoute(serving: Serving, exchange: Exchange): Promise<void> {
  const { route, request, response } = exchange;
  const { clock, logger } = serving.services;
  const startedAtMs = clock.monotonicMs();
  let status: number;
  try {
    const answer = await answerOf(serving, exchange);
    status = answer.status;
    serving.answers.write(request, response, answer);
  } catch (thrown) {
    countRefusal(serving.metrics, thrown);
    const words = route.presentError === undefined ? null : foreignWords(route.presentError, thrown, request);
    if (words === null) status = serving.answers.fail(request, response, thrown);
    else {
      status = words.status;
      serving.answers.write(request, response, words);
    }
  }
  const durationMs = clock.monotonicMs() - startedAtMs;
  if (route.streaming !== true) serving.metrics.apiRequest(statusClassOf(status), durationMs);
  // The operation, never the path: ids of others and tokens of links stand in paths.
  if (logger.enabled('debug')) logger.debug('api.answered', { operation: route.operation, status, durationMs });
}

const storeRefusals: ReadonlySet<ErrorCode> = new Set(['storage_busy', 'storage_unavailable', 'storage_full']);

function countRefusal(metrics: Serving['metrics'], thrown: unknown): void {
  if (thrown instanceof AssetwireError && storeRefusals.has(thrown.code)) metrics.refused(thrown.code);
}

/** Our own faults keep our form, with the id that leads to our log; null for them. */
export function foreignWords(
  presentError: NonNullable<Route['presentError']>,
  thrown: unknown,
  request: IncomingMessage,
): Answer | null {
  const error = presentableError(thrown);
  return errorTable[error.code].status < 500 ? presentError(error, request) : null;
}

async function answerOf({ admission, bodies, services }: Serving, exchange: Exchange): Promise<Answer> {
  const { route, request, response, parameters, search } = exchange;
  const admitted = await admission.admit(request, route.scope, route);
  const { recheck } = admitted;
  // Reported changes are the hot path, and no deed of administration: nothing asks where they came from.
  const caller = route.area === 'changes' ? admitted.caller : { ...admitted.caller, from: admission.originOf(request) };
  if (route.params !== undefined) assertParameters(route, parameters);
  const query = route.query === undefined && search === '' ? undefined : checkedQuery(route, search);
  const body = route.body === undefined ? undefined : await checkedBody(bodies, route, request);
  const items = chargedItems(route, { body: body?.value, query });
  const learning = items === 0 ? undefined : services.app.changeRate.take(caller.workspaceId, items);
  // What is known already costs no promise.
  if (learning !== undefined) await learning;
  // An upload is told apart by what its form begins with, which only its handler reads.
  const idempotency =
    route.idempotent === true && route.upload === undefined
      ? idempotencyFor(exchange, body?.bytes ?? noBytes)
      : undefined;
  return route.handle(
    {
      ...{ caller, params: parameters, query, body: body?.value, idempotency, request, response, recheck },
      ...(body?.lines === undefined ? {} : { lines: body.lines }),
    },
    services,
  );
}

const noBytes = Buffer.alloc(0);

/**
 * What counts toward the workspace's quota of changes a second: everything that writes assets or what is around them, ours
 * or a vendor's. Not who ends or mends something with other scopes (a webhook, a key, the quota itself): that must go on
 * while a workspace floods. 0: nothing.
 */
export function chargedItems(
  route: Pick<Route, 'method' | 'scope' | 'items'>,
  asked: { readonly body: unknown; readonly query: unknown },
): number {
  if (route.method === 'GET' || route.scope !== 'assets:write') return 0;
  return route.items === undefined ? 1 : route.items(asked);
}

const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

function statusClassOf(status: number): string {
  return statusClasses[Math.floor(status / 100) - 1] ?? '5xx';
}

/** A path that does not fit names nothing: 404, like an id of somebody else. */
function assertParameters(route: Route, parameters: Parameters): void {
  for (const name of Object.keys(parameters)) assertCleanParameter(parameters[name] ?? '');
  if (route.params === undefined) return;
  const [problem] = problemsOf(route.params, parameters);
  if (problem === undefined) return;
  const bare = Object.values(parameters).includes('');
  const name = problem.at.slice(1);
  throw bare
    ? notFound(`Find what the path names: its ${name} is empty`, 'Take away the slash at the end')
    : notFound(`Find what the path names: its ${name} is none that can be`, `${name} must be: ${problem.wanted}`);
}

function checkedQuery(route: Route, search: string): unknown {
  const query = readQuery(search, route.query);
  const problems = problemsOf(route.query ?? noQuery, query);
  if (problems.length > 0)
    throw invalidRequest(
      problems.map((problem) => queryProblem(problem, query)),
      'the query',
      route.operation,
    );
  return query;
}

const noQuery = { type: 'object', additionalProperties: false };

/** Where the body as a whole is of another kind, nothing says better what it should be than the route's example. */
function withExample(problem: Problem, route: Route): Problem {
  if (problem.at !== '' || problem.mend !== undefined) return problem;
  const example = JSON.stringify(requestExample(route)) ?? '{}';
  return { ...problem, mend: example.length > exampleCharactersMax ? 'Send a JSON object' : `For example ${example}` };
}

const exampleCharactersMax = 400;

type CheckedBody = { readonly value: unknown; readonly bytes: Buffer; readonly lines?: readonly JsonLine[] };

async function checkedBody(bodies: BodyReader, route: Route, request: IncomingMessage): Promise<CheckedBody> {
  if (route.bodyOptional === true && isEmpty(request)) return { value: {}, bytes: Buffer.alloc(0) };
  const list = route.ndjson === undefined || !isNdjson(request) ? null : route.ndjson;
  if (list === null) assertJsonType(request, route.ndjson !== undefined);
  const bytes = await bodies.read(request, route.bodyBytesMax ?? bodyBytesMaxDefault);
  const bounds = route.jsonLimits ?? limits;
  const lines = list === null ? undefined : readJsonLines(bytes, bounds);
  const value =
    list === null || lines === undefined
      ? readJson(bytes, bounds)
      : { [list]: lines.map(({ value: item = null }) => item) };
  const problems = route.check === undefined ? problemsOf(route.body ?? {}, value) : route.check(value);
  if (problems.length > 0)
    throw invalidRequest(
      problems.map((one) => withExample(one, route)),
      'the body',
      route.operation,
    );
  return { value, bytes, ...(lines === undefined ? {} : { lines }) };
}

function isEmpty(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

function idempotencyFor({ route, request, parameters }: Exchange, bytes: Buffer): Idempotency | undefined {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return undefined;
  return { key, fingerprint: fingerprintOf(route.operation, JSON.stringify(parameters), bytes) };
}
