/**
 * Whose fault is it? When at least ten lanes were active within a minute and half of them failed by the network the last
 * time, the network that fails is most likely ours, and no webhook is switched off for it (HARDENING FR-04). Kept by
 * counting: an outcome costs the same however many lanes there are.
 */
import type { WebhookId } from '../core/ids.ts';

export type EgressSuspicion = {
  /** The last word of a lane. `network`: it failed by a network outcome. */
  note(webhookId: WebhookId, network: boolean, monotonicMs: number): void;
  suspects(monotonicMs: number): boolean;
};

const lanesMin = 10;
const windowMs = 60_000;

export function createEgressSuspicion(): EgressSuspicion {
  /** In order of their last word, oldest first. */
  const last = new Map<WebhookId, { readonly network: boolean; readonly atMs: number }>();
  let failing = 0;

  const forget = (webhookId: WebhookId): void => {
    const before = last.get(webhookId);
    if (before === undefined) return;
    if (before.network) failing -= 1;
    last.delete(webhookId);
  };

  const sweep = (nowMs: number): void => {
    for (const [webhookId, { atMs }] of last) {
      if (nowMs - atMs <= windowMs) return;
      forget(webhookId);
    }
  };

  return {
    note(webhookId, network, nowMs) {
      forget(webhookId);
      last.set(webhookId, { network, atMs: nowMs });
      if (network) failing += 1;
      sweep(nowMs);
    },
    suspects(nowMs) {
      sweep(nowMs);
      return last.size >= lanesMin && failing * 2 >= last.size;
    },
  };
}
