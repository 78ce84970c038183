/**
 * The inspector as a process: how it is started so that a hostile file inside it can do as little as possible.
 *
 * What holds everywhere: an empty environment, no descriptors of ours but three pipes, Node's permission model (it may read
 * the program and the directory of the files, write nothing, start nothing), a bounded heap, lowest priority.
 * What holds on every Unix besides: no core dumps, no bytes into files, bounded processor time (`ulimit`). On Linux its
 * resident memory is watched, and where the system lets us make a network namespace without rights (`unshare`), it has no
 * network at all. Native code (libvips) could go round the permission model; it is held by what the kernel enforces.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bounded, lowerPriority } from './bounded-process.ts';

const heapMegabytesMax = 96;
/** Its garbage is small and short-lived: with V8's own 16 it grows by a dozen megabytes before anything is collected. */
const youngMegabytesMax = 1;

/**
 * One job at a time: one thread of libvips, and few for what Node does beside. The C library gives each picture's memory back
 * when it is done with, rather than keep it in pieces for the next one: 142 MiB resident after a hundred photographs without
 * that, 116 MiB with it, in the same time.
 */
const environment = {
  VIPS_CONCURRENCY: '1',
  UV_THREADPOOL_SIZE: '2',
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

export type InspectorOptions = {
  /** Directories of the files it may read. */
  readonly readable: readonly string[];
  readonly unshareNetwork: boolean;
  /** Others go before it, however little is left to it then. */
  readonly onlyWhenIdle?: boolean;
  /** The program; tests start others. */
  readonly program?: string;
};

/** Starts one inspector. Its standard error is thrown away: whatever a file makes it print is no record of ours. */
export function startInspector({
  readable,
  unshareNetwork,
  onlyWhenIdle = false,
  program = ownProgram(),
}: InspectorOptions): ChildProcessWithoutNullStreams {
  const node = [...nodeArguments([...readable, dirname(program)]), program];
  // Ten minutes of processor time are some 100,000 files; the one that meets the limit gets a new process.
  const [command, args] = bounded([process.execPath, ...node], {
    unshareNetwork,
    onlyWhenIdle,
    processorSecondsMax: 600,
    fileBytesMax: 0,
  });
  const child = spawn(command, args, {
    env: environment,
    cwd: dirname(program),
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  child.stderr.resume();
  if (child.pid !== undefined) lowerPriority(child.pid);
  return child;
}

function nodeArguments(readable: readonly string[]): string[] {
  const reads = [...readable, ...programDirectories()].map(
    (path) => `--allow-fs-read=${path.endsWith(sep) ? path : path + sep}`,
  );
  return [
    '--permission',
    '--allow-addons',
    ...reads,
    `--max-old-space-size=${heapMegabytesMax}`,
    `--max-semi-space-size=${youngMegabytesMax}`,
    '--v8-pool-size=1',
    '--disallow-code-generation-from-strings',
    '--no-warnings',
  ];
}

function ownProgram(): string {
  const here = fileURLToPath(import.meta.url);
  return join(dirname(here), 'inspector', here.endsWith('.ts') ? 'main.ts' : 'main.js');
}

/** This room, the nouns and limits it shares with the server, and the packages it loads. */
function programDirectories(): string[] {
  const room = dirname(fileURLToPath(import.meta.url));
  return [room, join(room, '..', 'core'), ...packageDirectories(), join(room, '..', '..', 'package.json')];
}

/**
 * Where packages are looked for, and where they really lie: elsewhere, where node_modules is a link or, as pnpm has it, full
 * of them.
 */
function packageDirectories(): string[] {
  const named = (createRequire(import.meta.url).resolve.paths('sharp') ?? []).filter((path) => existsSync(path));
  const sharp = fileURLToPath(import.meta.resolve('sharp'));
  const store = `${sep}node_modules${sep}.pnpm${sep}`;
  const around = sharp.includes(store) ? store : `${sep}node_modules${sep}`;
  return [...new Set([...named, sharp.slice(0, sharp.lastIndexOf(around) + around.length - 1)])];
}
