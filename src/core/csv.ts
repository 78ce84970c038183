/** CSV by RFC 4180: comma, CRLF, cells in quotes where they need them; safe to open in a spreadsheet. */
import type { JsonValue } from './json.ts';

export type Cell = JsonValue | undefined;

/** What makes a spreadsheet take a text for a formula, or for the end of a cell before one. */
const formulaStarts = new Set(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);

/**
 * One line with its end. Texts that begin like a formula get an apostrophe in front, which spreadsheets read as "this is
 * text" and do not show; numbers are written as they are. Null and absent are empty; lists and objects are JSON.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const first = text.charAt(0);
  const safe = formulaStarts.has(first) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
