/**
 * Asking an endpoint whether it wants deliveries, where its dialect demands that (`Manifest.handshake`). Until the answer
 * is yes the webhook is `pending`: it is told nothing, and nothing is kept for it. The question is a delivery like every
 * other, with its attempts in the log; the answer comes with it, or later by a link of ours that it carried.
 *
 * A duty goes with each webhook that is asked: it asks again where a crash lost an answer, gives up when the time is over,
 * and, where the dialect says so, asks again now and then while deliveries go on. At most one question is under way: a
 * newer one, and a consent that came by the link, end the one before.
 */
import { AssetwireError } from '../core/errors.ts';
import type { DeliveryId, WebhookId } from '../core/ids.ts';
import { policyBounds } from '../core/policy-resolution.ts';
import type { Consent } from '../core/verdict.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Handshake } from '../dialects/contract/manifest.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty, NewDuty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import { DutyGone } from './committer.ts';
import { drawToken, handshakeByToken } from './consent-token.ts';
import type { AppDeps } from './dependencies.ts';
import { askedConsent, consentLinkWrite, consentState, storedConsent } from './lasting-consent.ts';
import type { Matching } from './matching.ts';
import { operationalChange } from './operational.ts';
import type { Decision, Plan } from './plan.ts';
import { createQuestionRate } from './question-rate.ts';
import { notFound } from './refusals.ts';
import type { Turns } from './turns.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';
import { webhookTurn } from './webhook-turn.ts';
import { storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';

export type HandshakeDeps = Pick<
  AppDeps,
  'storage' | 'dialects' | 'ids' | 'clock' | 'random' | 'engine' | 'settings'
> & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly turns: Turns;
};

export const unsubscribedReason = 'The endpoint ended it by the link in a message';

/** What the `handshake` duty owes. */
export type HandshakePayload = { readonly webhookId: string; readonly askedAtMs: number };

const system = { type: 'system', id: 'assetwire' } as const;

/** What asking adds to the commit of a webhook. */
export type Question = Required<Pick<Plan, 'addressed' | 'tasks' | 'duties' | 'orders'>> & {
  readonly resources: readonly ResourceWrite[];
};

/** What a question is asked on: the version of the webhook, and the row of the question before, if there was one. */
export type Asking = { readonly version: number; readonly atMs: number; readonly before: Resource | null };

export interface Handshakes {
  /** The question to a webhook that is saved in the same commit; null where its dialect asks none. Throws `too_many_requests`. */
  question(webhook: Webhook, asking: Asking): Question | null;
  /** The endpoint consents: deliveries begin, or go on, at most as fast as it allows. */
  confirm(workspaceId: string, webhookId: string, consent: Consent): Promise<void>;
  /** The same, by the token of the link that the question carried. Throws `not_found`. */
  confirmByToken(token: string, consent: Consent): Promise<void>;
  readonly duty: DutyHandler;
}

export function createHandshakes(deps: HandshakeDeps): Handshakes {
  const count = createQuestionRate(deps);
  return {
    question(webhook, asking) {
      if (handshakeOf(deps, webhook) !== null) count(webhook.target);
      return ask(deps, webhook, asking);
    },
    confirm: (workspaceId, webhookId, consent) =>
      deps.turns.take(webhookTurn(workspaceId), () => confirm(deps, { workspaceId, webhookId }, consent)),
    async confirmByToken(token, consent) {
      const row = await handshakeByToken(deps, token);
      // One that lasts has a time of its own, and is confirmed by its own cases.
      if (row === null || storedConsent(row) !== null) throw notFound('the question that this answers');
      const webhook = { workspaceId: row.workspaceId, type: 'webhook', id: row.id } as const;
      const [asked] = await deps.storage.resources([webhook]);
      if (asked === undefined || asked === null) throw notFound('the question that this answers');
      const { workspaceId, id: webhookId } = row;
      await deps.turns.take(webhookTurn(workspaceId), () => confirm(deps, { workspaceId, webhookId }, consent));
    },
    duty: (duty) => deps.turns.take(webhookTurn(duty.workspaceId), () => attend(deps, duty)),
  };
}

export function handshakeOf({ dialects }: Pick<AppDeps, 'dialects'>, webhook: Webhook): Handshake | null {
  return dialects.get(webhook.dialect)?.manifest.handshake ?? null;
}

/** Where it stands that an endpoint was asked, and which delivery the question is. */
export function handshakeKey(workspaceId: string, webhookId: string): ResourceKey {
  return { workspaceId, type: 'handshake', id: webhookId };
}

/** Ends the question before, which nobody can answer any more; left alone where it has ended by itself. */
function ending(before: Resource | null, reason: string): NonNullable<Plan['orders']> {
  const deliveryId = before?.state['deliveryId'];
  return typeof deliveryId === 'string' ? [{ kind: 'cancel', deliveryId: deliveryId as DeliveryId, reason }] : [];
}

