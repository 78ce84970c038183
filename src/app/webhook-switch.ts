/**
 * Switching webhooks on and off. Off: what is pending is held (one row is written, however much that is), nothing new is
 * made, and what is missed is counted. On: held deliveries are sent or cancelled, missed changes replayed or skipped.
 * Cancelling comes before enabling, so that nothing that was to be cancelled is sent: few are cancelled at once, many by
 * a duty that enables the webhook when it is done.
 */
import type { Actor } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import { resolvePolicy } from '../core/policy-resolution.ts';
import type { Webhook } from '../core/webhook.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller, Enabled, ReplayInput } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { cancelPending } from './cancel-pending.ts';
import { type ConsentState, hasConsented, storedConsent } from './lasting-consent.ts';
import type { Matching } from './matching.ts';
import { operationalChange } from './operational.ts';
import { notFound } from './refusals.ts';
import { newReplay } from './replays.ts';
import type { Turns } from './turns.ts';
import type { Plan } from './plan.ts';
import { handshakeKey, type Handshakes, pendingBody, type Question, questionPlan } from './webhook-handshake.ts';
import { storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';
import { webhookTurn } from './webhook-turn.ts';

export type EnableOptions = { readonly held?: 'send' | 'cancel'; readonly missed?: 'replay' | 'skip' };

/** Who switches: a caller, or the server by itself. */
export type SwitchedBy = Pick<Caller, 'workspaceId' | 'actor' | 'keyId' | 'from'>;

export interface WebhookSwitch {
  enable(by: SwitchedBy, id: string, options: EnableOptions): Promise<Enabled>;
  disable(by: SwitchedBy, id: string, reason: string | undefined): Promise<void>;
  /** Switched off by a rule of delivery; with a notice. Nothing happens where it is off already. */
  disableByRule(
    order: { readonly workspaceId: string; readonly id: string; readonly reason: string },
    notice: (webhook: Webhook, atMs: number) => Recorded,
  ): Promise<void>;
}

/** What tells of a switch, committed with it: its audit row, or a notice with the duty to tell it on. */
type Recorded = { readonly resource: ResourceWrite; readonly duty?: NewDuty };

export type SwitchDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'clock' | 'engine'> & {
  readonly handshakes: Pick<Handshakes, 'question'>;
  readonly committer: Committer;
  readonly matching: Matching;
  readonly turns: Turns;
};

/** What a `cancel` duty owes: end what is pending for a webhook, then perhaps enable it. */
export type CancelPayload = {
  readonly webhookId: string;
  readonly reason: string;
  readonly then: null | { readonly missed: 'replay' | 'skip'; readonly actor: Actor; readonly keyId: string };
};

/** Deliveries that `enable` cancels itself before it leaves the rest to a duty. */
const cancelledInlineMax = 5_000;
/** A change accepted before the enabling may be committed, and counted as missed, with a slightly later time. */
const missedEdgeMs = 10_000;
const cancelReason = 'Cancelled when the webhook was enabled';

export function createWebhookSwitch(deps: SwitchDeps): WebhookSwitch {
  const { ids, turns } = deps;
  const system = { actor: { type: 'system', id: 'assetwire' }, keyId: 'system' } as const;
  return {
    disable: (by, id, reason = 'Disabled by hand') =>
      turns.take(webhookTurn(by.workspaceId), () =>
        disable(deps, { by, id, reason }, (_, atMs) => ({
          resource: auditWrite({ ids, caller: by }, { action: 'webhook.disabled', target: `webhook:${id}` }, atMs),
        })),
      ),

    disableByRule: ({ workspaceId, id, reason }, notice) =>
      turns.take(webhookTurn(workspaceId), () => disable(deps, { by: { workspaceId, ...system }, id, reason }, notice)),

    enable: (by, id, options) => turns.take(webhookTurn(by.workspaceId), () => enable(deps, { by, id }, options)),
  };
}

type Switching = { readonly by: SwitchedBy; readonly id: string };

async function disable(
  deps: SwitchDeps,
  { by, id, reason }: Switching & { readonly reason: string },
  record: (webhook: Webhook, atMs: number) => Recorded,
): Promise<void> {
  const { workspaceId, actor } = by;
  await deps.committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (current, atMs, { index }) => {
    if (current === null) throw notFound('the webhook');
    const before = storedWebhook(current);
    if (before.state === 'disabled') return { kind: 'nothing', answer: undefined };
    const body: WebhookBody = {
      ...webhookBody(before),
      state: 'disabled',
      stateReason: reason,
      stateChangedAtMs: atMs,
    };
    const after: Webhook = { ...before, ...body };
    const event = { kind: 'webhook.disabled', actor, before, after, version: current.version + 1 } as const;
    const { resource, duty } = record(after, atMs);
    return {
      kind: 'write',
      plan: {
        state: webhookState(body, index.revision + 1),
        changes: [operationalChange(deps.ids, event, atMs)],
        webhooksRevision: index.revision,
        resources: [resource],
        ...(duty === undefined ? {} : { duties: [duty] }),
      },
      answer: () => undefined,
    };
  });
  switched(deps, workspaceId, id);
}

