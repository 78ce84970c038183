/**
 * How long others wait at the store while one workspace's burst is written: a thousand changes with five deliveries each in one
 * moment, beside 500 commits a second of fifty workspaces. Figures of docs/decisions/0017-a-busy-loop.md.
 *
 *   node src/storage/testing/measure-burst.ts [bursts]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdSource } from '../../core/id-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import { sampleCommit } from './samples.ts';

const bursts = Number(process.argv[2] ?? '10');
const [itemsOfBurst, deliveriesOfItem, othersPerSecond, workspaces, roundMs] = [1_000, 5, 500, 50, 1_000];
const directory = mkdtempSync(join(tmpdir(), 'assetwire-measure-'));
const storage = createSqliteStorage({ file: join(directory, 'assetwire.db'), clock: systemClock });
await storage.start();
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: (count) => random.bytes(count) });
const lanes = Array.from({ length: 100 }, () => ids.next('webhook'));

function itemOf(workspaceId: string, index: number, deliveries: number): CommitItem {
  const webhookId = lanes[index % lanes.length] ?? ids.next('webhook');
  const item = sampleCommit({ ids, webhookId, atMs: Date.now(), payloadBytes: 1_024 });
  const [delivery] = item.deliveries ?? [];
  if (delivery === undefined) throw new TypeError('A sample must have a delivery');
  const owed = Array.from({ length: deliveries }, (_, n) => {
    const id = ids.next('delivery');
    return { ...delivery, id, messageId: id, workspaceId, webhookId: lanes[(index + n) % lanes.length] ?? webhookId };
  });
  const changes = (item.changes ?? []).map(({ change }) => ({ change: { ...change, workspaceId } }));
  return { ...item, workspaceId, changes, deliveries: owed };
}

/** Commits of the others over a second; a burst falls into it. Answers how long the slowest of them took, and the burst. */
async function round(withBurst: boolean): Promise<{ readonly worstMs: number; readonly burstMs: number }> {
  const burst = withBurst ? Array.from({ length: itemsOfBurst }, (_, n) => itemOf('burst', n, deliveriesOfItem)) : [];
  const open: Promise<unknown>[] = [];
  let [worstMs, burstMs, sent] = [0, 0, 0];
  const timed = async (work: Promise<unknown>, told: (tookMs: number) => void): Promise<void> => {
    const beganMs = performance.now();
    await work;
    told(performance.now() - beganMs);
  };
  const beganMs = performance.now();
  for (let nowMs = 0; nowMs < roundMs; nowMs = performance.now() - beganMs) {
    if (burst.length > 0 && nowMs > 200) {
      open.push(
        timed(Promise.all(burst.splice(0).map((item) => storage.commit([item]))), (tookMs) => (burstMs = tookMs)),
      );
    }
    for (; sent < (nowMs * othersPerSecond) / 1_000; sent += 1) {
      const call = storage.commit([itemOf(`other-${sent % workspaces}`, sent, 1)]);
      open.push(timed(call, (tookMs) => (worstMs = Math.max(worstMs, tookMs))));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(open);
  return { worstMs, burstMs };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
await round(true);
const without: number[] = [];
const beside: number[] = [];
const drained: number[] = [];
for (let n = 0; n < bursts; n += 1) {
  without.push((await round(false)).worstMs);
  const { worstMs, burstMs } = await round(true);
  beside.push(worstMs);
  drained.push(burstMs);
}
await storage.stop();
rmSync(directory, { recursive: true, force: true });
const told = { withoutMs: median(without), besideMs: median(beside), burstMs: median(drained) };
console.log(
  JSON.stringify(Object.fromEntries(Object.entries(told).map(([name, ms]) => [name, Math.round(ms * 10) / 10]))),
);
