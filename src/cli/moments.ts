/** Times as people type them. */
import { InvalidArgumentError, Option } from 'commander';
import type { CliContext } from './context.ts';

const unitsMs: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An age (`6h`) or an ISO time as unix milliseconds. */
export function parseMoment(text: string, nowMs: number): number {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age !== null) return nowMs - Number(age[1]) * (unitsMs[age[2] ?? ''] ?? 0);
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('Wanted a time such as 2026-11-20T08:00Z, or an age such as 6h.');
  return atMs;
}

/** A date to come: an ISO time, a span from now (`30d`), or `never`. */
export function parseDate(text: string, nowMs: number): number | 'never' {
  if (text === 'never') return text;
  const span = /^(\d{1,6})([smhd])$/.exec(text);
  if (span !== null) return nowMs + Number(span[1]) * (unitsMs[span[2] ?? ''] ?? 0);
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('Wanted a time such as 2027-01-31T08:00Z, a span from now such as 30d, or never.');
  return atMs;
}

/** An option that takes a time. */
export function momentOption(flags: string, summary: string, { clock }: Pick<CliContext, 'clock'>): Option {
  return new Option(flags, summary).argParser((text: string) => parseMoment(text, clock.nowMs()));
}
