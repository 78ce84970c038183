/** Reported changes in, and changes read back. The way of a reported change is the hot path: see report.ts, committer.ts. */
import { AssetwireError, errorTable } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Caller, ChangeCases, ReportedChange, ReportResult, Written } from './app.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { Plan } from './plan.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, type RowMaker, replay } from './idempotency.ts';
import { contended, notFound, unfit } from './refusals.ts';
import { checkReport, decideReport, type ReportedType, reportedTypes } from './report.ts';
import { resolveExternalId } from './external-ids.ts';

export type ChangesDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

type Report = { readonly results: readonly ReportResult[] };

export function createChanges(deps: ChangesDeps): ChangeCases {
  const { storage, ids, committer, idempotent } = deps;

  /** One report, decided and committed; what concerns it alone is its result, what concerns everybody may be thrown. */
  const reportOne = async (
    caller: Caller,
    report: ReportedChange,
    row: BoundRow | undefined,
    alone: boolean,
  ): Promise<ReportResult> => {
    try {
      const type = checkReport(report);
      const { externalId } = report.subject;
      // The usual cases take the short way: every promise on this path is paid for by every change.
      const id =
        externalId === undefined ? report.subject.id : committer.cache.alias(caller.workspaceId, type, externalId);
      if (externalId === undefined) return await writeReport(caller, report, type, id ?? '', row);
      return await reportExternal(caller, report, { type, externalId, id }, row);
    } catch (error) {
      return refusal(error, alone);
    }
  };

  const reportExternal = async (
    caller: Caller,
    report: ReportedChange,
    {
      type,
      externalId,
      id: known,
    }: { readonly type: ReportedType; readonly externalId: string; readonly id: string | undefined },
    row: BoundRow | undefined,
  ): Promise<ReportResult> => {
    let id = known;
    for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
      id ??= await resolveExternalId(deps, caller.workspaceId, type, externalId, () => ids.next(reportedTypes[type]));
      try {
        return await writeReport(caller, report, type, id, row);
      } catch (error) {
        // Another process has given this external id to a subject of its own in the meantime: find that one.
        if (!isTaken(error)) throw error;
        committer.cache.deleteAlias(caller.workspaceId, type, externalId);
        id = undefined;
      }
    }
    throw contended();
  };

  const writeReport = async (
    caller: Caller,
    report: ReportedChange,
    type: ReportedType,
    subjectId: string,
    row: BoundRow | undefined,
  ): Promise<ReportResult> => {
    const { workspaceId, actor } = caller;
    const written = await committer.write<ReportResult>({ workspaceId, type, id: subjectId }, (current, atMs) => {
      const decision = decideReport(report, current, { workspaceId, subjectId, actor, ids, atMs });
      if (decision.kind !== 'applied') {
        const answer: ReportResult = { status: decision.kind, subject: decision.subject };
        if (row === undefined) return { kind: 'nothing', answer };
        // With a key even "nothing to do" is an answer to keep.
        return { kind: 'write', plan: { changes: [], idempotency: () => row(answer) }, answer: () => answer };
      }
      const { changes, subject, state } = decision;
      const { externalId } = report.subject;
      if (state === null && externalId !== undefined) committer.cache.deleteAlias(workspaceId, type, externalId);
      const applied = (deliveries: number): ReportResult => ({
        status: 'applied',
        changes: changes.map((change) => ({ id: change.id, kind: change.kind })),
        subject,
        deliveries,
      });
      const plan: { -readonly [Key in keyof Plan]: Plan[Key] } = { changes };
      if (state !== undefined) plan.state = state;
      if (externalId !== undefined) plan.alias = externalId;
      if (row !== undefined) plan.idempotency = (done) => row(applied(done.deliveries));
      return { kind: 'write', plan, answer: (done) => applied(done.deliveries) };
    });
    if (written.kind === 'done') return written.answer;
    return row === undefined ? Promise.reject(contended()) : row.earlier(written.row);
  };

  return {
    async report(caller, changes, idempotency) {
      if (changes.length < 1 || changes.length > limits.batchItemsMax) {
        throw unfit('', `1 to ${limits.batchItemsMax} changes`, String(changes.length));
      }
      const single = changes[0];
      if (idempotency === undefined && single !== undefined && changes.length === 1) {
        return { status: 202, body: { results: [await reportOne(caller, single, undefined, true)] } };
      }
      return idempotent.run<Report>(
        caller.workspaceId,
        idempotency,
        async (maker) => {
          const only = changes[0];
          if (changes.length === 1 && only !== undefined) {
            const row = maker === undefined ? undefined : boundRow(maker, idempotency?.fingerprint ?? '', 0);
            return answerOf([await reportOne(caller, only, row, true)], row === undefined ? [] : [row]);
          }
          const rows: BoundRow[] = [];
          const results = await Promise.all(
            changes.map((report, at) => {
              const row = maker === undefined ? undefined : boundRow(maker, idempotency?.fingerprint ?? '', at);
              if (row !== undefined) rows.push(row);
              return reportOne(caller, report, row, false);
            }),
          );
          return answerOf(results, rows);
        },
        changes.length,
      );
    },

    async get(caller, id) {
      const found = await storage.read.change(caller.workspaceId, id as `chg_${string}`);
      if (found === null) throw notFound('the change');
      return found;
    },

    list: (caller, query) => storage.read.changes({ ...query, workspaceId: caller.workspaceId }),

    feed: (caller, cursor, limit) => storage.read.feed({ workspaceId: caller.workspaceId, cursor, limit }),
  };
}

/** The idempotency row of one report of a batch; knows whether the store had an earlier answer. */
type BoundRow = {
  (result: ReportResult): ReturnType<RowMaker>;
  earlier(row: ReturnType<RowMaker>): ReportResult;
  replayed: boolean;
};

function boundRow(maker: RowMaker, fingerprint: string, part: number): BoundRow {
  const row: BoundRow = Object.assign((result: ReportResult) => maker(202, { results: [result] }, part), {
    replayed: false,
    earlier: (found: ReturnType<RowMaker>): ReportResult => {
      row.replayed = true;
      const [result] = replay<Report>(found, fingerprint).body.results;
      if (result === undefined) throw new TypeError('An idempotency row must hold a result: it holds none');
      return result;
    },
  });
  return row;
}

/** A refusal that concerns this item alone becomes its result; what concerns everybody is thrown for a single one. */
function refusal(error: unknown, alone: boolean): ReportResult {
  if (!(error instanceof AssetwireError) || error.code === 'idempotency_mismatch') throw error;
  if (alone && errorTable[error.code].retry) throw error;
  return {
    status: 'rejected',
    code: error.code,
    detail: error.message,
    ...(error.problems.length === 0 ? {} : { problems: error.problems }),
  };
}

function answerOf(results: readonly ReportResult[], rows: readonly BoundRow[]): Written<Report> {
  const replayed = rows.length > 0 && rows.every((row) => row.replayed);
  const answer = { status: 202, body: { results } };
  return replayed ? { ...answer, replayed } : answer;
}
