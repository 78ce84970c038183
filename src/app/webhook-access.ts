/**
 * What becomes of webhooks about a library when the key that made them may not look into it any more: revoked, expired, its
 * grant taken away. Whatever takes access away owes a timer in its own commit, so this is looked at once and in time, and
 * nothing is polled. What is switched off stays, with its reason, for people to see and to switch on again.
 */
import type { Webhook } from '../core/webhook.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type KeyHolding, keyHolding } from './key-holding.ts';
import { findLibrary } from './libraries.ts';
import type { Matching } from './matching.ts';
import { noticeWrites } from './notices.ts';
import { disabledNotice } from './webhook-care.ts';
import type { Turns } from './turns.ts';
import { type AccessTimerPayload, isTrial, keyFollowedDuty, type TrialTimerPayload } from './webhook-access-duty.ts';
import { libraryOfWebhook } from './webhook-library.ts';
import { storedWebhook, webhookBody, webhookState } from './webhook-state.ts';
import type { WebhookSwitch } from './webhook-switch.ts';
import { webhookTurn } from './webhook-turn.ts';

export type AccessDeps = Pick<AppDeps, 'storage' | 'clock' | 'ids' | 'dialects' | 'engine'> & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly turns: Turns;
  readonly toggle: Pick<WebhookSwitch, 'disableByRule'>;
};

export async function actOnAccess(deps: AccessDeps, duty: Duty, payload: AccessTimerPayload): Promise<void> {
  const { keyId, library, everywhere } = payload;
  const { storage, clock } = deps;
  const workspaces = everywhere === true ? await allWorkspaces(deps) : [duty.workspaceId];
  for (const workspaceId of workspaces) {
    const concerned = (await webhooksAbout(deps, workspaceId)).filter(
      ({ webhook, about }) => webhook.ownerKeyId === keyId || (library !== undefined && about === library),
    );
    for (const one of concerned) await review(deps, workspaceId, one);
  }
  const at = { dutyId: duty.id, version: duty.version };
  const atMs = clock.nowMs();
  const waitUntilMs = keyId === undefined || payload.follow !== true ? null : await expiryAhead(deps, duty, keyId);
  await commitOne(
    storage,
    waitUntilMs === null
      ? { workspaceId: duty.workspaceId, atMs, fulfils: at }
      : { workspaceId: duty.workspaceId, atMs, advances: { ...at, dueAtMs: waitUntilMs, payload } },
  );
}

/** When a key that is good still will end by itself; null where it will not, or has ended. */
async function expiryAhead(deps: AccessDeps, { workspaceId }: Duty, keyId: string): Promise<number | null> {
  const { ended, expiresAtMs } = await keyHolding(deps, workspaceId, keyId);
  return ended === null ? expiresAtMs : null;
}

async function allWorkspaces({ storage }: AccessDeps): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Resource> = await storage.read.allResources({
      type: 'workspace',
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

type Concerned = { readonly webhook: Webhook; readonly about: string };

/** Those that are on and about a library, as they are stored now. */
async function webhooksAbout(
  { matching, dialects, storage }: AccessDeps,
  workspaceId: string,
): Promise<readonly Concerned[]> {
  // Another process may have written: what is known here counts only where it is of the store's revision.
  const known = matching.known(workspaceId);
  if (known?.revision !== (await storage.webhooksRevision(workspaceId))) matching.outdated(workspaceId);
  const { webhooks } = matching.known(workspaceId) ?? (await matching.load(workspaceId));
  return webhooks.flatMap((webhook) => {
    const manifest = dialects.get(webhook.dialect)?.manifest;
    const about = manifest === undefined ? null : libraryOfWebhook(manifest, webhook.settings);
    return about === null || webhook.state === 'disabled' || isTrial(webhook) ? [] : [{ webhook, about }];
  });
}

async function review(deps: AccessDeps, workspaceId: string, { webhook, about }: Concerned): Promise<void> {
  const { ownerKeyId } = webhook;
  const key = ownerKeyId === undefined ? null : await keyHolding(deps, workspaceId, ownerKeyId);
  const reason = await lostBecause(deps, { workspaceId, about, key, ownerKeyId });
  if (reason === null) {
    if (key !== null && key.heir !== null) await inherit(deps, { workspaceId, heir: key.heir }, webhook);
    return;
  }
  await deps.toggle.disableByRule({ workspaceId, id: webhook.id, reason }, (off, atMs) =>
    noticeWrites(deps.ids, { workspaceId, notice: disabledNotice(off, reason) }, atMs),
  );
}

type Holder = {
  readonly workspaceId: string;
  readonly about: string;
  readonly key: KeyHolding | null;
  readonly ownerKeyId: string | undefined;
};

/** Why a webhook may not be there any more; null where it may. */
async function lostBecause(
  deps: Pick<AppDeps, 'storage' | 'clock'>,
  { workspaceId, about, key, ownerKeyId }: Holder,
): Promise<string | null> {
  if ((await findLibrary(deps, workspaceId, about)) === null) return `The library "${about}" was deleted`;
  if (key === null || key.heir !== null) return null;
  const named = `The key "${key.name}" (${ownerKeyId ?? ''}) that made it`;
  if (key.ended !== null) return `${named} ${key.ended === 'revoked' ? 'was revoked' : 'has expired'}`;
  return key.may(about) ? null : `${named} has lost access to the library "${about}"`;
}

/** A key that takes the place of another goes on with what that one made. */
async function inherit(
  { committer, turns, matching, engine, ids }: AccessDeps,
  { workspaceId, heir }: { readonly workspaceId: string; readonly heir: string },
  { id, ownerKeyId }: Webhook,
): Promise<void> {
  await turns.take(webhookTurn(workspaceId), () =>
    committer.writeAlone({ workspaceId, type: 'webhook', id }, [], (current, atMs, { index }) => {
      const before = current === null ? null : storedWebhook(current);
      if (before === null || before.ownerKeyId !== ownerKeyId) return { kind: 'nothing', answer: undefined };
      return {
        kind: 'write',
        plan: {
          state: webhookState({ ...webhookBody(before), ownerKeyId: heir }, index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          // The heir may be gone by now as well.
          duties: [keyFollowedDuty({ ids }, workspaceId, { keyId: heir, atMs })],
        },
        answer: () => undefined,
      };
    }),
  );
  matching.outdated(workspaceId);
  engine.webhookChanged(workspaceId, id);
}

/** Removes what was made for one test; `remove` is that of webhooks. */
export async function endTrial(
  { storage, clock }: Pick<AppDeps, 'storage' | 'clock'>,
  duty: Duty,
  { webhookId, remove }: Pick<TrialTimerPayload, 'webhookId'> & { readonly remove: (id: string) => Promise<void> },
): Promise<void> {
  const { workspaceId } = duty;
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row !== undefined && row !== null && isTrial(storedWebhook(row))) await remove(webhookId);
  const at = { dutyId: duty.id, version: duty.version };
  await commitOne(storage, { workspaceId, atMs: clock.nowMs(), fulfils: at });
}
