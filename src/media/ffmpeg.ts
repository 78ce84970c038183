/**
 * The `ffmpeg` of this machine, where there is one. It is a program of the operator's own: nothing of it is shipped. It
 * reads hostile files, so it is started with everything that bounds the inspector but Node's own permissions, and told what
 * it may do: one demuxer that we name (it never guesses, so a playlist in a film's clothes is a broken film), the decoders
 * of a list, no protocol but `file`, one thread (HARDENING UP-05, UP-10).
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { bounded, lowerPriority } from './bounded-process.ts';
import type { Failure, FilmTool } from './media.ts';
import { memoryNote, watchMemory } from './memory-watch.ts';

/** `auto`: found on the PATH; `off`: never used; else a path. */
export type FfmpegSetting = string;

const settingName = 'ASSETWIRE_FFMPEG';

/** A program that can be started, or why there is none; its version is not asked for. */
export function findFfmpeg(setting: FfmpegSetting, searchPath: string | undefined): string | { readonly note: string } {
  if (setting === 'off') return { note: `ffmpeg is switched off: ${settingName} is off` };
  if (setting !== 'auto') {
    if (isAbsolute(setting) && isExecutable(setting)) return setting;
    return { note: `${settingName} must name a program: there is none at that path` };
  }
  const name = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  for (const directory of (searchPath ?? '').split(delimiter)) {
    // A relative entry would mean whatever lies in the directory that the server happened to be started in.
    if (isAbsolute(directory) && isExecutable(join(directory, name))) return join(directory, name);
  }
  return { note: `there is no ffmpeg on the PATH: install one, or name it in ${settingName}` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const probeMs = 5_000;
const probeBytesMax = 1024 * 1024;

/** What `ffmpeg` there is and which encoders it has; asks it, which takes some 50 ms. */
export async function probeFfmpeg(
  setting: FfmpegSetting,
  { searchPath, clock }: { readonly searchPath: string | undefined; readonly clock: Clock },
): Promise<{ readonly tool: FilmTool; readonly encoders: ReadonlySet<string> }> {
  const found = findFfmpeg(setting, searchPath);
  const none = new Set<string>();
  if (typeof found !== 'string')
    return { tool: { state: setting === 'off' ? 'off' : 'absent', ...found }, encoders: none };
  const run = createFfmpeg({ path: found, clock, unshareNetwork: false, directory: '/' });
  const asked = {
    timeoutMs: probeMs,
    residentBytesMax: 256 * 1024 * 1024,
    outputBytesMax: probeBytesMax,
    fileBytesMax: 0,
  };
  const said = await run.run(['-version'], asked);
  const version =
    said.kind === 'done' ? /^ffmpeg version (\S{1,80})/.exec(said.output.toString('latin1'))?.[1] : undefined;
  if (version === undefined)
    return { tool: { state: 'absent', note: `${found} does not answer as ffmpeg does` }, encoders: none };
  const list = await run.run(['-hide_banner', '-encoders'], asked);
  const names = list.kind === 'done' ? list.output.toString('latin1').matchAll(/^ [VA][\w.]{5} (\S{1,64})/gm) : [];
  return {
    tool: { state: 'found', path: found, version },
    encoders: new Set([...names].map((match) => match[1] ?? '')),
  };
}

export type FfmpegBounds = {
  readonly timeoutMs: number;
  readonly residentBytesMax: number;
  /** Of standard output; the run is ended beyond it. */
  readonly outputBytesMax: number;
  /** The largest file it may write; 0: none. */
  readonly fileBytesMax: number;
};

export type FfmpegRun = { readonly kind: 'done'; readonly output: Buffer } | Failure;

export type Ffmpeg = {
  run(args: readonly string[], bounds: FfmpegBounds): Promise<FfmpegRun>;
  /** Ends what runs and waits until it is gone; what is asked for from now on fails. */
  stop(): Promise<void>;
};

export type FfmpegOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly unshareNetwork: boolean;
  /** Where it runs. */
  readonly directory: string;
};

const errorBytesKept = 4_096;

/** Starts it; each run is a process of its own. */
export function createFfmpeg({ path, clock, unshareNetwork, directory }: FfmpegOptions): Ffmpeg {
  const running = new Map<() => void, Promise<unknown>>();
  let stopped = false;
  const run = async (args: readonly string[], bounds: FfmpegBounds): Promise<FfmpegRun> => {
    const { promise, resolve } = Promise.withResolvers<FfmpegRun>();
    const [command, all] = bounded([path, ...args], {
      unshareNetwork,
      processorSecondsMax: bounds.timeoutMs / 1_000,
      fileBytesMax: bounds.fileBytesMax,
    });
    const child = spawn(command, all, {
      env: {},
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    if (child.pid !== undefined) lowerPriority(child.pid);
    const chunks: Buffer[] = [];
    let held = 0;
    let said = '';
    let ended: Failure | null = null;
    const end = (failure: Failure): void => {
      ended ??= failure;
      child.kill('SIGKILL');
    };
    const stop = (): void => end(failed('crashed', 'the server stops'));
    const deadline = clock.timer(bounds.timeoutMs, () =>
      end(failed('timeout', `not done within ${bounds.timeoutMs / 1_000} s`)),
    );
    const watch = watchMemory(child.pid, {
      clock,
      bytesMax: bounds.residentBytesMax,
      onExceeded: () => end(failed('too_large', memoryNote)),
    });
    child.stdout.on('data', (chunk: Buffer) => {
      held += chunk.length;
      if (held > bounds.outputBytesMax) end(failed('too_large', 'more came out of it than is taken'));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      // The first thing that it complains of is what is wrong; whatever follows comes of it.
      if (said.length < errorBytesKept) said += chunk.toString('latin1', 0, errorBytesKept - said.length);
    });
    child.once('error', () => resolve(failed('crashed', 'ffmpeg could not be started')));
    child.once('close', (code, signal) =>
      resolve(ended ?? failureOf(code, signal, said) ?? { kind: 'done', output: Buffer.concat(chunks, held) }),
    );
    running.set(stop, promise);
    try {
      return await promise;
    } finally {
      running.delete(stop);
      deadline.cancel();
      watch.cancel();
    }
  };
  return {
    run: (args, bounds) => (stopped ? Promise.resolve(failed('crashed', 'the server stops')) : run(args, bounds)),
    async stop() {
      stopped = true;
      const all = [...running.values()];
      for (const end of running.keys()) end();
      await Promise.all(all);
    },
  };
}

/** Null where it ended well. */
function failureOf(code: number | null, signal: string | null, said: string): Failure | null {
  if (code === 0) return null;
  if (signal === 'SIGXFSZ') return failed('too_large', 'what comes of it is larger than is allowed');
  return signal === null ? failed('unreadable', complaint(said)) : failed('crashed', `ffmpeg ended by ${signal}`);
}

function failed(code: Failure['code'], note: string): Failure {
  return { kind: 'failed', code, note };
}

/** Its first line without addresses and paths, as people may be shown it. */
function complaint(said: string): string {
  const line = said.split('\n').find((each) => each.trim() !== '') ?? '';
  const plain = line
    .replace(/0x[0-9a-f]+/g, '')
    .replace(/(?:file:)?\/\S*/g, 'the file')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return plain === '' ? 'ffmpeg could not read it' : `ffmpeg: ${plain.slice(0, 150)}`;
}
