/**
 * Warns of the certificates that webhooks show and trust before they end: a receiver refuses one that has, and then every
 * delivery fails. Told 30, 7 and 1 days before and when it has ended, each once for a certificate, to the contacts of the
 * workspace and of the webhook.
 */
import type { CertificateFacts, Webhook } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type Notice, raiseNotice } from './notices.ts';
import { storedWebhook } from './webhook-state.ts';

const dayMs = 24 * 3_600_000;
/** Days before its end at which a certificate is told of; 0: it has ended. */
const certificateWarningDays = [30, 7, 1, 0] as const;

export type CertificateDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly committer: Committer;
};

/** Looks at a page of webhooks. Those that are switched off send nothing, and are not told of. */
export async function warnOfCertificates(deps: CertificateDeps, rows: readonly Resource[]): Promise<void> {
  const nowMs = deps.clock.nowMs();
  for (const row of rows) {
    const webhook = storedWebhook(row);
    if (webhook.tls === undefined || webhook.state === 'disabled') continue;
    const { certificate, authority } = webhook.tls;
    for (const [what, facts] of [['client certificate', certificate] as const, ['authority', authority] as const]) {
      const days = facts === undefined ? undefined : daysBefore(facts.expiresAtMs, nowMs);
      if (facts === undefined || days === undefined) continue;
      const once = `webhook.certificate ${webhook.id} ${facts.fingerprint} ${days}`;
      const [told] = await deps.storage.findByAlias('notice', once);
      if (told !== undefined) continue;
      await raiseNotice(deps, webhook.workspaceId, { notice: noticeOf(webhook, { what, facts, days }), once });
    }
  }
}

/** The last of the days that has come; undefined before the first. */
function daysBefore(endsAtMs: number, nowMs: number): number | undefined {
  return certificateWarningDays.filter((days) => endsAtMs - nowMs <= days * dayMs).at(-1);
}

type Ending = { readonly what: string; readonly facts: CertificateFacts; readonly days: number };

function noticeOf(webhook: Webhook, { what, facts, days }: Ending): Notice {
  const ended = days === 0;
  const { subject, fingerprint, expiresAtMs } = facts;
  const when = `${ended ? 'has ended at' : 'ends at'} ${new Date(expiresAtMs).toISOString()}`;
  const then = ended ? 'its receiver refuses it, or is refused' : 'replace it before, or deliveries fail from then on';
  return {
    kind: ended ? 'webhook.certificate_expired' : 'webhook.certificate_expiring',
    severity: ended ? 'error' : 'warning',
    subject: `webhook:${webhook.id}`,
    text: `The ${what} of webhook "${webhook.name}" (${subject}) ${when}: ${then}`,
    details: { webhookId: webhook.id, what, fingerprint, expiresAtMs, contacts: webhook.contacts },
  };
}
