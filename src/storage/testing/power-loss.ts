/**
 * Files as a power cut may leave them, from a trace of system calls (`strace -f -y -x`): of every file what was synced, and
 * of what was written since any part, in any order of sectors, or nothing (HARDENING FD-11). For tests only.
 */
import { basename } from 'node:path';

export type TraceStep =
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'unlink'; readonly file: string }
  | { readonly kind: 'sync'; readonly file: string }
  /** Of the directory: names that were made or removed are so from now on. */
  | { readonly kind: 'sync-names' }
  /** A line that the process told its parent. */
  | { readonly kind: 'told'; readonly line: string };

/** In the order in which they took effect: a write when it began, a sync when it had ended, a word when it was begun. */
export function readTrace(trace: string, directory: string): readonly TraceStep[] {
  const begun = new Map<string, string>();
  const steps: TraceStep[] = [];
  for (const line of trace.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '));
    if (line.includes('resumed>')) {
      // Only an end counts for a sync, only a beginning for everything else.
      const call = begun.get(thread) ?? '';
      if (/ f(?:data)?sync\(/.test(call)) steps.push(...stepOf(call, directory));
      continue;
    }
    if (line.includes('<unfinished ...>')) {
      begun.set(thread, line);
      if (/ f(?:data)?sync\(/.test(line)) continue;
    }
    steps.push(...stepOf(line, directory));
  }
  return steps;
}

function stepOf(line: string, directory: string): readonly TraceStep[] {
  const told = / write\(1<[^>]*>, ("(?:[^"\\]|\\.)*")/.exec(line);
  if (told !== null)
    return textOf(told[1] ?? '')
      .toString()
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => ({ kind: 'told', line: text }));
  const unlinked = / unlink(?:at)?\((?:AT_FDCWD[^,]*, )?"([^"]*)"/.exec(line)?.[1];
  if (unlinked !== undefined)
    return unlinked.startsWith(directory) ? [{ kind: 'unlink', file: basename(unlinked) }] : [];
  const [, call = '', path = '', rest = ''] = / (\w+)\(\d+<([^>]*)>(.*)$/.exec(line) ?? [];
  if (!path.startsWith(directory)) return [];
  if (/^f(?:data)?sync$/.test(call))
    return [path === directory ? { kind: 'sync-names' } : { kind: 'sync', file: basename(path) }];
  const file = basename(path);
  if (call === 'ftruncate') return [{ kind: 'truncate', file, size: Number(/^, (\d+)/.exec(rest)?.[1]) }];
  const written = /^, ("(?:[^"\\]|\\.)*"), \d+, (\d+)/.exec(rest);
  if (call !== 'pwrite64' || written === null) return [];
  return [{ kind: 'write', file, at: Number(written[2]), bytes: textOf(written[1] ?? '') }];
}

/** A string as strace shows it: all bytes in hexadecimal where one of them is no text. */
function textOf(quoted: string): Buffer {
  const named: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '\\': 92, '"': 34 };
  const bytes: number[] = [];
  for (const [, hex, escape, plain] of quoted.slice(1, -1).matchAll(/\\x([0-9a-f]{2})|\\(.)|([^\\])/g)) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (escape !== undefined) bytes.push(named[escape] ?? 0);
    else bytes.push((plain ?? '').charCodeAt(0));
  }
  return Buffer.from(bytes);
}

type Pending = Extract<TraceStep, { kind: 'write' | 'truncate' }>;
type Kept = { synced: Image; pending: Pending[]; unlinked: boolean };

const sectorBytes = 512;

/** The files after a power cut behind so many steps. `chance` draws what of the rest is there. */
export function afterPowerCut(steps: readonly TraceStep[], chance: () => number): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Kept>();
  const of = (file: string): Kept => {
    const kept = files.get(file) ?? { synced: createImage(), pending: [], unlinked: false };
    files.set(file, kept);
    return kept;
  };
  for (const step of steps) {
    if (step.kind === 'write' || step.kind === 'truncate') {
      const kept = of(step.file);
      // Made anew under its name.
      if (kept.unlinked) Object.assign(kept, { synced: createImage(), pending: [], unlinked: false });
      kept.pending.push(step);
    } else if (step.kind === 'sync') {
      const kept = of(step.file);
      for (const pending of kept.pending.splice(0)) kept.synced.apply(pending);
    } else if (step.kind === 'unlink') of(step.file).unlinked = true;
    else if (step.kind === 'sync-names') forgetUnlinked(files);
  }
  // Some cuts take all that was not synced, some take nothing, most take a part of it.
  const share = [0, 0.2, 0.5, 0.8, 1][Math.floor(chance() * 5)] ?? 1;
  const found = new Map<string, Buffer>();
  for (const [file, { synced, pending, unlinked }] of files) {
    if (unlinked && chance() < 0.5) continue;
    const there = pending.flatMap((step) => (chance() < share ? partOf(step, chance) : []));
    for (const part of there) synced.apply(part);
    found.set(file, synced.content());
  }
  return found;
}

function forgetUnlinked(files: Map<string, Kept>): void {
  for (const [file, { unlinked }] of files) if (unlinked) files.delete(file);
}

/** Whether a power cut behind so many steps would find something of the store's file or log that is not synced. */
export function isUnsynced(steps: readonly TraceStep[]): boolean {
  const open = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'write' && /\.db(?:-wal)?$/.test(step.file)) open.add(step.file);
    if (step.kind === 'sync') open.delete(step.file);
  }
  return open.size > 0;
}

/** All of it, or of a write any of its sectors. */
function partOf(step: Pending, chance: () => number): readonly Pending[] {
  if (step.kind === 'truncate' || chance() < 0.5) return [step];
  const sectors: Pending[] = [];
  for (let from = 0; from < step.bytes.length; from += sectorBytes) {
    const bytes = step.bytes.subarray(from, from + sectorBytes);
    if (chance() < 0.5) sectors.push({ ...step, at: step.at + from, bytes });
  }
  return sectors;
}

type Image = { apply(step: Pending): void; content(): Buffer };

/** A file that grows in place. */
function createImage(): Image {
  let bytes = Buffer.alloc(64 * 1024);
  let size = 0;
  return {
    apply(step) {
      const end = step.kind === 'truncate' ? step.size : step.at + step.bytes.length;
      if (end > bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(Math.max(end, 2 * bytes.length))]);
      if (step.kind === 'truncate') {
        bytes.fill(0, step.size, Math.max(size, step.size));
        size = step.size;
      } else {
        step.bytes.copy(bytes, step.at);
        size = Math.max(size, end);
      }
    },
    content: () => bytes.subarray(0, size),
  };
}
