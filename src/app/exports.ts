/**
 * Exports: lists written into a file to be fetched. A duty writes it part by part; each part is on disk before the commit
 * that names it and the place to go on from, so a restart goes on where it was, and nothing is held in memory. What is in
 * it: every row made before the export was asked for, each as it was when it was read; nothing made later.
 */
import { Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Blobs } from '../blobs/blobs.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Idempotency, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { exportPlace } from './export-parts.ts';
import { expectedRows } from './export-rows.ts';
import {
  type ExportInput,
  type ExportPayload,
  exportScopes,
  type ExportState,
  type ExportView,
  exportView,
  filtersOf,
  type StoredExport,
  storedExport,
} from './export-state.ts';
import { type IdempotentCalls, replay as answered, type RowMaker } from './idempotency.ts';
import { assertScope } from './needed-scope.ts';
import { notFound, unfit } from './refusals.ts';
import type { Turns } from './turns.ts';
import { type Counted, withinLimit } from './within-limit.ts';

export type ExportContent = {
  readonly stream: Readable;
  readonly bytes: number;
  readonly mimeType: string;
  readonly name: string;
};

export interface ExportCases {
  create(caller: Caller, input: ExportInput, idempotency?: Idempotency): Promise<Written<ExportView>>;
  get(caller: Caller, id: string): Promise<ExportView>;
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly state?: ExportState;
      readonly of?: ExportInput['of'];
    },
  ): Promise<Page<ExportView>>;
  /** Stops one that runs, and removes what is there of its file. */
  remove(caller: Caller, id: string): Promise<ExportView>;
  content(caller: Caller, id: string): Promise<ExportContent>;
}

export type ExportsDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'blobs' | 'engine'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly turns: Turns;
};

export function createExports(deps: ExportsDeps): ExportCases {
  const { storage, idempotent } = deps;

  const find = async (caller: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId: caller.workspaceId, type: 'export', id }]);
    if (row === undefined || row === null) throw notFound('the export; its file may have expired');
    assertScope(caller, exportScopes[storedExport(row).of]);
    return row;
  };

  return {
    async create(caller, input, idempotency) {
      assertScope(caller, exportScopes[input.of]);
      checkInput(input);
      const { workspaceId } = caller;
      const fingerprint = idempotency?.fingerprint ?? '';
      const stored = await newExport(deps, workspaceId, input);
      return idempotent.run<ExportView>(workspaceId, idempotency, (row) =>
        withinLimit<Written<ExportView>>(
          deps,
          { workspaceId, what: 'exports' },
          {
            refuse: () => refuseTooMany(deps, workspaceId),
            make: (counted) => createOne(deps, { caller, stored, counted }, { row, fingerprint }),
          },
        ),
      );
    },

    get: async (caller, id) => exportView(await find(caller, id)),

    async list(caller, { state, of, ...query }) {
      const where = { ...(state === undefined ? {} : { state }), ...(of === undefined ? {} : { of }) };
      const page = await storage.read.resources({ ...query, workspaceId: caller.workspaceId, type: 'export', where });
      // Of what the caller may not read, he need not know that somebody else exported it.
      const mine = page.items.filter((row) => caller.scopes.has(exportScopes[storedExport(row).of]));
      return { items: mine.map(exportView), nextCursor: page.nextCursor };
    },

    async remove(caller, id) {
      await find(caller, id);
      await cancel(deps, caller, id);
      return exportView(await find(caller, id));
    },

    async content(caller, id) {
      const row = await find(caller, id);
      const stored = storedExport(row);
      if (stored.state !== 'done') throw notReady(stored);
      const { format, of } = stored.input;
      return {
        stream: Readable.from(partsOf(deps.blobs, row.workspaceId, stored), { objectMode: false }),
        bytes: stored.bytes,
        mimeType: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
        name: `${of}-${new Date(stored.snapshotAtMs).toISOString().slice(0, 19).replaceAll(':', '')}.${format}`,
      };
    },
  };
}

async function createOne(
  { committer, ids }: ExportsDeps,
  { caller, stored, counted }: { readonly caller: Caller; readonly stored: StoredExport; readonly counted: Counted },
  { row, fingerprint }: { readonly row: RowMaker | undefined; readonly fingerprint: string },
): Promise<Written<ExportView>> {
  const { workspaceId } = caller;
  const id = ids.next('export');
  const payload: ExportPayload = { exportId: id, phase: 'write', cursor: null };
  const note = { action: 'export.created', target: `export:${id}`, after: { input: stored.input } };
  const written = await committer.writeAlone<Written<ExportView>>(
    { workspaceId, type: 'export', id },
    [counted.key],
    (_, atMs, { others }) => {
      const body = exportView({ id, state: stored, createdAtMs: atMs });
      return {
        kind: 'write',
        plan: {
          state: stored,
          changes: [],
          duties: [exportDuty({ ids }, workspaceId, { payload, dueAtMs: atMs })],
          resources: [counted.moved(others[0]), auditWrite({ ids, caller }, note, atMs)],
          ...(row === undefined ? {} : { idempotency: () => row(202, body) }),
        },
        answer: () => ({ status: 202, body }),
      };
    },
  );
  return written.kind === 'done' ? written.answer : answered<ExportView>(written.row, fingerprint);
}