async function enable(deps: SwitchDeps, { by, id }: Switching, { held, missed }: EnableOptions): Promise<Enabled> {
  const { workspaceId } = by;
  const [row] = await deps.storage.resources([{ workspaceId, type: 'webhook', id }]);
  if (row === undefined || row === null) throw notFound('the webhook');
  const webhook = storedWebhook(row);
  const usual = usualOnEnable(deps, webhook);
  const then = missed ?? usual.missed;
  const waits = held ?? usual.held;
  if (webhook.state === 'enabled') return { ...enabledAlready(waits, then) };
  const webhookId = id as WebhookId;
  const count = await deps.storage.read.countDeliveries({ workspaceId, webhookId, states: ['pending', 'held'] });
  if (waits === 'cancel') {
    const order = { workspaceId, webhookId, reason: cancelReason, countMax: cancelledInlineMax };
    if (!(await cancelPending(deps, order))) {
      await cancelLater(deps, { by, id }, then);
      const counter = await missedBy(deps, workspaceId, webhookId);
      return { held: { done: 'cancelling', count }, missed: { done: doneWith(then), count: counter } };
    }
  }
  const told = await enableNow(deps, { by, id }, then);
  return { held: { done: waits === 'cancel' ? 'cancelled' : 'sent', count }, missed: told };
}

function enabledAlready(held: 'send' | 'cancel', missed: 'replay' | 'skip'): Enabled {
  return {
    held: { done: held === 'cancel' ? 'cancelled' : 'sent', count: 0 },
    missed: { done: doneWith(missed), count: 0 },
  };
}

function doneWith(missed: 'replay' | 'skip'): Enabled['missed']['done'] {
  return missed === 'replay' ? 'replayed' : 'skipped';
}

async function missedBy({ storage }: SwitchDeps, workspaceId: string, id: WebhookId): Promise<number> {
  const counters = await storage.read.missed(workspaceId);
  return counters.find(({ webhookId }) => webhookId === id)?.count ?? 0;
}

