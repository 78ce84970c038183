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
import type { CliContext } from '../context.ts';
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

/** What of the data directory is secret: whoever else may read it can read every secret in the store. */
const secretFiles = ['encryption.key', 'credentials.json', 'inbox-key.pem'];
/** Clocks of file systems and of the process need not agree to the millisecond. */
const aheadMsMax = 60_000;

/** Rights of the secret files, and whether the clock has gone back since something was written. */
export function checkFiles(dataDir: string, clock: Clock): Finding[] {
  const findings: Finding[] = [];
  const present = [...secretFiles, 'assetwire.db', 'assetwire.db-wal'].flatMap((name) => {
    const path = join(dataDir, name);
    return existsSync(path) ? [{ name, path, stats: statSync(path) }] : [];
  });
  const open =
    process.platform === 'win32'
      ? []
      : present.filter(({ name, stats }) => secretFiles.includes(name) && (stats.mode & 0o077) !== 0);
  if (open.length > 0) {
    findings.push({
      name: 'File modes',
      result: 'failed',
      detail: `others may read ${open.map(({ name }) => name).join(', ')}`,
      mend: `chmod 600 ${open.map(({ path }) => path).join(' ')}; if others had access, rotate what it protects`,
    });
  } else if (present.length > 0)
    findings.push({ name: 'File modes', result: 'ok', detail: 'only this user may read keys' });
  const newestMs = Math.max(0, ...present.map(({ stats }) => stats.mtimeMs));
  if (newestMs > clock.nowMs() + aheadMsMax) {
    findings.push({
      name: 'Clock',
      result: 'failed',
      detail: `the data directory was written at ${new Date(newestMs).toISOString()}, which is still to come`,
      mend: 'The clock has gone back: set it and run NTP, for receivers refuse timestamps that are off by minutes',
    });
  }
  return findings;
}

/** Whether WAL and full syncs are in force on this file system, read back from a database of a moment. */
export async function checkDurability(dataDir: string, { server }: CliContext): Promise<Finding> {
  const name = 'Durability';
  if (server.checkDurability === undefined) return { name, result: 'info', detail: 'not looked at' };
  try {
    const { ok, detail } = await server.checkDurability(nearestExisting(dataDir));
    if (ok) return { name, result: 'ok', detail };
    const mend = 'What is accepted must be on disk: put the data directory on a local file system';
    return { name, result: 'failed', detail, mend };
  } catch (error) {
    const { message } = reportOf(error);
    return {
      name,
      result: 'failed',
      detail: message,
      mend: 'Put the data directory where this user may write, on a local disk',
    };
  }
}

/** Whether the key is there and is the one the directory was sealed with. Makes none. */
export function checkKey({ dataDir, encryptionKey, databaseUrl }: Settings): Finding {
  const hasKey = encryptionKey !== null || existsSync(join(dataDir, 'encryption.key'));
  const hasProof = existsSync(join(dataDir, 'encryption.json'));
  if (!hasProof && !hasKey)
    return { name: 'Encryption key', result: 'ok', detail: 'none yet; it is made at the first start' };
  try {
    const { source, vault } = openVault({ dataDir, keys: encryptionKey, create: false, shared: databaseUrl !== null });
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
