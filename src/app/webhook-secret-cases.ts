/** Rotating and revealing the signing secret of a webhook. */
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import { secretFormatOf } from '../core/secret.ts';
import type { WebhookCases, WebhookView } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { noticeWrite } from './operational.ts';
import { notFound } from './refusals.ts';
import { signingSecret, signingSecretOf } from './signing-secret.ts';
import { activeVersionsMax, openEntry, secretEntries, secretKey, secretWrite, withSecrets } from './webhook-secrets.ts';
import { storedWebhook } from './webhook-state.ts';

export type SecretCasesDeps = Pick<
  AppDeps,
  'storage' | 'dialects' | 'ids' | 'random' | 'vault' | 'engine' | 'clock'
> & {
  readonly committer: Committer;
};

export function createSecretCases(
  deps: SecretCasesDeps,
  view: (workspaceId: string, id: string) => Promise<WebhookView>,
): Pick<WebhookCases, 'rotateSecret' | 'revealSecret'> {
  const { committer, dialects, ids, vault } = deps;

  return {
    async rotateSecret(caller, id, { secret: given, revokeOldNow = false }) {
      const { workspaceId } = caller;
      const key = secretKey(workspaceId, id);
      const written = await committer.writeAlone(
        { workspaceId, type: 'webhook', id },
        [key],
        (current, atMs, { others }) => {
          if (current === null) throw notFound('the webhook');
          const dialect = dialects.get(storedWebhook(current).dialect);
          const wanted = dialect === undefined ? null : signingSecretOf(dialect);
          if (dialect === undefined || wanted === null) throw unsigned();
          const row = others[0] ?? null;
          const entries = secretEntries(row);
          const present = entries.find(({ name }) => name === wanted.name);
          const former = present === undefined ? null : openOrNull(deps, key, present);
          const added = signingSecret(
            dialect,
            given,
            deps.random,
            former === null ? undefined : secretFormatOf(former),
          );
          if (added === null) throw unsigned();
          if (added.value === former) {
            throw new AssetwireError('invalid_secret', {
              detail: 'Rotate to another secret: it is the present one',
              mend: 'Leave it out and one is made',
            });
          }
          const overlapMs = revokeOldNow ? 0 : wanted.overlapMs;
          const next = withSecrets(vault, key, entries, [added], { atMs, overlapMs });
          return {
            kind: 'write',
            plan: {
              changes: [],
              resources: [
                secretWrite(key, row, next.entries),
                auditWrite(
                  { ids, caller },
                  { action: 'secret.rotated', target: `webhook:${id}`, after: { name: added.name, overlapMs } },
                  atMs,
                ),
                ...(next.dropped === 0 ? [] : [droppedNotice(deps, id, atMs)]),
              ],
            },
            answer: () => added.value,
          };
        },
      );
      if (written.kind === 'duplicate') throw new TypeError('A rotation carries no idempotency row');
      deps.engine.webhookChanged(workspaceId, id as WebhookId);
      return { secret: written.answer, webhook: await view(workspaceId, id) };
    },

    async revealSecret(caller, id) {
      const { workspaceId } = caller;
      const key = secretKey(workspaceId, id);
      // The audit row is committed before the secret is shown: what cannot be written down is not revealed.
      const written = await committer.writeAlone(
        { workspaceId, type: 'webhook', id },
        [key],
        (current, atMs, { others }) => {
          if (current === null) throw notFound('the webhook');
          const dialect = dialects.get(storedWebhook(current).dialect);
          const wanted = dialect === undefined ? null : signingSecretOf(dialect);
          const entry = wanted === null ? undefined : secretEntries(others[0]).find(({ name }) => name === wanted.name);
          if (entry === undefined) throw unsigned();
          const secret = openEntry(vault, key, entry);
          return {
            kind: 'write',
            plan: {
              changes: [],
              resources: [
                auditWrite(
                  { ids, caller },
                  { action: 'secret.revealed', target: `webhook:${id}`, after: { name: entry.name } },
                  atMs,
                ),
              ],
            },
            answer: () => secret,
          };
        },
      );
      if (written.kind === 'duplicate') throw new TypeError('A reveal carries no idempotency row');
      return { secret: written.answer };
    },
  };
}

/** A present secret that no longer opens must not keep anybody from replacing it. */
function openOrNull(
  { vault }: SecretCasesDeps,
  key: Parameters<typeof openEntry>[1],
  entry: Parameters<typeof openEntry>[2],
): string | null {
  try {
    return openEntry(vault, key, entry);
  } catch {
    return null;
  }
}

function unsigned(): AssetwireError {
  return new AssetwireError('invalid_secret', {
    detail: 'Use the signing secret of the webhook: its dialect signs with none',
  });
}

function droppedNotice({ ids }: SecretCasesDeps, id: string, atMs: number) {
  return noticeWrite(
    ids,
    {
      kind: 'secret.dropped',
      severity: 'warning',
      subject: `webhook:${id}`,
      text: `The secret was rotated more often than ${activeVersionsMax - 1} times within its overlap: the oldest no longer signs`,
    },
    atMs,
  );
}
