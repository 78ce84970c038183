/** Rotating and revealing the signing secret of a webhook. */
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import { secretFormatOf } from '../core/secret.ts';
import type { GeneratedSecret } from '../dialects/contract/manifest.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Caller, WebhookCases, WebhookView } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type Notice, noticeWrites } from './notices.ts';
import { notFound } from './refusals.ts';
import { signingSecret, signingSecretOf } from './signing-secret.ts';
import {
  activeVersionsMax,
  openEntry,
  type SecretEntry,
  secretEntries,
  secretKey,
  secretWrite,
  withSecrets,
} from './webhook-secrets.ts';
import { storedWebhook } from './webhook-state.ts';

export type SecretCasesDeps = Pick<AppDeps, 'dialects' | 'ids' | 'random' | 'vault' | 'engine'> & {
  readonly committer: Committer;
};

type RotateOptions = Parameters<WebhookCases['rotateSecret']>[2];
type Asked = { readonly caller: Caller; readonly id: string };

export function createSecretCases(
  deps: SecretCasesDeps,
  view: (workspaceId: string, id: string) => Promise<WebhookView>,
): Pick<WebhookCases, 'rotateSecret' | 'revealSecret'> {
  return {
    async rotateSecret(caller, id, options) {
      const rotated = await rotate(deps, { caller, id }, options);
      deps.engine.webhookChanged(caller.workspaceId, id as WebhookId);
      return { ...rotated, webhook: await view(caller.workspaceId, id) };
    },
    revealSecret: async (caller, id) => ({ secret: await reveal(deps, { caller, id }) }),
  };
}

async function rotate(
  deps: SecretCasesDeps,
  { caller, id }: Asked,
  { secret: given, revokeOldNow = false }: RotateOptions,
): Promise<{ readonly secret: string; readonly oldSignsUntilMs: number | null }> {
  const { vault, ids, random } = deps;
  const { workspaceId } = caller;
  const key = secretKey(workspaceId, id);
  const written = await deps.committer.writeAlone(
    { workspaceId, type: 'webhook', id },
    [key],
    (current, atMs, { others }) => {
      const { dialect, wanted } = signingOf(deps, current);
      const row = others[0] ?? null;
      const entries = secretEntries(row);
      const present = entries.find(({ name }) => name === wanted.name);
      const former = present === undefined ? null : openOrNull(vault, key, present);
      const added = signingSecret(dialect, given, { random, like: former === null ? 'text' : secretFormatOf(former) });
      if (added === null) throw unsigned();
      if (added.value === former) throw sameAgain();
      const overlapMs = revokeOldNow ? 0 : wanted.overlapMs;
      const next = withSecrets({ vault, key, entries }, [added], { atMs, overlapMs });
      const note = { action: 'secret.rotated', target: `webhook:${id}`, after: { name: added.name, overlapMs } };
      const notice = droppedNotice(id);
      const dropped = next.dropped === 0 ? null : noticeWrites(ids, { workspaceId: key.workspaceId, notice }, atMs);
      return {
        kind: 'write',
        plan: {
          changes: [],
          resources: [
            secretWrite(key, row, next.entries),
            auditWrite({ ids, caller }, note, atMs),
            ...(dropped === null ? [] : [dropped.resource]),
          ],
          ...(dropped === null ? {} : { duties: [dropped.duty] }),
        },
        answer: () => ({ secret: added.value, oldSignsUntilMs: endOfFormer(next.entries, added.name) }),
      };
    },
  );
  if (written.kind === 'duplicate') throw new TypeError('A rotation carries no idempotency row');
  return written.answer;
}

/** Until when the secret that was just replaced signs beside the new one; null where it stopped at once. */
function endOfFormer(entries: readonly SecretEntry[], name: string): number | null {
  return entries.filter((entry) => entry.name === name)[1]?.expiresAtMs ?? null;
}

/** The audit row is committed before the secret is shown: what cannot be written down is not revealed. */
async function reveal(deps: SecretCasesDeps, { caller, id }: Asked): Promise<string> {
  const { vault, ids } = deps;
  const { workspaceId } = caller;
  const key = secretKey(workspaceId, id);
  const written = await deps.committer.writeAlone(
    { workspaceId, type: 'webhook', id },
    [key],
    (current, atMs, { others }) => {
      const { wanted } = signingOf(deps, current);
      const entry = secretEntries(others[0]).find(({ name }) => name === wanted.name);
      if (entry === undefined) throw unsigned();
      const secret = openEntry(vault, key, entry);
      const note = { action: 'secret.revealed', target: `webhook:${id}`, after: { name: entry.name } };
      return {
        kind: 'write',
        plan: { changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
        answer: () => secret,
      };
    },
  );
  if (written.kind === 'duplicate') throw new TypeError('A reveal carries no idempotency row');
  return written.answer;
}

function signingOf(
  { dialects }: SecretCasesDeps,
  current: Resource | null,
): { readonly dialect: Dialect; readonly wanted: GeneratedSecret } {
  if (current === null) throw notFound('the webhook');
  const dialect = dialects.get(storedWebhook(current).dialect);
  const wanted = dialect === undefined ? null : signingSecretOf(dialect);
  if (dialect === undefined || wanted === null) throw unsigned();
  return { dialect, wanted };
}

/** A present secret that no longer opens must not keep anybody from replacing it. */
function openOrNull(vault: SecretCasesDeps['vault'], key: ResourceKey, entry: SecretEntry): string | null {
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

function sameAgain(): AssetwireError {
  return new AssetwireError('invalid_secret', {
    detail: 'Rotate to another secret: it is the present one',
    mend: 'Leave it out and one is made',
  });
}

function droppedNotice(id: string): Notice {
  return {
    kind: 'secret.dropped',
    severity: 'warning',
    subject: `webhook:${id}`,
    text: `The secret was rotated more often than ${activeVersionsMax - 1} times within its overlap: the oldest no longer signs`,
  };
}
