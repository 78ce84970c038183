import type { DutyId, WebhookId } from './ids.ts';

/** How many shards lanes and duties are hashed into. Fixed for ever: shard numbers are stored. */
export const shardCount = 256;

/** The shard of a lane or a duty, 0 to 255: FNV-1a with a final mix, stable across processes and versions. */
export function shardOf(id: WebhookId | DutyId): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    hash ^= id.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  // FNV's low byte depends on the low bits of its input alone; the mix brings the high bits down.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash & (shardCount - 1);
}
