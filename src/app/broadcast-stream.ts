/**
 * A broadcast that is live by bytes that arrive here.
 *
 * - The first byte makes it live (`started`), in one commit with a row that says who takes the bytes, and a duty that
 *   looks after it. The row is renewed while bytes are taken.
 * - Their end stores the bytes as an asset, the recording, and leaves the rest to the duty: length, size and preview are
 *   found by the inspection of the asset, then the broadcast is archived (`ended`). A stream that breaks off, or is longer
 *   than the server takes, ends in the same way with what has arrived.
 * - Where this process dies meanwhile nobody renews the row: the duty then ends the broadcast, wherever it runs
 *   (`duty-broadcast.ts`). Nothing stays live for ever.
 */
import { Readable } from 'node:stream';
import type { BroadcastEnd, BroadcastState } from '../core/broadcast.ts';
import { AssetwireError } from '../core/errors.ts';
import type { IdOf } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Timer } from '../runtime/clock.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { commitUpload } from './asset-upload.ts';
import { settleBlob } from './blob-uses.ts';
import type { BroadcastCases, BroadcastStreamInput, BroadcastView } from './broadcast-cases.ts';
import { type BroadcastDeps, broadcastView, broadcastWrite, presentBroadcast } from './broadcast-views.ts';
import { commitOne } from './commit-one.ts';
import { unscanned } from './scanning.ts';
import { notFound } from './refusals.ts';

/** Broadcasts whose bytes this process takes right now, each until they are kept or given up. */
export type LiveStreams = Map<string, Promise<void>>;

export type StreamDeps = BroadcastDeps & { readonly streams: LiveStreams };

/** What the duty owes to a broadcast; see duty-broadcast.ts. */
export type BroadcastDutyPayload = {
  readonly broadcastId: string;
  readonly phase: 'watch' | 'settle' | 'extract' | 'preview';
  readonly tries: number;
  /** `settle`, `preview`: not beyond. */
  readonly untilMs?: number;
};

/** How often whoever takes the bytes says so, and after which silence the others take him for dead. */
export const streamBeatMs = 5_000;
export const streamSilenceMs = 30_000;
/** How long an ended broadcast waits for what is found out about its recording. */
export const settleMs = 20_000;
const lookAgainMs = 100;

export function createBroadcastStream(deps: StreamDeps): BroadcastCases['stream'] {
  /** Let in, and not live yet. */
  let beginning = 0;
  const begin = async (live: Live, input: BroadcastStreamInput): Promise<void> => {
    if (deps.streams.size + beginning >= limits.broadcastStreamsMax) throw tooManyStreams();
    beginning += 1;
    try {
      const rest = chunksOf(input.content);
      const first = await rest.next();
      if (first.done === true) throw noBytes();
      await goLive(deps, live);
      deps.streams.set(live.id, take(deps, live, { first: first.value, rest, input }));
    } finally {
      beginning -= 1;
    }
  };
  return async (caller, reference, input) => {
    const row = await presentBroadcast(deps, caller.workspaceId, reference);
    refuseUnstreamable(broadcastView(row).state);
    const live = { caller, id: row.id, recordingId: deps.ids.next('asset') };
    await begin(live, input);
    try {
      await deps.streams.get(row.id);
    } finally {
      deps.streams.delete(row.id);
    }
    return settled(deps, live);
  };
}

function tooManyStreams(): AssetwireError {
  return new AssetwireError('too_many_requests', {
    detail: `Take at most ${limits.broadcastStreamsMax} live broadcasts at a time: there are so many`,
    retryAfterSeconds: 30,
  });
}

function noBytes(): AssetwireError {
  return new AssetwireError('upload_incomplete', {
    detail: 'Send the bytes of the broadcast: none came',
    mend: 'Send a video as the body of the request, for example: curl -T show.mp4 …',
  });
}

type Live = { readonly caller: Caller; readonly id: string; readonly recordingId: IdOf<'asset'> };

function refuseUnstreamable({ type, streaming }: BroadcastState): void {
  if (streaming === true)
    throw new AssetwireError('conflict', {
      detail: 'Stream one broadcast once: its bytes are arriving already',
      mend: 'Register another one: POST /v1/broadcasts',
    });
  if (type === 'planned' || type === 'live') return;
  throw new AssetwireError('conflict', {
    detail: `Stream a broadcast that is planned or live: this one is ${type}`,
    mend: 'Register another one: POST /v1/broadcasts',
  });
}

