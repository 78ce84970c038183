/**
 * Replays: what ended in a span of time, sent once more. The work is a duty done in pages; each page commits its
 * deliveries, its progress and the duty's next step together, so a crash repeats nothing and loses nothing, and a
 * cancelled replay stops at the page it is at (HARDENING ID-12).
 */
import type { WebhookId } from '../core/ids.ts';
import { AssetwireError } from '../core/errors.ts';
import type { DeliveryState } from '../core/delivery.ts';
import type { DeliveryQuery, NewDuty, Resource } from '../storage/storage.ts';
import type { Caller, ReplayCases, ReplayInput, ReplayView, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay as answered, type RowMaker } from './idempotency.ts';
import { notFound, unfit } from './refusals.ts';
import { storedWebhook } from './webhook-state.ts';

export type StoredReplay = {
  readonly state: 'running' | 'done' | 'cancelled';
  /** Deliveries found when it was made. */
  readonly count: number;
  /** Deliveries gone through; those of webhooks that are gone or disabled are left out of what is sent. */
  readonly done: number;
  readonly input: ReplayInput;
};

/** What a `replay` duty owes: deliveries of a replay, or changes that a webhook missed while it was disabled. */
export type ReplayPayload =
  | { readonly mode: 'replay'; readonly replayId: string; readonly cursor: string | null; readonly round: number }
  | {
      readonly mode: 'missed';
      readonly webhookId: string;
      readonly fromMs: number;
      /** Null until the first page, which ends the span at its own time. */
      readonly toMs: number | null;
      readonly cursor: string | null;
      readonly made: number;
      readonly round: number;
    };

const endedStates: readonly DeliveryState[] = ['delivered', 'rejected', 'dead', 'cancelled'];

export type ReplaysDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

export function createReplays(deps: ReplaysDeps): ReplayCases {
  const { storage, committer, ids, clock, idempotent } = deps;

  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'replay', id }]);
    if (row === undefined || row === null) throw notFound('the replay');
    return row;
  };

  return {
    async create(caller, given, idempotency) {
      const { workspaceId } = caller;
      // Ends at the latest now, so that what it sends itself is never part of it.
      const input: ReplayInput = { ...given, toMs: Math.min(given.toMs, clock.nowMs()) };
      if (!(input.fromMs < input.toMs)) throw unfit('/fromMs', 'a time before toMs, in the past', String(given.fromMs));
      if (input.webhookId !== undefined) await refuseUnable(deps, caller, input.webhookId);
      const count = await storage.read.countDeliveries(replayQuery(workspaceId, input));
      if (given.dryRun === true) {
        return {
          status: 200,
          body: { id: null, state: 'estimated', count, done: 0, input, createdAtMs: clock.nowMs() },
        };
      }
      const fingerprint = idempotency?.fingerprint ?? '';
      return idempotent.run<ReplayView>(workspaceId, idempotency, (row) =>
        createOne(deps, { caller, input, count }, { row, fingerprint }),
      );
    },

    get: async (caller, id) => replayView(await find(caller, id)),

    async list(caller, query) {
      const page = await storage.read.resources({ ...query, workspaceId: caller.workspaceId, type: 'replay' });
      return { items: page.items.map(replayView), nextCursor: page.nextCursor };
    },

    async cancel(caller, id) {
      const { workspaceId } = caller;
      await committer.writeAlone({ workspaceId, type: 'replay', id }, [], (current, atMs) => {
        if (current === null) throw notFound('the replay');
        const stored = storedReplay(current);
        if (stored.state !== 'running') return { kind: 'nothing', answer: undefined };
        return {
          kind: 'write',
          plan: {
            state: { ...stored, state: 'cancelled' },
            changes: [],
            resources: [auditWrite({ ids, caller }, { action: 'replay.cancelled', target: `replay:${id}` }, atMs)],
          },
          answer: () => undefined,
        };
      });
      return replayView(await find(caller, id));
    },
  };
}

async function createOne(
  { committer, ids }: ReplaysDeps,
  { caller, input, count }: { readonly caller: Caller; readonly input: ReplayInput; readonly count: number },
  { row, fingerprint }: { readonly row: RowMaker | undefined; readonly fingerprint: string },
): Promise<Written<ReplayView>> {
  const { workspaceId } = caller;
  const id = ids.next('replay');
  const stored: StoredReplay = { state: count === 0 ? 'done' : 'running', count, done: 0, input };
  const note = { action: 'replay.created', target: `replay:${id}`, after: { count, input } };
  const written = await committer.write<Written<ReplayView>>({ workspaceId, type: 'replay', id }, (_, atMs) => {
    const body: ReplayView = { id, ...stored, createdAtMs: atMs };
    const payload: ReplayPayload = { mode: 'replay', replayId: id, cursor: null, round: 0 };
    const duty: NewDuty = { id: ids.next('duty'), workspaceId, kind: 'replay', dueAtMs: atMs, payload };
    return {
      kind: 'write',
      plan: {
        state: stored,
        changes: [],
        duties: count === 0 ? [] : [duty],
        resources: [auditWrite({ ids, caller }, note, atMs)],
        ...(row === undefined ? {} : { idempotency: () => row(202, body) }),
      },
      answer: () => ({ status: 202, body }),
    };
  });
  return written.kind === 'done' ? written.answer : answered<ReplayView>(written.row, fingerprint);
}

async function refuseUnable({ storage }: ReplaysDeps, { workspaceId }: Caller, webhookId: string): Promise<void> {
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row === undefined || row === null) throw notFound('the webhook');
  if (storedWebhook(row).state === 'disabled') {
    throw new AssetwireError('webhook_disabled', {
      detail: 'Replay to an enabled webhook: it is disabled',
      mend: 'Enable it first',
    });
  }
}

/** What a replay goes through, as a query without its page. */
export function replayQuery(workspaceId: string, input: ReplayInput): Omit<DeliveryQuery, 'limit' | 'cursor'> {
  return {
    workspaceId,
    states: input.states ?? endedStates,
    fromMs: input.fromMs,
    toMs: input.toMs,
    order: 'oldest',
    ...(input.webhookId === undefined ? {} : { webhookId: input.webhookId as WebhookId }),
    ...(input.event === undefined ? {} : { event: input.event }),
    ...(input.subject === undefined ? {} : { subject: input.subject }),
  };
}

/** Rows of this type are written here and by the duty, in this shape. */
export function storedReplay(row: Pick<Resource, 'state'>): StoredReplay {
  return row.state as unknown as StoredReplay;
}

function replayView(row: Resource): ReplayView {
  return { id: row.id, ...storedReplay(row), createdAtMs: row.createdAtMs };
}
