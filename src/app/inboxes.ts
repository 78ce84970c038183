/**
 * The inbox: built-in receiving endpoints that show what arrives and whether its signature verifies. The definition is a
 * row; what arrives lies in memory, bounded per inbox and over all, and is gone with the process: it is for looking at.
 */
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/storage.ts';
import type { Caller, InboxCases, InboxRequest, InboxView } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { createInboxStore } from './inbox-store.ts';
import { createInboxVerifier } from './inbox-verification.ts';
import type { Matching } from './matching.ts';
import { notFound, unfit } from './refusals.ts';
import { AssetwireError } from '../core/errors.ts';

export const inboxLifetimeMs = 30 * 24 * 3_600_000;
const inboxesPerWorkspaceMax = 100;
const answerBodyCharactersMax = 64 * 1024;
const delayMsMax = 60_000;
/** How long a found inbox is believed without asking the store again. */
const believedMs = 1_000;

type Answer = InboxView['answer'];
type StoredInbox = { readonly answer: Answer; readonly expiresAtMs: number };

export type InboxesDeps = AppDeps & { readonly committer: Committer; readonly matching: Matching };

export function createInboxes(deps: InboxesDeps): InboxCases {
  const { storage, committer, ids, clock, settings } = deps;
  const store = createInboxStore(clock);
  const verify = createInboxVerifier(deps);
  const believed = new Map<string, { readonly row: Resource | null; readonly checkedAtMs: number }>();

  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'inbox', id }]);
    if (row === undefined || row === null || stored(row).expiresAtMs <= clock.nowMs()) throw notFound('the inbox');
    return row;
  };

  /** By id alone: whoever knows the address may send to it. */
  const findAnywhere = async (id: string): Promise<Resource | null> => {
    const known = believed.get(id);
    if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < believedMs) return known.row;
    const [row = null] = await storage.findByAlias('inbox', id);
    if (believed.size > 10_000) believed.clear();
    believed.set(id, { row, checkedAtMs: clock.monotonicMs() });
    return row;
  };

  const view = (id: string, { answer, expiresAtMs }: StoredInbox, createdAtMs: number): InboxView => ({
    id,
    url: `${settings.inboxUrl()}/inbox/${id}`,
    tlsUrl: `${settings.inboxTlsUrl()}/inbox/${id}`,
    answer,
    createdAtMs,
    expiresAtMs,
    received: store.count(id),
  });

  const viewRow = (row: Resource): InboxView => view(row.id, stored(row), row.createdAtMs);

  return {
    async create({ workspaceId }) {
      const id = ids.next('inbox');
      const present = await storage.read.resources({ workspaceId, type: 'inbox', limit: inboxesPerWorkspaceMax });
      const live = present.items.filter((row) => stored(row).expiresAtMs > clock.nowMs());
      if (live.length >= inboxesPerWorkspaceMax) {
        throw new AssetwireError('limit_reached', {
          detail: `Keep at most ${inboxesPerWorkspaceMax} inboxes: there are ${live.length}`,
        });
      }
      const written = await committer.write({ workspaceId, type: 'inbox', id }, (_, atMs) => {
        const state: StoredInbox = {
          answer: { status: 204, delayMs: 0, body: '' },
          expiresAtMs: atMs + inboxLifetimeMs,
        };
        return {
          kind: 'write',
          plan: { state, alias: id, changes: [] },
          answer: () => view(id, state, atMs),
        };
      });
      if (written.kind === 'duplicate') throw new TypeError('An inbox carries no idempotency row');
      return written.answer;
    },

    async list({ workspaceId }, query) {
      const page = await storage.read.resources({ ...query, workspaceId, type: 'inbox' });
      const nowMs = clock.nowMs();
      return {
        items: page.items.filter((row) => stored(row).expiresAtMs > nowMs).map(viewRow),
        nextCursor: page.nextCursor,
      };
    },

    get: async (caller, id) => viewRow(await find(caller, id)),

    async configure(caller, id, answer) {
      checkAnswer(answer);
      await find(caller, id);
      await committer.write({ workspaceId: caller.workspaceId, type: 'inbox', id }, (current) => {
        if (current === null) throw notFound('the inbox');
        const state: StoredInbox = { ...stored(current), answer: { ...stored(current).answer, ...answer } };
        return { kind: 'write', plan: { state, changes: [] }, answer: () => undefined };
      });
      believed.delete(id);
      return viewRow(await find(caller, id));
    },

    async remove(caller, id) {
      await committer.write({ workspaceId: caller.workspaceId, type: 'inbox', id }, (current) => {
        if (current === null) throw notFound('the inbox');
        return { kind: 'write', plan: { state: null, changes: [] }, answer: () => undefined };
      });
      believed.delete(id);
      store.remove(id);
    },

    async requests(caller, id, query) {
      await find(caller, id);
      return store.list(id, query);
    },

    async subscribe(caller, id, listener) {
      await find(caller, id);
      return store.subscribe(id, listener);
    },

    async receive(id, request) {
      const row = await findAnywhere(id);
      if (row === null || stored(row).expiresAtMs <= clock.nowMs()) return null;
      const verification = await verify(row.workspaceId, id, request);
      const received: InboxRequest = { ...request, id: ids.next('inboxRequest'), atMs: clock.nowMs(), verification };
      store.add(id, received);
      return stored(row).answer;
    },
  };
}

function checkAnswer({ status, delayMs, body }: Partial<Answer>): void {
  if (status !== undefined && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw unfit('/status', 'a status from 200 to 599', String(status));
  }
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= delayMsMax)) {
    throw unfit('/delayMs', `0 to ${delayMsMax} milliseconds`, String(delayMs));
  }
  if (body !== undefined && body.length > answerBodyCharactersMax) {
    throw unfit('/body', `at most ${answerBodyCharactersMax} characters`, String(body.length));
  }
}

/** Rows of this type are written here only, in this shape. */
function stored({ state }: { readonly state: JsonObject }): StoredInbox {
  return state as StoredInbox;
}
