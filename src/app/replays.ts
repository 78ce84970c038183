/**
 * Replays: what ended in a span of time sent once more, or what a webhook was not told of told now. The work is a duty
 * done in pages; each page commits its deliveries, its progress and the duty's next step together, so a crash repeats
 * nothing and loses nothing, and a cancelled replay stops at the page it is at (HARDENING ID-12).
 */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Webhook } from '../core/webhook.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, ReplayCases, ReplayInput, ReplayView, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay as answered, type RowMaker } from './idempotency.ts';
import { missedKinds } from './missed-kinds.ts';
import { notFound, unfit } from './refusals.ts';
import { type ReplayPayload, replayQuery, replayView, type StoredReplay, storedReplay } from './replay-state.ts';
import type { Turns } from './turns.ts';
import { storedWebhook } from './webhook-state.ts';
import { type Counted as Limited, withinLimit } from './within-limit.ts';

export type ReplaysDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'dialects'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly turns: Turns;
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
      checkInput(input);
      const webhook = input.webhookId === undefined ? null : await ableWebhook(deps, caller, input.webhookId);
      const counted = await count(deps, workspaceId, { input, webhook });
      if (given.dryRun === true) {
        const body: ReplayView = {
          id: null,
          state: 'estimated',
          ...counted,
          ...(input.of === 'missed' ? {} : { tests: await countTests(deps, workspaceId, input) }),
          done: 0,
          made: 0,
          input,
          createdAtMs: clock.nowMs(),
        };
        return { status: 200, body };
      }
      const fingerprint = idempotency?.fingerprint ?? '';
      return idempotent.run<ReplayView>(workspaceId, idempotency, (row) =>
        withinLimit<Written<ReplayView>>(
          deps,
          { workspaceId, what: 'replays' },
          {
            refuse: () => refuseTooMany(deps, workspaceId),
            make: (limited) => createOne(deps, { caller, input, counted, limited }, { row, fingerprint }),
          },
        ),
      );
    },

    get: async (caller, id) => replayView(await find(caller, id)),

    async list(caller, { state, webhookId, ...query }) {
      const where = { ...(state === undefined ? {} : { state }), ...(webhookId === undefined ? {} : { webhookId }) };
      const page = await storage.read.resources({ ...query, workspaceId: caller.workspaceId, type: 'replay', where });
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
            state: { ...stored, state: 'cancelled', endedAtMs: atMs },
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

function checkInput(input: ReplayInput): void {
  if (!(input.fromMs < input.toMs)) throw unfit('/fromMs', 'a time before toMs, in the past', String(input.fromMs));
  if (input.assetId !== undefined && input.subject !== undefined) {
    throw unfit('/subject', 'either assetId or subject', 'both');
  }
  if (input.of !== 'missed') return;
  if (input.webhookId === undefined) throw unfit('/webhookId', 'the webhook that missed them', 'none');
  for (const field of ['states', 'event', 'status', 'outcomes'] as const) {
    if (input[field] !== undefined) throw unfit(`/${field}`, 'nothing: what was missed has no delivery yet', 'a value');
  }
}

/**
 * How much it will go through. Where folders or collections are asked for, changes have to be looked into: up to a bound
 * that is done, beyond it the count is that of everything in the span.
 */
async function count(
  { storage, dialects }: ReplaysDeps,
  workspaceId: string,
  { input, webhook }: { readonly input: ReplayInput; readonly webhook: Webhook | null },
): Promise<Pick<StoredReplay, 'count' | 'exact'>> {
  if (input.of === 'missed' && webhook !== null) {
    const subject = input.assetId === undefined ? input.subject : `asset:${input.assetId}`;
    const changes = await storage.read.countChanges({
      workspaceId,
      kinds: missedKinds(dialects, webhook),
      fromMs: input.fromMs,
      toMs: input.toMs,
      ...(subject === undefined ? {} : { subject }),
    });
    return { count: changes, exact: false };
  }
  const { change, ...query } = replayQuery(workspaceId, input);
  const all = await storage.read.countDeliveries(query);
  if (change === undefined) return { count: all, exact: true };
  if (all > limits.replayCountedMax) return { count: all, exact: false };
  return { count: await storage.read.countDeliveries({ ...query, change }), exact: true };
}

/** What fits but is left out: sent again, it would look like news. */
async function countTests({ storage }: ReplaysDeps, workspaceId: string, input: ReplayInput): Promise<number> {
  const { change: _, firstOnly: __, ...query } = replayQuery(workspaceId, input);
  return storage.read.countDeliveries({ ...query, origins: ['test'] });
}

async function refuseTooMany({ storage }: ReplaysDeps, workspaceId: string): Promise<void> {
  const { replaysRunningMax } = limits;
  const where = { state: 'running' };
  const running = await storage.read.resources({ workspaceId, type: 'replay', where, limit: replaysRunningMax });
  if (running.items.length < replaysRunningMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Run at most ${replaysRunningMax} replays at a time: so many are under way`,
    mend: 'Wait for one to end, or cancel one',
  });
}

/** A replay about to be committed, with the duty that does it; for whoever commits it together with something else. */
export function newReplay(
  { ids }: Pick<AppDeps, 'ids'>,
  workspaceId: string,
  {
    input,
    counted,
    atMs,
  }: {
    readonly input: ReplayInput;
    readonly counted: Pick<StoredReplay, 'count' | 'exact'>;
    readonly atMs: number;
  },
): { readonly id: string; readonly state: StoredReplay; readonly duty: NewDuty | null } {
  const id = ids.next('replay');
  const nothing = counted.count === 0;
  const state: StoredReplay = {
    state: nothing ? 'done' : 'running',
    ...counted,
    done: 0,
    made: 0,
    input,
    webhookId: input.webhookId ?? '',
    ...(nothing ? { endedAtMs: atMs } : {}),
  };
  const mode = input.of === 'missed' ? 'missed' : 'replay';
  const payload: ReplayPayload = { mode, replayId: id, cursor: null, round: 0 };
  const duty: NewDuty = { id: ids.next('duty'), workspaceId, kind: 'replay', dueAtMs: atMs, payload };
  return { id, state, duty: nothing ? null : duty };
}

type Counted = Pick<StoredReplay, 'count' | 'exact'>;
type NewReplay = {
  readonly caller: Caller;
  readonly input: ReplayInput;
  readonly counted: Counted;
  readonly limited: Limited;
};

async function createOne(
  { committer, ids, clock }: ReplaysDeps,
  { caller, input, counted, limited }: NewReplay,
  { row, fingerprint }: { readonly row: RowMaker | undefined; readonly fingerprint: string },
): Promise<Written<ReplayView>> {
  const { workspaceId } = caller;
  const made = newReplay({ ids }, workspaceId, { input, counted, atMs: clock.nowMs() });
  const { id, state, duty } = made;
  const note = { action: 'replay.created', target: `replay:${id}`, after: { count: counted.count, input } };
  const written = await committer.writeAlone<Written<ReplayView>>(
    { workspaceId, type: 'replay', id },
    [limited.key],
    (_, atMs, { others }) => {
      const body = replayView({ id, state, createdAtMs: atMs });
      return {
        kind: 'write',
        plan: {
          state,
          changes: [],
          duties: duty === null ? [] : [{ ...duty, dueAtMs: atMs }],
          resources: [limited.moved(others[0]), auditWrite({ ids, caller }, note, atMs)],
          ...(row === undefined ? {} : { idempotency: () => row(202, body) }),
        },
        answer: () => ({ status: 202, body }),
      };
    },
  );
  return written.kind === 'done' ? written.answer : answered<ReplayView>(written.row, fingerprint);
}

async function ableWebhook({ storage }: ReplaysDeps, { workspaceId }: Caller, webhookId: string): Promise<Webhook> {
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row === undefined || row === null) throw notFound('the webhook');
  const webhook = storedWebhook(row);
  if (webhook.state !== 'disabled') return webhook;
  throw new AssetwireError('webhook_disabled', {
    detail: 'Replay to an enabled webhook: it is disabled',
    mend: 'Enable it first',
  });
}
