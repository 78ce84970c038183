import type { ReportedChange, ReportResult } from '../../app/app.ts';
import { changeKinds } from '../../core/change.ts';
import { AssetwireError, type ErrorCode, errorTable, type Problem } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { invalidRequest } from '../problem.ts';
import { type Answer, ok, type Route, type RouteSpec, route, type Services } from '../route.ts';
import { array, object, oneOf, optional, raw, string } from '../schema.ts';
import { byId, cursor, limit, line, pageOf, pageOptions, shownPage, timeMs } from '../schemas/basics.ts';
import { changeBatchSchema, changeSchema, reportedChangeSchema, reportResultSchema } from '../schemas/change.ts';
import { problemsOf } from '../validation.ts';

type Reported = ReportedChange | { readonly changes: readonly ReportedChange[] };

const area = 'changes';
const reportBytesMax = 4 * 1024 * 1024;
/** A batch of 1,000 changes may have as many keys as that many ordinary changes have. */
const batchKeysMax = 200_000;

/** Which of the two shapes it is decides the schema, so that problems speak of the shape the caller meant. */
function isBatch(body: unknown): body is { readonly changes: readonly ReportedChange[] } {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'changes');
}

function checkReport(body: unknown): readonly Problem[] {
  if (Array.isArray(body)) return [bareList(body.length)];
  if (!isBatch(body)) return problemsOf(reportedChangeSchema, body);
  // The usual batch is sound, and pays for one look.
  const problems = problemsOf(changeBatchSchema, body);
  return problems.length === 0 ? problems : (ofTheWhole(body) ?? problems);
}

const envelopeSchema = object({ changes: array(raw({}), { minItems: 1, maxItems: limits.batchItemsMax }) });
/** What is wrong with single changes of a batch, by their place; kept beside the body between its check and its handler. */
const misshapen = new WeakMap<object, ReadonlyMap<number, readonly Problem[]>>();

/** What concerns the batch as a whole, and null where none of its changes can be read; else each has a result of its own. */
function ofTheWhole(body: { readonly changes: readonly unknown[] }): readonly Problem[] | null {
  const problems = problemsOf(envelopeSchema, body);
  if (problems.length > 0) return problems;
  const found = new Map<number, readonly Problem[]>();
  for (const [at, change] of body.changes.entries()) {
    const wrong = problemsOf(reportedChangeSchema, change);
    if (wrong.length > 0) found.set(at, wrong);
  }
  if (found.size === body.changes.length) return null;
  misshapen.set(body, found);
  return [];
}

function bareList(length: number): Problem {
  return {
    at: '',
    wanted: 'one change, or several as {"changes": […]}',
    found: `a list of ${length}`,
    mend: 'Put the list under "changes": {"changes": […]}',
  };
}

/** Served without going through the router: see `server.ts`. */
export const reportChanges: RouteSpec<unknown, unknown, Reported> = route({
  method: 'POST',
  path: '/v1/changes',
  operation: 'reportChanges',
  area,
  summary: 'Report what happened to assets and other subjects elsewhere',
  description:
    'One change, or up to 1,000 as {"changes": […]}, each with a result of its own. `after` becomes the present state in the same commit: ' +
    'fields that it leaves out are as they were, those it has are replaced whole (metadata too: PATCH an asset to merge). ' +
    'A single change that is rejected answers with its error, and so does a batch of which nothing can be read (400) or the store could take nothing ' +
    '(503, 507); one that does not fit fails none of the others.',
  scope: 'assets:write',
  idempotent: true,
  items: ({ body }) => (isBatch(body) ? body.changes.length : 1),
  body: raw<Reported>({ oneOf: [reportedChangeSchema, changeBatchSchema] }),
  check: checkReport,
  bodyBytesMax: reportBytesMax,
  jsonLimits: { jsonDepthMax: limits.jsonDepthMax, jsonKeysMax: batchKeysMax, jsonElementsMax: limits.jsonElementsMax },
  answers: { 202: { description: 'Accepted and on disk', schema: object({ results: array(reportResultSchema) }) } },
  errors: ['stale_source_version', 'causation_too_deep', 'conflict', 'limit_reached', 'not_found', 'already_exists'],
  async handle({ caller, body, idempotency }, { app }): Promise<Answer> {
    const batch = isBatch(body);
    const wrong = misshapen.get(body);
    const changes = batch ? body.changes : [body];
    const sound = wrong === undefined ? changes : changes.filter((_, at) => !wrong.has(at));
    const written = await app.changes.report(caller, sound, idempotency);
    const refusal = refusalOf(written.body.results, batch);
    if (refusal !== null) throw asError(refusal);
    return {
      status: written.status,
      json: wrong === undefined ? written.body : { results: withMisshapen(written.body.results, wrong) },
      ...(written.replayed === true ? { headers: replayedHeader } : {}),
    };
  },
});

export const replayedHeader = { 'idempotent-replayed': 'true' };

type Rejected = Extract<ReportResult, { readonly status: 'rejected' }>;

/** The results of those that could be read, and between them, in order, those that could not. */
function withMisshapen(
  results: readonly ReportResult[],
  wrong: ReadonlyMap<number, readonly Problem[]>,
): readonly ReportResult[] {
  const rest = results.values();
  return Array.from({ length: results.length + wrong.size }, (_, at): ReportResult => {
    const problems = wrong.get(at);
    const next = problems === undefined ? rest.next() : null;
    if (next !== null && next.done !== true) return next.value;
    const { code, message: detail } = invalidRequest(problems ?? [], 'the change');
    return { status: 'rejected', code, detail, problems: problems ?? [] };
  });
}