/** Live from here on, with who looks after it. */
async function goLive(deps: StreamDeps, { caller, id, recordingId }: Live): Promise<void> {
  const { ids, committer } = deps;
  const { workspaceId, actor } = caller;
  await committer.write({ workspaceId, type: 'broadcast', id }, (current, atMs) => {
    if (current === null) throw notFound('the broadcast');
    const decide = broadcastWrite({ ids, workspaceId, actor }, (before) => {
      refuseUnstreamable(before);
      const state: BroadcastState = {
        ...before,
        type: 'live',
        streaming: true,
        startedAtMs: before.startedAtMs ?? atMs,
      };
      return {
        state,
        told: before.type === 'live' ? [] : ['broadcast.started'],
        more: {
          resources: [{ ...beat(id, recordingId, atMs), expectedVersion: 'any' }],
          duties: [
            broadcastDuty(deps, {
              workspaceId,
              dueAtMs: atMs + streamBeatMs,
              broadcastId: id,
              phase: 'watch',
              tries: 0,
            }),
          ],
        },
      };
    });
    return decide(current, atMs);
  });
  deps.engine.dutyOffered();
}

function beat(id: string, recordingId: string, seenAtMs: number): ResourceWrite {
  return { type: 'broadcast_stream', id, expectedVersion: 'any', state: { recordingId, seenAtMs } };
}

/** Where and when a duty is owed, and what. */
type Owing = BroadcastDutyPayload & { readonly workspaceId: string; readonly dueAtMs: number };

export function broadcastDuty({ ids }: Pick<StreamDeps, 'ids'>, { workspaceId, dueAtMs, ...payload }: Owing): NewDuty {
  return { id: ids.next('duty'), workspaceId, kind: 'broadcast', dueAtMs, payload };
}

type Bytes = {
  readonly first: Uint8Array;
  readonly rest: AsyncGenerator<Uint8Array>;
  readonly input: BroadcastStreamInput;
};

/** Stores what comes until it ends, however it ends; then the recording is there, and the duty goes on. */
async function take(deps: StreamDeps, live: Live, { first, rest, input }: Bytes): Promise<void> {
  const { blobs, media, settings } = deps;
  const { workspaceId } = live.caller;
  const ending: { how: BroadcastEnd } = { how: 'complete' };
  const bytesMax = settings.uploadBytesMax;
  const stop = keepBeating(deps, live);
  try {
    const stored = await blobs.put(workspaceId, Readable.from(untilItEnds({ first, rest, bytesMax }, ending)), {
      bytesMax,
    });
    try {
      deps.metrics?.uploaded(stored.bytes);
      const row = await presentBroadcast(deps, workspaceId, live.id);
      const { title, tags } = broadcastView(row).state;
      const given = input.name ?? '';
      const { mimeType, kind } = await media.sniff(stored.head, given);
      const name = recordingName(title, given, mimeType);
      const { head: _, ...hashes } = stored;
      await commitUpload(
        deps,
        {
          caller: live.caller,
          input: {
            name,
            path: '/broadcasts',
            metadata: {},
            noticeDays: [],
            tags,
            ...(title === '' ? {} : { info: { title } }),
          },
          row: undefined,
          fingerprint: '',
        },
        { file: { name, mimeType, ...hashes, ...unscanned(deps) }, kind, id: live.recordingId },
      );
      await stop();
      await endOfBytes(deps, live, ending.how);
    } finally {
      await settleBlob(deps, workspaceId, stored.blob);
    }
  } catch (error) {
    // What has arrived could not be kept (a full disk): the broadcast is over all the same.
    await stop();
    await endWithout(deps, live, error);
    throw error;
  }
}

/** A file name that says what it is of. */
function recordingName(title: string, given: string, mimeType: string): string {
  const dot = given.lastIndexOf('.');
  const extension = dot > 0 ? given.slice(dot + 1) : (mimeType.split('/')[1] ?? 'bin').replace(/^x-/, '');
  const stem = title.replace(/[\p{Cc}\p{Cf}/\\:*?"<>|]/gu, ' ').trim();
  if (stem === '' && given !== '') return given;
  return `${[...(stem === '' ? 'Broadcast' : stem)].slice(0, 100).join('')}.${extension}`;
}

async function* chunksOf(content: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of content as AsyncIterable<Uint8Array | string>)
    yield typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
}

/** Half a file is no error here: it is what there was of the broadcast. */
async function* untilItEnds(
  { first, rest, bytesMax }: Pick<Bytes, 'first' | 'rest'> & { readonly bytesMax: number },
  ending: { how: BroadcastEnd },
): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  const fitting = (chunk: Uint8Array): Uint8Array => {
    const part = chunk.length <= left ? chunk : chunk.subarray(0, left);
    if (part.length < chunk.length) ending.how = 'cut';
    left -= part.length;
    return part;
  };
  yield fitting(first);
  try {
    for await (const chunk of rest) {
      if (ending.how === 'cut') return;
      yield fitting(chunk);
    }
  } catch {
    // However the connection broke, what it brought is kept: that is the difference to an upload.
    ending.how = 'broken_off';
  }
}

