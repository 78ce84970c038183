/**
 * Media: the type is read from the head right here, everything else of a file in the inspector's process. Renditions are
 * made in a second one of the same program, so that no inspection waits for a picture to be scaled. Of a film `ffmpeg`
 * makes one picture first, and cuts clips, where this machine has it.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { createSystemRandom, type Random } from '../runtime/random.ts';
import { canUnshareNetwork } from './bounded-process.ts';
import { isDerivable } from './derivable.ts';
import type { FfmpegSetting } from './ffmpeg.ts';
import { filmTypes } from './film-types.ts';
import { createFilms, type Films } from './films.ts';
import { createInspectorPool } from './inspector-pool.ts';
import { startInspector } from './inspector-process.ts';
import { createMediaCounts } from './media-counts.ts';
import type {
  ClipOrder,
  ClipResult,
  DerivationOrder,
  DerivationResult,
  EmbeddedPolicy,
  InspectionResult,
  Media,
  XmpResult,
} from './media.ts';
import { createScanner } from './scanner.ts';
import { createScratch, type Scratch } from './scratch.ts';
import { sniff } from './sniff.ts';
import { xmpFormatOf } from './xmp-types.ts';

export type MediaOptions = {
  readonly clock: Clock;
  /** Directories that hold the files to inspect; the inspector can read nothing else of the disk. */
  readonly readable: readonly string[];
  readonly timeoutMs?: number;
  readonly idleMs?: number;
  readonly residentBytesMax?: number;
  /** Of one rendition job. Default 30 s; nothing waits for it. */
  readonly deriveTimeoutMs?: number;
  /** Width × height beyond which a file is `too_large`. Default 268 megapixels, as libvips. */
  readonly pixelsMax?: number;
  /** How much of embedded metadata is kept. Default all of it. */
  readonly embedded?: EmbeddedPolicy;
  /** The inspector's program; tests start others. */
  readonly program?: string;
  /** `auto`: found on the PATH; `off`; or a path. Default `off`. */
  readonly ffmpeg?: FfmpegSetting;
  /** Default this process's. */
  readonly searchPath?: string | undefined;
  /** Where pictures and clips of films lie for a moment. Default below the system's directory for that. */
  readonly scratch?: string;
  readonly random?: Random;
  readonly frameTimeoutMs?: number;
  readonly clipTimeoutMs?: number;
  readonly filmResidentBytesMax?: number;
  /** The operator's virus scanner: see scanner.ts. Absent: none. */
  readonly scan?: { readonly command: string; readonly timeoutMs: number };
};

/** The media of one server. Nothing is started before the first inspection. */
export function createMedia(
  options: MediaOptions,
): Media & { inspectorPid(): number | null; deriverPid(): number | null } {
  const { clock } = options;
  const counts = createMediaCounts();
  const scratch = createScratch({
    directory: options.scratch ?? join(tmpdir(), 'assetwire-scratch'),
    random: options.random ?? createSystemRandom(),
  });
  const pictures = createPictures(options, { scratch, started: counts.started });
  const films = makeFilms(options, { scratch, unshareNetwork: pictures.prepared });
  /** A stretch behind the end comes as a film of nothing, so what was cut is looked into before it counts as a clip. */
  const clip = async (path: string, order: ClipOrder): Promise<ClipResult> => {
    const cut = await films.clip(path, order);
    if (cut.kind === 'failed') return cut;
    const { dispose } = cut;
    const looked = await pictures.look(cut.path, cut.mimeType);
    if (looked.kind === 'inspected' && (looked.facts.durationMs ?? 0) > 0)
      return { kind: 'clipped', facts: looked.facts, path: cut.path, dispose };
    await dispose();
    return looked.kind === 'failed'
      ? looked
      : { kind: 'failed', code: 'unreadable', note: 'nothing lies between these two moments' };
  };
  const searchPath = options.searchPath ?? process.env['PATH'];
  const scanner = options.scan === undefined ? null : createScanner({ ...options.scan, clock, searchPath });
  return {
    ...(scanner === null ? {} : { scanner }),
    start: () => scratch.start(clock.nowMs()),
    sniff,
    derivable: isDerivable,
    clippable: (mimeType) => filmTypes.has(mimeType),
    inspect: (path, { mimeType }) => counts.count('inspect', () => pictures.look(path, mimeType)),
    derive: (path, order) =>
      counts.count('derive', () => {
        if (!filmTypes.has(order.mimeType)) return pictures.derive(path, order);
        return films.withFrame(path, order, (picture) =>
          pictures.derive(picture, { mimeType: 'image/png', sizes: order.sizes }),
        );
      }),
    xmpReadable: (mimeType) => xmpFormatOf(mimeType) !== null,
    xmp: (path, { mimeType }) => counts.count('xmp', () => pictures.packet(path, mimeType)),
    clip: (path, order) => counts.count('clip', () => clip(path, order)),
    borrow: (content) => scratch.take(content),
    films: () => films.tool(),
    counts: () => counts.read(),
    async stop() {
      await Promise.all([pictures.stop(), films.stop(), scanner?.stop()]);
    },
    inspectorPid: pictures.inspectorPid,
    deriverPid: pictures.deriverPid,
  };
}

