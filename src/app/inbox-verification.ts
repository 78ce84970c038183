/** Whether what an inbox received was signed by one of the workspace's webhooks that point at it. */
import type { Webhook } from '../core/webhook.ts';
import type { InboxRequest } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { openEntry, secretEntries, secretKey } from './webhook-secrets.ts';

/** Webhooks that are tried: an inbox is for looking at a few. */
const candidatesMax = 20;

export type Verify = (
  workspaceId: string,
  inboxId: string,
  request: Omit<InboxRequest, 'id' | 'atMs' | 'verification'>,
) => Promise<InboxRequest['verification']>;

export type VerifierDeps = Pick<AppDeps, 'storage' | 'dialects' | 'vault' | 'clock' | 'logger'> & {
  readonly matching: Matching;
};

export function createInboxVerifier(deps: VerifierDeps): Verify {
  const { dialects, clock, matching } = deps;
  return async (workspaceId, inboxId, request) => {
    const index = matching.known(workspaceId) ?? (await matching.load(workspaceId));
    const candidates = index.webhooks.filter((webhook) => pointsAt(webhook, inboxId)).slice(0, candidatesMax);
    if (candidates.length === 0) return { result: 'unsigned', detail: 'No webhook of this workspace points here' };
    const body = Buffer.from(request.bodyBase64, 'base64');
    let best: InboxRequest['verification'] | null = null;
    for (const webhook of candidates) {
      const check = dialects.get(webhook.dialect)?.verify;
      if (check === undefined) continue;
      const keys = (await secretsOf(deps, webhook)).map((value) => ({ kind: 'secret' as const, value }));
      const found = check({ headers: request.headers, body, keys, nowMs: clock.nowMs() });
      const verification = { ...found, webhookId: webhook.id };
      if (found.result === 'verified') return verification;
      if (best === null || found.result === 'failed') best = verification;
    }
    if (best === null) return { result: 'unsigned', detail: 'The dialect of the webhook does not sign' };
    // A body that was cut cannot verify; that says nothing about its signature.
    if (request.bodyCut)
      return { ...best, detail: 'The body is longer than what is kept, so its signature cannot be checked' };
    return best;
  };
}

function pointsAt({ target }: Webhook, inboxId: string): boolean {
  return target.transport === 'http' && target.url.includes(`/inbox/${inboxId}`);
}

async function secretsOf(
  { storage, vault, clock, logger }: VerifierDeps,
  webhook: Webhook,
): Promise<readonly string[]> {
  const key = secretKey(webhook.workspaceId, webhook.id);
  const [row] = await storage.resources([key]);
  const opened: string[] = [];
  for (const entry of secretEntries(row)) {
    if (entry.expiresAtMs !== null && entry.expiresAtMs <= clock.nowMs()) continue;
    if (entry.name.startsWith('credentials.')) continue;
    try {
      opened.push(openEntry(vault, key, entry));
    } catch (error) {
      logger.error('secret.unavailable', { webhookId: webhook.id, name: entry.name, error });
    }
  }
  return opened;
}
