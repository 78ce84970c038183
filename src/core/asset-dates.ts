/**
 * The dates of an asset, as decisions. Pure; times are unix milliseconds.
 *
 * - `publishAtMs`, `expiresAtMs`: from then on, and until then, it may be given out. What is given out is decided by the
 *   clock (`isAvailable`), so a timer that is late lets nothing out; `availability` is what receivers have been told.
 * - `archiveAtMs`: it is archived then, unless it is archived already. `archiveNoticeAtMs`: the next notice of that.
 *
 * At most one timer is owed for an asset: for the earliest of its dates that is still to be acted on (`nextDateOf`). It
 * follows from the state alone, so every write knows which timer there was and which there must be.
 */
import type { AssetState, Unavailability } from './asset.ts';

export type AssetDates = Pick<
  AssetState,
  'archived' | 'archiveAtMs' | 'archiveNoticeAtMs' | 'publishAtMs' | 'expiresAtMs' | 'availability'
>;

const dayMs = 24 * 3_600_000;

/** When the next of its dates is to be acted on; null where none is. */
export function nextDateOf(dates: AssetDates): number | null {
  const { archived, archiveAtMs, archiveNoticeAtMs, publishAtMs, expiresAtMs, availability } = dates;
  let next: number | null = null;
  const consider = (atMs: number | undefined): void => {
    if (atMs !== undefined && (next === null || atMs < next)) next = atMs;
  };
  if (!archived) {
    consider(archiveAtMs);
    if (archiveAtMs !== undefined) consider(archiveNoticeAtMs);
  }
  if (availability === 'upcoming') consider(publishAtMs);
  if (availability !== 'expired') consider(expiresAtMs);
  return next;
}

/** What these dates make of the asset at a moment; undefined: available. */
export function availabilityAt(
  { publishAtMs, expiresAtMs }: Pick<AssetDates, 'publishAtMs' | 'expiresAtMs'>,
  atMs: number,
): Unavailability | undefined {
  if (expiresAtMs !== undefined && expiresAtMs <= atMs) return 'expired';
  return publishAtMs !== undefined && publishAtMs > atMs ? 'upcoming' : undefined;
}

/**
 * When the next notice of an archive date is due, with notices so many days before; undefined where none is left. One
 * whose day has passed when the date is set is not given.
 */
export function noticeOf(archiveAtMs: number, daysBefore: readonly number[], afterMs: number): number | undefined {
  let next: number | undefined;
  for (const days of daysBefore) {
    const atMs = archiveAtMs - days * dayMs;
    if (atMs > afterMs && atMs < archiveAtMs && (next === undefined || atMs < next)) next = atMs;
  }
  return next;
}

/**
 * How many days before the archive date the notice was due that lies between these two states; null where they do not say
 * (a notice that another DAM reports).
 */
export function archiveNoticeDaysOf(before: AssetDatesLike | null, after: AssetDatesLike | null): number | null {
  const archiveAtMs = after?.['archiveAtMs'];
  const noticeAtMs = before?.['archiveNoticeAtMs'];
  if (typeof archiveAtMs !== 'number' || typeof noticeAtMs !== 'number') return null;
  return Math.round((archiveAtMs - noticeAtMs) / dayMs);
}

/** A state of anybody's, of which nothing is sure. */
type AssetDatesLike = { readonly [field: string]: unknown };

/** Who archives an asset when its date has come. */
export const timerActorId = 'timer';

/** The dates as a write wants them: null takes one away, absent leaves it. */
export type DatesPatch = {
  readonly archiveAtMs?: number | null;
  readonly publishAtMs?: number | null;
  readonly expiresAtMs?: number | null;
};

/** With the dates changed, and what follows from them: the next notice, whether it is available. */
export function withDates<State extends AssetDates>(
  state: State,
  patch: DatesPatch,
  { atMs, noticeDays }: { readonly atMs: number; readonly noticeDays: readonly number[] },
): State {
  if (patch.archiveAtMs === undefined && patch.publishAtMs === undefined && patch.expiresAtMs === undefined)
    return state;
  const {
    archiveAtMs: archive,
    archiveNoticeAtMs: notice,
    publishAtMs: publish,
    expiresAtMs: expires,
    ...rest
  } = state;
  const archiveAtMs = patched(archive, patch.archiveAtMs);
  const moved = archiveAtMs !== archive;
  const archiveNoticeAtMs =
    archiveAtMs === undefined ? undefined : moved ? noticeOf(archiveAtMs, noticeDays, atMs) : notice;
  return withAvailability(
    compact(rest as unknown as State, {
      archiveAtMs,
      archiveNoticeAtMs,
      publishAtMs: patched(publish, patch.publishAtMs),
      expiresAtMs: patched(expires, patch.expiresAtMs),
    }),
    atMs,
  );
}

/** With what follows from dates that a state has already, as another DAM says. `was`: the state before. */
export function withReportedDates<State extends AssetDates>(
  state: State,
  was: AssetDates | null,
  { atMs, noticeDays }: { readonly atMs: number; readonly noticeDays: readonly number[] },
): State {
  const { archiveAtMs, archiveNoticeAtMs: given, ...rest } = state;
  const kept = was !== null && was.archiveAtMs === archiveAtMs ? given : undefined;
  const archiveNoticeAtMs = archiveAtMs === undefined ? undefined : (kept ?? noticeOf(archiveAtMs, noticeDays, atMs));
  return withAvailability(compact(rest as unknown as State, { archiveAtMs, archiveNoticeAtMs }), atMs);
}

/** With what its dates of publication and expiry make of it at a moment. */
export function withAvailability<State extends AssetDates>(state: State, atMs: number): State {
  const availability = availabilityAt(state, atMs);
  if (availability === state.availability) return state;
  const { availability: _before, ...rest } = state;
  return compact(rest as unknown as State, { availability });
}

/** Archived, or out of the archive: then a date that has passed is done with and goes. */
export function withArchived<State extends AssetState>(
  state: State,
  archived: boolean,
  { atMs, by }: { readonly atMs: number; readonly by: string },
): State {
  if (archived === state.archived) return state;
  if (archived) return { ...state, archived, archivedAtMs: atMs, archivedBy: by };
  const { archivedAtMs: _at, archivedBy: _by, archiveAtMs, archiveNoticeAtMs, ...rest } = state;
  const past = archiveAtMs === undefined || archiveAtMs <= atMs;
  return compact({ ...rest, archived } as unknown as State, past ? {} : { archiveAtMs, archiveNoticeAtMs });
}

function patched(known: number | undefined, patch: number | null | undefined): number | undefined {
  return patch === undefined ? known : (patch ?? undefined);
}

function compact<State>(state: State, fields: { readonly [field: string]: unknown }): State {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? state : { ...state, ...Object.fromEntries(given) };
}
