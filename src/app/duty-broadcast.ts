/**
 * The `broadcast` duty. What it owes is its `phase`:
 *
 * - `watch`: that a broadcast does not stay live when nobody takes its bytes any more;
 * - `settle`: that it is archived once its recording has been looked into (length, size, preview);
 * - `extract`: that a clip is cut, and what came of it told;
 * - `preview`: that a picture which came later is told.
 *
 * It waits by coming back: soon at first, then at most every two seconds. Each of its writes commits with its end.
 */
import { type BroadcastState, broadcastState } from '../core/broadcast.ts';
import { AssetwireError } from '../core/errors.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetState } from '../core/asset.ts';
import type { AssetCases } from './asset-cases.ts';
import type { Caller } from './app.ts';
import { assetState } from './asset-views.ts';
import {
  type BroadcastDutyPayload,
  lost,
  settleMs,
  type StreamDeps,
  streamBeatMs,
  streamSilenceMs,
} from './broadcast-stream.ts';
import { broadcastDuty } from './broadcast-stream.ts';
import { broadcastWrite, type NextBroadcast } from './broadcast-views.ts';
import { commitOne } from './commit-one.ts';
import { DutyGone } from './committer.ts';
import { advanced, fulfilled } from './duty-step.ts';

export type BroadcastDutyDeps = StreamDeps & {
  readonly soleWriter: boolean;
  readonly assets: Pick<AssetCases, 'clip'>;
};

type Owed = {
  readonly duty: Duty;
  readonly payload: BroadcastDutyPayload;
  readonly row: Resource;
  readonly state: BroadcastState;
};

const clipScopes: Caller['scopes'] = new Set(['assets:read', 'assets:write']);
const system = { type: 'system', id: 'assetwire' } as const;
/** A picture of a long film may take its time; it is no longer waited for then. */
const previewMs = 10 * 60_000;

export function createBroadcastDuty(deps: BroadcastDutyDeps): DutyHandler {
  return async (duty) => {
    const payload = duty.payload as BroadcastDutyPayload;
    const { workspaceId } = duty;
    const [row] = await deps.storage.resources([{ workspaceId, type: 'broadcast', id: payload.broadcastId }]);
    if (row === undefined || row === null) return done(deps, duty);
    const owed = { duty, payload, row, state: broadcastState(row.state) };
    switch (payload.phase) {
      case 'watch':
        return watch(deps, owed);
      case 'settle':
        return settle(deps, owed);
      case 'extract':
        return extract(deps, owed);
      case 'preview':
        return preview(deps, owed);
      default:
        return payload.phase satisfies never;
    }
  };
}

async function watch(deps: BroadcastDutyDeps, owed: Owed): Promise<void> {
  const { duty, payload, state } = owed;
  const { workspaceId } = duty;
  const id = payload.broadcastId;
  if (state.streaming !== true || state.recording !== undefined) return done(deps, duty);
  if (deps.streams.has(id)) return postpone(deps, duty, { payload: { ...payload, tries: 0 }, waitMs: streamBeatMs });
  const [stream] = await deps.storage.resources([{ workspaceId, type: 'broadcast_stream', id }]);
  const nowMs = deps.clock.nowMs();
  const seenAtMs = numberOf(stream?.state['seenAtMs']) ?? 0;
  // Where this is the only process, nobody else can be taking them.
  const isSilent = deps.soleWriter || nowMs - seenAtMs > streamSilenceMs;
  if (!isSilent) return postpone(deps, duty, { payload: { ...payload, tries: 0 }, waitMs: streamBeatMs });
  const recordingId = stream?.state['recordingId'];
  const recording = typeof recordingId === 'string' ? await assetOf(deps, workspaceId, recordingId) : null;
  await conclude(deps, owed, (before) => {
    if (before.streaming !== true || before.recording !== undefined) return null;
    if (recording === null || typeof recordingId !== 'string')
      return lost(before, {
        id,
        endedAtMs: Math.max(seenAtMs, before.startedAtMs ?? 0),
        note: 'The server that took the bytes did not come to their end: there is no recording',
      });
    // The bytes had come to their end, and were stored: only the last step is missing.
    return {
      state: { ...before, recording: recordingId, endedAtMs: seenAtMs, end: 'complete' },
      told: [],
      more: {
        resources: [{ type: 'broadcast_stream', id, expectedVersion: 'any', state: null }],
        duties: [
          broadcastDuty(deps, {
            workspaceId,
            dueAtMs: nowMs,
            broadcastId: id,
            phase: 'settle',
            tries: 0,
            untilMs: nowMs + settleMs,
          }),
        ],
      },
    };
  });
}

