/** What the engine asks about webhooks: the present one with its secrets opened, an earlier revision, disable, warn. */
import type { Webhook } from '../core/webhook.ts';
import type { OpenSecret, WebhookCare } from '../engine/engine.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { propertyPolicy } from './dialect-properties.ts';
import { type Notice, noticeWrites } from './notices.ts';
import { operationalChange } from './operational.ts';
import type { Handshakes } from './webhook-handshake.ts';
import { openEntry, secretEntries, secretKey } from './webhook-secrets.ts';
import { storedWebhook } from './webhook-state.ts';
import type { WebhookSwitch } from './webhook-switch.ts';

export type CareDeps = Pick<AppDeps, 'storage' | 'vault' | 'clock' | 'ids' | 'logger' | 'dialects'> & {
  readonly committer: Committer;
  readonly toggle: WebhookSwitch;
  readonly handshakes: Pick<Handshakes, 'confirm'>;
};

export function createWebhookCare(deps: CareDeps): WebhookCare {
  const { storage, ids, toggle } = deps;
  return {
    async current(workspaceId, webhookId) {
      const secrets = secretKey(workspaceId, webhookId);
      const [row = null, secretRow = null] = await storage.resources([
        { workspaceId, type: 'webhook', id: webhookId },
        secrets,
      ]);
      if (row === null) return null;
      const webhook = storedWebhook(row);
      const dialect = deps.dialects.get(webhook.dialect);
      const policy = await propertyPolicy(storage, workspaceId, dialect);
      const own = dialect?.policyOf?.(webhook);
      return {
        webhook,
        secrets: openSecrets(deps, secrets, secretRow),
        ...(policy === null && own === undefined ? {} : { policy: { ...policy, ...own } }),
      };
    },

    async revision(workspaceId, webhookId, revision) {
      const row = await storage.revision({ workspaceId, type: 'webhook', id: webhookId }, revision);
      return row === null ? null : storedWebhook(row);
    },

    disable: (workspaceId, webhookId, reason) =>
      toggle.disableByRule({ workspaceId, id: webhookId, reason }, (webhook, atMs) =>
        noticeWrites(ids, { workspaceId, notice: disabledNotice(webhook, reason) }, atMs),
      ),

    confirm: (workspaceId, webhookId, consent) => deps.handshakes.confirm(workspaceId, webhookId, consent),

    warn: (workspaceId, webhookId, warning) => warn(deps, { workspaceId, type: 'webhook', id: webhookId }, warning),
  };
}

/** Those that are valid now and can be opened. */
function openSecrets(
  { vault, clock, logger }: CareDeps,
  key: ResourceKey,
  row: Resource | null,
): readonly OpenSecret[] {
  const nowMs = clock.nowMs();
  const opened: OpenSecret[] = [];
  for (const entry of secretEntries(row)) {
    const { name, version, expiresAtMs } = entry;
    if (expiresAtMs !== null && expiresAtMs <= nowMs) continue;
    try {
      opened.push({ name, version, value: openEntry(vault, key, entry), expiresAtMs });
    } catch (error) {
      // Left out, so that the delivery is refused for want of it and never sent unsigned (SG-14, SG-19).
      logger.error('secret.unavailable', { workspaceId: key.workspaceId, webhookId: key.id, name, version, error });
    }
  }
  return opened;
}

type Warning = Parameters<WebhookCare['warn']>[2];

/** The change that tells of it and the notice to the contacts, in one commit. */
async function warn({ ids, committer }: CareDeps, key: ResourceKey, warning: Warning): Promise<void> {
  await committer.write(key, (current, atMs) => {
    if (current === null) return { kind: 'nothing', answer: undefined };
    const webhook = storedWebhook(current);
    const notice = { workspaceId: key.workspaceId, notice: warningNotice(webhook, warning) };
    const { resource, duty } = noticeWrites(ids, notice, atMs);
    const happening = {
      kind: 'webhook.warning',
      actor: { type: 'system', id: 'assetwire' },
      before: webhook,
      after: webhook,
      version: current.version,
      extra: { ...warning },
    } as const;
    return {
      kind: 'write',
      plan: { changes: [operationalChange(ids, happening, atMs)], resources: [resource], duties: [duty] },
      answer: () => undefined,
    };
  });
}

function warningNotice(webhook: Webhook, { percent, disablesAtMs }: Warning): Notice {
  return {
    kind: 'webhook.warning',
    severity: 'warning',
    subject: `webhook:${webhook.id}`,
    text: `Webhook "${webhook.name}" keeps failing and will be disabled at ${new Date(disablesAtMs).toISOString()}`,
    details: { webhookId: webhook.id, percent, disablesAtMs, contacts: webhook.contacts },
  };
}

/** That a webhook was switched off, for its contacts. */
export function disabledNotice(webhook: Webhook, reason: string): Notice {
  return {
    kind: 'webhook.disabled',
    severity: 'error',
    subject: `webhook:${webhook.id}`,
    text: `Webhook "${webhook.name}" was disabled: ${reason}`,
    details: { webhookId: webhook.id, reason, contacts: webhook.contacts },
  };
}
