/** How commands print: tables and lines for people, JSON for programs, progress on a terminal only. */
import { type Colours, createColours } from '../runtime/colours.ts';
import type { CliContext, Output } from './context.ts';
import { escapeControls } from '../runtime/log-human.ts';

export type { Colours };

/** One JSON document, indented for people and parsable by programs. */
export function printJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One JSON document on one line, for streams. */
export function printJsonLine(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value)}\n`);
}

export function coloursOf(output: Output): Colours {
  return createColours(output.colour);
}

export type Column<Row> = {
  readonly title: string;
  readonly align?: 'right';
  text(row: Row): string;
  paint?(text: string, row: Row, colours: Colours): string;
};

/** An aligned table. Texts come from outside: what could move a cursor is escaped before it is measured. */
export function printTable<Row>(output: Output, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const colours = coloursOf(output);
  const texts = rows.map((row) => columns.map((column) => escapeControls(column.text(row))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...texts.map((line) => (line[index] ?? '').length)),
  );
  const cell = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return text.padStart(width);
    return index === columns.length - 1 ? text : text.padEnd(width);
  };
  const titles = columns.map((column, index) => colours.dim(cell(column.title, index)));
  if (columns.some(({ title }) => title !== '')) output.write(`${titles.join('  ')}\n`);
  for (const [rowIndex, row] of rows.entries()) {
    const cells = columns.map((column, index) => {
      const text = cell(texts[rowIndex]?.[index] ?? '', index);
      return column.paint === undefined ? text : column.paint(text, row, colours);
    });
    output.write(`${cells.join('  ')}\n`);
  }
}

export interface Progress {
  update(done: number, total: number, what: string): void;
  end(): void;
}

/** A bar on standard error where that is a terminal; nothing elsewhere. */
export function createProgress({ stderr, clock }: Pick<CliContext, 'stderr' | 'clock'>): Progress {
  if (!stderr.isTty) return { update: () => undefined, end: () => undefined };
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  return {
    update(done, total, what) {
      // A terminal need not be drawn more often than the eye follows.
      if (done < total && clock.monotonicMs() - drawnAtMs < 80) return;
      drawnAtMs = clock.monotonicMs();
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const width = Math.max(10, Math.min(30, stderr.columns - 40));
      const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
      const label = escapeControls(what).slice(0, Math.max(0, stderr.columns - width - 10));
      stderr.write(`\r\u001b[2K${bar} ${String(Math.floor(share * 100)).padStart(3)} % ${label}`);
    },
    end: () => stderr.write('\r\u001b[2K'),
  };
}

/** 1536 → `1.5 KiB`. */
export function showBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Unix milliseconds as local time to the second. */
export function showTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Names and values, one pair a line. */
export function printFields(output: Output, fields: readonly (readonly [name: string, value: string])[]): void {
  printTable(
    output,
    [
      { title: '', text: ([name]) => name },
      { title: '', text: ([, value]) => value },
    ],
    fields,
  );
}

/** What lists of the API answer. */
export type PageAnswer<Item> = { readonly data: readonly Item[]; readonly nextCursor: string | null };

/** A page as JSON, or as a table with how to go on behind it. */
export function printPage<Item>(
  output: Output,
  page: PageAnswer<Item>,
  { json, columns }: { readonly json: boolean | undefined; readonly columns: readonly Column<Item>[] },
): void {
  if (json === true) {
    printJson(output, page);
    return;
  }
  if (page.data.length === 0) output.write('none\n');
  else printTable(output, columns, page.data);
  if (page.nextCursor !== null) output.write(`… and more; add --cursor ${page.nextCursor}\n`);
}
