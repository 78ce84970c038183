/**
 * What a watched folder and the server are known to agree on, in a file: so that what happened while nobody watched is found
 * at the next start, and nothing is sent twice. Written whole beside itself and renamed, never in place.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { CommandError } from '../error-report.ts';
import { createKnownFiles, type KnownFile, type KnownFiles } from './known-files.ts';

export interface WatchMemory {
  readonly files: KnownFiles;
  /** Which directory the files were seen in; null where nothing is remembered of it. */
  root(): string | null;
  /** From now on it is this one. */
  setRoot(root: string): void;
  /** Uploads that were begun: their keys make a second try the same upload. Of another process what it sent is found by content. */
  readonly begun: Map<string, { readonly sha256: string; readonly key: string }>;
  /** Something has changed: written now and then, so that a folder of very many files is not written anew for each. */
  changed(): void;
  /** Written now, where anything has changed. */
  save(): void;
}

type Stored = {
  readonly of: string;
  readonly root?: string;
  readonly files: Readonly<Record<string, KnownFile>>;
};

export const stateName = '.assetwire-watch.json';

const saveEveryMs = 1_000;
/** Of the time, no more than a twentieth goes into writing this down. */
const shareOfTime = 20;

/** `of` says which server, workspace and folder it is about: of another one nothing is believed. */
export function openMemory(file: string, of: string, { monotonicMs }: Pick<Clock, 'monotonicMs'>): WatchMemory {
  const stored = read(file);
  if (stored !== null && stored.of !== of)
    throw new CommandError(
      `The state file must be about this watch: ${file} is about another server, workspace or folder`,
      'Name another one with --state, or remove it to begin anew',
    );
  const files = createKnownFiles(Object.entries(stored?.files ?? {}));
  let root = stored?.root ?? null;
  let isDirty = stored === null;
  let againAtMs = monotonicMs() + saveEveryMs;
  const save = (): void => {
    if (!isDirty) return;
    const beganMs = monotonicMs();
    writeFileSync(
      `${file}.new`,
      `${JSON.stringify({ of, ...(root === null ? {} : { root }), files: Object.fromEntries(files) })}\n`,
    );
    renameSync(`${file}.new`, file);
    isDirty = false;
    const tookMs = monotonicMs() - beganMs;
    againAtMs = beganMs + Math.max(saveEveryMs, tookMs * shareOfTime);
  };
  return {
    files,
    root: () => root,
    setRoot(given) {
      isDirty ||= given !== root;
      root = given;
    },
    begun: new Map(),
    changed() {
      isDirty = true;
      if (monotonicMs() >= againAtMs) save();
    },
    save,
  };
}

function read(file: string): Stored | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Stored;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(
      `The state file must be readable: ${file} is not JSON`,
      'Remove it to begin anew: what is on the server is found again',
    );
  }
}
