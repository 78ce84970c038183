/**
 * How many days before an asset is archived somebody is to be told: what the workspace says for all, and what webhooks say
 * for themselves (`Dialect.archiveNoticeDays`). Every asset with such a date has one timer for its next notice; when the
 * days change, a duty goes over the assets and sets it anew.
 */
import { noticeOf } from '../core/asset-dates.ts';
import type { AssetState } from '../core/asset.ts';
import { sameJson } from '../core/json-equality.ts';
import { kindsOf } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Duty, NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import { asJsonState, assetState } from './asset-views.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { renoticeDuty, type RenoticePayload } from './renotice-duty.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

/** The days for an asset with this date of archiving; none are looked for where it has none. */
export type NoticeDays = (workspaceId: string, archiveAtMs: unknown) => Promise<readonly number[]>;

const none: readonly number[] = [];

/** So that nobody else's work waits for a step. */
const assetsPerStep = 200;

export function createNoticeDays({
  storage,
  dialects,
  matching,
}: Pick<AppDeps, 'storage' | 'dialects'> & { readonly matching: Pick<Matching, 'known' | 'load'> }): NoticeDays {
  return async (workspaceId, archiveAtMs) => {
    if (typeof archiveAtMs !== 'number') return none;
    const [{ archiveNoticeDays }, revision] = await Promise.all([
      readWorkspaceSettings(storage, workspaceId),
      storage.webhooksRevision(workspaceId),
    ]);
    if (revision === 0) return archiveNoticeDays;
    const known = matching.known(workspaceId);
    const { webhooks } = known?.revision === revision ? known : await matching.load(workspaceId);
    const days = new Set(archiveNoticeDays);
    for (const webhook of webhooks) for (const day of noticeDaysOf(dialects, webhook)) days.add(day);
    return [...days];
  };
}

/** What one webhook asks for; nothing where no event of its own is about a date of archiving. */
export function noticeDaysOf(
  dialects: AppDeps['dialects'],
  webhook: Pick<Webhook, 'dialect' | 'events' | 'settings'>,
): readonly number[] {
  const dialect = dialects.get(webhook.dialect);
  if (dialect?.archiveNoticeDays === undefined) return none;
  return kindsOf(webhook, dialect.events).includes('asset.pre_archive')
    ? dialect.archiveNoticeDays(webhook.settings)
    : none;
}

/** What is owed when a webhook's wishes become others: nothing where they stay as they are. */
export function noticesOwed(
  { ids, dialects }: Pick<AppDeps, 'ids' | 'dialects'>,
  webhook: { readonly before: NoticeWish | null; readonly after: NoticeWish | null },
  at: { readonly workspaceId: string; readonly atMs: number },
): readonly NewDuty[] {
  const daysOf = (wish: NoticeWish | null) => (wish === null ? none : noticeDaysOf(dialects, wish));
  const [was, is] = [daysOf(webhook.before), daysOf(webhook.after)];
  return was.join() === is.join() ? [] : [renoticeDuty(ids, at)];
}

type NoticeWish = Pick<Webhook, 'dialect' | 'events' | 'settings'>;

export type RenoticeDeps = Pick<AppDeps, 'storage' | 'clock'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
};

/**
 * One page of assets; those with a date get the notice that they should have. Nobody is told. A row says which days all
 * assets were last gone over with: most webhooks ask for days that somebody asks for already, and then nothing is to be done.
 */
export async function setNotices(deps: RenoticeDeps, duty: Duty, payload: RenoticePayload): Promise<void> {
  const { storage, clock } = deps;
  const { workspaceId } = duty;
  const { cursor } = payload;
  const days = (await deps.noticeDays(workspaceId, 0)).toSorted((left, right) => left - right);
  const begun = payload.days ?? days;
  const [row] = await storage.resources([lastWalk(workspaceId)]);
  const known = row?.state['days'];
  if (cursor === null && sameJson(known, days)) return conclude(deps, duty, []);
  const page = await storage.read.resources({
    workspaceId,
    type: 'asset',
    order: 'oldest',
    limit: assetsPerStep,
    ...(cursor === null ? {} : { cursor }),
  });
  await Promise.all(
    page.items.filter((asset) => isOther(asset, days, clock.nowMs())).map((asset) => setNotice(deps, asset, days)),
  );
  if (page.nextCursor === null) {
    // Where they became others on the way, the first pages have seen the former ones: nobody knows, and the next one looks.
    const state = sameJson(begun, days) ? { days } : null;
    return conclude(deps, duty, [{ type: 'setting', id: lastWalkId, expectedVersion: 'any', state }]);
  }
  const next: RenoticePayload = { what: 'archive_notices', cursor: page.nextCursor, days: begun };
  const atMs = clock.nowMs();
  const advances = { dutyId: duty.id, version: duty.version, dueAtMs: atMs, payload: next };
  await commitOne(storage, { workspaceId, atMs, advances });
}

const lastWalkId = 'archive-notices';

function lastWalk(workspaceId: string): ResourceKey {
  return { workspaceId, type: 'setting', id: lastWalkId };
}

async function conclude(
  { storage, clock }: RenoticeDeps,
  { id: dutyId, version, workspaceId }: Duty,
  resources: readonly ResourceWrite[],
): Promise<void> {
  const item = { workspaceId, atMs: clock.nowMs(), resources, fulfils: { dutyId, version } };
  await commitOne(storage, item);
}

async function setNotice({ committer }: RenoticeDeps, { workspaceId, id }: Resource, days: readonly number[]) {
  await committer.write({ workspaceId, type: 'asset', id }, (current, atMs) => {
    const next = current === null ? null : renoticed(assetState(current), days, atMs);
    if (next === null) return { kind: 'nothing', answer: undefined };
    return { kind: 'write', plan: { state: asJsonState(next), changes: [] }, answer: () => undefined };
  });
}

function isOther(row: Resource, days: readonly number[], atMs: number): boolean {
  return renoticed(assetState(row), days, atMs) !== null;
}

/** With the notice that these days give it; null where it has that one already, or has none to have. */
function renoticed(state: AssetState, days: readonly number[], atMs: number): AssetState | null {
  const { archiveNoticeAtMs: before, ...rest } = state;
  if (state.archived || state.archiveAtMs === undefined) return null;
  // Its timer is about to give this one, and then looks for the next.
  if (before !== undefined && before <= atMs) return null;
  const archiveNoticeAtMs = noticeOf(state.archiveAtMs, days, atMs);
  if (archiveNoticeAtMs === before) return null;
  return archiveNoticeAtMs === undefined ? rest : { ...rest, archiveNoticeAtMs };
}
