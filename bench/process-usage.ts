/** CPU and memory of process trees, from /proc (Linux). Ticks are 10 ms, so windows are seconds long. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;
const pageBytes = 4096;

type Stat = { readonly pid: number; readonly parent: number; readonly ticks: number; readonly rssPages: number };

function readStat(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended between the listing and the reading.
    return null;
  }
  // The name may hold spaces and brackets; the fields begin behind its last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  // Fields 14–17 of proc(5): own user and system time, and that of ended children.
  return {
    pid,
    parent: field(4),
    ticks: field(14) + field(15) + field(16) + field(17),
    rssPages: field(24),
  };
}

function allStats(): readonly Stat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readStat(Number(pid)) ?? []);
}

/** The process and everything it has started. */
function tree(root: number): readonly Stat[] {
  const stats = allStats();
  const members = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of stats) {
      if (members.has(parent) && !members.has(pid)) {
        members.add(pid);
        grown = true;
      }
    }
  }
  return stats.filter(({ pid }) => members.has(pid));
}

/** CPU time of a process tree so far, in microseconds. */
export function treeCpuUs(pid: number): number {
  return tree(pid).reduce((sum, { ticks }) => sum + ticks, 0) * (1_000_000 / ticksPerSecond);
}

/** Resident memory of a process tree in MiB. */
export function treeRssMiB(pid: number): number {
  return (tree(pid).reduce((sum, { rssPages }) => sum + rssPages, 0) * pageBytes) / 1024 ** 2;
}

/** Resident memory in MiB of a process itself, and of all that it has started. */
export function processesRssMiB(pid: number): { readonly own: number; readonly children: number } {
  let own = 0;
  let children = 0;
  for (const stat of tree(pid)) {
    const mebibytes = (stat.rssPages * pageBytes) / 1024 ** 2;
    if (stat.pid === pid) own += mebibytes;
    else children += mebibytes;
  }
  return { own, children };
}

/** Memory of a process tree in MiB in which a page that several of them share counts once. */
export function treePssMiB(pid: number): number {
  let kibibytes = 0;
  for (const member of tree(pid)) {
    try {
      const text = readFileSync(`/proc/${member.pid}/smaps_rollup`, 'utf8');
      kibibytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // It ended meanwhile: then it has none.
    }
  }
  return kibibytes / 1024;
}

/** CPU time of the whole machine that was not idle, in microseconds. */
function machineBusyUs(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) * (1_000_000 / ticksPerSecond);
}

export type ForeignWindow = { readonly busyUs: number; readonly ownUs: number; readonly atMs: number };

/** Begins to watch what the rest of the machine uses. */
export function watchForeign(): ForeignWindow {
  return { busyUs: machineBusyUs(), ownUs: treeCpuUs(process.pid), atMs: performance.now() };
}

/** Cores used by others (other processes, the hypervisor's steal) since the window began. */
export function foreignCores(window: ForeignWindow): number {
  const busyUs = machineBusyUs() - window.busyUs;
  const ownUs = treeCpuUs(process.pid) - window.ownUs;
  const elapsedUs = (performance.now() - window.atMs) * 1000;
  return Math.max(0, (busyUs - ownUs) / elapsedUs);
}
