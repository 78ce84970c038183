/**
 * Switching a webhook on that is about a library: only by somebody who may look into it. Where the key that made it has lost
 * that, whoever switches it on answers for it from now on; otherwise it would be switched off again.
 */
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { keyHolding } from './key-holding.ts';
import type { Turns } from './turns.ts';
import { keyFollowedDuty } from './webhook-access-duty.ts';
import { boundSettings, libraryOfWebhook, refuseEqual } from './webhook-library.ts';
import { storedWebhook, webhookBody, webhookState } from './webhook-state.ts';
import { webhookTurn } from './webhook-turn.ts';

export type AdoptDeps = Pick<AppDeps, 'storage' | 'clock' | 'ids' | 'dialects'> & {
  readonly committer: Committer;
  readonly turns: Turns;
};

/** Throws where the caller may not have the library, or an equal webhook is on. Nothing for what is about no library. */
export async function adoptBeforeEnable(deps: AdoptDeps, caller: Caller, id: string): Promise<void> {
  const { storage, dialects, committer, turns, ids } = deps;
  const { workspaceId, keyId } = caller;
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
  if (row === undefined || row === null) return;
  const webhook = storedWebhook(row);
  const manifest = dialects.get(webhook.dialect)?.manifest;
  const about = manifest === undefined ? null : libraryOfWebhook(manifest, webhook.settings);
  if (manifest === undefined || about === null || webhook.state !== 'disabled') return;
  await boundSettings(deps, caller, { manifest, settings: webhook.settings });
  const { ownerKeyId } = webhook;
  const owner = ownerKeyId === undefined ? null : await keyHolding(deps, workspaceId, ownerKeyId);
  const stays = owner !== null && owner.ended === null && owner.may(about);
  await turns.take(webhookTurn(workspaceId), () =>
    committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (current, atMs, { index }) => {
      const before = current === null ? null : storedWebhook(current);
      if (before === null || before.state !== 'disabled') return { kind: 'nothing', answer: undefined };
      const after = stays ? before : { ...before, ownerKeyId: keyId };
      refuseEqual(manifest, index.webhooks, after);
      if (stays) return { kind: 'nothing', answer: undefined };
      const note = { action: 'webhook.adopted', target: `webhook:${id}`, before: { ownerKeyId: ownerKeyId ?? null } };
      return {
        kind: 'write',
        plan: {
          state: webhookState(webhookBody(after), index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          resources: [auditWrite({ ids, caller }, { ...note, after: { ownerKeyId: keyId } }, atMs)],
          duties: [keyFollowedDuty(deps, workspaceId, { keyId, atMs })],
        },
        answer: () => undefined,
      };
    }),
  );
}
