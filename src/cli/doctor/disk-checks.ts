/** Checks of the data directory: rights, room, and how long it takes to make a write last. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { Settings } from '../../runtime/configuration.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { openVault } from '../../runtime/vault-key.ts';
import { reportOf } from '../error-report.ts';
import { showBytes } from '../output.ts';
import type { Finding } from './diagnose.ts';

const freeBytesMin = 1024 ** 3;
const syncRounds = 10;
/** Every accepted request waits for one sync. */
const slowSyncMs = 25;
/** Faster than any disk with a platter or flash: the write did not leave the memory of something. */
const suspectSyncMs = 0.02;

/** Whether the directory, or the place where it would be made, can be written, and what room it has. */
export function checkDirectory(dataDir: string): Finding[] {
  const place = nearestExisting(dataDir);
  const exists = place === dataDir;
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch (error) {
    const mend = 'Give this user the right to write there, or name another directory with ASSETWIRE_DATA_DIR';
    return [
      {
        name: 'Data directory',
        result: 'failed',
        detail: `${place} cannot be written (${systemCode(error) ?? 'error'})`,
        mend,
      },
    ];
  }
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const room: Finding = {
    name: 'Free space',
    result: free >= freeBytesMin ? 'ok' : 'warning',
    detail: `${showBytes(free)} at ${place}`,
    ...(free >= freeBytesMin ? {} : { mend: 'A full disk refuses uploads and changes (nothing accepted is lost)' }),
  };
  const open = exists && process.platform !== 'win32' && (statSync(dataDir).mode & 0o077) !== 0;
  return [
    {
      name: 'Data directory',
      result: open ? 'warning' : 'ok',
      detail: exists ? `${dataDir} can be written${open ? ', but others may read it' : ''}` : `${dataDir} will be made`,
      ...(open ? { mend: `chmod 700 ${dataDir}` } : {}),
    },
    room,
  ];
}

/** How long `fdatasync` takes: the median of a few small writes. */
export function checkSync(dataDir: string, clock: Clock): Finding {
  const path = join(nearestExisting(dataDir), `.doctor-${process.pid}`);
  try {
    const descriptor = openSync(path, 'wx', 0o600);
    try {
      const times = Array.from({ length: syncRounds }, () => {
        const startedAtMs = clock.monotonicMs();
        writeSync(descriptor, Buffer.alloc(4_096, 1));
        fdatasyncSync(descriptor);
        return clock.monotonicMs() - startedAtMs;
      }).toSorted((left, right) => left - right);
      return judgeSync(times[syncRounds / 2] ?? 0);
    } finally {
      closeSync(descriptor);
      rmSync(path, { force: true });
    }
  } catch (error) {
    return {
      name: 'Sync',
      result: 'failed',
      detail: `a file cannot be made to last (${systemCode(error) ?? 'error'})`,
      mend: 'Use a local disk',
    };
  }
}

function judgeSync(medianMs: number): Finding {
  const detail = `fdatasync takes ${medianMs.toFixed(2)} ms`;
  if (medianMs > slowSyncMs)
    return { name: 'Sync', result: 'warning', detail, mend: 'Every accepted request waits for one; use a faster disk' };
  if (medianMs < suspectSyncMs) {
    return {
      name: 'Sync',
      result: 'warning',
      detail,
      mend: 'Faster than a disk can be: memory file system, or syncs are ignored',
    };
  }
  return { name: 'Sync', result: 'ok', detail };
}

/** Whether the key is there and is the one the directory was sealed with. Makes none. */
export function checkKey({ dataDir, encryptionKey }: Settings): Finding {
  const hasKey = encryptionKey !== null || existsSync(join(dataDir, 'encryption.key'));
  const hasProof = existsSync(join(dataDir, 'encryption.json'));
  if (!hasProof && !hasKey)
    return { name: 'Encryption key', result: 'ok', detail: 'none yet; it is made at the first start' };
  try {
    const { source, vault } = openVault({ dataDir, keys: encryptionKey, create: false });
    return {
      name: 'Encryption key',
      result: 'ok',
      detail: `key ${vault.keyId} fits (from ${source === 'setting' ? 'the setting' : 'the data directory'})`,
    };
  } catch (error) {
    const { message, mend } = reportOf(error);
    return { name: 'Encryption key', result: 'failed', detail: message, ...(mend === null ? {} : { mend }) };
  }
}

function nearestExisting(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
