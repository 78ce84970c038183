/** What tests of PostgreSQL's faults stand on: a load whose answers are kept, and a server or a road that can be broken. */
import assert from 'node:assert/strict';
import { systemClock } from '../../runtime/clock.ts';
import type { Storage } from '../storage.ts';
import { type PostgresWorld, withPostgres } from './postgres-world.ts';
import { sampleCommit } from './samples.ts';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { ask, createTestServer, type TestServer } from './test-postgres.ts';
import { createPostgresStorage, type PostgresStorageOptions } from '../postgres/postgres-storage.ts';
import { createIdSource } from '../../core/id-source.ts';
import { seededBytes } from './world.ts';

/** Waits that are short enough for a test. */
export const quick: PostgresStorageOptions = {
  connectionsMax: 4,
  statementTimeoutMs: 500,
  lockTimeoutMs: 300,
  connectTimeoutMs: 500,
  waitMsMax: 500,
};

/** Commits until told to stop; what was confirmed, how many calls failed and with what, and the longest wait of one. */
export function load(storage: Storage, commit: () => Promise<{ id: string; status: string }>) {
  const confirmed: string[] = [];
  const codes = new Set<string>();
  let slowestMs = 0;
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      const began = performance.now();
      try {
        const { id, status } = await commit();
        if (status === 'applied') confirmed.push(id);
      } catch (error) {
        codes.add(String((error as { code?: unknown }).code));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      slowestMs = Math.max(slowestMs, performance.now() - began);
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, client));
  return {
    confirmed,
    codes,
    slowestMs: () => slowestMs,
    async stop() {
      running = false;
      await all;
    },
    storage,
  };
}

/** What `load` is to commit: one sample change after another. */
export function committer(storage: Storage, seed: number): () => Promise<{ id: string; status: string }> {
  const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: seededBytes(seed) });
  return async () => {
    const item = sampleCommit({ ids, webhookId: 'wh_load', atMs: Date.now() });
    const [result] = await storage.commit([item]);
    return { id: item.changes?.[0]?.change.id ?? '', status: result?.status ?? '' };
  };
}

/** Beside our own question. */
export const openTransactions =
  "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE '%transaction%' AND pid <> pg_backend_pid()";

/** Looks again every 20 ms. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, withinMs = 60_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `Within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** By ids of changes. */
export async function assertNothingLost(url: string, confirmed: readonly string[]): Promise<void> {
  const rows = await ask(url, 'SELECT id FROM assetwire.changes');
  const there = new Set(rows.map(({ id }) => String(id)));
  assert.deepEqual(
    confirmed.filter((id) => !there.has(id)),
    [],
    'confirmed and lost',
  );
}

/** A PostgreSQL of the test's own, which it may stop, and a store that has started on it. `extra`: settings of the server. */
export async function withServer(
  extra: readonly string[],
  test: (given: { server: TestServer; storage: Storage }) => Promise<void>,
): Promise<void> {
  const server = await createTestServer(extra);
  const storage = createPostgresStorage({ url: server.url(), clock: systemClock, options: quick });
  try {
    await storage.start();
    await test({ server, storage });
  } finally {
    server.resume();
    await storage.stop();
    await server.remove();
  }
}

/** A proxy before the database of this world, and the URL by which it is used. */
export async function roadTo(world: PostgresWorld): Promise<{ readonly proxy: TcpProxy; readonly url: string }> {
  const { hostname, port } = new URL(world.url);
  const proxy = await createTcpProxy({ host: hostname, port: Number(port || 5432) });
  const road = new URL(world.url);
  road.hostname = '127.0.0.1';
  road.port = String(proxy.port);
  return { proxy, url: road.href };
}

/** With a world of its own and the road to it. */
export async function viaProxy(
  test: (given: { world: PostgresWorld; proxy: TcpProxy; url: string }) => Promise<void>,
): Promise<void> {
  await withPostgres(async (world) => {
    const { proxy, url } = await roadTo(world);
    try {
      await test({ world, proxy, url });
    } finally {
      await proxy.close();
    }
  });
}
