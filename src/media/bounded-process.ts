/**
 * What the processes that read hostile files have in common: no core dumps, bounded processor time, bounded files, lowest
 * priority or less, and where the system lets us make one, a network namespace with nothing in it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

const unsharePath = '/usr/bin/unshare';
const withoutNetwork = ['--user', '--map-root-user', '--net', '--'];

/** Whether a process without network can be made here. */
export async function canUnshareNetwork(): Promise<boolean> {
  if (process.platform !== 'linux' || !existsSync(unsharePath)) return false;
  const tried = spawn(unsharePath, [...withoutNetwork, '/bin/sh', '-c', ':'], {
    env: {},
    timeout: 2_000,
    stdio: 'ignore',
  });
  return new Promise((resolve) => {
    tried.once('error', () => resolve(false));
    tried.once('exit', (code) => resolve(code === 0));
  });
}

export type Bounds = {
  readonly unshareNetwork: boolean;
  /** An end to an endless loop whose server was killed: it would otherwise burn a core for ever. */
  readonly processorSecondsMax: number;
  /** The largest file it may write; 0: none at all. */
  readonly fileBytesMax: number;
  /**
   * It runs when nothing else wants the processor, and gives it up at once: a process of merely low priority is let finish
   * its turn of some milliseconds, for which deliveries wait. Linux with `chrt` only; elsewhere nothing changes.
   */
  readonly onlyWhenIdle?: boolean;
};

/** `ulimit -f` counts blocks of so many bytes. */
const blockBytes = 512;

/** What to start in place of a command, so that it runs within these bounds. On Windows the command itself. */
export function bounded(
  command: readonly [string, ...string[]],
  { unshareNetwork, processorSecondsMax, fileBytesMax, onlyWhenIdle = false }: Bounds,
): [command: string, args: string[]] {
  const inside: readonly string[] = unshareNetwork ? [unsharePath, ...withoutNetwork, ...command] : command;
  if (process.platform === 'win32') return [command[0], command.slice(1)];
  const blocks = Math.ceil(fileBytesMax / blockBytes);
  const limits = `ulimit -c 0; ulimit -f ${blocks}; ulimit -t ${Math.ceil(processorSecondsMax)}; exec "$@"`;
  // Where there is no such command, or the system does not let us, the process has low priority still.
  const scheduling = onlyWhenIdle && process.platform === 'linux' ? 'chrt -i -p 0 $$ >/dev/null 2>&1; ' : '';
  return ['/bin/sh', ['-c', scheduling + limits, 'bounded', ...inside]];
}

export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system does not let us: it then runs at our own priority.
  }
}

/** Resident memory of a process in bytes; null where it cannot be told (not Linux, or ended). */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    return Number.isFinite(pages) ? pages * 4_096 : null;
  } catch {
    return null;
  }
}

/**
 * For how many milliseconds a process was ready and not let run, since its start: that of its threads which waited longest.
 * Null where it cannot be told (not Linux, or ended).
 */
export async function waitedMs(pid: number): Promise<number | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const stats = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')));
    const mostNs = Math.max(...stats.map((stat) => Number(stat.split(' ')[1])));
    return Number.isFinite(mostNs) ? mostNs / 1e6 : null;
  } catch {
    return null;
  }
}
