/**
 * Writes files and syncs them, so many a second, until it is told to stop: what the disk alone does to whoever syncs beside.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskOrder } from './messages.ts';

const pieceBytes = 512 * 1024;
/** Files that stay before the oldest goes. */
const keptFiles = 8;

let running = false;

async function writeAll({ directory, bytes, perSecond, inFlight }: DiskOrder): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const content = Buffer.alloc(Math.max(...bytes), 'photograph');
  const beganMs = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let nth = next++; running; nth = next++) {
      const waitMs = beganMs + (nth * 1_000) / perSecond - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      await writeOne(join(directory, String(nth)), content.subarray(0, bytes[nth % bytes.length]));
      if (nth >= keptFiles) await unlink(join(directory, String(nth - keptFiles))).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  rmSync(directory, { recursive: true, force: true });
}

async function writeOne(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'wx');
  for (let at = 0; at < content.length; at += pieceBytes) await file.write(content.subarray(at, at + pieceBytes));
  await file.sync();
  await file.close();
}

let writing: Promise<void> = Promise.resolve();

process.on('message', (order: DiskOrder | { readonly kind: 'stop' }) => {
  running = order.kind === 'write';
  if (order.kind === 'write') writing = writeAll(order);
  else void writing.then(() => process.send?.({ kind: 'stopped' }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'listening', port: 0 });
