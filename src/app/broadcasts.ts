/**
 * Broadcasts: registered, changed and removed here; live by bytes in broadcast-stream.ts, cut in broadcast-clips.ts. What is
 * told of them: `started` once, whether live or over already; `updated`, `ended`, `extracted`, `removed`. Nobody is told of
 * one that is only planned.
 */
import { type BroadcastPreview, type BroadcastState, broadcastState } from '../core/broadcast.ts';
import { AssetwireError } from '../core/errors.ts';
import { sameJson } from '../core/json-equality.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller, Written } from './app.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { AssetCases } from './asset-cases.ts';
import type {
  BroadcastCases,
  BroadcastInput,
  BroadcastPatch,
  BroadcastQuery,
  BroadcastView,
} from './broadcast-cases.ts';
import { createBroadcastClips } from './broadcast-clips.ts';
import { createBroadcastContent } from './broadcast-content.ts';
import { createBroadcastStream, type LiveStreams } from './broadcast-stream.ts';
import {
  asBroadcastJson,
  broadcastChange,
  type BroadcastDeps,
  broadcastView,
  broadcastWrite,
  isTold,
  presentBroadcast,
} from './broadcast-views.ts';
import { filteredPage } from './filtered-page.ts';
import { findExternalId } from './external-ids.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound, unfit } from './refusals.ts';

export type BroadcastsDeps = BroadcastDeps & {
  readonly assets: Pick<AssetCases, 'remove'>;
  readonly streams: LiveStreams;
};

export function createBroadcasts(deps: BroadcastsDeps): BroadcastCases {
  return {
    create: (caller, input, idempotency) =>
      deps.idempotent.run<BroadcastView>(caller.workspaceId, idempotency, async (row) =>
        createOne(deps, caller, { input, row, fingerprint: idempotency?.fingerprint ?? '' }),
      ),

    list: (caller, query) => listBroadcasts(deps, caller, query),

    get: async ({ workspaceId }, reference) => broadcastView(await presentBroadcast(deps, workspaceId, reference)),

    update: (caller, reference, options) =>
      deps.idempotent.run<BroadcastView>(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await presentBroadcast(deps, caller.workspaceId, reference);
        return updateOne(deps, caller, { id, options, row });
      }),

    remove: (caller, reference, options = {}) =>
      deps.idempotent.run(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await presentBroadcast(deps, caller.workspaceId, reference);
        return removeOne(deps, caller, { id, options, row });
      }),

    stream: createBroadcastStream(deps),
    clip: createBroadcastClips(deps),
    ...createBroadcastContent(deps),
  };
}

async function listBroadcasts(
  { storage }: BroadcastsDeps,
  { workspaceId }: Caller,
  { type, told, author, titleContains, ...query }: BroadcastQuery,
): Promise<Page<BroadcastView>> {
  const where = { ...(type === undefined ? {} : { type }), ...(author === undefined ? {} : { author }) };
  const read = async (page: { readonly limit: number; readonly cursor?: string }) => {
    const { items, nextCursor } = await storage.read.resources({
      ...query,
      ...page,
      workspaceId,
      type: 'broadcast',
      where,
      ...(titleContains === undefined ? {} : { contains: { title: titleContains } }),
    });
    return { items: items.map(broadcastView), nextCursor };
  };
  return told === true ? filteredPage(read, query, ({ state }) => isTold(state)) : read(query);
}

type Creating = { readonly input: BroadcastInput; readonly row: RowMaker | undefined; readonly fingerprint: string };

