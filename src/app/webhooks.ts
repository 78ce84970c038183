/**
 * Webhooks made, changed, removed and shown. All writes of one workspace's webhooks take turns in this process and
 * commit on the `webhooksRevision` they were decided on, so that limits hold whoever asks at the same time (ID-13).
 */
import type { WebhookId } from '../core/ids.ts';
import type { WebhookCare } from '../engine/engine.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller, WebhookCases } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import { refuseUnknownInbox } from './inbox-target.ts';
import { heirOf } from './key-holding.ts';
import type { LinkMaker } from './links.ts';
import type { Matching } from './matching.ts';
import { notFound } from './refusals.ts';
import type { SigningKeyMaking } from './signing-keys.ts';
import type { Turns } from './turns.ts';
import { adoptBeforeEnable } from './webhook-adopt.ts';
import { createCreation } from './webhook-create.ts';
import type { Handshakes } from './webhook-handshake.ts';
import { createInputChecks, type InputChecks } from './webhook-input.ts';
import { boundSettings } from './webhook-library.ts';
import { createSecretCases } from './webhook-secret-cases.ts';
import type { WebhookSwitch } from './webhook-switch.ts';
import { storedWebhook } from './webhook-state.ts';
import { createTestSend } from './webhook-test-send.ts';
import { sendTrial } from './webhook-trial.ts';
import { webhookTurn } from './webhook-turn.ts';
import { removeWebhook, updateWebhook } from './webhook-update.ts';
import type { WebhookViews } from './webhook-views.ts';

export type WebhooksDeps = AppDeps & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly idempotent: IdempotentCalls;
  readonly turns: Turns;
  readonly views: WebhookViews;
  readonly toggle: WebhookSwitch;
  readonly care: Pick<WebhookCare, 'current'>;
  readonly links: LinkMaker;
  readonly handshakes: Pick<Handshakes, 'question' | 'confirmByToken'>;
  readonly keyMaking: Pick<SigningKeyMaking, 'ensure'>;
};

export function createWebhooks(given: WebhooksDeps): WebhookCases {
  const deps = { ...given, checks: createInputChecks(given) };
  const { storage, matching, turns, views, toggle } = deps;
  const create = createCreation(deps);
  const test = createTestSend(deps);

  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
    if (row === undefined || row === null) throw notFound('the webhook');
    return row;
  };

  const written = (workspaceId: string, id: string): void => {
    matching.outdated(workspaceId);
    deps.engine.webhookChanged(workspaceId, id as WebhookId);
  };

  return {
    consent: (token, consent) => deps.handshakes.confirmByToken(token, consent),

    async create(caller, input, idempotency) {
      await refuseUnknownInbox(deps, input.target);
      const created = await create(caller, input, idempotency);
      if (created.replayed !== true) written(caller.workspaceId, created.body.id);
      return created;
    },

    async update(caller, id, { enabled, ...given }) {
      await refuseUnknownInbox(deps, given.target);
      const row = given.settings === undefined ? null : await find(caller.workspaceId, id);
      const settings = row === null ? undefined : await settingsBound(deps, caller, { row, given: given.settings });
      const patch = settings === undefined ? given : { ...given, settings };
      await turns.take(webhookTurn(caller.workspaceId), () => updateWebhook(deps, { caller, id, patch }));
      written(caller.workspaceId, id);
      if (enabled === true) {
        await adoptBeforeEnable(deps, caller, id);
        await toggle.enable(caller, id, {});
      }
      if (enabled === false) await toggle.disable(caller, id, undefined);
      return views.one(await find(caller.workspaceId, id));
    },

    async remove(caller, id) {
      await turns.take(webhookTurn(caller.workspaceId), () => removeWebhook(deps, caller, id));
      written(caller.workspaceId, id);
    },

    get: async (caller, id) => views.one(await find(caller.workspaceId, id)),

    async list(caller, { state, dialect, name, event, ownerKeyId, ...page }) {
      const where = {
        ...(state === undefined ? {} : { state }),
        ...(dialect === undefined ? {} : { dialect }),
        ...(ownerKeyId === undefined ? {} : { ownerKeyId: await heirOf(deps, caller.workspaceId, ownerKeyId) }),
      };
      const contains = {
        ...(name === undefined ? {} : { name }),
        ...(event === undefined ? {} : { events: event }),
      };
      const { workspaceId } = caller;
      const found = await storage.read.resources({ ...page, workspaceId, type: 'webhook', where, contains });
      return { items: await views.many(caller.workspaceId, found.items), nextCursor: found.nextCursor };
    },

    async enable(caller, id, options) {
      await adoptBeforeEnable(deps, caller, id);
      const enabled = await toggle.enable(caller, id, options);
      return { ...(await views.one(await find(caller.workspaceId, id))), enabled };
    },

    async disable(caller, id, reason) {
      await toggle.disable(caller, id, reason);
      return views.one(await find(caller.workspaceId, id));
    },

    test,
    trial: (caller, input) => sendTrial({ creation: deps, send: test }, caller, input),
    ...createSecretCases(deps, async (workspaceId, id) => views.one(await find(workspaceId, id))),
  };
}

/** Settings that are to be saved, with what follows from the library they name. */
async function settingsBound(
  deps: WebhooksDeps & { readonly checks: InputChecks },
  caller: Caller,
  { row, given = {} }: { readonly row: Resource; readonly given: JsonObject | undefined },
): Promise<JsonObject> {
  const { manifest } = deps.checks.dialect(storedWebhook(row).dialect);
  return (await boundSettings(deps, caller, { manifest, settings: given })) ?? given;
}
