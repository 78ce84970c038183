/**
 * What an import leaves beside its file: how far it has come, so that the same command goes on there, and what of the file
 * could not be taken, line by line. How far it has come is never ahead of what the server has answered.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { systemCode } from '../../runtime/operator-error.ts';

export type ImportCounts = {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
  /** Records that could not be read, and so were not sent. */
  readonly unreadable: number;
};

export type JournalEntry = {
  /** Records that the server has answered for, without a gap. */
  readonly records: number;
  readonly counts: ImportCounts;
  readonly kinds: Readonly<Record<string, number>>;
  readonly sync: string | null;
};

export type LineError = {
  readonly line: number;
  readonly externalId?: string;
  readonly code: string;
  readonly detail: string;
  readonly problems?: readonly unknown[];
};

export interface Journal {
  /** Where an earlier run of this very file stopped; null begins anew. */
  readonly found: JournalEntry | null;
  save(entry: JournalEntry): void;
  errors(lines: readonly LineError[]): void;
  /** All is done: the next run begins anew. */
  remove(): void;
  readonly errorsFile: string;
}

export const nothingYet: JournalEntry = {
  records: 0,
  counts: { created: 0, updated: 0, unchanged: 0, stale: 0, rejected: 0, unreadable: 0 },
  kinds: {},
  sync: null,
};

export type JournalOptions = {
  readonly file: string;
  readonly errorsFile: string;
  /** Where it goes and how: another server, format or mapping is another import. */
  readonly purpose: string;
  /** Begin anew whatever is there. */
  readonly restart: boolean;
  /** Nothing is remembered: a dry run, standard input. */
  readonly forgetful: boolean;
};

/** Throws where the directory of the file cannot be written to. */
export function openJournal({ file, errorsFile, purpose, restart, forgetful }: JournalOptions): Journal {
  const path = `${file}.import-progress.json`;
  const identity = forgetful ? '' : identityOf(file, purpose);
  const found = forgetful || restart ? null : readEntry(path, identity);
  let hasErrors = found !== null && found.counts.rejected + found.counts.unreadable > 0;
  if (!hasErrors) rmSync(errorsFile, { force: true });
  return {
    found,
    errorsFile,
    save(entry) {
      if (forgetful) return;
      writeFileSync(`${path}.new`, `${JSON.stringify({ identity, ...entry })}\n`);
      renameSync(`${path}.new`, path);
    },
    errors(lines) {
      if (lines.length === 0) return;
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      if (hasErrors) appendFileSync(errorsFile, text);
      else writeFileSync(errorsFile, text);
      hasErrors = true;
    },
    remove() {
      if (!forgetful) rmSync(path, { force: true });
    },
  };
}

function readEntry(path: string, identity: string): JournalEntry | null {
  try {
    const { identity: of, ...entry } = JSON.parse(readFileSync(path, 'utf8')) as JournalEntry & { identity: string };
    return of === identity && Number.isInteger(entry.records) ? entry : null;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

const headBytes = 64 * 1024;

/** Of the file as it is: a line more or less is another file. */
function identityOf(file: string, purpose: string): string {
  const { size, mtimeMs } = statSync(file);
  const head = Buffer.alloc(Math.min(size, headBytes));
  const handle = openSync(file, 'r');
  try {
    readSync(handle, head, 0, head.length, 0);
  } finally {
    closeSync(handle);
  }
  return createHash('sha256')
    .update(JSON.stringify([purpose, size, mtimeMs]))
    .update(head)
    .digest('hex');
}
