/**
 * The inbox: built-in receiving endpoints that show what arrives and whether its signature verifies. The definition is a
 * row; what arrives lies in memory, bounded per inbox and over all, and is gone with the process: it is for looking at.
 */
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, InboxCases, InboxRequest, InboxView } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { createInboxStore } from './inbox-store.ts';
import { createInboxVerifier } from './inbox-verification.ts';
import type { Matching } from './matching.ts';
import { notFound, unfit } from './refusals.ts';
import type { Turns } from './turns.ts';
import { type Counted, withinLimit } from './within-limit.ts';
import { AssetwireError } from '../core/errors.ts';

export const inboxLifetimeMs = 30 * 24 * 3_600_000;
const inboxesPerWorkspaceMax = 100;
const answerBodyCharactersMax = 64 * 1024;
const delayMsMax = 60_000;
/** How long a found inbox is believed without asking the store again. */
const believedMs = 1_000;

type Answer = InboxView['answer'];
type StoredInbox = { readonly answer: Answer; readonly expiresAtMs: number };

export type InboxesDeps = AppDeps & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly turns: Turns;
};

/** What the erasure of a workspace asks beside. */
export type Inboxes = InboxCases & {
  /** Lets go of what an inbox has received; its row is somebody else's to remove. */
  readonly forget: (id: string) => void;
};

export function createInboxes(deps: InboxesDeps): Inboxes {
  const { storage, ids, clock, settings } = deps;
  const store = createInboxStore(clock);
  const verify = createInboxVerifier(deps);
  const { find, findAnywhere, outdated } = createLookup(deps);
  deps.others?.hear((hint) => {
    if (hint.kind === 'inbox') store.add(hint.id, hint.request as unknown as InboxRequest);
  });

  const view = (row: Pick<Resource, 'id' | 'state' | 'createdAtMs'>): InboxView => ({
    id: row.id,
    url: `${settings.inboxUrl()}/inbox/${row.id}`,
    tlsUrl: `${settings.inboxTlsUrl()}/inbox/${row.id}`,
    ...stored(row),
    createdAtMs: row.createdAtMs,
    received: store.count(row.id),
  });

  return {
    async create({ workspaceId }) {
      const made = await withinLimit(
        deps,
        { workspaceId, what: 'inboxes' },
        { refuse: () => refuseTooMany(deps, workspaceId), make: (counted) => insert(deps, workspaceId, counted) },
      );
      return view(made);
    },

    async list({ workspaceId }, query) {
      const page = await storage.read.resources({ ...query, workspaceId, type: 'inbox' });
      const nowMs = clock.nowMs();
      return {
        items: page.items.filter((row) => stored(row).expiresAtMs > nowMs).map(view),
        nextCursor: page.nextCursor,
      };
    },

    get: async (caller, id) => view(await find(caller, id)),

    async configure(caller, id, answer) {
      checkAnswer(answer);
      await find(caller, id);
      await rewrite(deps, { workspaceId: caller.workspaceId, id }, (present) => ({
        ...present,
        answer: { ...present.answer, ...answer },
      }));
      outdated(id);
      return view(await find(caller, id));
    },

    async remove(caller, id) {
      await rewrite(deps, { workspaceId: caller.workspaceId, id }, () => null);
      outdated(id);
      store.remove(id);
    },

    forget(id) {
      outdated(id);
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
      // A request is JSON: it is answered as such. One that is too long for a message stays where it arrived.
      deps.others?.tell({ kind: 'inbox', id, request: received as unknown as JsonObject });
      return stored(row).answer;
    },
  };
}

type Lookup = {
  /** The caller's own; throws `not_found` where there is none, or none any more. */
  readonly find: (caller: Caller, id: string) => Promise<Resource>;
  /** By id alone: whoever knows the address may send to it. What was found is believed for `believedMs`. */
  readonly findAnywhere: (id: string) => Promise<Resource | null>;
  readonly outdated: (id: string) => void;
};

function createLookup({ storage, clock }: InboxesDeps): Lookup {
  const believed = new Map<string, { readonly row: Resource | null; readonly checkedAtMs: number }>();
  return {
    async find({ workspaceId }, id) {
      const [row] = await storage.resources([{ workspaceId, type: 'inbox', id }]);
      if (row === undefined || row === null || stored(row).expiresAtMs <= clock.nowMs()) throw notFound('the inbox');
      return row;
    },

    async findAnywhere(id) {
      const known = believed.get(id);
      if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < believedMs) return known.row;
      const [row = null] = await storage.findByAlias('inbox', id);
      if (believed.size > 10_000) believed.clear();
      believed.set(id, { row, checkedAtMs: clock.monotonicMs() });
      return row;
    },

    outdated(id) {
      believed.delete(id);
    },
  };
}

async function refuseTooMany({ storage, clock }: InboxesDeps, workspaceId: string): Promise<void> {
  const { items } = await storage.read.resources({ workspaceId, type: 'inbox', limit: inboxesPerWorkspaceMax });
  const nowMs = clock.nowMs();
  const live = items.filter((row) => stored(row).expiresAtMs > nowMs).length;
  if (live < inboxesPerWorkspaceMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Keep at most ${inboxesPerWorkspaceMax} inboxes: there are ${live}`,
  });
}

async function insert({ committer, ids }: InboxesDeps, workspaceId: string, counted: Counted) {
  const id = ids.next('inbox');
  const key = { workspaceId, type: 'inbox', id } as const;
  const written = await committer.writeAlone(key, [counted.key], (_, atMs, { others }) => {
    const state: StoredInbox = { answer: { status: 204, delayMs: 0, body: '' }, expiresAtMs: atMs + inboxLifetimeMs };
    const resources = [counted.moved(others[0])];
    return {
      kind: 'write',
      plan: { state, alias: id, changes: [], resources },
      answer: () => ({ id, state, createdAtMs: atMs }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('An inbox carries no idempotency row');
  return written.answer;
}

async function rewrite(
  { committer }: InboxesDeps,
  { workspaceId, id }: { readonly workspaceId: string; readonly id: string },
  change: (present: StoredInbox) => StoredInbox | null,
): Promise<void> {
  await committer.write({ workspaceId, type: 'inbox', id }, (current) => {
    if (current === null) throw notFound('the inbox');
    return { kind: 'write', plan: { state: change(stored(current)), changes: [] }, answer: () => undefined };
  });
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