async function createOne(
  deps: BroadcastsDeps,
  caller: Caller,
  { input, row, fingerprint }: Creating,
): Promise<Written<BroadcastView>> {
  const { workspaceId, actor } = caller;
  const { ids, committer } = deps;
  await refuseTaken(deps, workspaceId, input.externalId);
  const recorded = await recordingOf(deps, workspaceId, input.recording);
  await assertPreview(deps, workspaceId, input.preview);
  const id = ids.next('broadcast');
  const key = { workspaceId, type: 'broadcast', id } as const;
  const alias = input.externalId === undefined ? {} : { alias: input.externalId };
  const written = await committer.write<Written<BroadcastView>>(key, (_, atMs) => {
    const state = registered(input, recorded, { atMs, author: actor.name ?? '' });
    const view = broadcastView({
      ...key,
      ...alias,
      version: 1,
      state: asBroadcastJson(state),
      createdAtMs: atMs,
      updatedAtMs: atMs,
    });
    const started = { kind: 'broadcast.started', before: null, after: state } as const;
    const at = { ids, workspaceId, actor, atMs };
    return {
      kind: 'write',
      plan: {
        state: asBroadcastJson(state),
        ...alias,
        changes: isTold(state) ? [broadcastChange(at, { id, ...alias, version: 1 }, started)] : [],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<BroadcastView>(written.row, fingerprint);
}

/** What the recording says of itself; what the caller says goes before it. */
type Recorded = Pick<BroadcastState, 'recording' | 'durationMs' | 'widthPx' | 'heightPx' | 'recordingPreview'>;

function registered(
  input: BroadcastInput,
  recorded: Recorded,
  { atMs, author }: { readonly atMs: number; readonly author: string },
): BroadcastState {
  const { externalId: _, recording: __, type: wanted, startedAtMs = atMs, ...said } = input;
  const over = recorded.recording !== undefined || input.resourceUrl !== undefined;
  const type = wanted ?? (over ? 'archived' : 'planned');
  return {
    type,
    ...recorded,
    ...said,
    title: said.title ?? '',
    author: said.author ?? author,
    tags: [...new Set(said.tags ?? [])],
    customData: said.customData ?? '',
    ...(type === 'planned' ? {} : { startedAtMs }),
    ...(type === 'archived' ? { endedAtMs: startedAtMs + (said.durationMs ?? recorded.durationMs ?? 0) } : {}),
  };
}

async function recordingOf(
  deps: BroadcastsDeps,
  workspaceId: string,
  reference: string | undefined,
): Promise<Recorded> {
  if (reference === undefined) return {};
  const id = await assetIdOf(deps, workspaceId, reference);
  const row = id === null ? null : await deps.committer.peek({ workspaceId, type: 'asset', id });
  if (id === null || row === null) throw unfit('/recording', 'an asset of this workspace', reference.slice(0, 100));
  const state = assetState(row);
  const { durationMs, widthPx, heightPx } = state.file ?? {};
  return {
    recording: id,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(widthPx === undefined ? {} : { widthPx }),
    ...(heightPx === undefined ? {} : { heightPx }),
    ...(state.renditions.some(({ blob }) => blob !== undefined) ? { recordingPreview: true } : {}),
  };
}

async function assertPreview(
  deps: BroadcastsDeps,
  workspaceId: string,
  preview: BroadcastPreview | null | undefined,
): Promise<void> {
  if (preview === undefined || preview === null || 'url' in preview) return;
  const row = await deps.committer.peek({ workspaceId, type: 'asset', id: preview.assetId });
  if (row === null) throw unfit('/preview/assetId', 'an asset of this workspace', preview.assetId.slice(0, 60));
  if (assetState(row).kind !== 'image') throw unfit('/preview/assetId', 'a picture', assetState(row).kind);
}

async function refuseTaken(deps: BroadcastsDeps, workspaceId: string, externalId: string | undefined): Promise<void> {
  if (externalId === undefined) return;
  const id = await findExternalId(deps, { workspaceId, type: 'broadcast', externalId });
  if (id === null || (await deps.committer.peek({ workspaceId, type: 'broadcast', id })) === null) return;
  throw new AssetwireError('already_exists', { detail: 'Use a new externalId: a broadcast has it already' });
}

type Updating = {
  readonly id: string;
  readonly options: Parameters<BroadcastCases['update']>[2];
  readonly row: RowMaker | undefined;
};

async function updateOne(
  deps: BroadcastsDeps,
  { workspaceId, actor }: Caller,
  { id, options: { expected, idempotency, ...patch }, row }: Updating,
): Promise<Written<BroadcastView>> {
  const { ids, committer } = deps;
  await assertPreview(deps, workspaceId, patch.preview);
  const key = { workspaceId, type: 'broadcast', id } as const;
  const written = await committer.write<BroadcastView | null>(key, (current, atMs) => {
    if (current === null) throw notFound('the broadcast');
    refuseOtherVersion(expected, current.version, 'broadcast');
    const decide = broadcastWrite({ ids, workspaceId, actor }, (before) => {
      const state = patched(before, patch, atMs);
      if (sameJson(asBroadcastJson(state), asBroadcastJson(before)) && row === undefined) return null;
      const view = broadcastView({
        ...current,
        version: current.version + 1,
        state: asBroadcastJson(state),
        updatedAtMs: atMs,
      });
      return {
        state,
        told: sameJson(asBroadcastJson(state), asBroadcastJson(before)) ? [] : toldOf(before, state),
        ...(row === undefined ? {} : { more: { idempotency: () => row(200, view) } }),
      };
    });
    return decide(current, atMs);
  });
  if (written.kind === 'duplicate') return replay<BroadcastView>(written.row, idempotency?.fingerprint ?? '');
  if (written.answer === null) throw notFound('the broadcast');
  return { status: 200, body: written.answer };
}

function toldOf(before: BroadcastState, after: BroadcastState) {
  if (!isTold(before)) return isTold(after) ? (['broadcast.started'] as const) : [];
  if (before.type === 'live' && after.type === 'archived') return ['broadcast.ended'] as const;
  return ['broadcast.updated'] as const;
}

function patched(before: BroadcastState, patch: BroadcastPatch, atMs: number): BroadcastState {
  const { type, ingestChannel, position, preview, tags, ...said } = patch;
  const { ingestChannel: channel, position: place, preview: picture, ...rest } = before;
  const kept = <Value>(given: Value | null | undefined, known: Value | undefined): Value | undefined =>
    given === undefined ? known : (given ?? undefined);
  const next = {
    ingestChannel: kept(ingestChannel, channel),
    position: kept(position, place),
    preview: kept(preview, picture),
  };
  const state: BroadcastState = {
    ...rest,
    ...said,
    ...(tags === undefined ? {} : { tags: [...new Set(tags)] }),
    ...(next.ingestChannel === undefined ? {} : { ingestChannel: next.ingestChannel }),
    ...(next.position === undefined ? {} : { position: next.position }),
    ...(next.preview === undefined ? {} : { preview: next.preview }),
  };
  return type === undefined || type === before.type ? state : turned(state, type, atMs);
}

/** Throws `conflict` where it cannot become that. */
function turned(state: BroadcastState, type: 'live' | 'archived', atMs: number): BroadcastState {
  if (state.streaming === true) {
    throw new AssetwireError('conflict', {
      detail: 'End the broadcast by ending its bytes: they are still arriving',
      mend: 'Close the request that streams it',
    });
  }
  if (state.type === 'planned' && type === 'live') return { ...state, type, startedAtMs: atMs };
  if (state.type === 'planned') return { ...state, type, startedAtMs: atMs, endedAtMs: atMs };
  if (state.type === 'live') {
    const { startedAtMs = atMs, durationMs = Math.max(0, atMs - startedAtMs) } = state;
    return { ...state, type, endedAtMs: atMs, end: 'told', durationMs };
  }
  throw new AssetwireError('conflict', {
    detail: `Make ${type} what is planned${type === 'archived' ? ' or live' : ''}: this one is ${state.type}`,
    mend: 'Register a new broadcast',
  });
}

type Removing = {
  readonly id: string;
  readonly options: NonNullable<Parameters<BroadcastCases['remove']>[2]>;
  readonly row: RowMaker | undefined;
};

async function removeOne(deps: BroadcastsDeps, caller: Caller, { id, options, row }: Removing) {
  const { workspaceId, actor } = caller;
  const { ids, committer } = deps;
  const answer = { status: 204, body: {} };
  const removed: { state: BroadcastState | null } = { state: null };
  const written = await committer.write({ workspaceId, type: 'broadcast', id }, (current, atMs) => {
    if (current === null) throw notFound('the broadcast');
    refuseOtherVersion(options.expected, current.version, 'broadcast');
    const before = broadcastState(current.state);
    removed.state = before;
    if (current.alias !== undefined) committer.cache.deleteAlias(workspaceId, 'broadcast', current.alias);
    const gone = { kind: 'broadcast.removed', before, after: null } as const;
    const at = { ids, workspaceId, actor, atMs };
    const version = current.version + 1;
    return {
      kind: 'write',
      plan: {
        state: null,
        changes: isTold(before) ? [broadcastChange(at, { id, alias: current.alias, version }, gone)] : [],
        resources: [{ type: 'broadcast_stream', id, expectedVersion: 'any', state: null }],
        ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }),
      },
      answer: () => answer,
    };
  });
  if (written.kind === 'duplicate')
    return replay<typeof answer.body>(written.row, options.idempotency?.fingerprint ?? '');
  const recording = removed.state?.recording;
  if (recording !== undefined && options.keepRecording !== true) await removeRecording(deps, caller, recording);
  return answer;
}

/** Somebody may have deleted it before, or hold it checked out: then it stays theirs. */
async function removeRecording(deps: BroadcastsDeps, caller: Caller, recording: string): Promise<void> {
  try {
    await deps.assets.remove(caller, recording);
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    deps.logger.warn('broadcast.recording_kept', {
      workspaceId: caller.workspaceId,
      assetId: recording,
      code: error.code,
    });
  }
}
