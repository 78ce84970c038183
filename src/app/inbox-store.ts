/** What inboxes have received: at most 500 requests each, and a bound over all of them; the oldest goes first. */
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { InboxRequest } from './app.ts';
import type { InboxRequestQuery } from './inbox-cases.ts';
import { foreignCursor, readCursor, writeCursor } from './list-page.ts';

/** Over all inboxes, of what they keep in memory. */
export const inboxBytesMax = 32 * 1024 * 1024;
/** What was received is for looking at now. */
export const requestKeptMs = 24 * 3_600_000;

export interface InboxStore {
  add(inboxId: string, request: InboxRequest): void;
  /** As `InboxCases.requests`. Throws `invalid_cursor`. */
  list(inboxId: string, query: InboxRequestQuery): Page<InboxRequest>;
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
    list(inboxId, query) {
      shrink();
      const list = (byInbox.get(inboxId) ?? []).map(({ request }) => request);
      return pageOf(list, query);
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

const newest = '';
const upwardsMark = '>';
const downwardsMark = '<';

/** Which way a list goes, and behind which request; a cursor says both. */
function placeOf({ after, cursor }: InboxRequestQuery): { readonly upwards: boolean; readonly behind: string } {
  if (cursor === undefined) return { upwards: after !== undefined, behind: after ?? newest };
  const key = String(readCursor(cursor));
  const [mark, behind] = [key.slice(0, 1), key.slice(1)];
  if ((mark !== upwardsMark && mark !== downwardsMark) || behind === '') throw foreignCursor();
  return { upwards: mark === upwardsMark, behind };
}

/** `requests` are in the order in which they came. */
function pageOf(requests: readonly InboxRequest[], query: InboxRequestQuery): Page<InboxRequest> {
  const { upwards, behind } = placeOf(query);
  const left = upwards
    ? requests.filter(({ id }) => id > behind)
    : requests.filter(({ id }) => behind === newest || id < behind).toReversed();
  const items = left.slice(0, query.limit);
  const last = items.at(-1);
  const more = last !== undefined && items.length < left.length;
  return { items, nextCursor: more ? writeCursor(`${upwards ? upwardsMark : downwardsMark}${last.id}`) : null };
}

function sizeOf({ headers, bodyBase64, path }: InboxRequest): number {
  let size = 500 + path.length + bodyBase64.length;
  for (const [name, value] of headers) size += name.length + value.length + 32;
  return size;
}
