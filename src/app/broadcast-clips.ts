/**
 * A stretch of a broadcast as a broadcast of its own. It is there at once (`extracting`); a duty cuts it out of the recording
 * and tells what came of it: `started` and `extracted` with status `finished`, or `extracted` with status `error`.
 */
import type { BroadcastState } from '../core/broadcast.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Caller, Written } from './app.ts';
import type { BroadcastCases, BroadcastClipInput, BroadcastView } from './broadcast-cases.ts';
import { broadcastDuty } from './broadcast-stream.ts';
import { asBroadcastJson, type BroadcastDeps, broadcastView, presentBroadcast } from './broadcast-views.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { unfit } from './refusals.ts';

export function createBroadcastClips(deps: BroadcastDeps): BroadcastCases['clip'] {
  return (caller, reference, input) =>
    deps.idempotent.run<BroadcastView>(caller.workspaceId, input.idempotency, async (row) => {
      const source = broadcastView(await presentBroadcast(deps, caller.workspaceId, reference));
      refuseUncuttable(source.state, input);
      return begin(deps, caller, { source, input, row });
    });
}

/** What can be known before; whether the film can be cut is known only to who cuts it. */
function refuseUncuttable({ recording, durationMs, type }: BroadcastState, { fromMs, toMs }: BroadcastClipInput): void {
  if (recording === undefined)
    throw new AssetwireError('content_unavailable', {
      detail: 'Cut clips out of a broadcast that has a recording: this one has none',
      mend:
        type === 'live' || type === 'planned'
          ? 'Wait until it has ended'
          : 'Upload its film as an asset, and register a broadcast with that as its recording',
    });
  const length = toMs - fromMs;
  if (length < limits.clipMsMin || length > limits.clipMsMax)
    throw unfit('/toMs', `${limits.clipMsMin} to ${limits.clipMsMax} ms behind fromMs`, `${length} ms`);
  if (durationMs !== undefined && fromMs >= durationMs)
    throw unfit('/fromMs', `less than the length, ${durationMs} ms`, `${fromMs}`);
}

type Beginning = {
  readonly source: BroadcastView;
  readonly input: BroadcastClipInput;
  readonly row: RowMaker | undefined;
};

async function begin(
  deps: BroadcastDeps,
  { workspaceId }: Caller,
  { source, input: { fromMs, toMs, title, idempotency }, row }: Beginning,
): Promise<Written<BroadcastView>> {
  const id = deps.ids.next('broadcast');
  const key = { workspaceId, type: 'broadcast', id } as const;
  const { author, tags, customData, ingestChannel, position } = source.state;
  const state: BroadcastState = {
    type: 'extracting',
    title: title ?? source.state.title,
    author,
    tags,
    customData,
    ...(ingestChannel === undefined ? {} : { ingestChannel }),
    ...(position === undefined ? {} : { position }),
    clipOf: { broadcastId: source.id, fromMs, toMs },
  };
  const written = await deps.committer.write<Written<BroadcastView>>(key, (_, atMs) => {
    const json = asBroadcastJson(state);
    const view = broadcastView({ ...key, version: 1, state: json, createdAtMs: atMs, updatedAtMs: atMs });
    return {
      kind: 'write',
      plan: {
        state: json,
        changes: [],
        duties: [broadcastDuty(deps, { workspaceId, dueAtMs: atMs, broadcastId: id, phase: 'extract', tries: 0 })],
        ...(row === undefined ? {} : { idempotency: () => row(202, view) }),
      },
      answer: () => ({ status: 202, body: view }),
    };
  });
  deps.engine.dutyOffered();
  return written.kind === 'done' ? written.answer : replay<BroadcastView>(written.row, idempotency?.fingerprint ?? '');
}
