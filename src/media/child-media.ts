/** Media: the type is read from the head right here, everything else of a file in the inspector's process. */
import type { Clock } from '../runtime/clock.ts';
import { createInspectorPool } from './inspector-pool.ts';
import { canUnshareNetwork, startInspector } from './inspector-process.ts';
import type { Media } from './media.ts';
import { sniff } from './sniff.ts';

export type MediaOptions = {
  readonly clock: Clock;
  /** Directories that hold the files to inspect; the inspector can read nothing else of the disk. */
  readonly readable: readonly string[];
  readonly timeoutMs?: number;
  readonly idleMs?: number;
  readonly residentBytesMax?: number;
  /** Width × height beyond which a file is `too_large`. Default 268 megapixels, as libvips. */
  readonly pixelsMax?: number;
  /** The inspector's program; tests start others. */
  readonly program?: string;
};

/** The media of one server. Nothing is started before the first inspection. */
export function createMedia({
  clock,
  readable,
  program,
  ...limits
}: MediaOptions): Media & { inspectorPid(): number | null } {
  let unshareNetwork = false;
  let probe: Promise<boolean> | null = null;
  const pool = createInspectorPool({
    clock,
    timeoutMs: limits.timeoutMs ?? 10_000,
    idleMs: limits.idleMs ?? 30_000,
    residentBytesMax: limits.residentBytesMax ?? 512 * 1024 * 1024,
    pixelsMax: limits.pixelsMax ?? 0x3fff ** 2,
    start: () => {
      return startInspector({ readable, unshareNetwork, ...(program === undefined ? {} : { program }) });
    },
  });
  return {
    start: async () => undefined,
    sniff,
    async inspect(path, { mimeType }) {
      probe ??= canUnshareNetwork();
      unshareNetwork = await probe;
      return pool.inspect(path, mimeType);
    },
    stop: () => pool.stop(),
    inspectorPid: () => pool.pid(),
  };
}
