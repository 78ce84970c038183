/**
 * Does accepting starve delivering? 64 callers commit without pause while 16 connections deliver to one receiver in
 * another process and record what came of it. Figures of docs/decisions/0002-sqlite-writer.md.
 *
 *   node src/storage/testing/measure-starvation.ts [thread|inline] [seconds]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Pool } from 'undici';
import { createIdSource } from '../../core/id-source.ts';
import type { NewDelivery } from '../../core/delivery.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import { sampleCommit, sampleRecord } from './samples.ts';

const [mode = 'thread', seconds = '4'] = process.argv.slice(2);
const receiverCode = `require('node:http').createServer((q, s) => { q.resume(); q.on('end', () => s.end('ok')); })
  .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
const receiver = spawn(process.execPath, ['-e', receiverCode], { stdio: ['ignore', 'pipe', 'inherit'] });
const [port] = (await once(receiver.stdout, 'data')) as [Buffer];
const pool = new Pool(`http://127.0.0.1:${Number(port.toString())}`, { connections: 16 });
const directory = mkdtempSync(join(tmpdir(), 'assetwire-measure-'));
const storage = createSqliteStorage({
  file: join(directory, 'assetwire.db'),
  clock: systemClock,
  options: { writer: mode === 'inline' ? 'inline' : 'thread' },
});
await storage.start();
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: (count) => random.bytes(count) });
const { epoch } = storage.health();
const waiting: NewDelivery[] = [];
let accepted = 0;
let delivered = 0;
const until = performance.now() + Number(seconds) * 1_000;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

async function accepting(): Promise<void> {
  while (performance.now() < until) {
    const item = sampleCommit({ ids, webhookId: 'wh_one', atMs: Date.now(), payloadBytes: 1_024 });
    await storage.commit([item]);
    accepted += 1;
    // Admission as the server has it: what waits in memory is bounded, the rest stays in the store.
    if (waiting.length < 1_000) waiting.push(...(item.deliveries ?? []));
  }
}
async function delivering(): Promise<void> {
  while (performance.now() < until) {
    const delivery = waiting.shift();
    if (delivery === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const { body } = await pool.request({ path: '/', method: 'POST', body: delivery.id.repeat(40) });
    await body.dump();
    void storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() })]);
    delivered += 1;
  }
}
const cpu = process.cpuUsage();
await Promise.all([...Array.from({ length: 64 }, accepting), ...Array.from({ length: 16 }, delivering)]);
const { user, system } = process.cpuUsage(cpu);
delay.disable();
console.log(
  JSON.stringify({
    mode,
    acceptedPerSecond: Math.round(accepted / Number(seconds)),
    deliveredPerSecond: Math.round(delivered / Number(seconds)),
    deliveredShare: Number((delivered / accepted).toFixed(2)),
    cpuCores: Number(((user + system) / 1e6 / Number(seconds)).toFixed(2)),
    loopDelayMs: { p50: (delay.percentile(50) / 1e6).toFixed(2), p99: (delay.percentile(99) / 1e6).toFixed(2) },
  }),
);
await storage.stop();
await pool.close();
receiver.kill();
rmSync(directory, { recursive: true });