/** The processes of our own program: one looks into files, one makes pictures, one reads packets on demand. */
function createPictures(
  { clock, readable, program, ...limits }: MediaOptions,
  { scratch, started }: { readonly scratch: Scratch; readonly started: () => void },
) {
  let unshareNetwork = false;
  let probe: Promise<boolean> | null = null;
  const idleMs = limits.idleMs ?? 30_000;
  const residentBytesMax = limits.residentBytesMax ?? 512 * 1024 * 1024;
  const pixelsMax = limits.pixelsMax ?? 0x3fff ** 2;
  const embedded = limits.embedded ?? 'all';
  const start = (onlyWhenIdle: boolean) => {
    started();
    const own = { readable: [...readable, scratch.directory], unshareNetwork, onlyWhenIdle };
    return startInspector({ ...own, ...(program === undefined ? {} : { program }) });
  };
  const pool = (timeoutMs: number, canWait = false) =>
    createInspectorPool({ clock, timeoutMs, idleMs, residentBytesMax, canWait, start });
  const inspecting = pool(limits.timeoutMs ?? 10_000);
  // Nothing waits for renditions; deliveries and uploads that run meanwhile would wait for them.
  const deriving = pool(limits.deriveTimeoutMs ?? 30_000, true);
  // Whoever asks for packets holds no upload up, and the other way round.
  const packets = pool(limits.timeoutMs ?? 10_000);
  const prepared = async (): Promise<boolean> => {
    probe ??= canUnshareNetwork();
    unshareNetwork = await probe;
    return unshareNetwork;
  };
  return {
    prepared,
    async look(path: string, mimeType: string): Promise<InspectionResult> {
      await prepared();
      const reply = await inspecting.run({ kind: 'inspect', path, mimeType, pixelsMax, embedded });
      return reply.kind === 'inspected' || reply.kind === 'failed' ? reply : misplaced;
    },
    async derive(
      path: string,
      { mimeType, sizes }: Pick<DerivationOrder, 'mimeType' | 'sizes'>,
    ): Promise<DerivationResult> {
      await prepared();
      const reply = await deriving.run({ kind: 'derive', path, mimeType, pixelsMax, sizes });
      return reply.kind === 'derived' || reply.kind === 'failed' ? reply : misplaced;
    },
    async packet(path: string, mimeType: string): Promise<XmpResult> {
      await prepared();
      const reply = await packets.run({ kind: 'xmp', path, mimeType });
      if (reply.kind === 'failed') return reply;
      if (reply.kind !== 'packet') return misplaced;
      return reply.content.length === 0 ? { kind: 'none' } : reply;
    },
    async stop() {
      await Promise.all([inspecting.stop(), deriving.stop(), packets.stop()]);
    },
    inspectorPid: () => inspecting.pid(),
    deriverPid: () => deriving.pid(),
  };
}

function makeFilms(
  options: MediaOptions,
  parts: { readonly scratch: Scratch; readonly unshareNetwork: () => Promise<boolean> },
): Films {
  const { clock, ffmpeg = 'off', frameTimeoutMs, clipTimeoutMs, filmResidentBytesMax: residentBytesMax } = options;
  return createFilms({
    ...parts,
    clock,
    ffmpeg,
    searchPath: 'searchPath' in options ? options.searchPath : process.env['PATH'],
    ...(frameTimeoutMs === undefined ? {} : { frameTimeoutMs }),
    ...(clipTimeoutMs === undefined ? {} : { clipTimeoutMs }),
    ...(residentBytesMax === undefined ? {} : { residentBytesMax }),
  });
}

/** A reply of the wrong kind never leaves the pool; this is for the compiler. */
const misplaced = { kind: 'failed', code: 'crashed', note: 'the inspector answered something else' } as const;
