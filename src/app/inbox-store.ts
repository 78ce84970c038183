/** What inboxes have received: at most 500 requests each, and a bound over all of them; the oldest goes first. */
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { InboxRequest } from './app.ts';

/** Over all inboxes, of what they keep in memory. */
export const inboxBytesMax = 32 * 1024 * 1024;
/** What was received is for looking at now. */
export const requestKeptMs = 24 * 3_600_000;

export interface InboxStore {
  add(inboxId: string, request: InboxRequest): void;
  /** Newest first; with `after`, those that came later than that one, oldest first. */
  list(inboxId: string, query: { readonly limit: number; readonly after?: string }): readonly InboxRequest[];
  count(inboxId: string): number;
  subscribe(inboxId: string, listener: (request: InboxRequest) => void): () => void;
  remove(inboxId: string): void;
}

type Kept = { readonly inboxId: string; readonly request: InboxRequest; readonly bytes: number };

export function createInboxStore(clock: Clock): InboxStore {
  const byInbox = new Map<string, Kept[]>();
  const listeners = new Map<string, Set<(request: InboxRequest) => void>>();
  /** All that is kept, oldest first: the order in which it goes. */
  const all = new Set<Kept>();
  let bytes = 0;

  const drop = (kept: Kept): void => {
    if (!all.delete(kept)) return;
    bytes -= kept.bytes;
    const list = byInbox.get(kept.inboxId);
    if (list === undefined) return;
    const at = list.indexOf(kept);
    if (at >= 0) list.splice(at, 1);
    if (list.length === 0) byInbox.delete(kept.inboxId);
  };

  const shrink = (): void => {
    const oldestMs = clock.nowMs() - requestKeptMs;
    for (const kept of all) {
      if (bytes <= inboxBytesMax && kept.request.atMs > oldestMs) return;
      drop(kept);
    }
  };

  return {
    add(inboxId, request) {
      const kept: Kept = { inboxId, request, bytes: sizeOf(request) };
      let list = byInbox.get(inboxId);
      if (list === undefined) {
        list = [];
        byInbox.set(inboxId, list);
      }
      list.push(kept);
      all.add(kept);
      bytes += kept.bytes;
      const [oldest] = list;
      if (list.length > limits.inboxRequestsMax && oldest !== undefined) drop(oldest);
      shrink();
      for (const listener of listeners.get(inboxId) ?? []) listener(request);
    },
    list(inboxId, { limit, after }) {
      shrink();
      const list = (byInbox.get(inboxId) ?? []).map(({ request }) => request);
      if (after !== undefined) return list.filter(({ id }) => id > after).slice(0, limit);
      return list.slice(-limit).reverse();
    },
    count: (inboxId) => byInbox.get(inboxId)?.length ?? 0,
    subscribe(inboxId, listener) {
      let set = listeners.get(inboxId);
      if (set === undefined) {
        set = new Set();
        listeners.set(inboxId, set);
      }
      set.add(listener);
      return () => {
        const present = listeners.get(inboxId);
        present?.delete(listener);
        if (present?.size === 0) listeners.delete(inboxId);
      };
    },
    remove(inboxId) {
      for (const kept of [...(byInbox.get(inboxId) ?? [])]) drop(kept);
      listeners.delete(inboxId);
    },
  };
}

function sizeOf({ headers, bodyBase64, path }: InboxRequest): number {
  let size = 500 + path.length + bodyBase64.length;
  for (const [name, value] of headers) size += name.length + value.length + 32;
  return size;
}
