/**
 * The records of a file of states, one after the other, each with its line and how far into the file it ends: JSON objects
 * one per line, or CSV with a header. A record that cannot be read is told in its place and holds up none behind it.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemCode } from '../../runtime/operator-error.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CsvMapping } from './csv-mapping.ts';

export type ImportFormat = 'ndjson' | 'csv';

export type ReadRecord = {
  /** From 1; of CSV the line on which the record begins. */
  readonly line: number;
  /** Bytes of the file up to its end, for progress. */
  readonly bytes: number;
} & ({ readonly state: unknown; readonly fault?: undefined } | { readonly fault: string; readonly state?: undefined });

/** As large as a whole request may be. */
const recordBytesMax = 4 * 1024 * 1024;
const tooLong = `A line must have at most ${recordBytesMax} bytes: it has more`;
const otherEncoding = 'A line must be UTF-8: it is in another encoding (iconv -f WINDOWS-1252 -t UTF-8 makes it so)';

/** The bytes of a file, or of standard input for `-`. */
export function openFile(file: string): Readable {
  return file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
}

/** What cannot be opened is the user's to mend. */
export function unreadable(file: string, error: unknown): CommandError {
  const code = systemCode(error) ?? 'unknown';
  const found = code === 'ENOENT' ? 'is not' : code === 'EISDIR' ? 'is a directory' : `cannot be read (${code})`;
  return new CommandError(`File must be there: ${JSON.stringify(file)} ${found}`, 'Check the path', exitCodes.usage);
}

/** One JSON object per line; empty lines are passed by. */
export async function* jsonRecords(source: Readable): AsyncGenerator<ReadRecord> {
  let line = 0;
  for await (const read of linesOf(source)) {
    const { text, bytes } = read;
    line += 1;
    if (text === null) yield { line, bytes, fault: read.fault };
    else if (text.trim() !== '') yield { line, bytes, ...parsed(text, line) };
  }
}

function parsed(text: string, line: number): { readonly state: unknown } | { readonly fault: string } {
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state === 'object' && state !== null && !Array.isArray(state)) return { state };
    return { fault: 'A line must be a JSON object: it is another value' };
  } catch (error) {
    if (line === 1 && text.trimStart().startsWith('['))
      throw new CommandError(
        'File must hold one JSON object per line: it begins with a list',
        "Write the items on lines of their own: jq -c '.[]' FILE",
        exitCodes.usage,
      );
    return { fault: `A line must be a JSON object: ${error instanceof Error ? error.message : 'it is not'}` };
  }
}

type Line = { readonly bytes: number } & ({ readonly text: string } | { readonly text: null; readonly fault: string });

/** Lines with the bytes up to their ends; null where one is too long or no UTF-8, which is then passed by. */
async function* linesOf(source: Readable): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let total = 0;
  const take = (): Line => {
    const whole = heldBytes > recordBytesMax ? null : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    if (whole === null || !isUtf8(whole))
      return { text: null, fault: whole === null ? tooLong : otherEncoding, bytes: total };
    return { text: whole.toString('utf8').replace(/\r$/, ''), bytes: total };
  };
  let first = true;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      keep(chunk.subarray(from, at));
      total += at - from + 1;
      from = at + 1;
      yield withoutMark(take());
    }
    keep(chunk.subarray(from));
    total += chunk.length - from;
  }
  if (heldBytes > 0) yield withoutMark(take());

  function keep(part: Buffer): void {
    // Of a line that is too long only that is remembered.
    if (heldBytes <= recordBytesMax) held.push(part);
    heldBytes += part.length;
  }
  function withoutMark(line: Line): Line {
    if (!first) return line;
    first = false;
    return line.text === null ? line : { ...line, text: line.text.replace(/^\uFEFF/, '') };
  }
}

/** CSV with a header; its columns become fields of a state as the mapping says. */
export async function* csvRecords(
  source: Readable,
  { delimiter, mapping }: { readonly delimiter: string; readonly mapping: (header: readonly string[]) => CsvMapping },
): AsyncGenerator<ReadRecord> {
  const { parse } = await import('csv-parse');
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordBytesMax,
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let columns: CsvMapping | null = null;
  let width = 0;
  let line = 1;
  for await (const { record, info } of told(parser)) {
    const beginsAt = line;
    line = info.lines + 1;
    if (columns === null) {
      refuseOtherEncoding(record);
      refuseOtherDelimiter(record);
      columns = mapping(record);
      width = record.length;
    } else if (record.length !== width) {
      const fault = `A record must have ${width} columns as the header: it has ${record.length}`;
      yield { line: beginsAt, bytes: info.bytes, fault };
    } else if (record.some(isOtherEncoding)) yield { line: beginsAt, bytes: info.bytes, fault: otherEncoding };
    else yield { line: beginsAt, bytes: info.bytes, ...columns(record) };
  }
}

/** The same, and where quotes do not pair: no telling where the next record begins, so the file is the user's to mend. */
async function* told(parser: AsyncIterable<CsvRecord>): AsyncGenerator<CsvRecord> {
  const { CsvError } = await import('csv-parse');
  try {
    yield* parser;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CommandError(
      `File must be readable as CSV: ${error.message}`,
      "Mend the quotes on that line, or name what stands between the columns: --delimiter ';'",
      exitCodes.usage,
    );
  }
}

/** What could not be read as UTF-8 stands as this character, which nobody types. */
function isOtherEncoding(cell: string): boolean {
  return cell.includes('\u{FFFD}');
}

/** Spreadsheets save as the encoding of the country, or as UTF-16, unless told otherwise. */
function refuseOtherEncoding(header: readonly string[]): void {
  if (!header.some(isOtherEncoding)) return;
  throw new CommandError(
    'File must be UTF-8: its header is in another encoding',
    'Save it as "CSV UTF-8", or: iconv -f WINDOWS-1252 -t UTF-8 FILE',
    exitCodes.usage,
  );
}

/** Spreadsheets write semicolons where a comma is the decimal sign. */
function refuseOtherDelimiter(header: readonly string[]): void {
  const found = header.length === 1 ? /[;\t|]/.exec(header[0] ?? '')?.[0] : undefined;
  if (found === undefined) return;
  const shown = found === '\t' ? "$'\\t'" : `'${found}'`;
  throw new CommandError(
    `Header must hold columns: it is one, ${JSON.stringify(header[0])}`,
    `Name what stands between them: --delimiter ${shown}`,
    exitCodes.usage,
  );
}

type CsvRecord = {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly bytes: number };
};