/**
 * Why the whole request is refused: a single change that was, or a batch of which the store took nothing. A caller that
 * looks at the status alone must not take a full disk for an acceptance.
 */
function refusalOf(results: readonly ReportResult[], batch: boolean): Rejected | null {
  const [first] = results;
  if (first?.status !== 'rejected') return null;
  if (!batch) return first;
  return results.every((result) => result.status === 'rejected' && isStoreRefusal(result.code)) ? first : null;
}

function isStoreRefusal(code: string): boolean {
  return isErrorCode(code) && errorTable[code].status >= 500;
}

function asError(result: Rejected): AssetwireError {
  return new AssetwireError(isErrorCode(result.code) ? result.code : 'invalid_request', {
    detail: result.detail,
    ...(result.problems === undefined ? {} : { problems: result.problems }),
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}

const listQuery = object({
  limit: optional(limit),
  cursor: optional(cursor),
  kinds: optional(
    array(oneOf(changeKinds), { minItems: 1, maxItems: changeKinds.length, description: 'Separated by commas' }),
  ),
  subject: optional(line(400, 'type:id of the subject')),
  fromMs: optional(timeMs()),
  toMs: optional(timeMs()),
  order: optional(oneOf(['newest', 'oldest'])),
});

const listChanges = route({
  method: 'GET',
  path: '/v1/changes',
  operation: 'listChanges',
  area,
  summary: 'List changes, newest first',
  scope: 'assets:read',
  query: listQuery,
  answers: { 200: { description: 'A page of changes', schema: pageOf(changeSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    return ok(shownPage(await app.changes.list(caller, { ...filters, ...pageOptions(query) })));
  },
});

const getChange = route({
  method: 'GET',
  path: '/v1/changes/{id}',
  operation: 'getChange',
  area,
  summary: 'Show a change with before and after',
  scope: 'assets:read',
  params: byId('change'),
  answers: { 200: { description: 'The change', schema: changeSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.changes.get(caller, params.id));
  },
});

const feedPage = 100;
/** How long a lost signal can delay a change on the stream. */
const feedPollMs = 2_000;

const streamChanges = route({
  method: 'GET',
  path: '/v1/changes/stream',
  operation: 'streamChanges',
  area,
  summary: 'Changes as they are committed, as server-sent events',
  description:
    'Each event is `change`; none is skipped. Reconnect with the last id seen in `Last-Event-ID` (browsers do) or `cursor`: ' +
    'what followed is sent again from there, at most one page of it twice. Without either the stream begins now.',
  scope: 'assets:read',
  streaming: true,
  events: { change: changeSchema },
  requestHeaders: ['Last-Event-ID'],
  query: object({ cursor: optional(cursor) }),
  answers: { 200: { description: 'The stream', contentType: 'text/event-stream', schema: string() } },
  errors: ['invalid_cursor'],
  async handle({ caller, query, request, response, recheck }, services): Promise<Answer> {
    const sent = request.headers['last-event-id'];
    const from = typeof sent === 'string' && sent !== '' ? sent : (query?.cursor ?? 'now');
    // The first page is read before the stream is opened, so that a bad cursor is a proper error.
    const first = await services.app.changes.feed(caller, from, feedPage);
    const stream = services.streams.open({ caller, request, response, recheck });
    const wake = createWaker(services);
    stream.onEnd(services.app.live.onChange(caller.workspaceId, wake.wake));
    stream.onEnd(wake.wake);
    pump().catch((error: unknown) => {
      services.logger.warn('api.stream_failed', {
        operation: 'streamChanges',
        error: error instanceof Error ? error.message : String(error),
      });
      stream.end();
    });
    return { status: 200, handled: true };

    async function pump(): Promise<void> {
      let page = first;
      while (!stream.ended) {
        for (const [index, change] of page.changes.entries()) {
          // The cursor stands behind the page: it is the id of its last change only.
          const event = {
            event: 'change',
            data: change,
            ...(index === page.changes.length - 1 ? { id: page.cursor } : {}),
          };
          while (!stream.ended && !stream.send(event)) await stream.drained();
        }
        if (page.changes.length < feedPage) await wake.next();
        if (stream.ended) return;
        page = await services.app.changes.feed(caller, page.cursor, feedPage);
      }
    }
  },
});

/** Waits for a signal or the poll interval, whichever is first; a signal given meanwhile is not lost. */
function createWaker({ clock }: Pick<Services, 'clock'>): { wake(): void; next(): Promise<void> } {
  let signalled = false;
  let resume: (() => void) | undefined;
  const wake = (): void => {
    signalled = true;
    resume?.();
  };
  return {
    wake,
    async next() {
      if (!signalled) {
        await new Promise<void>((resolve) => {
          const timer = clock.timer(feedPollMs, resolve);
          resume = () => {
            timer.cancel();
            resolve();
          };
        });
        resume = undefined;
      }
      signalled = false;
    },
  };
}

export const changeRoutes: readonly Route[] = [reportChanges, listChanges, getChange, streamChanges];