function ask(deps: HandshakeDeps, webhook: Webhook, { version, atMs, before }: Asking): Question | null {
  const handshake = handshakeOf(deps, webhook);
  if (handshake === null) return null;
  const { workspaceId, id } = webhook;
  const event = {
    kind: 'webhook.confirmation_requested',
    actor: system,
    before: webhook,
    after: webhook,
    version,
  } as const;
  const change = operationalChange(deps.ids, event, atMs);
  const { token, alias } = drawToken(deps, handshake);
  const notification = { event: handshake.event, frozen: { token, publicUrl: deps.settings.publicUrl() } };
  const delivery = deps.matching.delivery(change, webhook, { notification, origin: 'handshake', atMs });
  const task: DeliveryTask = { delivery, change };
  const payload: HandshakePayload = { webhookId: id, askedAtMs: atMs };
  const duty: NewDuty = {
    id: deps.ids.next('duty'),
    workspaceId,
    kind: 'handshake',
    dueAtMs: atMs + (handshake.askAgainMs ?? handshake.expiresMs),
    payload,
  };
  return {
    addressed: [change],
    tasks: [task],
    duties: [duty],
    orders: ending(before, 'asked-anew'),
    resources: [
      {
        type: 'handshake',
        id,
        expectedVersion: 'any',
        state:
          handshake.lasting === true
            ? consentState(askedConsent(handshake, atMs, delivery.id))
            : { askedAtMs: atMs, deliveryId: delivery.id },
        alias,
      },
      ...(handshake.lasting === true ? [consentLinkWrite(id)] : []),
    ],
  };
}

type Asked = { readonly workspaceId: string; readonly webhookId: string };

async function confirm(deps: HandshakeDeps, { workspaceId, webhookId }: Asked, consent: Consent): Promise<void> {
  const { committer, ids } = deps;
  let changed = false;
  const key = { workspaceId, type: 'webhook', id: webhookId } as const;
  const asked = handshakeKey(workspaceId, webhookId);
  await committer.writeAlone(key, [asked], (current, atMs, { others, index }) => {
    changed = false;
    if (current === null) return { kind: 'nothing', answer: undefined };
    const before = storedWebhook(current);
    const policy = allowed(before, consent);
    // Switched off by hand meanwhile: it stays so, and is asked again when it is switched on.
    if (before.state === 'disabled') return { kind: 'nothing', answer: undefined };
    // By the link: what is still being tried of the question would find no answer any more and end dead.
    const orders = ending(others[0] ?? null, 'consented');
    if (before.state === 'enabled' && policy === before.policy) {
      if (orders.length === 0) return { kind: 'nothing', answer: undefined };
      return { kind: 'write', plan: { changes: [], orders }, answer: () => undefined };
    }
    changed = true;
    const { stateReason: _, ...kept } = webhookBody(before);
    const body: WebhookBody = {
      ...kept,
      policy,
      ...(before.state === 'pending' ? { state: 'enabled' as const, stateChangedAtMs: atMs } : {}),
    };
    const after: Webhook = { ...before, ...body };
    const event = { kind: 'webhook.enabled', actor: system, before, after, version: current.version + 1 } as const;
    const note = { action: 'webhook.confirmed', target: `webhook:${webhookId}`, after: { ...consent } };
    return {
      kind: 'write',
      plan: {
        state: webhookState(body, index.revision + 1),
        changes: before.state === 'pending' ? [operationalChange(ids, event, atMs)] : [],
        webhooksRevision: index.revision,
        orders,
        resources: [auditWrite({ ids, caller: { actor: system, keyId: 'system' } }, note, atMs)],
      },
      answer: () => undefined,
    };
  });
  if (changed) told(deps, workspaceId, webhookId);
}

/** Never faster than the endpoint allows; the same object where nothing differs. */
function allowed({ policy }: Webhook, { requestsPerSecondMax: rate }: Consent): Webhook['policy'] {
  const own = policy.requestsPerSecondMax ?? null;
  const [least, most] = policyBounds.requestsPerSecondMax;
  // More than we could ever send is no bound; less than a policy can say is its slowest.
  if (rate === null || rate > most) return policy;
  const bound = Math.max(least, rate);
  return own !== null && own <= bound ? policy : { ...policy, requestsPerSecondMax: bound };
}

