/**
 * The `import` duty: one try at a file from an address. Few run at once, for they take as long as the other side likes; the
 * others wait in the store. The asset is made under an idempotency key of the fetch's own, so a crash between the asset and
 * the end of the duty makes no second one. An ended fetch stays for a while to be looked at; then the same duty takes it away.
 */
import { Readable } from 'node:stream';
import { addressName, dispositionName } from '../core/content-disposition-name.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { FetchFile, FileAnswer } from '../transports/transport.ts';
import { type AssetCases, type Caller, scopes } from './app.ts';
import { fileNameOf } from './asset-name.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import { settleBlob } from './blob-uses.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced, commitStep, fulfilled } from './duty-step.ts';
import { createFetchSlots } from './fetch-slots.ts';
import { type FetchPayload, storedFetch, type StoredFetch } from './fetches.ts';
import { notFound } from './refusals.ts';

export type ImportDutyDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock' | 'engine' | 'settings' | 'logger'> & {
  readonly committer: Committer;
  readonly assets: Pick<AssetCases, 'upload' | 'addVersion'>;
  readonly fetchFile: FetchFile;
};

const retryPauseMs = 5_000;
const progressEveryMs = 2_000;

type Running = { readonly duty: Duty; readonly id: string; readonly stored: StoredFetch; readonly signal: AbortSignal };

export function createImportDuty(deps: ImportDutyDeps): DutyHandler {
  const { storage, clock } = deps;
  const slots = createFetchSlots(() => clock.nowMs());
  return async (duty, signal) => {
    const { fetchId } = duty.payload as FetchPayload;
    const { workspaceId } = duty;
    const [row] = await storage.resources([{ workspaceId, type: 'fetch', id: fetchId }]);
    if (row === undefined || row === null) return commitStep(deps, duty, { fulfils: fulfilled(duty) });
    const stored = storedFetch(row);
    if (stored.state !== 'pending' && stored.state !== 'fetching') return conclude(deps, { duty, id: fetchId }, stored);
    const slot = slots.take(workspaceId);
    if (slot.kind === 'later') return commitStep(deps, duty, { advances: advanced(duty, slot.atMs) });
    try {
      await attempt(deps, { duty, id: fetchId, stored, signal });
    } finally {
      slot.free();
    }
  };
}

async function attempt(deps: ImportDutyDeps, running: Running): Promise<void> {
  const { duty, id, stored, signal } = running;
  const tries = stored.tries + 1;
  const begun = await update(deps, { duty, id }, (now) => ({
    ...withoutTrouble(now),
    state: 'fetching',
    tries,
    bytes: 0,
  }));
  // Cancelled since it was read: asked again, the duty finds that out.
  if (begun === null) return;
  const stop = new AbortController();
  const answer = await deps.fetchFile({
    url: stored.url,
    workspaceId: duty.workspaceId,
    bytesMax: deps.settings.uploadBytesMax,
    signal: AbortSignal.any([signal, stop.signal]),
    ...(stored.etag === undefined ? {} : { etag: stored.etag }),
  });
  const outcome = answer.kind === 'file' ? await take(deps, running, { answer, stop }) : outcomeOf(answer, stored);
  // A shutdown is no failure: the next start tries again.
  if (signal.aborted && outcome.kind === 'failed') return;
  if (outcome.kind === 'failed' && outcome.again && tries < limits.fetchTriesMax) {
    const dueAtMs = deps.clock.nowMs() + retryPauseMs * 3 ** (tries - 1);
    const { code, detail } = outcome;
    await update(deps, { duty, id }, (now) => ({
      ...now,
      state: 'pending',
      error: { code, detail },
      nextTryAtMs: dueAtMs,
    }));
    return commitStep(deps, duty, { advances: advanced(duty, dueAtMs) });
  }
  const endedAtMs = deps.clock.nowMs();
  const ended = await update(deps, { duty, id }, (now) => ({
    ...withoutTrouble(now),
    ...(outcome.kind === 'failed'
      ? { state: 'failed', error: { code: outcome.code, detail: outcome.detail } }
      : { state: 'done', ...outcome.done }),
    endedAtMs,
  }));
  // Cancelled meanwhile: asked again, the duty finds that out.
  if (ended !== null) await conclude(deps, { duty, id }, ended);
}

