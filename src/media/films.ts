/**
 * Pictures and clips of films, by the operator's own `ffmpeg`. One runs at a time for pictures and one for clips: a clip of
 * minutes keeps no picture waiting. What it writes lies in a directory of its own until it was taken over.
 */
import { rm, stat } from 'node:fs/promises';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { createFfmpeg, type Ffmpeg, type FfmpegSetting, probeFfmpeg } from './ffmpeg.ts';
import { filmTypes } from './film-types.ts';
import { clipArguments, frameArguments } from './film-arguments.ts';
import type { Borrowed, ClipOrder, DerivationOrder, Failure, FilmTool } from './media.ts';
import type { Scratch } from './scratch.ts';

export type FilmsOptions = {
  readonly ffmpeg: FfmpegSetting;
  readonly clock: Clock;
  /** Where its results lie for a moment. */
  readonly scratch: Scratch;
  readonly searchPath: string | undefined;
  readonly unshareNetwork: () => Promise<boolean>;
  readonly frameTimeoutMs?: number;
  readonly clipTimeoutMs?: number;
  /** Of a decoder of films. Default 1 GiB: it keeps a dozen frames, which of 8K in 10 bits are as much. */
  readonly residentBytesMax?: number;
};

export type CutFile = { readonly kind: 'cut'; readonly mimeType: string } & Borrowed;

export type Films = {
  tool(): Promise<FilmTool>;
  /** One frame as a picture in a file, for as long as `use` runs. */
  withFrame<Result>(
    path: string,
    order: Pick<DerivationOrder, 'mimeType' | 'durationMs'>,
    use: (picture: string) => Promise<Result>,
  ): Promise<Result | Failure>;
  /** The clip in a file, of this type; nobody has looked into it yet. */
  clip(path: string, order: ClipOrder): Promise<CutFile | Failure>;
  stop(): Promise<void>;
};

const frameTimeoutMs = 30_000;
const clipTimeoutMs = 600_000;
const residentBytes = 1024 * 1024 * 1024;
/** A PNG of 1,000 × 1,000 is at most 4 MB. */
const frameBytesMax = 16 * 1024 * 1024;

type Started = { readonly tool: FilmTool; readonly encoders: ReadonlySet<string>; readonly ffmpeg: Ffmpeg | null };

export function createFilms(options: FilmsOptions): Films {
  const { scratch, residentBytesMax = residentBytes } = options;
  let probing: Promise<Started> | null = null;
  const frames = createTurns();
  const clips = createTurns();
  const started = (): Promise<Started> => (probing ??= startOf(options));

  const frameOf = async (
    path: string,
    { mimeType, durationMs }: Pick<DerivationOrder, 'mimeType' | 'durationMs'>,
  ): Promise<Buffer | Failure> => {
    const { ffmpeg, tool } = await started();
    const type = filmTypes.get(mimeType);
    if (type === undefined) return { kind: 'failed', code: 'unsupported', note: `none are made of ${mimeType}` };
    if (ffmpeg === null) return without(tool, 'no picture of it can be made');
    const bounds = {
      timeoutMs: options.frameTimeoutMs ?? frameTimeoutMs,
      residentBytesMax,
      outputBytesMax: frameBytesMax,
      fileBytesMax: 0,
    };
    // A look behind the beginning first, where many films are black; a film too short for it is seen from its start.
    for (const atMs of [lookAtMs(durationMs), 0]) {
      const run = await ffmpeg.run(frameArguments(path, { type, atMs }), bounds);
      if (run.kind === 'failed') return run;
      if (run.output.length > 0) return run.output;
    }
    return { kind: 'failed', code: 'unreadable', note: 'there is no frame in it that could be decoded' };
  };

  return {
    tool: async () => (await started()).tool,
    withFrame: (path, order, use) =>
      frames.take(async () => {
        const frame = await frameOf(path, order);
        if (!Buffer.isBuffer(frame)) return frame;
        const { path: picture, dispose } = await scratch.keep(frame, 'png');
        try {
          return await use(picture);
        } finally {
          await dispose();
        }
      }),
    clip: (path, order) => clips.take(async () => cut(await started(), { path, order, options })),
    async stop() {
      const running = probing === null ? null : await probing;
      probing = null;
      await running?.ffmpeg?.stop();
    },
  };
}

type Cutting = { readonly path: string; readonly order: ClipOrder; readonly options: FilmsOptions };

async function cut(
  { ffmpeg, tool, encoders }: Started,
  {
    path,
    order,
    options: { scratch, clipTimeoutMs: timeoutMs = clipTimeoutMs, residentBytesMax = residentBytes },
  }: Cutting,
): Promise<CutFile | Failure> {
  const type = filmTypes.get(order.mimeType);
  if (type === undefined)
    return { kind: 'failed', code: 'unsupported', note: `no clips are cut out of ${order.mimeType}` };
  if (ffmpeg === null) return without(tool, 'no clip can be cut');
  const output = scratch.newPath(type.picture ? 'mp4' : 'm4a');
  const dispose = (): Promise<void> => rm(output, { force: true });
  const bytesMax = Math.min(order.bytesMax, limits.clipBytesMax);
  const run = await ffmpeg.run(clipArguments(path, output, { ...order, bytesMax, type, encoders }), {
    timeoutMs,
    residentBytesMax,
    outputBytesMax: 64 * 1024,
    fileBytesMax: bytesMax,
  });
  const bytes = run.kind === 'done' ? await bytesOf(output) : 0;
  // `-fs` ends a file that grows too large as if it were complete: half a clip must not pass for a whole one.
  if (run.kind === 'done' && bytes > 0 && bytes < bytesMax * 0.98)
    return { kind: 'cut', mimeType: type.picture ? 'video/mp4' : 'audio/mp4', path: output, dispose };
  await dispose();
  if (run.kind === 'failed') return run;
  return bytes === 0
    ? { kind: 'failed', code: 'unreadable', note: 'nothing lies between these two moments' }
    : { kind: 'failed', code: 'too_large', note: `the clip would have more than ${bytesMax} bytes` };
}

async function startOf({
  ffmpeg: setting,
  clock,
  scratch,
  searchPath,
  unshareNetwork,
}: FilmsOptions): Promise<Started> {
  const { tool, encoders } = await probeFfmpeg(setting, { searchPath, clock });
  if (tool.state !== 'found') return { tool, encoders, ffmpeg: null };
  await scratch.start(clock.nowMs());
  const ffmpeg = createFfmpeg({
    path: tool.path,
    clock,
    unshareNetwork: await unshareNetwork(),
    directory: scratch.directory,
  });
  return { tool, encoders, ffmpeg };
}

function without(tool: FilmTool, what: string): Failure {
  return { kind: 'failed', code: 'unsupported', note: tool.state === 'found' ? what : `${what}: ${tool.note}` };
}

/** A tenth of the way in, not more than ten seconds; one second where nothing is known of its length. */
function lookAtMs(durationMs: number | undefined): number {
  return durationMs === undefined ? 1_000 : Math.min(10_000, Math.floor(durationMs / 10));
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // It made no file.
    return 0;
  }
}

/** One after another, in the order asked. */
function createTurns(): { take<Result>(run: () => Promise<Result>): Promise<Result> } {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(run) {
      const turn = last.then(run);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
