/**
 * What the writer costs: CPU per event (an item with one asset, one change and one delivery, then its attempt recorded
 * delivered), turns of the loop, and what is left for a loop that delivers. Figures of docs/decisions/0002-sqlite-writer.md.
 *
 *   node src/storage/testing/measure-writer.ts [thread|inline|memory] [concurrency] [seconds] [webhooks]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createIdSource } from '../../core/id-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import { sampleCommit, sampleRecord } from './samples.ts';

const [mode = 'thread', concurrency = '64', seconds = '5', webhooks = '100', rate = '0'] = process.argv.slice(2);
const directory = mkdtempSync(join(process.env['MEASURE_DIR'] ?? tmpdir(), 'assetwire-measure-'));
const file = mode === 'memory' ? ':memory:' : join(directory, 'assetwire.db');
const storage = createSqliteStorage({
  file,
  clock: systemClock,
  options: {
    ...(mode === 'memory' ? {} : { writer: mode === 'inline' ? 'inline' : 'thread' }),
    ...(process.env['CHECKPOINT'] === undefined ? {} : { checkpointPages: Number(process.env['CHECKPOINT']) }),
    ...(process.env['GATHER'] === undefined ? {} : { limits: { gatherMs: Number(process.env['GATHER']) } }),
  },
});
await storage.start();
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: (count) => random.bytes(count) });
const lanes = Array.from({ length: Number(webhooks) }, () => ids.next('webhook'));
const { epoch } = storage.health();
let events = 0;
let stopAt = 0;
const latencies: number[] = [];

async function oneEvent(index: number): Promise<void> {
  const webhookId = lanes[index % lanes.length] ?? ids.next('webhook');
  const item = sampleCommit({ ids, webhookId, atMs: Date.now(), payloadBytes: 1_024 });
  const began = performance.now();
  await storage.commit([item]);
  latencies.push(performance.now() - began);
  const delivery = item.deliveries?.[0];
  if (delivery === undefined) return;
  await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() })]);
  events += 1;
}
async function client(first: number): Promise<void> {
  for (let index = first; performance.now() < stopAt; index += 1) await oneEvent(index * 7);
}
async function closedLoop(forMs: number): Promise<void> {
  stopAt = performance.now() + forMs;
  await Promise.all(Array.from({ length: Number(concurrency) }, (_, index) => client(index * 1_000)));
}
async function openLoop(forMs: number, perSecond: number): Promise<void> {
  const began = performance.now();
  const open: Promise<void>[] = [];
  let sent = 0;
  while (performance.now() - began < forMs) {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    for (; sent < due; sent += 1) open.push(oneEvent(sent));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(open);
}
const run = (forMs: number): Promise<void> => (Number(rate) > 0 ? openLoop(forMs, Number(rate)) : closedLoop(forMs));
await run(1_500);
// What the load itself costs: the same objects made, nothing stored.
const idleBegan = process.cpuUsage();
let made = 0;
for (const until = performance.now() + 300; performance.now() < until; made += 1) {
  const item = sampleCommit({ ids, webhookId: lanes[0] ?? 'wh_0', atMs: Date.now(), payloadBytes: 1_024 });
  const delivery = item.deliveries?.[0];
  if (delivery !== undefined) sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() });
}
const idle = process.cpuUsage(idleBegan);
const makingUs = (idle.user + idle.system) / made;
events = 0;
latencies.length = 0;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const cpuBegan = process.cpuUsage();
const began = performance.now();
await run(Number(seconds) * 1_000);
const tookMs = performance.now() - began;
const cpu = process.cpuUsage(cpuBegan);
delay.disable();
const sorted = latencies.sort((a, b) => a - b);
const quantile = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
const cpuUs = (cpu.user + cpu.system) / events - makingUs;
console.log(
  JSON.stringify({
    mode,
    concurrency: Number(concurrency),
    eventsPerSecond: Math.round((events / tookMs) * 1_000),
    cpuUsPerEvent: Number(cpuUs.toFixed(1)),
    makingUs: Number(makingUs.toFixed(1)),
    commitMs: { p50: quantile(0.5), p99: quantile(0.99), max: quantile(0.99999) },
    loopDelayMs: { p50: (delay.percentile(50) / 1e6).toFixed(2), p99: (delay.percentile(99) / 1e6).toFixed(2) },
    bytesPerEvent: file === ':memory:' ? 0 : Math.round(statSync(file).size / events),
  }),
);
await storage.stop();
rmSync(directory, { recursive: true });
