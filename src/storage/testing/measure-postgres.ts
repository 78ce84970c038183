/**
 * What a delivered event costs on PostgreSQL: a commit (asset, change, delivery) and a record, in batches as a busy server
 * makes them. `node src/storage/testing/measure-postgres.ts [events] [clients]`; CPU of this process and of the server's.
 */
import { execFileSync } from 'node:child_process';
import { createIdSource } from '../../core/id-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createPostgresStorage } from '../postgres/postgres-storage.ts';
import { sampleCommit, sampleRecord } from './samples.ts';
import { createTestServer } from './test-postgres.ts';
import { seededBytes } from './world.ts';

const events = Number(process.argv[2] ?? 20_000);
const clients = Number(process.argv[3] ?? 200);
const bare = process.argv[4] === 'bare';
const server = await createTestServer();
const storage = createPostgresStorage({ url: server.url(), clock: systemClock });
await storage.start();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: seededBytes(5) });
const { epoch } = storage.health();

/** Seconds of CPU of the server and its children, as `ps` counts them. */
function serverCpuMs(): number {
  const lines = execFileSync('ps', ['-eo', 'cputimes,args'], { encoding: 'utf8' }).split('\n');
  const own = lines.filter((line) => line.includes('postgres'));
  return own.reduce((sum, line) => sum + Number(line.trim().split(' ')[0] ?? 0) * 1_000, 0);
}

async function client(count: number, lane: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const webhookId = `wh_bench_${lane % 50}` as const;
    const item = sampleCommit({ ids, webhookId, atMs: Date.now(), payloadBytes: 1_024, bare });
    const [result] = await storage.commit([{ ...item, webhooksRevision: 0 }]);
    const [delivery] = item.deliveries ?? [];
    if (result?.status !== 'applied' || delivery === undefined) throw new Error('not applied');
    await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() })]);
  }
}

async function measure(count: number): Promise<void> {
  const cpu = process.cpuUsage();
  const serverBefore = serverCpuMs();
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, lane) => client(Math.ceil(count / clients), lane)));
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round((count / ms) * 1_000);
  const node = ((user + system) / count).toFixed(1);
  const other = (((serverCpuMs() - serverBefore) * 1_000) / count).toFixed(0);
  process.stdout.write(`${count} events, ${rate}/s, CPU per event: Node ${node} µs, server about ${other} µs\n`);
}

await measure(Math.min(events, 5_000));
await measure(events);
await measure(events);
await storage.stop();
await server.remove();
