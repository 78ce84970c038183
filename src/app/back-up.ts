/**
 * A backup of one installation, made beside a server that runs. A backup is a data directory: to restore it is to start a
 * server on a copy of it.
 *
 * What is in it: everything that was answered with 2xx before the backup began. The store is copied as of one moment, so a
 * change is in it with all its deliveries or not at all. The bytes of files are copied before that moment and what came
 * since after it, so every file that the store names is there (but for one that was erased meanwhile).
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { syncDirectory } from '../runtime/data-directory.ts';
import { OperatorError, systemCode } from '../runtime/operator-error.ts';

export type BackUpParts = {
  /** The store's file in the data directory. */
  readonly storeName: string;
  /** The directory of files in the data directory. */
  readonly filesName: string;
  /** Writes the store at `from` to `to`, as of one moment. */
  readonly copyStore: (from: string, to: string) => void;
  /** Copies what is not there yet. */
  readonly copyFiles: (from: string, to: string) => Promise<{ readonly files: number; readonly bytes: number }>;
};

export type BackUpRequest = {
  readonly dataDir: string;
  /** Must not exist; its parent must. */
  readonly destination: string;
  /** Leaves out the generated encryption key, which is then to be kept elsewhere. */
  readonly withoutKey: boolean;
};

export type BackUpResult = {
  readonly directory: string;
  readonly storeBytes: number;
  readonly files: number;
  readonly fileBytes: number;
  /** Whether the backup holds the key that opens it; false also where the key is a setting. */
  readonly holdsKey: boolean;
};

const keyName = 'encryption.key';

/** Makes the backup, or leaves nothing of it behind. Throws `OperatorError` and the store's `AssetwireError`. */
export async function backUp(parts: BackUpParts, request: BackUpRequest): Promise<BackUpResult> {
  const { storeName, filesName, copyStore, copyFiles } = parts;
  const { dataDir, withoutKey } = request;
  const destination = resolve(request.destination);
  refuseBadPlaces(resolve(dataDir), destination);
  // Under its own name only when it is whole.
  const making = join(dirname(destination), `.${basename(destination)}.incomplete`);
  try {
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { mode: 0o700 });
    const [from, to] = [join(dataDir, filesName), join(making, filesName)];
    const before = await copyFiles(from, to);
    copyStore(join(dataDir, storeName), join(making, storeName));
    const since = await copyFiles(from, to);
    copySmallFiles(dataDir, making, { storeName, withoutKey });
    const storeBytes = statSync(join(making, storeName)).size;
    syncDirectory(making);
    renameSync(making, destination);
    syncDirectory(dirname(destination));
    return {
      directory: destination,
      storeBytes,
      files: before.files + since.files,
      fileBytes: before.bytes + since.bytes,
      holdsKey: existsSync(join(destination, keyName)),
    };
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw asOperatorError(error, destination);
  }
}

function refuseBadPlaces(dataDir: string, destination: string): void {
  if (!existsSync(dataDir)) {
    throw new OperatorError('data_directory', `The data directory must exist: ${dataDir} does not`, {
      mend: 'Name it with --data-dir or ASSETWIRE_DATA_DIR',
    });
  }
  if (existsSync(destination)) {
    throw new OperatorError('data_directory', `A backup must be a new directory: ${destination} exists`, {
      mend: 'Choose another name, such as one with the date, or move the old one away',
    });
  }
  if (`${destination}/`.startsWith(`${dataDir}/`)) {
    throw new OperatorError('data_directory', `A backup must lie outside the data directory: ${destination} does not`, {
      mend: 'Choose a place on another disk: the loss of this one is what backups are for',
    });
  }
}

/** Key, proof of the key, settings, certificate: all but what belongs to the running process. */
function copySmallFiles(
  dataDir: string,
  making: string,
  { storeName, withoutKey }: { readonly storeName: string; readonly withoutKey: boolean },
): void {
  for (const entry of readdirSync(dataDir, { withFileTypes: true })) {
    const { name } = entry;
    const ofTheProcess = name.startsWith(storeName) || name.startsWith('flights.') || name.startsWith('.');
    if (!entry.isFile() || ofTheProcess || (withoutKey && name === keyName)) continue;
    copyFileSync(join(dataDir, name), join(making, name));
  }
}

function asOperatorError(error: unknown, destination: string): unknown {
  const code = systemCode(error);
  if (code === null || error instanceof OperatorError) return error;
  const mend =
    code === 'ENOSPC'
      ? 'Free some space there: a backup needs as much as the data directory'
      : 'Make its parent a directory that this user may write, and run as the user of the server';
  return new OperatorError('data_directory', `The backup must be written: ${destination} cannot be (${code})`, {
    mend,
    cause: error,
  });
}