type Outcome =
  | {
      readonly kind: 'done';
      readonly done: Pick<StoredFetch, 'result' | 'assetId'> & { readonly bytes?: number; readonly etag?: string };
    }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string; readonly again: boolean };

function outcomeOf(answer: Exclude<FileAnswer, { kind: 'file' }>, { input }: StoredFetch): Outcome {
  if (answer.kind === 'failed') return answer;
  return {
    kind: 'done',
    done: { result: 'unchanged', ...(input.asset === undefined ? {} : { assetId: input.asset }) },
  };
}

type Taking = { readonly answer: Extract<FileAnswer, { kind: 'file' }>; readonly stop: AbortController };

/** The bytes to where they belong; whatever the use cases refuse is the fetch's failure. */
async function take(deps: ImportDutyDeps, running: Running, { answer, stop }: Taking): Promise<Outcome> {
  const { duty, id, stored } = running;
  const content = watched(deps, running, { answer, stop });
  const caller: Caller = {
    workspaceId: duty.workspaceId,
    actor: stored.by,
    keyId: '',
    scopes: new Set(scopes),
    admin: false,
  };
  const name = nameOf(stored, answer.disposition);
  const etag = answer.etag === null || answer.etag.length > 256 ? {} : { etag: answer.etag };
  try {
    const done = await keep(deps, { caller, id, stored }, { name, content });
    return { kind: 'done', done: { ...done, ...etag } };
  } catch (error) {
    if (error instanceof AssetwireError) {
      const { code, message } = error;
      return {
        kind: 'failed',
        code,
        detail: message,
        again: code.startsWith('storage_') || code === 'upload_incomplete',
      };
    }
    deps.logger.warn('asset.fetch_failed', { workspaceId: duty.workspaceId, fetchId: id, error });
    const detail = error instanceof Error ? error.message : 'The file did not come whole';
    return { kind: 'failed', code: 'connection_broken', detail, again: true };
  } finally {
    content.destroy();
    // Where nothing was read of the one, it does not end the other.
    answer.content.destroy();
  }
}

type Keeping = { readonly caller: Caller; readonly id: string; readonly stored: StoredFetch };

async function keep(
  deps: ImportDutyDeps,
  { caller, id, stored: { input } }: Keeping,
  file: { readonly name: string; readonly content: Readable },
): Promise<Pick<StoredFetch, 'result' | 'assetId'>> {
  const { url: _, asset, ...asked } = input;
  const known = await targetOf(deps, caller, input);
  const idempotency = { key: `fetch-${id}`, fingerprint: `fetch ${id}` };
  if (known === null) {
    if (asset !== undefined) throw notFound('the asset');
    const { body } = await deps.assets.upload(caller, { ...asked, file, idempotency });
    return { result: 'created', assetId: body.id };
  }
  return addUnlessSame(deps, caller, { assetId: known.id, sha256: known.sha256, file, idempotency });
}

/** The asset that gets the file as its next version; null where a new one is to be made. */
async function targetOf(
  { storage, committer }: ImportDutyDeps,
  { workspaceId }: Caller,
  { asset, externalId }: StoredFetch['input'],
): Promise<{ readonly id: string; readonly sha256: string | undefined } | null> {
  const reference = asset ?? (externalId === undefined ? undefined : `external:${externalId}`);
  if (reference === undefined) return null;
  const id = await assetIdOf({ storage, committer }, workspaceId, reference);
  const [row] = id === null ? [] : await storage.resources([{ workspaceId, type: 'asset', id }]);
  return row === undefined || row === null ? null : { id: row.id, sha256: assetState(row).file?.sha256 };
}

type Adding = {
  readonly assetId: string;
  readonly sha256: string | undefined;
  readonly file: { readonly name: string; readonly content: Readable };
  readonly idempotency: { readonly key: string; readonly fingerprint: string };
};

