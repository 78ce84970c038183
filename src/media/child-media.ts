/**
 * Media: the type is read from the head right here, everything else of a file in the inspector's process. Renditions are
 * made in a second one of the same program, so that no inspection waits for a picture to be scaled.
 */
import type { Clock } from '../runtime/clock.ts';
import { createInspectorPool } from './inspector-pool.ts';
import { canUnshareNetwork, startInspector } from './inspector-process.ts';
import type { EmbeddedPolicy, Media } from './media.ts';
import { derivableTypes } from './derivable.ts';
import { sniff } from './sniff.ts';

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
};

/** The media of one server. Nothing is started before the first inspection. */
export function createMedia({
  clock,
  readable,
  program,
  ...limits
}: MediaOptions): Media & { inspectorPid(): number | null; deriverPid(): number | null } {
  let unshareNetwork = false;
  let probe: Promise<boolean> | null = null;
  const idleMs = limits.idleMs ?? 30_000;
  const residentBytesMax = limits.residentBytesMax ?? 512 * 1024 * 1024;
  const pixelsMax = limits.pixelsMax ?? 0x3fff ** 2;
  const embedded = limits.embedded ?? 'all';
  const start = () => startInspector({ readable, unshareNetwork, ...(program === undefined ? {} : { program }) });
  const pool = (timeoutMs: number) => createInspectorPool({ clock, timeoutMs, idleMs, residentBytesMax, start });
  const inspecting = pool(limits.timeoutMs ?? 10_000);
  const deriving = pool(limits.deriveTimeoutMs ?? 30_000);
  const prepared = async (): Promise<void> => {
    probe ??= canUnshareNetwork();
    unshareNetwork = await probe;
  };
  return {
    start: async () => undefined,
    sniff,
    derivable: (mimeType) => derivableTypes.has(mimeType),
    async inspect(path, { mimeType }) {
      await prepared();
      const reply = await inspecting.run({ kind: 'inspect', path, mimeType, pixelsMax, embedded });
      return reply.kind === 'derived' ? misplaced : reply;
    },
    async derive(path, { mimeType, sizes }) {
      await prepared();
      const reply = await deriving.run({ kind: 'derive', path, mimeType, pixelsMax, sizes });
      return reply.kind === 'inspected' ? misplaced : reply;
    },
    async stop() {
      await Promise.all([inspecting.stop(), deriving.stop()]);
    },
    inspectorPid: () => inspecting.pid(),
    deriverPid: () => deriving.pid(),
  };
}

/** A reply of the wrong kind never leaves the pool; this is for the compiler. */
const misplaced = { kind: 'failed', code: 'crashed', note: 'the inspector answered something else' } as const;
