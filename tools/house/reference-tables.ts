/** The hand-written reference pages against the tables in the source: every row there, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorMends } from '../../src/core/error-mends.ts';
import { errorTable } from '../../src/core/errors.ts';
import { limits } from '../../src/core/limits.ts';
import { compareRows, namedRows } from './markdown-table.ts';

export function errorRows(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(errorTable).map(([code, { status, retry, title }]) => [
      code,
      [String(status), retry ? 'yes' : 'no', title],
    ]),
  );
}

export function limitRows(): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(limits).map(([name, value]) => [name, [shownLimit(name, value)]]));
}

/** A limit as people read it, by the unit in its name. */
export function shownLimit(name: string, value: number): string {
  if (name.includes('Bytes')) {
    const units = ['bytes', 'KiB', 'MiB', 'GiB'];
    let size = value;
    let unit = 0;
    for (; size >= 1024 && size % 1024 === 0 && unit < units.length - 1; unit += 1) size /= 1024;
    return `${size.toLocaleString('en')} ${units[unit] ?? ''}`;
  }
  if (name.endsWith('Ms')) {
    if (value % 3_600_000 === 0) return `${value / 3_600_000} h`;
    return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
  }
  return value.toLocaleString('en');
}

function check(root: string, page: string, source: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return compareRows(page, readFileSync(join(root, page), 'utf8'), source);
}

export async function checkErrorsPage(root: string): Promise<readonly string[]> {
  const page = 'docs/reference/errors.md';
  return [...check(root, page, errorRows()), ...mendProblems(page, readFileSync(join(root, page), 'utf8'))];
}

/** What the page tells people to do is what the server tells them, but for code marks and links. */
export function mendProblems(page: string, markdown: string): readonly string[] {
  const rows = namedRows(markdown);
  return Object.entries(errorMends).flatMap(([code, mend]) => {
    const told = (rows.get(code)?.[3] ?? '').replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    return told === mend ? [] : [`${page}: the row of ${code} must tell what src/core/error-mends.ts tells: ${mend}`];
  });
}

export async function checkLimitsPage(root: string): Promise<readonly string[]> {
  return check(root, 'docs/reference/limits.md', limitRows());
}
