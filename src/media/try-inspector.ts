/** Whether files can be looked into on this machine: one is, as the server would. For `doctor`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { canUnshareNetwork } from './bounded-process.ts';
import { createInspectorPool } from './inspector-pool.ts';
import { startInspector } from './inspector-process.ts';

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const timeoutMs = 20_000;
const saidCharactersMax = 400;

export type InspectorTried = { readonly ok: boolean; readonly detail: string };

/** Never throws. What the process says in vain is told: the file is ours, so no stranger has written it. */
export async function tryInspector({ clock, program }: { clock: Clock; program?: string }): Promise<InspectorTried> {
  const startedAtMs = clock.monotonicMs();
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-look-'));
  let said = '';
  const unshareNetwork = await canUnshareNetwork();
  const pool = createInspectorPool({
    clock,
    timeoutMs,
    idleMs: timeoutMs,
    residentBytesMax: 512 * 1024 * 1024,
    start() {
      const own = program === undefined ? {} : { program };
      const child = startInspector({ readable: [directory], unshareNetwork, ...own });
      child.once('error', ({ message }) => {
        said = message;
      });
      child.stderr.on('data', (chunk: Buffer) => {
        said = `${said}${chunk.toString('utf8')}`.slice(-saidCharactersMax);
      });
      return child;
    },
  });
  try {
    const path = join(directory, 'pixel.png');
    await writeFile(path, png);
    const reply = await pool.run({ kind: 'inspect', path, mimeType: 'image/png', pixelsMax: 100, embedded: 'none' });
    const tookMs = Math.round(clock.monotonicMs() - startedAtMs);
    if (reply.kind === 'inspected' && reply.facts.widthPx === 1)
      return { ok: true, detail: `a picture is read in a process apart, the first in ${tookMs} ms` };
    const note = reply.kind === 'failed' ? reply.note : 'it says something else than is so';
    const last = said.trim().split('\n').at(-1)?.trim() ?? '';
    return { ok: false, detail: `a picture of one pixel is not read: ${note}${last === '' ? '' : `; ${last}`}` };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'a picture of one pixel is not read' };
  } finally {
    await pool.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