/** One part after another, opened when it is its turn. */
async function* partsOf(
  blobs: Pick<Blobs, 'open'>,
  workspaceId: string,
  { parts }: StoredExport,
): AsyncGenerator<Buffer> {
  for (const { blob } of parts) {
    const content = await blobs.open(exportPlace(workspaceId), blob);
    // The length has been promised: an answer that breaks off is seen as broken.
    if (content === null) throw notFound('a part of the export: it expired meanwhile');
    for await (const chunk of content) yield chunk as Buffer;
  }
}

function notReady({ state, reason }: StoredExport): AssetwireError {
  if (state === 'running') {
    return new AssetwireError('not_ready', {
      detail: 'Fetch an export that is done: it is still being written',
      mend: 'GET /v1/exports/{id} tells its state',
      retryAfterSeconds: 5,
    });
  }
  return new AssetwireError('not_found', { detail: `Fetch an export that is done: it is ${reason ?? state}` });
}

function checkInput(input: ExportInput): void {
  const known = new Set<keyof ExportInput>(['of', 'format', 'fromMs', 'toMs', ...filtersOf[input.of]]);
  for (const field of Object.keys(input) as (keyof ExportInput)[]) {
    if (input[field] === undefined || known.has(field)) continue;
    const filters = filtersOf[input.of].join(', ');
    throw unfit(`/${field}`, `filters of ${input.of}: fromMs, toMs${filters === '' ? '' : `, ${filters}`}`, field);
  }
  const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = input;
  if (fromMs >= toMs) throw unfit('/fromMs', 'a time before toMs', 'a later one');
}

async function newExport(deps: ExportsDeps, workspaceId: string, input: ExportInput): Promise<StoredExport> {
  const nowMs = deps.clock.nowMs();
  const stored: StoredExport = {
    state: 'running',
    of: input.of,
    input,
    snapshotAtMs: Math.min(nowMs, input.toMs ?? nowMs),
    rows: 0,
    bytes: 0,
    expectedRows: null,
    complete: true,
    parts: [],
  };
  return { ...stored, expectedRows: await expectedRows(deps, workspaceId, stored) };
}

async function refuseTooMany({ storage }: ExportsDeps, workspaceId: string): Promise<void> {
  const { exportsRunningMax, exportsKeptMax } = limits;
  const rows = await storage.read.resources({ workspaceId, type: 'export', limit: exportsKeptMax });
  const running = rows.items.filter((row) => storedExport(row).state === 'running').length;
  if (running >= exportsRunningMax) {
    throw new AssetwireError('limit_reached', {
      detail: `Run at most ${exportsRunningMax} exports at a time: so many are under way`,
      mend: 'Wait for one to end, or DELETE /v1/exports/{id}',
    });
  }
  if (rows.items.length < exportsKeptMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Keep at most ${exportsKeptMax} exports: there are so many`,
    mend: 'DELETE /v1/exports/{id} of those that are not needed any more',
  });
}

async function cancel({ committer, ids, ...deps }: ExportsDeps, caller: Caller, id: string): Promise<void> {
  const { workspaceId } = caller;
  await committer.writeAlone({ workspaceId, type: 'export', id }, [], (current, atMs) => {
    if (current === null) throw notFound('the export');
    const stored = storedExport(current);
    if (stored.state === 'cancelled') return { kind: 'nothing', answer: undefined };
    const state: StoredExport = { ...stored, state: 'cancelled', endedAtMs: stored.endedAtMs ?? atMs };
    const payload: ExportPayload = { exportId: id, phase: 'remove', cursor: null };
    return {
      kind: 'write',
      plan: {
        state,
        changes: [],
        duties: [exportDuty({ ids }, workspaceId, { payload, dueAtMs: atMs })],
        resources: [auditWrite({ ids, caller }, { action: 'export.removed', target: `export:${id}` }, atMs)],
      },
      answer: () => undefined,
    };
  });
  deps.engine.dutyOffered();
}

type Owed = { readonly payload: ExportPayload; readonly dueAtMs: number };

function exportDuty({ ids }: Pick<AppDeps, 'ids'>, workspaceId: string, { payload, dueAtMs }: Owed): NewDuty {
  return { id: ids.next('duty'), workspaceId, kind: 'export', dueAtMs, payload };
}
