/**
 * The `housekeeping` duty, once an hour for the installation: warns of keys and of webhooks' certificates that end soon, lets go of sessions and links
 * that are over, and of notices and audit rows that are older than their workspace keeps them. All of it in pages.
 */
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Resource, ResourceType, ResourceWrite } from '../storage/contract/resources.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { isGood, storedKey } from './key-lookup.ts';
import { raiseNotice } from './notices.ts';
import { warnOfCertificates } from './webhook-certificates.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

const dayMs = 24 * 3_600_000;
export const housekeepingEveryMs = 3_600_000;
/** Days before its end at which a key is told of. */
const keyWarningDays = [7, 1] as const;
const pageItems = 500;
const housekeeper = { workspaceId: 'default', type: 'setting', id: 'housekeeping' } as const;

export type HousekeepingDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock'> & { readonly committer: Committer };

/** Makes the duty at the first start; from then on it makes itself again. */
export async function beginHousekeeping({ committer, ids }: HousekeepingDeps): Promise<void> {
  await committer.writeAlone(housekeeper, [], (current, atMs) => {
    if (current !== null) return { kind: 'nothing', answer: undefined };
    const dueAtMs = atMs + housekeepingEveryMs;
    const duty = { id: ids.next('duty'), workspaceId: 'default', kind: 'housekeeping', dueAtMs, payload: {} } as const;
    return { kind: 'write', plan: { state: {}, changes: [], duties: [duty] }, answer: () => undefined };
  });
}

export function createHousekeepingDuty(deps: HousekeepingDeps): DutyHandler {
  const { storage, clock } = deps;
  return async (duty, signal) => {
    await eachPage(deps, { type: 'key', signal }, (rows) => warnOfKeys(deps, rows));
    await eachPage(deps, { type: 'webhook', signal }, (rows) => warnOfCertificates(deps, rows));
    await eachPage(deps, { type: 'session', signal }, (rows) => removeOver(deps, rows));
    await eachPage(deps, { type: 'invitation', signal }, (rows) => removeOver(deps, rows));
    await eachPage(deps, { type: 'task', signal }, (rows) => removeDone(deps, rows));
    await eachPage(deps, { type: 'workspace', signal }, async (rows) => {
      for (const { id } of rows) {
        const { noticeDays, auditDays } = await readWorkspaceSettings(storage, id);
        await removeOld(deps, { workspaceId: id, type: 'notice', keepMs: noticeDays * dayMs, signal });
        await removeOld(deps, { workspaceId: id, type: 'audit', keepMs: auditDays * dayMs, signal });
      }
    });
    if (signal.aborted) return;
    const atMs = clock.nowMs();
    const { id: dutyId, version, payload } = duty;
    const advances = { dutyId, version, dueAtMs: atMs + housekeepingEveryMs, payload };
    await commitOne(storage, { workspaceId: 'default', atMs, advances });
  };
}

async function eachPage(
  { storage }: HousekeepingDeps,
  { type, signal }: { readonly type: ResourceType; readonly signal: AbortSignal },
  work: (rows: readonly Resource[]) => Promise<void>,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof storage.read.allResources>> = await storage.read.allResources({
      type,
      limit: pageItems,
      ...(cursor === null ? {} : { cursor }),
    });
    await work(page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && !signal.aborted);
}

async function warnOfKeys(deps: HousekeepingDeps, rows: readonly Resource[]): Promise<void> {
  const nowMs = deps.clock.nowMs();
  for (const { workspaceId, id, state } of rows) {
    const key = storedKey(state);
    const { expiresAtMs } = key;
    if (expiresAtMs === null || !isGood(key, nowMs)) continue;
    const days = keyWarningDays.filter((count) => expiresAtMs - nowMs <= count * dayMs).at(-1);
    if (days === undefined) continue;
    const notice = {
      kind: 'key.expiring',
      severity: 'warning',
      subject: `key:${id}`,
      text: `Key "${key.name}" ends at ${new Date(expiresAtMs).toISOString()}`,
      details: { keyId: id, expiresAtMs },
    } as const;
    // Once for each of the days, however often this looks.
    await raiseNotice(deps, workspaceId, { notice, once: `key.expiring ${id} ${expiresAtMs} ${days}` });
  }
}

/** Sessions and links say themselves when they are over. */
async function removeOver(deps: HousekeepingDeps, rows: readonly Resource[]): Promise<void> {
  const nowMs = deps.clock.nowMs();
  await remove(
    deps,
    rows.filter(({ state }) => Number(state['expiresAtMs']) <= nowMs),
  );
}

/** Tasks stay to be seen for a while once they are done. */
async function removeDone(deps: HousekeepingDeps, rows: readonly Resource[]): Promise<void> {
  const beforeMs = deps.clock.nowMs() - limits.tasksKeptMs;
  await remove(
    deps,
    rows.filter(({ state, updatedAtMs }) => state['state'] === 'done' && updatedAtMs < beforeMs),
  );
}

type Old = {
  readonly workspaceId: string;
  readonly type: 'notice' | 'audit';
  readonly keepMs: number;
  readonly signal: AbortSignal;
};

/** Ids sort by time, so what is oldest comes first and the first young one ends the search. */
async function removeOld(deps: HousekeepingDeps, { workspaceId, type, keepMs, signal }: Old): Promise<void> {
  const { storage, clock } = deps;
  const beforeMs = clock.nowMs() - keepMs;
  while (!signal.aborted) {
    const { items } = await storage.read.resources({ workspaceId, type, order: 'oldest', limit: pageItems });
    const old = items.filter(({ createdAtMs }) => createdAtMs < beforeMs);
    await remove(deps, old);
    if (old.length < pageItems) return;
  }
}

async function remove({ storage, clock }: HousekeepingDeps, rows: readonly Resource[]): Promise<void> {
  const byWorkspace = Map.groupBy(rows, ({ workspaceId }) => workspaceId);
  for (const [workspaceId, gone] of byWorkspace) {
    const resources = gone.map(({ type, id }): ResourceWrite => ({ type, id, expectedVersion: 'any', state: null }));
    await commitOne(storage, { workspaceId, atMs: clock.nowMs(), resources });
  }
}
