/**
 * A timer of an asset: the earliest of its dates has come. Available from now on or not any more, archived, or a notice
 * that it will be: each told as a change of its own, by the actor `timer`, whose name says so where it was late.
 */
import { nextDateOf, noticeOf, timerActorId, withArchived, withAvailability } from '../core/asset-dates.ts';
import { type AssetHappening, changeKindsFor } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { Actor } from '../core/change.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { AssetTimerPayload } from './asset-upkeep.ts';
import { asJsonState, assetChange, assetState, assetSubject, type Happening } from './asset-views.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced } from './duty-step.ts';
import type { NoticeDays } from './notice-days.ts';

export type AssetTimerDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'logger'> & {
  readonly committer: Committer;
  readonly noticeDays: NoticeDays;
};

/** What comes later than this was held up: the server was down, or its clock was put forward. */
export const lateMs = 60_000;

export async function actOnDates(deps: AssetTimerDeps, duty: Duty, { assetId }: AssetTimerPayload): Promise<void> {
  const { committer, ids, logger } = deps;
  const { workspaceId } = duty;
  const fulfils = { dutyId: duty.id, version: duty.version };
  const archiveNoticeDays = await deps.noticeDays(workspaceId, 0);
  const key = { workspaceId, type: 'asset', id: assetId } as const;
  const written = await committer.write<{ readonly waitUntilMs: number | null }>(key, (current, atMs) => {
    const before = current === null ? null : assetState(current);
    const dueAtMs = before === null ? null : nextDateOf(before);
    const done = { kind: 'write', plan: { changes: [], fulfils }, answer: () => ({ waitUntilMs: null }) } as const;
    // Gone, or without dates by now. Where they moved meanwhile this timer was withdrawn, and nothing of it is committed.
    if (current === null || before === null || dueAtMs === null) return done;
    // The clock was put back.
    if (dueAtMs > atMs) return { kind: 'nothing', answer: { waitUntilMs: dueAtMs } };
    // A date that lay in the past when it was set, or while the asset lay in the trash, is acted on then: that is in time.
    const byMs = atMs - Math.max(dueAtMs, current.updatedAtMs);
    if (byMs > lateMs) logger.warn('timer.late', { workspaceId, assetId, dueAtMs, lateMs: byMs });
    const { after, happenings } = dated(before, { atMs, archiveNoticeDays });
    const state = asJsonState(after);
    const frame = {
      ids,
      workspaceId,
      actor: timerActor(byMs),
      subject: assetSubject(assetId, current.alias),
      version: current.version + 1,
      atMs,
    };
    const changes = happenings.map(({ kind, changed, notice }) =>
      assetChange(frame, { kind, changed, before: current.state, after: state, ...notice }),
    );
    return { kind: 'write', plan: { state, changes, fulfils }, answer: () => ({ waitUntilMs: null }) };
  });
  if (written.kind === 'done' && written.answer.waitUntilMs !== null)
    await wait(deps, duty, written.answer.waitUntilMs);
}

type Moment = { readonly atMs: number; readonly archiveNoticeDays: readonly number[] };

/** The asset as its dates have it by now, and what happened. */
function dated(
  before: AssetState,
  { atMs, archiveNoticeDays }: Moment,
): { readonly after: AssetState; readonly happenings: readonly TimedHappening[] } {
  const available = withAvailability(before, atMs);
  const { archiveAtMs, archiveNoticeAtMs, ...rest } = available;
  if (archiveAtMs !== undefined && archiveAtMs <= atMs && !before.archived) {
    const after = { ...withArchived({ ...rest, archiveAtMs }, true, { atMs, by: timerActorId }), modifiedAtMs: atMs };
    return { after, happenings: changeKindsFor(asJsonState(before), asJsonState(after)) };
  }
  if (before.archived || archiveAtMs === undefined || archiveNoticeAtMs === undefined || archiveNoticeAtMs > atMs) {
    const after = { ...available, modifiedAtMs: atMs };
    return { after, happenings: changeKindsFor(asJsonState(before), asJsonState(after)) };
  }
  const withNotice = (notice: number | undefined): AssetState => ({
    ...rest,
    archiveAtMs,
    ...(notice === undefined ? {} : { archiveNoticeAtMs: notice }),
    modifiedAtMs: atMs,
  });
  const due = dueNotices(archiveAtMs, archiveNoticeDays, { fromMs: archiveNoticeAtMs, toMs: atMs });
  const after = withNotice(noticeOf(archiveAtMs, archiveNoticeDays, atMs));
  return {
    after,
    happenings: [
      ...changeKindsFor(asJsonState(before), asJsonState(after)),
      // Several where it was held up: each is told with the day that it was for.
      ...due.map((notice, at): TimedHappening => {
        const later = due[at + 1];
        const [was, is] = [withNotice(notice), later === undefined ? after : withNotice(later)];
        return {
          kind: 'asset.pre_archive',
          changed: ['archiveNoticeAtMs'],
          notice: { before: asJsonState({ ...was, modifiedAtMs: before.modifiedAtMs }), after: asJsonState(is) },
        };
      }),
    ],
  };
}

/** `notice`: the states that this notice lies between. */
type TimedHappening = AssetHappening & { readonly notice?: Pick<Happening, 'before' | 'after'> };

/** The notice that the timer was set for, and those whose moment has come since. */
function dueNotices(
  archiveAtMs: number,
  days: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly number[] {
  const due: number[] = [];
  let next: number | undefined = fromMs;
  while (next !== undefined && next <= toMs) {
    due.push(next);
    next = noticeOf(archiveAtMs, days, next);
  }
  return due;
}

function timerActor(byMs: number): Actor {
  return { type: 'system', id: timerActorId, name: byMs > lateMs ? `Timer, ${spanText(byMs)} late` : 'Timer' };
}

function spanText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}

async function wait({ storage, clock }: AssetTimerDeps, duty: Duty, untilMs: number): Promise<void> {
  const { workspaceId } = duty;
  await commitOne(storage, { workspaceId, atMs: clock.nowMs(), advances: advanced(duty, untilMs) });
}
