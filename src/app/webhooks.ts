/**
 * Webhooks made, changed, removed and shown. All writes of one workspace's webhooks take turns in this process and
 * commit on the `webhooksRevision` they were decided on, so that limits hold whoever asks at the same time (ID-13).
 */
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { NewDuty } from '../storage/storage.ts';
import type { Caller, WebhookCases, WebhookInput, WebhookView, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import type { Matching } from './matching.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';
import { notFound, unfit } from './refusals.ts';
import { signingSecret } from './signing-secret.ts';
import type { Turns } from './turns.ts';
import { createInputChecks, type InputChecks } from './webhook-input.ts';
import { createSecretCases } from './webhook-secret-cases.ts';
import { secretEntries, secretKey, secretWrite, withSecrets } from './webhook-secrets.ts';
import { storedWebhook, type WebhookBody, webhookBody, webhookState } from './webhook-state.ts';
import type { WebhookSwitch } from './webhook-switch.ts';
import { createTestSend } from './webhook-test-send.ts';
import { webhookTurn } from './webhook-turn.ts';
import type { WebhookViews } from './webhook-views.ts';

export type WebhooksDeps = AppDeps & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly idempotent: IdempotentCalls;
  readonly turns: Turns;
  readonly views: WebhookViews;
  readonly toggle: WebhookSwitch;
};

type Created = WebhookView & { readonly secret?: string };
/** What the idempotency row keeps of the answer: the secret sealed. */
type KeptCreation = { readonly view: WebhookView; readonly sealedSecret?: string };

export function createWebhooks(deps: WebhooksDeps): WebhookCases {
  const { storage, committer, matching, ids, vault, turns, views, toggle } = deps;
  const checks = createInputChecks(deps);

  const find = async (workspaceId: string, id: string) => {
    const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
    if (row === undefined || row === null) throw notFound('the webhook');
    return row;
  };

  const written = (workspaceId: string, id: string): void => {
    matching.outdated(workspaceId);
    deps.engine.webhookChanged(workspaceId, id as WebhookId);
  };

  return {
    async create(caller, input, idempotency) {
      const sealPlace = `${caller.workspaceId} idempotency ${idempotency?.key ?? ''}`;
      const answer = await deps.idempotent.run<Created | KeptCreation>(caller.workspaceId, idempotency, (row) =>
        turns.take(webhookTurn(caller.workspaceId), () =>
          createOne(deps, checks, caller, input, (view, secret) =>
            row?.(201, { view, ...(secret === undefined ? {} : { sealedSecret: vault.seal(secret, sealPlace) }) }),
          ),
        ),
      );
      if (!('view' in answer.body)) {
        if (answer.replayed !== true) written(caller.workspaceId, answer.body.id);
        return answer as Written<Created>;
      }
      const { view, sealedSecret } = answer.body;
      const secret = sealedSecret === undefined ? {} : { secret: vault.open(sealedSecret, sealPlace) };
      return { ...answer, body: { ...view, ...secret } };
    },

    async update(caller, id, patch) {
      const { enabled, ...fields } = patch;
      await turns.take(webhookTurn(caller.workspaceId), () => updateOne(deps, checks, caller, id, fields));
      written(caller.workspaceId, id);
      if (enabled === true) await toggle.enable(caller, id, {});
      if (enabled === false) await toggle.disable(caller, id, undefined);
      return views.one(await find(caller.workspaceId, id));
    },

    async remove(caller, id) {
      const { workspaceId } = caller;
      const secrets = secretKey(workspaceId, id);
      await turns.take(webhookTurn(workspaceId), () =>
        committer.writeAlone({ workspaceId, type: 'webhook', id }, [secrets], (current, atMs, { others, index }) => {
          if (current === null) throw notFound('the webhook');
          const secretRow = others[0] ?? null;
          const cancel: NewDuty = {
            id: ids.next('duty'),
            workspaceId,
            kind: 'cancel',
            dueAtMs: atMs,
            payload: { webhookId: id, reason: 'The webhook was removed', then: null },
          };
          return {
            kind: 'write',
            plan: {
              state: null,
              changes: [],
              webhooksRevision: index.revision,
              duties: [cancel],
              resources: [
                ...(secretRow === null
                  ? []
                  : [{ type: 'secret' as const, id, expectedVersion: secretRow.version, state: null }]),
                auditWrite({ ids, caller }, { action: 'webhook.removed', target: `webhook:${id}` }, atMs),
              ],
            },
            answer: () => undefined,
          };
        }),
      );
      written(workspaceId, id);
    },

    get: async (caller, id) => views.one(await find(caller.workspaceId, id)),

    async list(caller, { state, dialect, ...page }) {
      const where = { ...(state === undefined ? {} : { state }), ...(dialect === undefined ? {} : { dialect }) };
      const found = await storage.read.resources({ ...page, workspaceId: caller.workspaceId, type: 'webhook', where });
      return { items: await views.many(caller.workspaceId, found.items), nextCursor: found.nextCursor };
    },

    async enable(caller, id, options) {
      await toggle.enable(caller, id, options);
      return views.one(await find(caller.workspaceId, id));
    },

    async disable(caller, id, reason) {
      await toggle.disable(caller, id, reason);
      return views.one(await find(caller.workspaceId, id));
    },

    test: createTestSend(deps),
    ...createSecretCases(deps, async (workspaceId, id) => views.one(await find(workspaceId, id))),

    async stats(caller, id, query) {
      await find(caller.workspaceId, id);
      return storage.read.stats({ ...query, workspaceId: caller.workspaceId, webhookId: id as WebhookId });
    },
  };
}