async function settle(deps: BroadcastDutyDeps, owed: Owed): Promise<void> {
  const { duty, payload, state } = owed;
  if (state.type !== 'live' || state.recording === undefined) return done(deps, duty);
  const asset = await assetOf(deps, duty.workspaceId, state.recording);
  const nowMs = deps.clock.nowMs();
  const isLate = nowMs >= (payload.untilMs ?? 0);
  const wanted = asset === null ? 'nothing' : awaited(deps, asset);
  if (wanted !== 'nothing' && !isLate) return comeBack(deps, owed);
  await conclude(deps, owed, (before) => {
    if (before.type !== 'live') return null;
    const { streaming: _, ...rest } = before;
    const after: BroadcastState = { ...rest, type: 'archived', ...factsOf(before, asset) };
    return { state: after, told: ['broadcast.ended'], more: laterPreview(deps, owed, { wanted, nowMs }) };
  });
}

async function extract(deps: BroadcastDutyDeps, owed: Owed): Promise<void> {
  const { duty, state } = owed;
  if (state.type !== 'extracting' || state.clipOf === undefined) return done(deps, duty);
  const nowMs = deps.clock.nowMs();
  const begun = state.recording === undefined ? await beginClip(deps, owed, state.clipOf) : state.recording;
  if (typeof begun !== 'string') return conclude(deps, owed, (before) => failed(before, begun.note));
  const asset = await assetOf(deps, duty.workspaceId, begun);
  if (asset === null) return conclude(deps, owed, (before) => failed(before, 'The clip was deleted while it was cut'));
  if (asset.inspection.state === 'pending') return comeBack(deps, owed);
  const { file, inspection } = asset;
  if (file === undefined)
    return conclude(deps, owed, (before) => failed(before, inspection.note ?? 'It could not be cut'));
  const wanted = awaited(deps, asset);
  await conclude(deps, owed, (before, atMs) => {
    if (before.type !== 'extracting') return null;
    const after: BroadcastState = {
      ...before,
      type: 'archived',
      status: 'finished',
      recording: begun,
      startedAtMs: atMs,
      endedAtMs: atMs,
      ...factsOf(before, asset),
    };
    return {
      state: after,
      told: ['broadcast.started', 'broadcast.extracted'],
      more: laterPreview(deps, owed, { wanted, nowMs }),
    };
  });
}

/** The asset that becomes the clip's recording, made once however often this is tried; or why there can be none. */
async function beginClip(
  deps: BroadcastDutyDeps,
  { duty, payload, state }: Owed,
  { broadcastId, fromMs, toMs }: NonNullable<BroadcastState['clipOf']>,
): Promise<string | { readonly note: string }> {
  const { workspaceId } = duty;
  const [source] = await deps.storage.resources([{ workspaceId, type: 'broadcast', id: broadcastId }]);
  const recording = source === undefined || source === null ? undefined : broadcastState(source.state).recording;
  if (recording === undefined) return { note: 'The broadcast it was to be cut out of is gone' };
  const caller: Caller = { workspaceId, actor: system, keyId: 'none', scopes: clipScopes, admin: false };
  try {
    const made = await deps.assets.clip(caller, recording, {
      fromMs,
      toMs,
      idempotency: { key: `broadcast-clip-${payload.broadcastId}`, fingerprint: 'broadcast-clip' },
    });
    const id = made.body.id;
    await deps.committer.write(
      { workspaceId, type: 'broadcast', id: payload.broadcastId },
      broadcastWrite({ ids: deps.ids, workspaceId, actor: system }, (before) =>
        before.type !== 'extracting' || before.recording !== undefined
          ? null
          : { state: { ...before, recording: id }, told: [] },
      ),
    );
    return id;
  } catch (error) {
    if (error instanceof AssetwireError && refusals.has(error.code)) return { note: error.message };
    deps.logger.error('broadcast.clip_failed', {
      workspaceId,
      broadcastId: payload.broadcastId,
      title: state.title,
      error,
    });
    throw error;
  }
}

/** What no later try can make better. */
const refusals: ReadonlySet<string> = new Set([
  'not_a_film',
  'films_unavailable',
  'content_unavailable',
  'invalid_request',
  'not_found',
  'gone',
]);

function failed(before: BroadcastState, note: string): NextBroadcast | null {
  if (before.type !== 'extracting') return null;
  const { recording: _, ...rest } = before;
  return { state: { ...rest, type: 'failed', status: 'error', note }, told: ['broadcast.extracted'] };
}

