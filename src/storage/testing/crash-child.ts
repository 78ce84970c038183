/**
 * The process that is killed: commits and records as fast as it can and tells its parent, line by line, what was
 * acknowledged. Arguments: module that exports `openForCrash(target)`, the target, and how many events one client makes
 * before the process ends in order (without it, 24 clients go on until the kill).
 *
 * `c changeId deliveryId assetId` an item was applied · `r deliveryId` its attempt was recorded delivered ·
 * `p deliveryId` its attempt was recorded, to be tried again.
 */
import { createIdSource } from '../../core/id-source.ts';
import type { DeliveryId, WebhookId } from '../../core/ids.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import type { Storage } from '../storage.ts';
import { sampleCommit, sampleRecord } from './samples.ts';

const [module = '', target = '', events] = process.argv.slice(2);
const { openForCrash } = (await import(module)) as { openForCrash: (target: string) => Promise<Storage> };
const storage = await openForCrash(target);
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: (count) => random.bytes(count) });
const { epoch } = storage.health();
const lanes: readonly WebhookId[] = ['wh_crash_1', 'wh_crash_2', 'wh_crash_3'];

const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function oneEvent(lane: WebhookId, n: number): Promise<void> {
  const item: CommitItem = sampleCommit({ ids, webhookId: lane, atMs: Date.now(), payloadBytes: 300 + (n % 7) * 400 });
  const [result] = await storage.commit([item]);
  const delivery = item.deliveries?.[0];
  const change = item.changes?.[0]?.change;
  if (result?.status !== 'applied' || delivery === undefined || change === undefined) throw new Error('not applied');
  tell(`c ${change.id} ${delivery.id} ${change.subject.id}`);
  if (n % 4 === 0) return;
  const next = n % 5 === 0 ? ({ state: 'pending', dueAtMs: 1 } as const) : undefined;
  const record = sampleRecord({
    delivery,
    epoch,
    attemptsBefore: 0,
    atMs: Date.now(),
    ...(next === undefined ? {} : { next, body: new Uint8Array(500) }),
  });
  const [recorded] = await storage.record([record]);
  if (recorded !== 'recorded') throw new Error(`not recorded: ${recorded}`);
  tell(`${next === undefined ? 'r' : 'p'} ${delivery.id satisfies DeliveryId}`);
}

async function client(start: number): Promise<never> {
  for (let n = start; ; n += 1) await oneEvent(lanes[n % lanes.length] ?? 'wh_crash_1', n);
}

tell('ready');
if (events === undefined) await Promise.all(Array.from({ length: 24 }, (_, index) => client(index * 1_000)));
for (let n = 0; n < Number(events); n += 1) await oneEvent('wh_crash_1', n);
await storage.stop();
