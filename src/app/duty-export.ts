/**
 * The `export` duty: one part of the file per call, streamed to disk as it is read, then the commit that names it. When
 * the last part is there the same duty waits for the time at which the file leaves.
 */
import { Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import { csvLine } from '../core/csv.ts';
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced, fulfilled } from './duty-step.ts';
import { exportSource, type ExportSource } from './export-rows.ts';
import { exportPlace, isPartUsed } from './export-parts.ts';
import { type ExportPayload, type StoredExport, storedExport } from './export-state.ts';

export type ExportDutyDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock' | 'engine' | 'logger'>;

/** Between two parts, so that an export never has the readers to itself. */
const pauseMs = 100;
/** Another export that has just put the same bytes is about to name them. */
const heldPauseMs = 60_000;

export function createExportDuty(deps: ExportDutyDeps): DutyHandler {
  return async (duty, signal) => {
    const payload = duty.payload as ExportPayload;
    const { workspaceId } = duty;
    const [row] = await deps.storage.resources([{ workspaceId, type: 'export', id: payload.exportId }]);
    if (row === undefined || row === null) return void (await commit(deps, duty, { fulfils: fulfilled(duty) }));
    if (payload.phase === 'remove') return removeExport(deps, duty, row);
    if (storedExport(row).state !== 'running') return void (await commit(deps, duty, { fulfils: fulfilled(duty) }));
    return writePart(deps, { duty, payload, row, stored: storedExport(row) }, signal);
  };
}

type Writing = {
  readonly duty: Duty;
  readonly payload: ExportPayload;
  readonly row: Resource;
  readonly stored: StoredExport;
};

/** Where the reading of a part has come to. */
type Progress = { cursor: string | null; rows: number; bytes: number; ended: boolean; full: boolean };

async function writePart(deps: ExportDutyDeps, writing: Writing, signal: AbortSignal): Promise<void> {
  const { duty, payload, stored } = writing;
  const { workspaceId } = duty;
  const place = exportPlace(workspaceId);
  const progress: Progress = { cursor: payload.cursor, rows: 0, bytes: 0, ended: false, full: false };
  const lines = Readable.from(linesOf(deps, writing, { progress, signal }), { objectMode: false });
  let part: Awaited<ReturnType<typeof deps.blobs.put>>;
  try {
    part = await deps.blobs.put(place, lines, { bytesMax: limits.exportPartBytes * 8 });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof AssetwireError && error.code === 'invalid_cursor') return fail(deps, writing, error.message);
    throw error;
  }
  let named = false;
  try {
    const next: StoredExport = {
      ...stored,
      rows: stored.rows + progress.rows,
      bytes: stored.bytes + progress.bytes,
      parts: progress.bytes === 0 ? stored.parts : [...stored.parts, { blob: part.blob, bytes: part.bytes }],
    };
    const done = progress.ended || progress.full;
    const nowMs = deps.clock.nowMs();
    const step = done ? finished(writing, next, { ...progress, nowMs }) : goesOn(writing, next, { ...progress, nowMs });
    named = (await commit(deps, duty, step)) && progress.bytes > 0;
  } finally {
    deps.blobs.release(place, part.blob);
  }
  // Empty, or cancelled meanwhile: nobody will ask for it.
  if (!named)
    await deps.blobs.remove(place, part.blob, () => isPartUsed(deps.storage, workspaceId, { blob: part.blob }));
}

type Reading = { readonly progress: Progress; readonly signal: AbortSignal };

/** The text of one part; what it has read is told by `progress`. */
async function* linesOf(
  deps: ExportDutyDeps,
  { duty, payload, stored }: Writing,
  { progress, signal }: Reading,
): AsyncGenerator<Buffer> {
  const source = exportSource(deps, stored.of);
  if (payload.cursor === null && stored.input.format === 'csv') {
    yield counted(progress, csvLine(source.columns.map(({ name }) => name)));
  }
  while (progress.bytes < limits.exportPartBytes && !progress.ended && !progress.full) {
    // What was read so far is a part all the same; the rest follows after a restart.
    if (signal.aborted && progress.rows > 0) return;
    const page = await source.read({ workspaceId: duty.workspaceId, stored, cursor: progress.cursor });
    progress.cursor = page.nextCursor;
    progress.ended = page.nextCursor === null;
    const room = limits.exportRowsMax - stored.rows - progress.rows;
    progress.full = page.rows.length > room || stored.bytes + progress.bytes > limits.exportBytesMax;
    const rows = page.rows.slice(0, room);
    progress.rows += rows.length;
    if (rows.length > 0) yield counted(progress, rows.map((row) => lineOf(source, stored, row)).join(''));
  }
}

