/** Whether what an inbox received was signed by one of the workspace's webhooks that point at it. */
import type { Webhook } from '../core/webhook.ts';
import type { KeyMaterial } from '../dialects/contract/message.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { InboxRequest } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { isKept, ringKey, signingKeyKey, storedRing, storedSigningKey } from './signing-key-state.ts';
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
    let ofSome: InboxRequest['verification'] | null = null;
    for (const webhook of candidates) {
      const dialect = dialects.get(webhook.dialect);
      const check = dialect?.verify;
      if (check === undefined) continue;
      const keys: readonly KeyMaterial[] = [
        ...(await secretsOf(deps, webhook)).map((value) => ({ kind: 'secret' as const, value })),
        ...(await certificatesOf(deps, workspaceId, dialect)).map((pem) => ({ kind: 'certificate' as const, pem })),
      ];
      const { result, detail, ofAnother } = check({
        headers: request.headers,
        body,
        keys,
        nowMs: clock.nowMs(),
        webhook,
      });
      const verification = { result, detail, webhookId: webhook.id };
      if (result === 'verified' && ofAnother !== true) return verification;
      if (result === 'verified') ofSome ??= verification;
      else if (best === null || result === 'failed') best = verification;
    }
    // Its own may have been deleted, or be known by another name now; the key is the workspace's all the same.
    if (ofSome !== null) return ofSome;
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

/** Of all keys that messages of the dialect may still be signed with. */
async function certificatesOf(
  { storage, clock }: VerifierDeps,
  workspaceId: string,
  dialect: Dialect | undefined,
): Promise<readonly string[]> {
  const names = (dialect?.manifest.signingKeys ?? []).map(({ name }) => name);
  if (names.length === 0) return [];
  const rings = await storage.resources(names.map((name) => ringKey(workspaceId, name)));
  const ids = rings.flatMap((ring) => (ring === null ? [] : [storedRing(ring).present, ...storedRing(ring).former]));
  const rows = ids.length === 0 ? [] : await storage.resources(ids.map((id) => signingKeyKey(workspaceId, id)));
  return rows
    .flatMap((row) => (row === null ? [] : [storedSigningKey(row)]))
    .filter((key) => isKept(key, clock.nowMs()))
    .map(({ certificatePem }) => certificatePem);
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