/** The bytes are put first, so that what they are is known; what the asset has already makes no version. */
async function addUnlessSame(
  deps: ImportDutyDeps,
  caller: Caller,
  { assetId, sha256, file, idempotency }: Adding,
): Promise<Pick<StoredFetch, 'result' | 'assetId'>> {
  const { blobs, settings } = deps;
  const { workspaceId } = caller;
  const stored = await blobs.put(workspaceId, file.content, { bytesMax: settings.uploadBytesMax });
  try {
    if (stored.sha256 === sha256) return { result: 'unchanged', assetId };
    const content = await blobs.open(workspaceId, stored.blob);
    if (content === null) throw new TypeError('Bytes that were put must be there: they are not');
    await deps.assets.addVersion(caller, assetId, { file: { name: file.name, content }, idempotency });
    return { result: 'version', assetId };
  } finally {
    await settleBlob(deps, workspaceId, stored.blob);
  }
}

/** The stream with its progress kept; a fetch that was cancelled ends it. */
function watched(deps: ImportDutyDeps, { duty, id }: Running, { answer, stop }: Taking): Readable {
  const { clock, logger } = deps;
  const tell = async (bytes: number): Promise<void> => {
    const now = await update(deps, { duty, id }, (stored) => ({ ...stored, bytes, bytesTotal: answer.bytes }));
    if (now === null) stop.abort();
  };
  async function* pieces(): AsyncGenerator<Buffer> {
    let bytes = 0;
    let toldAtMs = clock.monotonicMs();
    for await (const piece of answer.content as AsyncIterable<Buffer>) {
      bytes += piece.length;
      yield piece;
      if (clock.monotonicMs() - toldAtMs < progressEveryMs) continue;
      toldAtMs = clock.monotonicMs();
      await tell(bytes).catch((error: unknown) => logger.warn('asset.fetch_progress', { fetchId: id, error }));
    }
    await tell(bytes);
  }
  return Readable.from(pieces(), { objectMode: false });
}

/** What was asked for, else what the other side proposes, else the end of the address. */
function nameOf({ input, url }: StoredFetch, disposition: string | null): string {
  if (input.name !== undefined) return input.name;
  for (const proposed of [dispositionName(disposition), addressName(url)]) {
    if (proposed === null) continue;
    try {
      return fileNameOf(cut(proposed));
    } catch (error) {
      // Others' names may be anything; then the next best counts.
      if (!(error instanceof AssetwireError)) throw error;
    }
  }
  return 'file';
}

/** Short enough for a file name, its extension kept. */
function cut(name: string): string {
  if (Buffer.byteLength(name) <= 200) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 12 ? name.slice(dot) : '';
  return `${[...name.slice(0, 60)].slice(0, 40).join('')}${extension}`;
}

function withoutTrouble({ error: _, nextTryAtMs: _next, ...stored }: StoredFetch): StoredFetch {
  return stored;
}

/** Writes the fetch as it goes on; null where it was cancelled, which stays so. */
async function update(
  { committer }: ImportDutyDeps,
  { duty: { workspaceId }, id }: Pick<Running, 'duty' | 'id'>,
  change: (stored: StoredFetch) => StoredFetch,
): Promise<StoredFetch | null> {
  const written = await committer.writeAlone<StoredFetch | null>({ workspaceId, type: 'fetch', id }, [], (current) => {
    const stored = current === null ? null : storedFetch(current);
    if (stored === null || stored.state === 'cancelled') return { kind: 'nothing', answer: null };
    const next = change(stored);
    return { kind: 'write', plan: { state: next, changes: [] }, answer: () => next };
  });
  return written.kind === 'done' ? written.answer : null;
}

/** Ended: it stays to be looked at, then goes. */
async function conclude(
  deps: ImportDutyDeps,
  { duty, id }: Pick<Running, 'duty' | 'id'>,
  { endedAtMs = 0 }: StoredFetch,
): Promise<void> {
  const leavesAtMs = endedAtMs + limits.fetchesKeptMs;
  if (deps.clock.nowMs() < leavesAtMs) return commitStep(deps, duty, { advances: advanced(duty, leavesAtMs) });
  const gone = { type: 'fetch', id, expectedVersion: 'any', state: null } as const;
  return commitStep(deps, duty, { resources: [gone], fulfils: fulfilled(duty) });
}