function lineOf(
  source: ExportSource,
  { input }: StoredExport,
  row: Parameters<ExportSource['columns'][number]['of']>[0],
): string {
  return input.format === 'csv' ? csvLine(source.columns.map(({ of }) => of(row))) : `${JSON.stringify(row)}\n`;
}

function counted(progress: Progress, text: string): Buffer {
  const bytes = Buffer.from(text);
  progress.bytes += bytes.length;
  return bytes;
}

type Stand = Progress & { readonly nowMs: number };

function goesOn({ duty, payload, row }: Writing, state: StoredExport, { cursor, nowMs }: Stand): Step {
  const next: ExportPayload = { ...payload, cursor };
  const dueAtMs = nowMs + pauseMs;
  return {
    resources: [written(row, state)],
    advances: { dutyId: duty.id, version: duty.version, dueAtMs, payload: next },
  };
}

function finished({ duty, payload, row }: Writing, state: StoredExport, { full, nowMs: endedAtMs }: Stand): Step {
  const expiresAtMs = endedAtMs + limits.exportKeptMs;
  const next: ExportPayload = { ...payload, phase: 'remove', cursor: null };
  const cut = `Cut at ${limits.exportRowsMax} rows or ${limits.exportBytesMax} bytes: narrow its filters or its time`;
  return {
    resources: [
      written(row, {
        ...state,
        state: 'done',
        endedAtMs,
        expiresAtMs,
        ...(full ? { complete: false, reason: cut } : {}),
      }),
    ],
    advances: { dutyId: duty.id, version: duty.version, dueAtMs: expiresAtMs, payload: next },
  };
}

/** It can never go on: the place it was at is no more. */
async function fail(deps: ExportDutyDeps, { duty, payload, row, stored }: Writing, reason: string): Promise<void> {
  const endedAtMs = deps.clock.nowMs();
  const dueAtMs = endedAtMs + limits.exportKeptMs;
  const state: StoredExport = { ...stored, state: 'failed', complete: false, reason, endedAtMs, expiresAtMs: dueAtMs };
  const next: ExportPayload = { ...payload, phase: 'remove', cursor: null };
  await commit(deps, duty, {
    resources: [written(row, state)],
    advances: { dutyId: duty.id, version: duty.version, dueAtMs, payload: next },
  });
}

/** The file goes, part by part, unless another export has the very same part; then the row. */
async function removeExport(deps: ExportDutyDeps, duty: Duty, row: Resource): Promise<void> {
  const { blobs, clock, storage } = deps;
  const { workspaceId } = duty;
  let held = false;
  for (const { blob } of storedExport(row).parts) {
    const isUsed = (): Promise<boolean> => isPartUsed(storage, workspaceId, { blob, but: row.id });
    if ((await blobs.remove(exportPlace(workspaceId), blob, isUsed)) === 'held') held = true;
  }
  if (held) {
    const dueAtMs = clock.nowMs() + heldPauseMs;
    await commit(deps, duty, { advances: advanced(duty, dueAtMs) });
    return;
  }
  await commit(deps, duty, {
    resources: [{ type: 'export', id: row.id, expectedVersion: row.version, state: null }],
    fulfils: fulfilled(duty),
  });
}

type Step = Pick<CommitItem, 'resources' | 'advances' | 'fulfils'>;

function written(row: Resource, state: StoredExport): ResourceWrite {
  return { type: 'export', id: row.id, expectedVersion: row.version, state };
}

/** False (`stale`): it was cancelled or moved on meanwhile; the next call looks again. */
async function commit({ storage, clock, engine }: ExportDutyDeps, { workspaceId }: Duty, step: Step): Promise<boolean> {
  const result = await commitOne(storage, { workspaceId, atMs: clock.nowMs(), ...step });
  if (result.status !== 'applied') return false;
  engine.dutyOffered();
  return true;
}
