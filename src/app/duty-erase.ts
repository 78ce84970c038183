/**
 * The `erase` duty: removes bytes that an asset let go (deleted, a version or a rendition replaced), unless another asset
 * or version names the same ones, or somebody is just about to. Done at least once; removing twice is harmless, and what
 * is held by an upload is asked about again later.
 */
import type { JsonObject } from '../core/json.ts';
import type { DutyHandler } from '../engine/engine.ts';
import { isBlobUsed } from './blob-uses.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';

/** What an `erase` duty of bytes owes. */
export type ErasePayload = JsonObject & { readonly blobs: readonly string[] };

export type EraseDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock' | 'logger'>;

/** An upload of the same bytes is under way: it ends within minutes. */
const heldPauseMs = 60_000;

export function createEraseDuty({ storage, blobs, clock, logger }: EraseDeps): DutyHandler {
  return async (duty, signal) => {
    const { workspaceId } = duty;
    const payload = duty.payload as ErasePayload;
    const held: string[] = [];
    let removed = 0;
    for (const blob of payload.blobs) {
      if (signal.aborted) return;
      const outcome = await blobs.remove(workspaceId, blob, () => isBlobUsed(storage, workspaceId, blob));
      if (outcome === 'held') held.push(blob);
      if (outcome === 'removed') removed += 1;
    }
    if (removed > 0) logger.info('blobs.erased', { workspaceId, removed });
    const atMs = clock.nowMs();
    const at = { dutyId: duty.id, version: duty.version };
    await commitOne(
      storage,
      held.length === 0
        ? { workspaceId, atMs, fulfils: at }
        : { workspaceId, atMs, advances: { ...at, dueAtMs: atMs + heldPauseMs, payload: { blobs: held } } },
    );
  };
}
