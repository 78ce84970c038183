/**
 * kill -9 at random moments under load, over one store that is never cleaned up in between. The parent keeps the ledger:
 * what it heard was acknowledged must be there, and what it did not hear of must be there whole or not at all.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import type { DeliveryId } from '../../core/ids.ts';
import type { Storage } from '../storage.ts';
import { seededFraction, walk } from './world.ts';

export type CrashParts = {
  /** Module with `openForCrash(target): Promise<Storage>`; the child opens by it what is killed. */
  readonly module: URL;
  readonly target: string;
  /** Opens the same store in this process, after the kill. */
  readonly open: () => Promise<Storage>;
  /** What is wrong with the store on disk, checked while it is closed. */
  readonly problems: () => Promise<readonly string[]>;
  readonly kills: number;
  readonly seed: number;
};

type Ledger = {
  readonly committed: Map<string, { readonly delivery: DeliveryId; readonly asset: string }>;
  readonly delivered: Set<DeliveryId>;
  readonly retried: Set<DeliveryId>;
};

export function crashTest(
  name: string,
  make: () => Promise<CrashParts & { readonly clean: () => Promise<void> }>,
): void {
  it(`FK-18 ${name}: killed at random moments under load, nothing acknowledged is lost`, async (t) => {
    const parts = await make();
    const ledger: Ledger = { committed: new Map(), delivered: new Set(), retried: new Set() };
    const random = seededFraction(parts.seed);
    try {
      for (let kill = 0; kill < parts.kills; kill += 1) {
        await runUntilKilled(parts, ledger, 20 + random() * 400);
        const storage = await parts.open();
        await assertNothingLost(storage, ledger, `seed ${parts.seed}, kill ${kill + 1}`);
        await storage.stop();
        assert.deepEqual(await parts.problems(), [], `seed ${parts.seed}, kill ${kill + 1}`);
      }
      assert.ok(ledger.committed.size > 0 && ledger.delivered.size > 0);
      t.diagnostic(`${parts.kills} kills, ${ledger.committed.size} acknowledged, 0 lost, seed ${parts.seed}`);
    } finally {
      await parts.clean();
    }
  });
}

/** The time to the kill runs from the child's first word, so that it falls into the load. */
async function runUntilKilled({ module, target }: CrashParts, ledger: Ledger, forMs: number): Promise<void> {
  const script = new URL('./crash-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, module.href, target], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), forMs);
    else note(ledger, line.split(' '));
  });
  const closed = once(lines, 'close');
  const [, signal] = (await exited) as [number | null, string | null];
  await closed;
  assert.equal(signal, 'SIGKILL', 'the child must end by the kill, not by itself');
}

function note(ledger: Ledger, words: readonly string[]): void {
  const [kind, first, second, third] = words;
  // The last line may be cut by the kill.
  if (kind === 'c' && first?.length === 30 && second?.length === 30 && third?.length === 30) {
    ledger.committed.set(first, { delivery: second as DeliveryId, asset: third });
  }
  if (kind === 'r' && first?.length === 30) ledger.delivered.add(first as DeliveryId);
  if (kind === 'p' && first?.length === 30) ledger.retried.add(first as DeliveryId);
}

async function assertNothingLost(storage: Storage, ledger: Ledger, where: string): Promise<void> {
  const workspaceId = 'default';
  const changes = await walk((cursor) =>
    storage.read.changes({ workspaceId, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) }),
  );
  const deliveries = await walk((cursor) =>
    storage.read.deliveries({ workspaceId, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) }),
  );
  const byChange = new Map(deliveries.map((delivery) => [delivery.changeId as string, delivery]));
  const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
  const present = new Set<string>(changes.map(({ id }) => id));
  const lost = [...ledger.committed.keys()].filter((id) => !present.has(id) || !byChange.has(id));
  assert.deepEqual(lost, [], `${where}: acknowledged and lost`);
  for (const id of ledger.delivered) assert.equal(byId.get(id)?.state, 'delivered', `${where}: ${id}`);
  for (const id of ledger.retried) {
    const delivery = byId.get(id);
    assert.equal(delivery?.state, 'pending', `${where}: ${id}`);
    assert.equal(delivery.attempts, 1, `${where}: ${id}`);
  }
  // Whole or not at all, also what nobody was told about.
  assert.equal(changes.length, deliveries.length, `${where}: a change without its delivery`);
  const assets = await storage.resources(
    changes.map(({ subject }) => ({ workspaceId, type: 'asset' as const, id: subject.id })),
  );
  assert.ok(!assets.includes(null), `${where}: a change without its asset`);
  const sample = [...ledger.retried].slice(-20);
  for (const id of sample) assert.equal((await storage.storedBody(id))?.length, 500, `${where}: the body of ${id}`);
}
