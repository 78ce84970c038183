/**
 * What a watched folder and the server are known to agree on, in a file: so that what happened while nobody watched is found
 * at the next start, and nothing is sent twice. Written whole beside itself and renamed, never in place.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { systemCode } from '../../runtime/operator-error.ts';
import { CommandError } from '../error-report.ts';

/** A file that lies on the server as it lies here. */
export type KnownFile = {
  readonly assetId: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  readonly sha256: string;
};

export type WatchState = {
  /** By path below the folder, with slashes. */
  readonly files: Map<string, KnownFile>;
  /** Uploads that were begun: their keys make a second try the same upload. */
  readonly begun: Map<string, { readonly sha256: string; readonly key: string }>;
};

export interface WatchMemory {
  readonly state: WatchState;
  save(): void;
}

type Stored = {
  readonly of: string;
  readonly files: Readonly<Record<string, KnownFile>>;
  readonly begun: Readonly<Record<string, { readonly sha256: string; readonly key: string }>>;
};

export const stateName = '.assetwire-watch.json';

/** `of` says which server, workspace and folder it is about: of another one nothing is believed. */
export function openMemory(file: string, of: string): WatchMemory {
  const stored = read(file);
  if (stored !== null && stored.of !== of)
    throw new CommandError(
      `The state file must be about this watch: ${file} is about another server, workspace or folder`,
      'Name another one with --state, or remove it to begin anew',
    );
  const state: WatchState = {
    files: new Map(Object.entries(stored?.files ?? {})),
    begun: new Map(Object.entries(stored?.begun ?? {})),
  };
  return {
    state,
    save() {
      const text = JSON.stringify({
        of,
        files: Object.fromEntries(state.files),
        begun: Object.fromEntries(state.begun),
      });
      writeFileSync(`${file}.new`, `${text}\n`);
      renameSync(`${file}.new`, file);
    },
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