async function preview(deps: BroadcastDutyDeps, owed: Owed): Promise<void> {
  const { duty, payload, state } = owed;
  if (state.recording === undefined || state.recordingPreview === true) return done(deps, duty);
  const asset = await assetOf(deps, duty.workspaceId, state.recording);
  const isLate = deps.clock.nowMs() >= (payload.untilMs ?? 0);
  if (asset === null || isLate || (awaited(deps, asset) === 'nothing' && !hasPicture(asset))) return done(deps, duty);
  if (!hasPicture(asset)) return comeBack(deps, owed);
  await conclude(deps, owed, (before) =>
    before.recordingPreview === true
      ? null
      : { state: { ...before, recordingPreview: true }, told: before.type === 'archived' ? ['broadcast.updated'] : [] },
  );
}

/** What is still to come of a recording. */
function awaited({ media, settings }: BroadcastDutyDeps, asset: AssetState): 'facts' | 'picture' | 'nothing' {
  const { file, inspection, derivation } = asset;
  if (inspection.state === 'pending') return 'facts';
  if (hasPicture(asset) || derivation !== undefined || inspection.state !== 'done' || file === undefined)
    return 'nothing';
  return settings.renditions !== 'off' && media.derivable(file.mimeType) ? 'picture' : 'nothing';
}

function hasPicture({ renditions }: AssetState): boolean {
  return renditions.some(({ blob }) => blob !== undefined);
}

/** Of the file as inspection found it; of one that could not be read, how long it was live. */
function factsOf(before: BroadcastState, asset: AssetState | null): Partial<BroadcastState> {
  const { startedAtMs = 0, endedAtMs = startedAtMs } = before;
  const {
    durationMs = before.durationMs ?? Math.max(0, endedAtMs - startedAtMs),
    widthPx,
    heightPx,
  } = asset?.file ?? {};
  const note = asset === null ? 'The recording was deleted' : asset.inspection.note;
  return {
    durationMs,
    ...(widthPx === undefined ? {} : { widthPx }),
    ...(heightPx === undefined ? {} : { heightPx }),
    ...(asset !== null && hasPicture(asset) ? { recordingPreview: true } : {}),
    ...(note === undefined ? {} : { note }),
  };
}

function laterPreview(
  deps: BroadcastDutyDeps,
  { duty, payload: { broadcastId } }: Owed,
  { wanted, nowMs }: { readonly wanted: 'facts' | 'picture' | 'nothing'; readonly nowMs: number },
): NonNullable<NextBroadcast['more']> {
  if (wanted === 'nothing') return {};
  const payload = { broadcastId, phase: 'preview', tries: 0, untilMs: nowMs + previewMs } as const;
  return { duties: [broadcastDuty(deps, { workspaceId: duty.workspaceId, dueAtMs: nowMs, ...payload })] };
}

/** One write of the broadcast together with the duty's end. */
async function conclude(
  deps: BroadcastDutyDeps,
  { duty }: Owed,
  next: (before: BroadcastState, atMs: number) => NextBroadcast | null,
): Promise<void> {
  const { workspaceId, payload } = duty;
  const fulfils = { dutyId: duty.id, version: duty.version };
  const { broadcastId } = payload as BroadcastDutyPayload;
  try {
    await deps.committer.write(
      { workspaceId, type: 'broadcast', id: broadcastId },
      broadcastWrite(
        { ids: deps.ids, workspaceId, actor: system },
        (before, atMs) => {
          const decided = next(before, atMs);
          return decided === null ? null : { ...decided, more: { ...decided.more, fulfils } };
        },
        { fulfils },
      ),
    );
  } catch (error) {
    if (!(error instanceof DutyGone)) throw error;
  }
}

async function assetOf({ storage }: BroadcastDutyDeps, workspaceId: string, id: string): Promise<AssetState | null> {
  const [row] = await storage.resources([{ workspaceId, type: 'asset', id }]);
  return row === undefined || row === null ? null : assetState(row);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Soon at first: what is waited for is usually there within a second. */
function comeBack(deps: BroadcastDutyDeps, { duty, payload }: Owed): Promise<void> {
  const tries = payload.tries + 1;
  return postpone(deps, duty, {
    payload: { ...payload, tries },
    waitMs: Math.min(2_000, 50 * 1.5 ** Math.min(tries, 20)),
  });
}

async function postpone(
  { storage, clock }: BroadcastDutyDeps,
  duty: Duty,
  { payload, waitMs }: { readonly payload: BroadcastDutyPayload; readonly waitMs: number },
): Promise<void> {
  const atMs = clock.nowMs();
  const advances = advanced(duty, Math.ceil(atMs + waitMs), payload);
  await commitOne(storage, { workspaceId: duty.workspaceId, atMs, advances });
}

async function done({ storage, clock }: BroadcastDutyDeps, duty: Duty): Promise<void> {
  await commitOne(storage, { workspaceId: duty.workspaceId, atMs: clock.nowMs(), fulfils: fulfilled(duty) });
}