async function enableNow(
  deps: SwitchDeps,
  { by, id }: Switching,
  missed: 'replay' | 'skip',
): Promise<Enabled['missed']> {
  const { workspaceId, actor } = by;
  const { committer, ids } = deps;
  const count = await missedBy(deps, workspaceId, id as WebhookId);
  let told: Enabled['missed'] = { done: doneWith(missed), count };
  const asked = handshakeKey(workspaceId, id);
  await committer.writeAlone({ workspaceId, type: 'webhook', id }, [asked], (current, atMs, { others, index }) => {
    if (current === null) throw notFound('the webhook');
    const before = storedWebhook(current);
    if (before.state === 'enabled') return { kind: 'nothing', answer: undefined };
    if (before.state === 'pending') return { kind: 'nothing', answer: undefined };
    const { stateReason: _, ...kept } = webhookBody(before);
    const consent = storedConsent(others[0]);
    const waits = consent !== null && resumed(consent, atMs) === 'pending';
    const asks = consent === null && deps.dialects.get(before.dialect)?.manifest.handshake !== undefined;
    const body: WebhookBody =
      asks || waits ? pendingBody(webhookBody(before), atMs) : { ...kept, state: 'enabled', stateChangedAtMs: atMs };
    const after: Webhook = { ...before, ...body };
    const version = current.version + 1;
    const asking = { version, atMs, before: others[0] ?? null };
    const question = asks ? deps.handshakes.question({ ...after, revision: version }, asking) : null;
    const event = { kind: 'webhook.enabled', actor, before, after, version } as const;
    const note = { action: 'webhook.enabled', target: `webhook:${id}`, after: { missed } };
    const replay = missed === 'replay' && count > 0 ? missedReplay(deps, before, { count, atMs }) : null;
    told = { done: doneWith(missed), count, ...(replay === null ? {} : { replayId: replay.id }) };
    return {
      kind: 'write',
      plan: {
        state: webhookState(body, index.revision + 1),
        // Of one that has to be asked first, it is told when it has consented.
        changes: asks || waits ? [] : [operationalChange(ids, event, atMs)],
        webhooksRevision: index.revision,
        resources: [
          ...(question?.resources ?? []),
          auditWrite({ ids, caller: by }, note, atMs),
          ...(replay === null
            ? []
            : [{ type: 'replay' as const, id: replay.id, expectedVersion: 0, state: replay.state }]),
        ],
        ...questionPlan(question),
        ...dutiesOf(question, replay?.duty ?? null),
        ...(count === 0 ? {} : { missed: [{ webhookId: before.id, count: -count }] }),
      },
      answer: () => undefined,
    };
  });
  switched(deps, workspaceId, id);
  return told;
}

/** One that confirmed need not do it again; one that still may is waited for. */
function resumed(consent: ConsentState, atMs: number): 'enabled' | 'pending' {
  if (hasConsented(consent)) return 'enabled';
  if (atMs < consent.expiresAtMs) return 'pending';
  throw new AssetwireError('not_confirmed', {
    detail:
      consent.unsubscribedAtMs === null
        ? 'Enable a webhook that its endpoint confirmed: the time to confirm this one is over'
        : 'Enable a webhook that its endpoint wants: it ended this one by the link in a message',
  });
}

function dutiesOf(question: Question | null, replay: NewDuty | null): Pick<Plan, 'duties'> {
  const duties = [...(question?.duties ?? []), ...(replay === null ? [] : [replay])];
  return duties.length === 0 ? {} : { duties };
}

/** From the moment it was disabled on. What is committed while this is decided is told by its own commit. */
function missedReplay(
  { ids }: SwitchDeps,
  webhook: Webhook,
  { count, atMs }: { readonly count: number; readonly atMs: number },
): ReturnType<typeof newReplay> {
  const input: ReplayInput = {
    of: 'missed',
    webhookId: webhook.id,
    fromMs: webhook.stateChangedAtMs,
    toMs: atMs + missedEdgeMs,
  };
  return newReplay({ ids }, webhook.workspaceId, { input, counted: { count, exact: false }, atMs });
}

/** Leaves the cancelling of many deliveries, and what follows it, to a duty. */
async function cancelLater(
  { committer, ids }: SwitchDeps,
  { by, id }: Switching,
  missed: 'replay' | 'skip',
): Promise<void> {
  const { workspaceId, actor, keyId } = by;
  const payload: CancelPayload = { webhookId: id, reason: cancelReason, then: { missed, actor, keyId } };
  await committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (_, atMs) => ({
    kind: 'write',
    plan: { changes: [], duties: [{ id: ids.next('duty'), workspaceId, kind: 'cancel', dueAtMs: atMs, payload }] },
    answer: () => undefined,
  }));
}

function switched({ matching, engine }: SwitchDeps, workspaceId: string, id: string): void {
  matching.outdated(workspaceId);
  engine.webhookChanged(workspaceId, id as WebhookId);
}

function usualOnEnable({ dialects }: Pick<AppDeps, 'dialects'>, webhook: Webhook): Required<EnableOptions> {
  const dialect = dialects.get(webhook.dialect);
  if (dialect === undefined) return { held: 'send', missed: 'skip' };
  return resolvePolicy(
    { ...dialect.manifest.policy, ...dialect.manifest.policyByTransport?.[webhook.target.transport] },
    webhook.policy,
  ).onEnable;
}
