/** Reported changes in, and changes read back. The way of a reported change is the hot path: see report.ts, committer.ts. */
import type { Actor } from '../core/change.ts';
import { AssetwireError, errorTable } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { Caller, ChangeCases, Idempotency, ReportedChange, ReportResult, Written } from './app.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { resolveExternalId } from './external-ids.ts';
import { type IdempotentCalls, type RowMaker, replay } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import type { Decision, Plan } from './plan.ts';
import { folderPlaceId, inFolderPrefix } from './place-ids.ts';
import { folderOfPlace } from './place-memory.ts';
import { treePath } from './places.ts';
import { contended, notFound, unfit } from './refusals.ts';
import type { NoticeDays } from './notice-days.ts';
import { newTask } from './tasks.ts';
import { checkReport, decideReport, type ReportDecision, type ReportedType, reportedTypes } from './report.ts';

export type ChangesDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
};

type Report = { readonly results: readonly ReportResult[] };

export function createChanges(deps: ChangesDeps): ChangeCases {
  const { storage, idempotent } = deps;
  return {
    async report(caller, changes, idempotency) {
      if (changes.length < 1 || changes.length > limits.batchItemsMax) {
        throw unfit('', `1 to ${limits.batchItemsMax} changes`, String(changes.length));
      }
      const single = changes.length === 1 ? changes[0] : undefined;
      if (idempotency === undefined && single !== undefined) {
        return { status: 202, body: { results: [await reportOne(deps, { caller, report: single, alone: true })] } };
      }
      const call = (maker: RowMaker | undefined) => reportAll(deps, { caller, changes, maker, idempotency });
      return idempotent.run<Report>(caller.workspaceId, { idempotency, parts: changes.length }, call);
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

/** One report of a call. */
type Item = {
  readonly caller: Caller;
  readonly report: ReportedChange;
  readonly row?: BoundRow | undefined;
  /** Whether the call is about this report only: then what concerns everybody is thrown instead of told. */
  readonly alone: boolean;
};

type Batch = {
  readonly caller: Caller;
  readonly changes: readonly ReportedChange[];
  readonly maker: RowMaker | undefined;
  readonly idempotency: Idempotency | undefined;
};

async function reportAll(deps: ChangesDeps, { caller, changes, maker, idempotency }: Batch): Promise<Written<Report>> {
  const rows: BoundRow[] = [];
  const alone = changes.length === 1;
  const one = (report: ReportedChange, part: number): Promise<ReportResult> => {
    if (maker === undefined) return reportOne(deps, { caller, report, alone });
    const row = boundRow(maker, idempotency?.fingerprint ?? '', part);
    rows.push(row);
    return reportOne(deps, { caller, report, row, alone });
  };
  // Folders that come into being do so before what lies in them, or that would bring about folders of its own.
  const folders = new Map<number, ReportResult>();
  for (const [part, report] of changes.entries()) {
    if (report.kind === 'folder.created') folders.set(part, await one(report, part));
  }
  const results = await Promise.all(
    folders.size === 0 ? changes.map(one) : changes.map(async (report, part) => folders.get(part) ?? one(report, part)),
  );
  const answer = { status: 202, body: { results } };
  return rows.length > 0 && rows.every(({ replayed }) => replayed) ? { ...answer, replayed: true } : answer;
}

/** One report, decided and committed; what concerns it alone is its result. */
async function reportOne(deps: ChangesDeps, item: Item): Promise<ReportResult> {
  const { caller, report } = item;
  try {
    const type = checkReport(report);
    const { externalId } = report.subject;
    if (externalId === undefined) return await writeReport(deps, item, { type, id: report.subject.id ?? '' });
    // The usual case takes the short way: every promise on this path is paid for by every change.
    const id = deps.committer.cache.alias(caller.workspaceId, type, externalId);
    return await reportExternal(deps, item, { type, externalId, id });
  } catch (error) {
    return refusal(error, item.alone);
  }
}

async function reportExternal(
  deps: ChangesDeps,
  item: Item,
  {
    type,
    externalId,
    id: known,
  }: { readonly type: ReportedType; readonly externalId: string; readonly id: string | undefined },
): Promise<ReportResult> {
  const { workspaceId } = item.caller;
  const { cache } = deps.committer;
  let id = known ?? (type === 'folder' ? await folderThere(deps, item, externalId) : undefined);
  for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
    id ??= await resolveExternalId(deps, { workspaceId, type, externalId }, () => deps.ids.next(reportedTypes[type]));
    try {
      return await writeReport(deps, item, { type, id });
    } catch (error) {
      // Another process has given this external id to a subject of its own in the meantime: find that one.
      if (!isTaken(error)) throw error;
      cache.deleteAlias(workspaceId, type, externalId);
      id = undefined;
    }
  }
  throw contended();
}

/** The folder that assets have brought about already, where a DAM reports it now and nobody else has: it is that one. */
async function folderThere(
  { storage, committer }: ChangesDeps,
  { caller: { workspaceId }, report }: Item,
  externalId: string,
): Promise<string | undefined> {
  const path = report.kind === 'folder.created' ? treePath(report.after ?? null) : null;
  if (path === null) return undefined;
  const [place] = await storage.resources([{ workspaceId, type: 'folder_place', id: folderPlaceId(path) }]);
  const id = folderOfPlace(place ?? null);
  const known = id === null ? null : await committer.peek({ workspaceId, type: 'folder', id });
  if (known === null || known.alias !== undefined) return undefined;
  const taken = await storage.findByAlias('folder', externalId, workspaceId);
  return taken.length > 0 ? undefined : known.id;
}

async function writeReport(
  { committer, ids, metadataSets, noticeDays: noticeDaysOfDate }: ChangesDeps,
  { caller, report, row }: Item,
  { type, id }: { readonly type: ReportedType; readonly id: string },
): Promise<ReportResult> {
  const { workspaceId, actor } = caller;
  // Known but for the first time: no promise is made for it on the way of every change.
  const known = metadataSets.known(workspaceId);
  const fields = known === undefined ? await metadataSets.load(workspaceId) : known;
  const archiveAtMs = report.after?.['archiveAtMs'];
  const noticeDays = archiveAtMs === undefined ? [] : await noticeDaysOfDate(workspaceId, archiveAtMs);
  const written = await committer.write<ReportResult>({ workspaceId, type, id }, (current, atMs) => {
    const decision = decideReport(report, current, {
      workspaceId,
      subjectId: id,
      actor,
      ids,
      atMs,
      fields,
      noticeDays,
    });
    if (decision.kind !== 'applied') return nothingToDo({ status: decision.kind, subject: decision.subject }, row);
    const { externalId } = report.subject;
    if (decision.state === null && externalId !== undefined) committer.cache.deleteAlias(workspaceId, type, externalId);
    const write = toWrite(decision, externalId, row);
    if (type !== 'folder' || decision.state !== null) return write;
    return { ...write, plan: { ...write.plan, ...leftBehind({ ids }, { workspaceId, folder: id, actor, atMs }) } };
  });
  if (written.kind === 'done') return written.answer;
  if (row === undefined) throw contended();
  return row.earlier(written.row);
}

/** A DAM that removes a folder tells of the assets in it itself; those it says nothing of lie in a folder of our own again. */
function leftBehind(
  deps: Pick<ChangesDeps, 'ids'>,
  {
    workspaceId,
    folder,
    actor,
    atMs,
  }: { readonly workspaceId: string; readonly folder: string; readonly actor: Actor; readonly atMs: number },
): Pick<Plan, 'resources' | 'duties'> {
  const { resources, duty } = newTask(deps, {
    workspaceId,
    atMs,
    kind: 'folder_remove',
    subject: `folder:${folder}`,
    total: 0,
    done: 0,
    actor,
    quiet: true,
    keepAll: true,
    itemRows: [{ prefix: inFolderPrefix(folder), folder }],
  });
  return { resources, duties: [{ ...duty, dueAtMs: atMs + leftBehindAfterMs }] };
}

/** Time for the DAM to tell of the assets. */
const leftBehindAfterMs = 60_000;

/** With a key even "nothing to do" is an answer to keep. */
function nothingToDo(answer: ReportResult, row: BoundRow | undefined): Decision<ReportResult> {
  if (row === undefined) return { kind: 'nothing', answer };
  return { kind: 'write', plan: { changes: [], idempotency: () => row.of(answer) }, answer: () => answer };
}

function toWrite(
  { changes, subject, state, metadataProblems, dropped }: Extract<ReportDecision, { kind: 'applied' }>,
  externalId: string | undefined,
  row: BoundRow | undefined,
): Extract<Decision<ReportResult>, { kind: 'write' }> {
  const applied = (deliveries: number): ReportResult => ({
    status: 'applied',
    changes: changes.map(({ id, kind }) => ({ id, kind })),
    subject,
    deliveries,
    ...(metadataProblems === undefined ? {} : { metadataProblems }),
    ...(dropped === undefined ? {} : { dropped }),
  });
  const plan: { -readonly [Key in keyof Plan]: Plan[Key] } = { changes };
  if (state !== undefined) plan.state = state;
  if (externalId !== undefined) plan.alias = externalId;
  if (row !== undefined) plan.idempotency = (done) => row.of(applied(done.deliveries));
  return { kind: 'write', plan, answer: (done) => applied(done.deliveries) };
}

/** The idempotency row of one report; knows whether the store had an earlier answer. */
type BoundRow = {
  readonly of: (result: ReportResult) => IdempotencyRow;
  readonly earlier: (row: IdempotencyRow) => ReportResult;
  replayed: boolean;
};

function boundRow(maker: RowMaker, fingerprint: string, part: number): BoundRow {
  const row: BoundRow = {
    replayed: false,
    of: (result) => maker(202, { results: [result] }, part),
    earlier: (found) => {
      row.replayed = true;
      const [result] = replay<Report>(found, fingerprint).body.results;
      if (result === undefined) throw new TypeError('An idempotency row must hold a result: it holds none');
      return result;
    },
  };
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
