/** Numbers, sizes and times of a search, and ranges of them. A date stands for the whole of its day, month or year (UTC). */
import type { SearchExpression } from './search-expression.ts';
import { SearchFault } from './search-fault.ts';
import { type SearchToken, unescaped } from './search-tokens.ts';

/** `any`: a number, or else a date or time. */
export type RangeUnit = 'bytes' | 'plain' | 'time' | 'any';
/** From the first to the last thing that a value stands for; for a number both are it. */
type Stretch = { readonly from: number; readonly to: number; readonly toOpen: boolean };
export type Bounds = Omit<Extract<SearchExpression, { op: 'range' }>, 'op' | 'field'>;

export function rangeOf(field: string, bounds: Bounds): SearchExpression {
  return { op: 'range', field, ...bounds };
}

export function readBounds(token: SearchToken, unit: RangeUnit): Bounds {
  if (token.kind === 'span') return spanBounds(token, unit);
  const text = token.kind === 'text' ? unescaped(token.text) : token.text;
  const compared = /^(>=|<=|>|<)(.*)$/s.exec(text);
  const read = (part: string): Stretch => readStretch(part, token, unit);
  if (compared !== null) {
    const stretch = read(compared[2] ?? '');
    switch (compared[1]) {
      case '>=':
        return { from: stretch.from };
      case '>':
        return stretch.toOpen ? { from: stretch.to } : { from: stretch.to, fromOpen: true };
      case '<':
        return { to: stretch.from, toOpen: true };
      default:
        return upTo(stretch);
    }
  }
  const dots = text.indexOf('..');
  if (dots < 0) {
    const stretch = read(text);
    return { from: stretch.from, ...upTo(stretch) };
  }
  return between([text.slice(0, dots), text.slice(dots + 2)], { token, unit });
}

function upTo({ to, toOpen }: Stretch): Bounds {
  return toOpen ? { to, toOpen } : { to };
}

type Place = { readonly token: SearchToken; readonly unit: RangeUnit };

function between([low, high]: readonly [string, string], { token, unit }: Place): Bounds {
  const from = isOpenEnd(low) ? null : readStretch(low, token, unit);
  const to = isOpenEnd(high) ? null : readStretch(high, token, unit);
  if (from === null && to === null) throw wanted(token, unit);
  if (from !== null && to !== null && from.from > to.to)
    throw new SearchFault(token.at, {
      wanted: 'a range from the lower to the higher',
      found: `"${token.text}"`,
      mend: `Turn it round: ${high}..${low}`,
    });
  return { ...(from === null ? {} : { from: from.from }), ...(to === null ? {} : upTo(to)) };
}

function isOpenEnd(text: string): boolean {
  return text === '' || text === '*';
}

/** `[from TO to]` with both, `{from TO to}` without. */
function spanBounds(token: SearchToken, unit: RangeUnit): Bounds {
  const inner = token.text.slice(1, -1);
  const parts = /^\s*(\S+)\s+TO\s+(\S+)\s*$/.exec(inner);
  if (parts === null)
    throw new SearchFault(token.at, { wanted: 'a range such as [10 TO 20]', found: `"${token.text}"` });
  const [low, high] = [parts[1] ?? '', parts[2] ?? ''];
  const bounds = between([low, high], { token, unit });
  const opened = token.text.startsWith('{') && bounds.from !== undefined;
  const closed = token.text.endsWith('}') && bounds.to !== undefined;
  const last = closed ? readStretch(high, token, unit).from : 0;
  const first = opened ? readStretch(low, token, unit) : null;
  return {
    ...bounds,
    ...(first === null ? {} : first.toOpen ? { from: first.to } : { fromOpen: true }),
    ...(closed ? { to: last, toOpen: true } : {}),
  };
}

const dateForm =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

function readStretch(text: string, token: SearchToken, unit: RangeUnit): Stretch {
  const stretch =
    unit === 'time' ? readTime(text) : (readNumber(text, unit === 'bytes') ?? (unit === 'any' ? readTime(text) : null));
  if (stretch === null) throw wanted(token, unit);
  return stretch;
}

const factors: { readonly [unit: string]: number } = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

function readNumber(text: string, sized: boolean): Stretch | null {
  const parts = /^([+-]?(?:\d{1,15}(?:\.\d{1,15})?|\.\d{1,15}))([a-z]{0,3})$/i.exec(text);
  const number = Number(parts?.[1]);
  const suffix = (parts?.[2] ?? '').toLowerCase();
  const factor = suffix === '' ? 1 : sized && Object.hasOwn(factors, suffix) ? factors[suffix] : undefined;
  if (parts === null || factor === undefined) return null;
  return { from: number * factor, to: number * factor, toOpen: false };
}

/** A year, month or day from its first moment to the first of the next; a time as itself. */
function readTime(text: string): Stretch | null {
  const parts = dateForm.exec(text);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 1), Number(parts[3] ?? 1)];
  const start = Date.UTC(year, month - 1, day);
  const shown = new Date(start);
  if (Number.isNaN(start) || shown.getUTCMonth() !== month - 1 || shown.getUTCDate() !== day) return null;
  if (parts[4] === undefined) {
    const end = Date.UTC(
      parts[2] === undefined ? year + 1 : year,
      parts[3] === undefined && parts[2] !== undefined ? month : month - 1,
      parts[3] === undefined ? day : day + 1,
    );
    return { from: start, to: end, toOpen: true };
  }
  const ms = Date.parse(`${text}${parts[8] === undefined ? 'Z' : ''}`);
  return Number.isNaN(ms) ? null : { from: ms, to: ms, toOpen: false };
}

const examples: { readonly [Unit in RangeUnit]: string } = {
  bytes: 'a size such as 5MB, >=500kB or 1MB..20MB',
  plain: 'a number such as 1920, >=1000 or 1000..2000',
  time: 'a date or time such as 2026-01-31, >=2026-01 or 2026-01-01..2026-03-31',
  any: 'a number or date such as 5, >=1000, 1..5 or 2026-01-01..2026-03-31',
};

function wanted(token: SearchToken, unit: RangeUnit): SearchFault {
  return new SearchFault(token.at, { wanted: examples[unit], found: `"${token.text}"` });
}
