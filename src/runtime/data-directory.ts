/**
 * The data directory: made with mode 0700, proved writable, and the one way to write a small file into it so that after
 * a crash either the old or the new content is there, never half of one.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { OperatorError, systemCode } from './operator-error.ts';

/** Makes the directory where it is missing and proves that files can be written and synced in it. */
export function openDataDirectory(path: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    throw unusable(path, error);
  }
  if (!statSync(path).isDirectory()) throw unusable(path, new Error('not a directory'));
  const probe = join(path, `.probe-${randomUUID()}`);
  try {
    writeSynced(probe, 'probe');
  } catch (error) {
    throw unusable(path, error);
  } finally {
    rmSync(probe, { force: true });
  }
}

/**
 * Makes the directory and what is missing above it. Not `mkdir` with `recursive`: where a present parent answers ENOENT
 * (below /proc) Node tries again for ever.
 */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been first.
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

function unusable(path: string, error: unknown): OperatorError {
  const code = systemCode(error);
  const mend =
    code === 'ENOSPC'
      ? 'Free some space on that disk'
      : `Make it a directory that this user may write (chown, chmod u+rwx), or name another with ASSETWIRE_DATA_DIR`;
  return new OperatorError('data_directory', `Data directory must be writable: ${path} is not (${reason(error)})`, {
    mend,
    cause: error,
  });
}

function reason(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : 'unknown');
}

/** Replaces a file whole: written beside it, synced, renamed over it, and the directory synced. */
export function writeFileAtomically(path: string, content: string): void {
  const temporary = temporaryBeside(path);
  try {
    writeSynced(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes a file whole or not at all; false where it exists already (another process was first). */
export function createFileAtomically(path: string, content: string): boolean {
  const temporary = temporaryBeside(path);
  try {
    writeSynced(temporary, content);
    // A link fails where the name is taken; a rename would silently replace what the other process has just made.
    linkSync(temporary, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
  return true;
}

/** The text of a file, or null where there is none. */
export function readFileIfPresent(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

function writeSynced(path: string, content: string): void {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes renames and new names in a directory last over a power loss. Some systems cannot open directories: they need no sync. */
export function syncDirectory(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'EISDIR' || systemCode(error) === 'EPERM') return;
    throw error;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