async function attend(deps: HandshakeDeps, duty: Duty): Promise<void> {
  const { workspaceId } = duty;
  const { webhookId, askedAtMs } = duty.payload as HandshakePayload;
  const fulfils = { dutyId: duty.id, version: duty.version };
  const done = { kind: 'write', plan: { changes: [], fulfils }, answer: () => undefined } as const;
  let changed = false;
  try {
    const key = { workspaceId, type: 'webhook', id: webhookId } as const;
    const asked = handshakeKey(workspaceId, webhookId);
    await deps.committer.writeAlone(key, [asked], (current, atMs, { others, index }) => {
      changed = false;
      const before = others[0] ?? null;
      const webhook = current === null ? null : storedWebhook(current);
      const handshake = webhook === null ? null : handshakeOf(deps, webhook);
      if (current === null || webhook === null || handshake === null || webhook.state === 'disabled') return done;
      if (webhook.state === 'pending' && atMs - askedAtMs >= handshake.expiresMs) {
        changed = true;
        return givenUp(deps, { current, webhook, before, atMs }, { index, fulfils });
      }
      if (webhook.state === 'enabled' && handshake.repeatMs === null) return done;
      // Asked once; where it was asked anew since, that question has a duty of its own.
      if (handshake.lasting === true) return done;
      const question = ask(deps, webhook, { version: current.version, atMs, before });
      if (question === null) return done;
      const againMs = handshake.askAgainMs ?? handshake.expiresMs;
      const dueAtMs = atMs + (webhook.state === 'enabled' ? (handshake.repeatMs ?? 0) : againMs);
      const payload: HandshakePayload = { webhookId, askedAtMs: webhook.state === 'pending' ? askedAtMs : atMs };
      return {
        kind: 'write',
        plan: {
          changes: [],
          addressed: question.addressed,
          tasks: question.tasks,
          orders: question.orders,
          duties: question.duties.map((next) => ({ ...next, dueAtMs, payload })),
          resources: question.resources,
          fulfils,
        },
        answer: () => undefined,
      };
    });
  } catch (error) {
    if (!(error instanceof DutyGone)) throw error;
  }
  if (changed) told(deps, workspaceId, webhookId);
}

type GivingUp = {
  readonly current: Resource;
  readonly webhook: Webhook;
  readonly before: Resource | null;
  readonly atMs: number;
};

/** Nobody consented in time, or the endpoint ended it and did not take that back. */
function givenUp(
  deps: HandshakeDeps,
  { current, webhook, before, atMs }: GivingUp,
  { index, fulfils }: { readonly index: WorkspaceIndex; readonly fulfils: NonNullable<Plan['fulfils']> },
): Decision<undefined> {
  const unsubscribed = (storedConsent(before)?.unsubscribedAtMs ?? null) !== null;
  const reason = unsubscribed ? unsubscribedReason : 'The endpoint did not consent in time';
  const body: WebhookBody = {
    ...webhookBody(webhook),
    state: 'disabled',
    stateReason: reason,
    stateChangedAtMs: atMs,
  };
  const after: Webhook = { ...webhook, ...body };
  const version = current.version + 1;
  const event = { kind: 'webhook.disabled', actor: system, before: webhook, after, version } as const;
  return {
    kind: 'write',
    plan: {
      state: webhookState(body, index.revision + 1),
      changes: [operationalChange(deps.ids, event, atMs)],
      webhooksRevision: index.revision,
      orders: ending(before, 'no-consent'),
      ...(unsubscribed ? { duties: [cancelling(deps, webhook)] } : {}),
      fulfils,
    },
    answer: () => undefined,
  };
}

function told({ matching, engine }: HandshakeDeps, workspaceId: string, webhookId: string): void {
  matching.outdated(workspaceId);
  engine.webhookChanged(workspaceId, webhookId as WebhookId);
}

/** What was still pending when the endpoint ended it is wanted by nobody. */
function cancelling({ ids, clock }: HandshakeDeps, { workspaceId, id }: Webhook): NewDuty {
  const payload = { webhookId: id, reason: unsubscribedReason, then: null };
  return { id: ids.next('duty'), workspaceId, kind: 'cancel', dueAtMs: clock.nowMs(), payload };
}

/** How often an endpoint allows to be called, as text of its answer: a number per minute, or `*` for as often as we like. */
export function consentOf(perMinute: string | undefined): Consent {
  if (perMinute === undefined || perMinute.trim() === '*' || perMinute.trim() === '')
    return { requestsPerSecondMax: null };
  const rate = Number(perMinute);
  if (!(rate > 0) || !Number.isFinite(rate)) {
    throw new AssetwireError('invalid_request', {
      detail: `Allow a number of calls per minute, or *: got "${perMinute.slice(0, 40)}"`,
    });
  }
  return { requestsPerSecondMax: rate / 60 };
}

/** What a webhook is saved as where it must be asked first. */
export function pendingBody(body: WebhookBody, atMs: number): WebhookBody {
  const { stateReason: _, ...kept } = body;
  return { ...kept, state: 'pending', stateChangedAtMs: atMs };
}

/** What a question adds to a plan beside its row. */
export function questionPlan(
  question: Question | null,
  /** Owed beside it. */
  owed: readonly NewDuty[] = [],
): Pick<Plan, 'addressed' | 'tasks' | 'duties' | 'orders'> {
  if (question === null) return owed.length === 0 ? {} : { duties: owed };
  const { addressed, tasks, duties, orders } = question;
  return { addressed, tasks, orders, duties: [...duties, ...owed] };
}
