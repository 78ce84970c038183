/** A webhook changed or removed, with its secrets and its audit row in one commit. */
import type { JsonObject } from '../core/json.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, WebhookPatch } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { eventsOffIn, refuseEventsOff } from './events-off.ts';
import { refuseNeverAsked } from './never-asked.ts';
import { noticesOwed } from './notice-days.ts';
import { notFound, unfit } from './refusals.ts';
import { handshakeKey, type Handshakes, pendingBody, questionPlan } from './webhook-handshake.ts';
import type { CheckedInput, InputChecks } from './webhook-input.ts';
import { secretEntries, secretKey, secretWrite, withSecrets } from './webhook-secrets.ts';
import { keyFollowedDuty } from './webhook-access-duty.ts';
import { refuseEqual } from './webhook-library.ts';
import { refuseTlsWithoutHttps, withoutUnusedTls } from './webhook-tls.ts';
import { auditedWebhook, storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';

export type UpdateDeps = Pick<AppDeps, 'ids' | 'vault' | 'dialects' | 'storage'> & {
  readonly committer: Committer;
  readonly checks: InputChecks;
  readonly handshakes: Pick<Handshakes, 'question'>;
};

export type WebhookUpdate = {
  readonly caller: Caller;
  readonly id: string;
  readonly patch: Omit<WebhookPatch, 'enabled'>;
};

export async function updateWebhook(deps: UpdateDeps, { caller, id, patch }: WebhookUpdate): Promise<void> {
  const { workspaceId } = caller;
  const { ids, vault } = deps;
  const key = secretKey(workspaceId, id);
  const asked = handshakeKey(workspaceId, id);
  await refuseSwitchedOff(deps, { caller, id, patch });
  await refuseNeverAsked(deps, patch.target);
  await deps.committer.writeAlone(
    { workspaceId, type: 'webhook', id },
    [key, asked],
    (current, atMs, { others, index }) => {
      if (current === null) throw notFound('the webhook');
      const {
        before,
        body: wanted,
        secrets,
        moved,
      } = decideUpdate(deps, { current, secretRow: others[0] ?? null }, patch);
      // Another endpoint has not consented yet.
      const asks =
        moved && wanted.state !== 'disabled' && deps.dialects.get(before.dialect)?.manifest.handshake !== undefined;
      const body = asks ? pendingBody(wanted, atMs) : wanted;
      if (body.state === 'enabled')
        refuseEqual(deps.checks.dialect(before.dialect).manifest, index.webhooks, { ...body, id });
      const revision = current.version + 1;
      const asking = { version: revision, atMs, before: others[1] ?? null };
      const question = asks ? deps.handshakes.question({ ...before, ...body, revision }, asking) : null;
      const row = others[0] ?? null;
      const stored = secretEntries(row);
      const used = withoutUnusedTls(stored, body.tls);
      const { entries } = withSecrets({ vault, key, entries: used }, secrets, { atMs, overlapMs: 0 });
      const kept = secrets.length === 0 && used.length === stored.length;
      const note = {
        action: 'webhook.updated',
        target: `webhook:${id}`,
        before: auditedWebhook(before),
        after: auditedWebhook(body),
      };
      return {
        kind: 'write',
        plan: {
          state: webhookState(body, index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          resources: [
            ...(kept ? [] : [secretWrite(key, row, entries)]),
            ...(question?.resources ?? []),
            auditWrite({ ids, caller }, note, atMs),
          ],
          ...questionPlan(question, [
            ...noticesOwed(deps, { before, after: body }, { workspaceId, atMs }),
            ...ownerFollowed(deps, { before, patch }, atMs),
          ]),
        },
        answer: () => undefined,
      };
    },
  );
}

/** It may be about another library now: whether the key that made it may look into that one is looked at behind the commit. */
function ownerFollowed(
  { ids, checks }: UpdateDeps,
  { before, patch }: { readonly before: Webhook; readonly patch: WebhookUpdate['patch'] },
  atMs: number,
): readonly NewDuty[] {
  const { ownerKeyId: keyId, workspaceId } = before;
  if (patch.settings === undefined || keyId === undefined) return [];
  if (checks.dialect(before.dialect).manifest.library === undefined) return [];
  return [keyFollowedDuty({ ids }, workspaceId, { keyId, atMs })];
}

/** Decided before the write: an event that is switched off in between is told to nobody all the same. */
async function refuseSwitchedOff(
  { storage, dialects }: UpdateDeps,
  { caller: { workspaceId }, id, patch: { events } }: WebhookUpdate,
): Promise<void> {
  if (events === undefined) return;
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
  const before = row === undefined || row === null ? null : storedWebhook(row);
  const dialect = before === null ? undefined : dialects.get(before.dialect);
  if (before === null || dialect?.eventsOff === undefined) return;
  refuseEventsOff(dialect, await eventsOffIn(storage, workspaceId, dialect), { wanted: events, has: before.events });
}

type Updated = {
  readonly before: Webhook;
  readonly body: WebhookBody;
  readonly secrets: CheckedInput['secrets'];
  /** To another target. */
  readonly moved: boolean;
};

type Stored = { readonly current: Resource; readonly secretRow: Resource | null };

function decideUpdate({ checks }: UpdateDeps, { current, secretRow }: Stored, patch: WebhookUpdate['patch']): Updated {
  const before = storedWebhook(current);
  const dialect = checks.dialect(before.dialect);
  const { filter, projection, tls, ...rest } = patch;
  const given = {
    ...rest,
    ...(filter === undefined || filter === null ? {} : { filter }),
    ...(projection === undefined || projection === null ? {} : { projection }),
    ...(tls === undefined || tls === null ? {} : { tls }),
    ...(rest.settings === undefined
      ? {}
      : { settings: withKeptProtocol(dialect, before, withKeptSecrets(dialect, before, rest.settings)) }),
  };
  const checked = checks.check(dialect, given, {
    credentials: before.credentials,
    entries: secretEntries(secretRow),
  });
  const { target } = checked.body;
  const moved = target !== undefined && JSON.stringify(target) !== JSON.stringify(before.target);
  if (moved && !dialect.manifest.capabilities.targetEditable) {
    throw unfit('/target', `the one it was made with: dialect "${before.dialect}" does not let it change`, 'another');
  }
  const body: { -readonly [Key in keyof WebhookBody]: WebhookBody[Key] } = { ...webhookBody(before), ...checked.body };
  if (filter === null) delete body.filter;
  if (projection === null) delete body.projection;
  if (tls === null) delete body.tls;
  refuseTlsWithoutHttps(body);
  return { before, body, secrets: checked.secrets, moved };
}

/** Secret fields that were not given keep the secret they have. */
function withKeptSecrets(dialect: Dialect, before: Webhook, given: JsonObject): JsonObject {
  const kept: { [field: string]: JsonObject[string] } = { ...given };
  for (const field of dialect.manifest.configuration.secretFields) {
    const name = before.settings[field];
    if (kept[field] === undefined && name !== undefined) kept[field] = name;
  }
  return kept;
}

/**
 * Where the endpoint is the one it was made with, so is the vendor's protocol: a setting that is part of it stays, whether it is
 * left out or not. Throws `invalid_request` for another.
 */
function withKeptProtocol({ manifest }: Dialect, before: Webhook, given: JsonObject): JsonObject {
  if (manifest.capabilities.targetEditable) return given;
  const ofTransport = (manifest.protocols ?? []).filter(({ transport }) => transport === before.target.transport);
  const kept: { [field: string]: JsonObject[string] } = { ...given };
  for (const field of new Set(ofTransport.flatMap(({ settings = {} }) => Object.keys(settings)))) {
    const was = before.settings[field];
    const wanted = given[field];
    const value = was ?? ofTransport[0]?.settings?.[field];
    if (wanted !== undefined && wanted !== value) {
      const found = JSON.stringify(wanted).slice(0, 60);
      throw unfit(`/settings/${field}`, `${JSON.stringify(value)}, the protocol that it was made with`, found);
    }
    if (was !== undefined) kept[field] = was;
  }
  return kept;
}

/** Gone at once; what was still pending for it is cancelled by a duty. */
export async function removeWebhook(
  { committer, ids, dialects }: Pick<UpdateDeps, 'committer' | 'ids' | 'dialects'>,
  caller: Pick<Caller, 'workspaceId' | 'actor' | 'keyId' | 'from'>,
  id: string,
): Promise<void> {
  const { workspaceId } = caller;
  const secrets = secretKey(workspaceId, id);
  await committer.writeAlone({ workspaceId, type: 'webhook', id }, [secrets], (current, atMs, { others, index }) => {
    if (current === null) throw notFound('the webhook');
    const row = others[0] ?? null;
    const payload = { webhookId: id, reason: 'The webhook was removed', then: null };
    const cancel: NewDuty = { id: ids.next('duty'), workspaceId, kind: 'cancel', dueAtMs: atMs, payload };
    return {
      kind: 'write',
      plan: {
        state: null,
        changes: [],
        webhooksRevision: index.revision,
        duties: [
          cancel,
          ...noticesOwed({ ids, dialects }, { before: storedWebhook(current), after: null }, { workspaceId, atMs }),
        ],
        resources: [
          ...(row === null ? [] : [{ type: 'secret' as const, id, expectedVersion: row.version, state: null }]),
          // Where it was asked whether it wants deliveries, the answer comes too late.
          { type: 'handshake', id, expectedVersion: 'any', state: null },
          { type: 'handshake', id: `link:${id}`, expectedVersion: 'any', state: null },
          auditWrite({ ids, caller }, { action: 'webhook.removed', target: `webhook:${id}` }, atMs),
        ],
      },
      answer: () => undefined,
    };
  });
}