type Creating = Pick<WebhooksDeps, 'committer' | 'ids' | 'vault' | 'random' | 'views' | 'clock' | 'settings'>;

async function createOne(
  deps: Creating,
  checks: InputChecks,
  caller: Caller,
  input: WebhookInput,
  row: (
    view: WebhookView,
    secret: string | undefined,
  ) => ReturnType<NonNullable<Parameters<Parameters<IdempotentCalls['run']>[2]>[0]>> | undefined,
): Promise<Written<Created | KeptCreation>> {
  const { workspaceId } = caller;
  const dialect = checks.dialect(input.dialect);
  const checked = checks.check(dialect, { settings: {}, headers: [], credentials: { kind: 'none' }, ...input });
  const signing = signingSecret(dialect, input.secret, deps.random);
  const id = deps.ids.next('webhook');
  const secrets = secretKey(workspaceId, id);
  const outcome = await deps.committer.writeAlone<Written<Created | KeptCreation>>(
    { workspaceId, type: 'webhook', id },
    [],
    (_, atMs, { index }) => {
      refuseTooMany(dialect, index);
      const body = newBody(dialect, input, checked.body, caller, atMs);
      const added = signing === null ? checked.secrets : [signing, ...checked.secrets];
      const { entries } = withSecrets(deps.vault, secrets, [], added, { atMs, overlapMs: 0 });
      const write = secretWrite(secrets, null, entries);
      const webhook: Webhook = { ...body, id, workspaceId, revision: 1, createdAtMs: atMs, updatedAtMs: atMs };
      const view = deps.views.fresh(webhook, write.state);
      const kept = row(view, signing?.value);
      return {
        kind: 'write',
        plan: {
          state: webhookState(body, index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          resources: [
            ...(entries.length === 0 ? [] : [write]),
            auditWrite(
              { ids: deps.ids, caller },
              { action: 'webhook.created', target: `webhook:${id}`, after: auditedBody(body) },
              atMs,
            ),
          ],
          ...(kept === undefined ? {} : { idempotency: () => kept }),
        },
        answer: () => ({ status: 201, body: signing === null ? view : { ...view, secret: signing.value } }),
      };
    },
  );
  if (outcome.kind === 'done') return outcome.answer;
  const earlier = outcome.row.response;
  return { status: earlier.status, body: earlier.body as unknown as KeptCreation, replayed: true };
}

function newBody(
  dialect: Dialect,
  input: WebhookInput,
  checked: Partial<WebhookBody>,
  caller: Caller,
  atMs: number,
): WebhookBody {
  const enabled = input.enabled ?? true;
  return {
    name: input.name,
    dialect: dialect.manifest.id,
    target: input.target,
    events: input.events,
    settings: {},
    headers: [],
    credentials: { kind: 'none' },
    policy: {},
    contacts: [],
    ...checked,
    state: enabled ? (dialect.manifest.capabilities.handshake ? 'pending' : 'enabled') : 'disabled',
    ...(enabled ? {} : { stateReason: 'Created disabled' }),
    stateChangedAtMs: atMs,
    ownerKeyId: caller.keyId,
  };
}

/** HARDENING ID-13: decided on the very webhooks that the commit demands to be the present ones. */
function refuseTooMany(dialect: Dialect, index: WorkspaceIndex): void {
  const { id, limits: bounds } = dialect.manifest;
  const own = index.webhooks.filter((webhook) => webhook.dialect === id).length;
  if (own < bounds.webhooksMax && index.webhooks.length < limits.webhooksPerWorkspaceMax) return;
  throw new AssetwireError('limit_reached', {
    detail:
      own >= bounds.webhooksMax
        ? `Keep at most ${bounds.webhooksMax} webhooks of dialect "${id}" in a workspace: there are ${own}`
        : `Keep at most ${limits.webhooksPerWorkspaceMax} webhooks in a workspace: there are ${index.webhooks.length}`,
    mend: 'Remove one first',
  });
}

async function updateOne(
  deps: WebhooksDeps,
  checks: InputChecks,
  caller: Caller,
  id: string,
  patch: Omit<Parameters<WebhookCases['update']>[2], 'enabled'>,
): Promise<void> {
  const { workspaceId } = caller;
  const secrets = secretKey(workspaceId, id);
  await deps.committer.writeAlone(
    { workspaceId, type: 'webhook', id },
    [secrets],
    (current, atMs, { others, index }) => {
      if (current === null) throw notFound('the webhook');
      const before = storedWebhook(current);
      const dialect = checks.dialect(before.dialect);
      const { filter, projection, ...rest } = patch;
      const checked = checks.check(
        dialect,
        {
          ...rest,
          ...(filter === undefined || filter === null ? {} : { filter }),
          ...(projection === undefined || projection === null ? {} : { projection }),
          ...(rest.settings === undefined ? {} : { settings: keptSecrets(dialect, before, rest.settings) }),
        },
        before.credentials.kind,
      );
      if (
        !dialect.manifest.capabilities.targetEditable &&
        checked.body.target !== undefined &&
        !sameTarget(before, checked.body)
      ) {
        throw unfit(
          '/target',
          `the one it was made with: dialect "${before.dialect}" does not let it change`,
          'another',
        );
      }
      const body: { -readonly [Key in keyof WebhookBody]: WebhookBody[Key] } = {
        ...webhookBody(before),
        ...checked.body,
      };
      if (filter === null) delete body.filter;
      if (projection === null) delete body.projection;
      const secretRow = others[0] ?? null;
      const { entries } = withSecrets(deps.vault, secrets, secretEntries(secretRow), checked.secrets, {
        atMs,
        overlapMs: 0,
      });
      return {
        kind: 'write',
        plan: {
          state: webhookState(body, index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          resources: [
            ...(checked.secrets.length === 0 ? [] : [secretWrite(secrets, secretRow, entries)]),
            auditWrite(
              { ids: deps.ids, caller },
              {
                action: 'webhook.updated',
                target: `webhook:${id}`,
                before: auditedBody(before),
                after: auditedBody(body),
              },
              atMs,
            ),
          ],
        },
        answer: () => undefined,
      };
    },
  );
}

/** Secret fields that were not given keep the secret they have. */
function keptSecrets(dialect: Dialect, before: Webhook, given: JsonObject): JsonObject {
  const kept: { [field: string]: JsonObject[string] } = { ...given };
  for (const field of dialect.manifest.configuration.secretFields) {
    const name = before.settings[field];
    if (kept[field] === undefined && name !== undefined) kept[field] = name;
  }
  return kept;
}

function sameTarget(before: Webhook, after: Partial<WebhookBody>): boolean {
  return JSON.stringify(before.target) === JSON.stringify(after.target);
}

/** What the audit keeps of a webhook: never a header's value, a secret or a credential. */
function auditedBody(body: WebhookBody | Webhook): JsonObject {
  return {
    name: body.name,
    dialect: body.dialect,
    target: body.target,
    events: body.events,
    state: body.state,
    headers: body.headers.map(([name]) => name),
    credentials: body.credentials.kind,
    policy: body.policy,
    contacts: body.contacts.length,
  };
}
