/**
 * Switching webhooks on and off. Off: what is pending is held (one row is written, however much that is), nothing new is
 * made, and what is missed is counted. On: held deliveries are sent or cancelled, missed changes replayed or skipped.
 * Cancelling comes before enabling, so that nothing that was to be cancelled is sent: few are cancelled at once, many by
 * a duty that enables the webhook when it is done.
 */
import type { Actor } from '../core/change.ts';
import type { WebhookId } from '../core/ids.ts';
import { resolvePolicy } from '../core/policy-resolution.ts';
import type { Webhook } from '../core/webhook.ts';
import type { NewDuty, ResourceWrite } from '../storage/storage.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { cancelPending } from './cancel-pending.ts';
import type { Matching } from './matching.ts';
import { operationalChange } from './operational.ts';
import { notFound } from './refusals.ts';
import type { Turns } from './turns.ts';
import { storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';
import { webhookTurn } from './webhook-turn.ts';

export type EnableOptions = { readonly held?: 'send' | 'cancel'; readonly missed?: 'replay' | 'skip' };

export interface WebhookSwitch {
  enable(caller: Pick<Caller, 'workspaceId' | 'actor' | 'keyId'>, id: string, options: EnableOptions): Promise<void>;
  disable(
    caller: Pick<Caller, 'workspaceId' | 'actor' | 'keyId'>,
    id: string,
    reason: string | undefined,
  ): Promise<void>;
  /** Switched off by a rule of delivery; with a notice. Nothing happens where it is off already. */
  disableByRule(
    workspaceId: string,
    id: string,
    reason: string,
    notice: (webhook: Webhook, atMs: number) => ResourceWrite,
  ): Promise<void>;
}

export type SwitchDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'clock' | 'engine'> & {
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

export function createWebhookSwitch(deps: SwitchDeps): WebhookSwitch {
  const { storage, committer, matching, ids, turns } = deps;

  const switched = (workspaceId: string, id: string): void => {
    matching.outdated(workspaceId);
    deps.engine.webhookChanged(workspaceId, id as WebhookId);
  };

  const disable = async (
    by: { readonly workspaceId: string; readonly actor: Actor },
    id: string,
    reason: string,
    resources: (webhook: Webhook, atMs: number) => readonly ResourceWrite[],
  ): Promise<void> => {
    const { workspaceId } = by;
    await turns.take(webhookTurn(workspaceId), () =>
      committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (current, atMs, { index }) => {
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
        const change = operationalChange(
          ids,
          'webhook.disabled',
          by.actor,
          { before, after, version: current.version + 1 },
          atMs,
        );
        return {
          kind: 'write',
          plan: {
            state: webhookState(body, index.revision + 1),
            changes: [change],
            webhooksRevision: index.revision,
            resources: resources(after, atMs),
          },
          answer: () => undefined,
        };
      }),
    );
    switched(workspaceId, id);
  };

  const enableNow = async (
    by: { readonly workspaceId: string; readonly actor: Actor; readonly keyId: string },
    id: string,
    missed: 'replay' | 'skip' | undefined,
  ): Promise<void> => {
    const { workspaceId } = by;
    const counters = await storage.read.missed(workspaceId);
    const count = counters.find(({ webhookId }) => webhookId === id)?.count ?? 0;
    await committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (current, atMs, { index }) => {
      if (current === null) throw notFound('the webhook');
      const before = storedWebhook(current);
      if (before.state === 'enabled') return { kind: 'nothing', answer: undefined };
      const { stateReason: _, ...kept } = webhookBody(before);
      const body: WebhookBody = { ...kept, state: 'enabled', stateChangedAtMs: atMs };
      const after: Webhook = { ...before, ...body };
      const replayed = missed ?? policyOf(deps, before).onEnable.missed;
      const duty: NewDuty = {
        id: ids.next('duty'),
        workspaceId,
        kind: 'replay',
        dueAtMs: atMs,
        payload: {
          mode: 'missed',
          webhookId: id,
          fromMs: before.stateChangedAtMs,
          toMs: null,
          cursor: null,
          made: 0,
          round: 0,
        },
      };
      return {
        kind: 'write',
        plan: {
          state: webhookState(body, index.revision + 1),
          changes: [
            operationalChange(ids, 'webhook.enabled', by.actor, { before, after, version: current.version + 1 }, atMs),
          ],
          webhooksRevision: index.revision,
          resources: [
            auditWrite(
              ids,
              by,
              { action: 'webhook.enabled', target: `webhook:${id}`, after: { missed: replayed } },
              atMs,
            ),
          ],
          ...(replayed === 'replay' && count > 0 ? { duties: [duty] } : {}),
          ...(count === 0 ? {} : { missed: [{ webhookId: id as WebhookId, count: -count }] }),
        },
        answer: () => undefined,
      };
    });
    switched(workspaceId, id);
  };

  return {
    disable: (caller, id, reason) =>
      disable(caller, id, reason ?? 'Disabled by hand', (_, atMs) => [
        auditWrite(ids, caller, { action: 'webhook.disabled', target: `webhook:${id}` }, atMs),
      ]),

    disableByRule: (workspaceId, id, reason, notice) =>
      disable({ workspaceId, actor: { type: 'system', id: 'assetwire' } }, id, reason, (webhook, atMs) => [
        notice(webhook, atMs),
      ]),

    async enable(caller, id, { held, missed }) {
      const { workspaceId } = caller;
      const by = { workspaceId, actor: caller.actor, keyId: caller.keyId };
      await turns.take(webhookTurn(workspaceId), async () => {
        const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
        if (row === undefined || row === null) throw notFound('the webhook');
        const webhook = storedWebhook(row);
        if (webhook.state === 'enabled') return;
        const onEnable = policyOf(deps, webhook).onEnable;
        if ((held ?? onEnable.held) === 'cancel') {
          const reason = 'Cancelled when the webhook was enabled';
          const done = await cancelPending(deps, workspaceId, id as WebhookId, reason, cancelledInlineMax);
          if (!done) {
            const then = { missed: missed ?? onEnable.missed, actor: by.actor, keyId: by.keyId };
            return owe(deps, workspaceId, { webhookId: id, reason, then });
          }
        }
        return enableNow(by, id, missed);
      });
    },
  };
}

/** Leaves the cancelling of many deliveries, and what follows it, to a duty. */
async function owe(deps: SwitchDeps, workspaceId: string, payload: CancelPayload): Promise<void> {
  const { committer, ids } = deps;
  await committer.writeAlone({ workspaceId, type: 'webhook', id: payload.webhookId }, [], (_, atMs) => ({
    kind: 'write',
    plan: { changes: [], duties: [{ id: ids.next('duty'), workspaceId, kind: 'cancel', dueAtMs: atMs, payload }] },
    answer: () => undefined,
  }));
}

function policyOf({ dialects }: Pick<AppDeps, 'dialects'>, webhook: Webhook) {
  const dialect = dialects.get(webhook.dialect);
  if (dialect === undefined) return { onEnable: { held: 'send', missed: 'skip' } } as const;
  return resolvePolicy(dialect.manifest.policy, webhook.policy);
}
