import type { WebhookId } from './ids.ts';

/** How many shards lanes are hashed into. Fixed for ever: shard numbers are stored. */
export const shardCount = 256;

/** The shard of a lane, 0 to 255: FNV-1a with a final mix, stable across processes and versions. */
export function shardOf(webhookId: WebhookId): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < webhookId.length; at += 1) {
    hash ^= webhookId.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  // FNV's low byte depends on the low bits of its input alone; the mix brings the high bits down.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash & (shardCount - 1);
}
