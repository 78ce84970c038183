/**
 * What an error of SQLite means to us. The extended result code decides, never the text.
 *
 * - `full`: the disk is full. Nothing of the transaction is stored; later ones are tried again.
 * - `failed`: reading, writing or syncing failed, or the file is damaged. After a failed sync the kernel may have dropped
 *   the very pages that were to be written, so a second try that succeeds proves nothing: we stop writing until restart.
 * - `unavailable`: cannot be written just now (locked, read-only, no memory).
 * - `item`: the statement itself was refused (a constraint, a bad value): the item's fault, not the store's.
 */
import { AssetwireError } from '../../core/errors.ts';
import { StorageFault, type StorageFaultKind } from '../storage-fault.ts';

export type FaultKind = StorageFaultKind | 'item';

const primary = { busy: 5, locked: 6, noMemory: 7, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14 };
const notADatabase = 26;
/** SQLITE_IOERR_SHMSIZE: the index of the log could not grow, which only a full disk brings about. */
const sharedMemorySize = 4874;

export function faultOf(error: unknown): { readonly kind: FaultKind; readonly detail: string } {
  const detail = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  if (code === undefined) return { kind: 'item', detail };
  if (code === sharedMemorySize) return { kind: 'full', detail };
  switch (code & 0xff) {
    case primary.full:
      return { kind: 'full', detail };
    case primary.ioError:
    case primary.corrupt:
    case notADatabase:
      return { kind: 'failed', detail };
    case primary.busy:
    case primary.locked:
    case primary.noMemory:
    case primary.readOnly:
    case primary.cannotOpen:
      return { kind: 'unavailable', detail };
    default:
      return { kind: 'item', detail };
  }
}

/** The statement broke a rule of the schema (SQLITE_CONSTRAINT). */
export function isConstraint(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && (code & 0xff) === 19;
}

/** For errors that cross from a thread: what they mean; null where it is the statement's fault. */
export function storageFaultOf(error: Error): StorageFault | null {
  const { kind, detail } = faultOf(error);
  return kind === 'item' ? null : new StorageFault(kind, detail);
}

/** How a fault is told to callers. */
export function errorOfFault(fault: { readonly kind: StorageFault['kind']; readonly message: string }): AssetwireError {
  if (fault.kind === 'full') {
    return new AssetwireError('storage_full', {
      detail: `The change must be written to disk: the disk is full (${fault.message})`,
      mend: 'Free space on the disk that holds the data directory; the server goes on by itself',
      retryAfterSeconds: 5,
    });
  }
  return new AssetwireError('storage_unavailable', {
    detail: `The change must be written to disk: ${fault.message}`,
    mend:
      fault.kind === 'failed'
        ? 'Check the disk, then restart the server; nothing that was confirmed is lost'
        : 'Try again in a moment',
    retryAfterSeconds: fault.kind === 'failed' ? 30 : 1,
  });
}

/** The error a caller may see; errors of SQLite itself by their code. */
export function callerError(error: unknown): Error {
  if (error instanceof StorageFault) return errorOfFault(error);
  const { kind, detail } = faultOf(error);
  if (kind !== 'item') return errorOfFault(new StorageFault(kind, detail));
  return error instanceof Error ? error : new Error(String(error));
}
