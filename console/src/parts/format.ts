/** How numbers, sizes and times are written: in the reader's own language, in the words of `Intl`. */

/** Browsers may name languages that `Intl` does not take (`en-US@posix`): those count for nothing. */
const locale = navigator.languages.flatMap((name) => {
  try {
    return Intl.getCanonicalLocales(name);
  } catch {
    return [];
  }
});
const counts = new Intl.NumberFormat(locale);
const rough = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const days = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
const hours = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
const shortDays = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'narrow' });

export const showCount = (value: number): string => counts.format(value);
export const showShare = (value: number): string => shares.format(value);
export const showMoment = (atMs: number): string => days.format(atMs);
export const showHour = (atMs: number): string => hours.format(atMs);
export const showDay = (atMs: number): string => shortDays.format(atMs);
export const showDate = (atMs: number): string => dates.format(atMs);
export const showUtc = (atMs: number): string => `${new Date(atMs).toISOString()} UTC`;

export function showBytes(bytes: number): string {
  if (bytes < 1_000) return `${counts.format(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${rough.format(value)} ${units[unit] ?? ''}`;
}

/** `340 µs`, `12 ms`, `1.2 s`, `3 min`, `2 h`, `5 d`; `0 s` for nothing. */
export function showDuration(ms: number): string {
  if (ms === 0) return `${counts.format(0)} s`;
  if (ms < 1) return `${counts.format(Math.round(ms * 1_000))} µs`;
  if (ms < 9.95) return `${rough.format(ms)} ms`;
  if (ms < 999.5) return `${counts.format(Math.round(ms))} ms`;
  if (ms < 60_000) return `${rough.format(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${rough.format(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${rough.format(ms / 3_600_000)} h`;
  return `${rough.format(ms / 86_400_000)} d`;
}

/** How long a film is: `0:42`, `1:02:03`. */
export function showLength(ms: number): string {
  const whole = Math.round(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const steps: readonly (readonly [limitMs: number, unitMs: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [60_000, 1_000, 'second'],
  [3_600_000, 60_000, 'minute'],
  [86_400_000, 3_600_000, 'hour'],
  [30 * 86_400_000, 86_400_000, 'day'],
];

/** `5m ago`, `in 2h`; further away than a month the date. */
export function showAgo(atMs: number, nowMs: number): string {
  const difference = atMs - nowMs;
  for (const [limitMs, unitMs, unit] of steps)
    if (Math.abs(difference) < limitMs) return relative.format(Math.round(difference / unitMs), unit);
  return dates.format(atMs);
}

/** Base64 → bytes → text; null where they are no UTF-8. */
export function textOfBase64(base64: string): string | null {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** JSON laid out; anything else as it is. */
export function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