/** Says again and again that the bytes are being taken; answers how to stop: behind that no beat is on its way any more. */
function keepBeating({ storage, clock, logger }: StreamDeps, { caller, id, recordingId }: Live): () => Promise<void> {
  const { workspaceId } = caller;
  let stopped = false;
  let beating = Promise.resolve();
  const arm = (): Timer =>
    clock.timer(streamBeatMs, () => {
      beating = once();
    });
  const once = async (): Promise<void> => {
    try {
      const atMs = clock.nowMs();
      await commitOne(storage, { workspaceId, atMs, resources: [beat(id, recordingId, atMs)] });
    } catch (error) {
      logger.warn('broadcast.beat_failed', { workspaceId, broadcastId: id, error });
    }
    if (!stopped) timer = arm();
  };
  let timer = arm();
  return () => {
    stopped = true;
    timer.cancel();
    return beating;
  };
}

/** The recording is there: what is found out about it ends the broadcast. */
async function endOfBytes(deps: StreamDeps, { caller, id, recordingId }: Live, end: BroadcastEnd): Promise<void> {
  const { workspaceId, actor } = caller;
  const decide = broadcastWrite({ ids: deps.ids, workspaceId, actor }, (before, atMs) => {
    if (before.streaming !== true) return null;
    return {
      state: { ...before, recording: recordingId, endedAtMs: atMs, end },
      told: [],
      more: {
        resources: [{ type: 'broadcast_stream', id, expectedVersion: 'any', state: null }],
        duties: [
          broadcastDuty(deps, {
            workspaceId,
            dueAtMs: atMs,
            broadcastId: id,
            phase: 'settle',
            tries: 0,
            untilMs: atMs + settleMs,
          }),
        ],
      },
    };
  });
  await deps.committer.write({ workspaceId, type: 'broadcast', id }, decide);
  deps.engine.dutyOffered();
}

/** Over, with nothing to show but why. */
async function endWithout(deps: StreamDeps, { caller, id }: Live, cause: unknown): Promise<void> {
  const note = cause instanceof AssetwireError ? cause.message : 'Its bytes could not be kept';
  const { workspaceId, actor } = caller;
  try {
    await deps.committer.write(
      { workspaceId, type: 'broadcast', id },
      broadcastWrite({ ids: deps.ids, workspaceId, actor }, (before, atMs) =>
        lost(before, { id, endedAtMs: atMs, note }),
      ),
    );
  } catch (error) {
    // The store takes nothing either: the duty comes back to it.
    deps.logger.error('broadcast.end_failed', { workspaceId, broadcastId: id, error });
  }
}

type Loss = { readonly id: string; readonly endedAtMs: number; readonly note: string };

/** Ends what nobody takes bytes of any more; null where that has been done. */
export function lost(before: BroadcastState, { id, endedAtMs, note }: Loss) {
  if (before.type !== 'live' || before.streaming !== true) return null;
  const { streaming: _, ...rest } = before;
  const state: BroadcastState = {
    ...rest,
    type: 'archived',
    end: 'lost',
    endedAtMs,
    durationMs: Math.max(0, endedAtMs - (before.startedAtMs ?? endedAtMs)),
    note,
  };
  const gone = { type: 'broadcast_stream', id, expectedVersion: 'any', state: null } as const;
  return { state, told: ['broadcast.ended'] as const, more: { resources: [gone] } };
}

/** The broadcast once it is archived, or as it is when that takes too long. */
async function settled(deps: StreamDeps, { caller, id }: Live): Promise<BroadcastView> {
  const endMs = deps.clock.monotonicMs() + settleMs;
  for (;;) {
    const [row] = await deps.storage.resources([{ workspaceId: caller.workspaceId, type: 'broadcast', id }]);
    if (row === undefined || row === null) throw notFound('the broadcast: it was removed meanwhile');
    const view = broadcastView(row);
    if (view.state.type !== 'live' || deps.clock.monotonicMs() >= endMs) return view;
    await new Promise<void>((resolve) => deps.clock.timer(lookAgainMs, resolve));
  }
}
