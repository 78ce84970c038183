/**
 * What a link does that was sent to an endpoint: it confirms, it ends what was confirmed, and it takes that back. Whoever
 * holds the link is the endpoint. Only for dialects whose consent lasts; see lasting-consent.ts for what is kept.
 */
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Handshake } from '../dialects/contract/manifest.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import { auditWrite } from './audit.ts';
import { drawToken, handshakeByToken, tokenDigest } from './consent-token.ts';
import {
  type ConsentState,
  consentState,
  type ConsentView,
  consentView,
  hasConsented,
  storedConsent,
} from './lasting-consent.ts';
import { isNeverAsked, writeNeverAsked } from './never-asked.ts';
import { operationalChange } from './operational.ts';
import type { Plan } from './plan.ts';
import {
  type HandshakeDeps,
  handshakeKey,
  handshakeOf,
  type HandshakePayload,
  unsubscribedReason,
} from './webhook-handshake.ts';
import { webhookTurn } from './webhook-turn.ts';
import { storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';

/** The webhook that a link is about, as far as a dialect needs to know it to answer. */
export type ConsentFound = {
  readonly webhook: JsonObject;
  readonly confirmation: ConsentView;
  /** The link does nothing any more. */
  readonly expired: boolean;
  /** Ending it takes somebody who is signed in. */
  readonly guarded: boolean;
  /** The owner of the address wants no questions, by whomever. */
  readonly neverAsked: boolean;
};

export interface ConsentCases {
  /** By the token of a link; null where there is none such. Changes nothing. */
  find(token: string): Promise<ConsentFound | null>;
  /** By a webhook's id; null where it has no consent that lasts. Changes nothing. */
  findWebhook(webhookId: string): Promise<ConsentFound | null>;
  /** Confirms, or takes an end back; twice is harmless. Null as `find`; an expired link changes nothing. */
  confirm(token: string, options: { readonly guarded?: boolean }): Promise<ConsentFound | null>;
  /** Whoever holds the link of a mail says whether its address may be asked again, by anybody here. Null as `find`. */
  neverAsk(token: string, never: boolean): Promise<ConsentFound | null>;
  /** Ends it: nothing more is sent but the farewell. Null as `findWebhook`; one that never confirmed is left as it is. */
  unsubscribe(webhookId: string): Promise<ConsentFound | null>;
}

const system = { type: 'system', id: 'assetwire' } as const;
const bySystem = { actor: system, keyId: 'system' } as const;

export function createConsents(deps: HandshakeDeps): ConsentCases {
  const { storage } = deps;

  const linkOf = async (webhookId: string): Promise<Resource | null> => {
    const [row] = await storage.findByAlias('handshake', webhookId);
    return row ?? null;
  };
  const shown = async (workspaceId: string, webhookId: string): Promise<ConsentFound | null> => {
    const [row, asked] = await storage.resources([
      { workspaceId, type: 'webhook', id: webhookId },
      handshakeKey(workspaceId, webhookId),
    ]);
    const consent = storedConsent(asked);
    if (row === undefined || row === null || consent === null) return null;
    const nowMs = deps.clock.nowMs();
    const { id, dialect, target, settings, name } = storedWebhook(row);
    return {
      webhook: { id, workspaceId, dialect, target, settings, name },
      confirmation: consentView(consent, nowMs),
      expired: nowMs >= consent.expiresAtMs,
      guarded: consent.guarded,
      neverAsked: await isNeverAsked(deps, target),
    };
  };

  return {
    async find(token) {
      const row = await handshakeByToken(deps, token);
      return row === null ? null : shown(row.workspaceId, row.id);
    },
    async findWebhook(webhookId) {
      const link = await linkOf(webhookId);
      return link === null ? null : shown(link.workspaceId, webhookId);
    },
    async confirm(token, { guarded = false }) {
      const row = await handshakeByToken(deps, token);
      if (row === null || storedConsent(row) === null) return null;
      const { workspaceId } = row;
      await deps.turns.take(webhookTurn(workspaceId), () => confirmLasting(deps, row, { token, guarded }));
      return shown(row.workspaceId, row.id);
    },
    async neverAsk(token, never) {
      const row = await handshakeByToken(deps, token);
      if (row === null || storedConsent(row) === null) return null;
      const [asked] = await storage.resources([{ workspaceId: row.workspaceId, type: 'webhook', id: row.id }]);
      if (asked === undefined || asked === null) return null;
      await writeNeverAsked(deps, storedWebhook(asked).target, never);
      return shown(row.workspaceId, row.id);
    },
    async unsubscribe(webhookId) {
      const link = await linkOf(webhookId);
      if (link === null) return null;
      const { workspaceId } = link;
      await deps.turns.take(webhookTurn(workspaceId), () => unsubscribe(deps, workspaceId, webhookId));
      return shown(link.workspaceId, webhookId);
    },
  };
}

/** The row of the consent as this commit leaves it. */
function consentWrite(row: Resource, next: ConsentState, alias?: string): ResourceWrite {
  return {
    type: 'handshake',
    id: row.id,
    expectedVersion: row.version,
    state: consentState(next),
    ...(alias === undefined ? {} : { alias }),
  };
}

type Answered = { readonly token: string; readonly guarded: boolean };

async function confirmLasting(
  deps: HandshakeDeps,
  { workspaceId, id: webhookId }: Pick<Resource, 'workspaceId' | 'id'>,
  { token, guarded }: Answered,
): Promise<void> {
  const key = { workspaceId, type: 'webhook', id: webhookId } as const;
  let changed = false;
  await deps.committer.writeAlone(key, [handshakeKey(workspaceId, webhookId)], (current, atMs, { others, index }) => {
    changed = false;
    const row = others[0] ?? null;
    const consent = storedConsent(row);
    const nothing = { kind: 'nothing', answer: undefined } as const;
    // Asked anew, ended or gone since the link was looked up; or too late.
    if (current === null || row === null || consent === null) return nothing;
    if (row.alias !== tokenDigest(token) || atMs >= consent.expiresAtMs || hasConsented(consent)) return nothing;
    const before = storedWebhook(current);
    const next: ConsentState = { ...consent, confirmedAtMs: atMs, unsubscribedAtMs: null, guarded };
    const note = { action: 'webhook.confirmed', target: `webhook:${webhookId}` };
    const resources = [consentWrite(row, next), auditWrite({ ids: deps.ids, caller: bySystem }, note, atMs)];
    // One that was switched off meanwhile stays so; it need not be asked again.
    if (before.state !== 'pending') return { kind: 'write', plan: { changes: [], resources }, answer: () => undefined };
    changed = true;
    const { stateReason: _, ...kept } = webhookBody(before);
    const body: WebhookBody = { ...kept, state: 'enabled', stateChangedAtMs: atMs };
    const after: Webhook = { ...before, ...body };
    const event = { kind: 'webhook.enabled', actor: system, before, after, version: current.version + 1 } as const;
    return {
      kind: 'write',
      plan: {
        state: webhookState(body, index.revision + 1),
        changes: [operationalChange(deps.ids, event, atMs)],
        webhooksRevision: index.revision,
        resources,
      },
      answer: () => undefined,
    };
  });
  if (changed) told(deps, workspaceId, webhookId);
}

async function unsubscribe(deps: HandshakeDeps, workspaceId: string, webhookId: string): Promise<void> {
  const key: ResourceKey = { workspaceId, type: 'webhook', id: webhookId };
  let changed = false;
  await deps.committer.writeAlone(key, [handshakeKey(workspaceId, webhookId)], (current, atMs, { others, index }) => {
    changed = false;
    const row = others[0] ?? null;
    const consent = storedConsent(row);
    const before = current === null ? null : storedWebhook(current);
    const handshake = before === null ? null : handshakeOf(deps, before);
    if (current === null || before === null || row === null || consent === null || handshake === null) {
      return { kind: 'nothing', answer: undefined };
    }
    if (!hasConsented(consent)) return { kind: 'nothing', answer: undefined };
    changed = true;
    const { alias, ...farewell } = farewellOf(deps, before, { handshake, version: current.version + 1, atMs });
    const next: ConsentState = {
      ...consent,
      expiresAtMs: atMs + handshake.expiresMs,
      unsubscribedAtMs: atMs,
    };
    const note = { action: 'webhook.unsubscribed', target: `webhook:${webhookId}` };
    // Pending as before it was confirmed: nothing is sent but what belongs to the handshake.
    const state = before.state === 'enabled' ? ('pending' as const) : before.state;
    const body: WebhookBody = {
      ...webhookBody(before),
      state,
      stateReason: unsubscribedReason,
      ...(state === before.state ? {} : { stateChangedAtMs: atMs }),
    };
    return {
      kind: 'write',
      plan: {
        state: webhookState(body, index.revision + 1),
        webhooksRevision: index.revision,
        ...farewell,
        resources: [consentWrite(row, next, alias), auditWrite({ ids: deps.ids, caller: bySystem }, note, atMs)],
      },
      answer: () => undefined,
    };
  });
  if (changed) told(deps, workspaceId, webhookId);
}

type Farewell = Pick<Plan, 'changes' | 'addressed' | 'tasks' | 'duties'> & { readonly alias: string };

/** That it ended, told to who asked for such events; to the endpoint itself the message whose link takes it back. */
function farewellOf(
  deps: HandshakeDeps,
  before: Webhook,
  { handshake, version, atMs }: { readonly handshake: Handshake; readonly version: number; readonly atMs: number },
): Farewell {
  const { workspaceId, id } = before;
  const { token, alias } = drawToken(deps, handshake);
  const after: Webhook = { ...before, state: 'pending', stateReason: unsubscribedReason, stateChangedAtMs: atMs };
  const change = operationalChange(
    deps.ids,
    { kind: 'webhook.unsubscribed', actor: system, before, after, version },
    atMs,
  );
  const payload: HandshakePayload = { webhookId: id, askedAtMs: atMs };
  const duty: NewDuty = {
    id: deps.ids.next('duty'),
    workspaceId,
    kind: 'handshake',
    dueAtMs: atMs + handshake.expiresMs,
    payload,
  };
  const { farewell } = handshake;
  if (farewell === undefined || !farewell.transports.includes(before.target.transport)) {
    return { alias, changes: [change], duties: [duty] };
  }
  const notification = { event: farewell.event, frozen: { token, publicUrl: deps.settings.publicUrl() } };
  const delivery = deps.matching.delivery(change, after, { notification, origin: 'handshake', atMs });
  const task: DeliveryTask = { delivery: { ...delivery, webhookRevision: before.revision }, change };
  return { alias, changes: [change], tasks: [task], duties: [duty] };
}

function told({ matching, engine }: HandshakeDeps, workspaceId: string, webhookId: string): void {
  matching.outdated(workspaceId);
  engine.webhookChanged(workspaceId, webhookId as WebhookId);
}
