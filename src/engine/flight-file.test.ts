import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { DeliveryId } from '../core/ids.ts';
import { createFlightFile } from './flight-file.ts';
import { createMemoryFlightLog, type Flight, type FlightLog } from './flight-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'flights-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, `${(files += 1)}.flights`);

function flight(name: string, more: Partial<Flight> = {}): Flight {
  return {
    deliveryId: `dlv_${name}`,
    webhookId: 'wh_1',
    workspaceId: 'default',
    attempt: 3,
    startedAtMs: 1_700_000_000_123,
    createdAtMs: 1_700_000_000_000,
    webhookRevision: 7,
    bodyBytes: 1_024,
    bodySha256: 'ab'.repeat(32),
    ...more,
  };
}

/** A log per implementation, reopened as a restart would. */
const kinds: readonly { readonly name: string; readonly make: () => () => FlightLog }[] = [
  {
    name: 'file',
    make: () => {
      const path = newPath();
      return () => createFlightFile(path, 64);
    },
  },
  {
    name: 'memory',
    make: () => {
      const memory = { entries: new Map() };
      return () => createMemoryFlightLog(memory);
    },
  },
];

for (const { name, make } of kinds) {
  describe(`flight log (${name})`, () => {
    it('names exactly what was in flight, with all that its record needs', async () => {
      const open = make();
      const log = open();
      await log.open();
      log.begin([flight('a'), flight('b'), flight('c')]);
      log.end('dlv_b', true);
      log.flush();
      const found = await open().open();
      assert.deepEqual(found, [
        { ...flight('a'), crashes: 1 },
        { ...flight('c'), crashes: 1 },
      ]);
    });

    it('names an attempt again until it is recorded, and counts its crash once', async () => {
      const open = make();
      await open()
        .open()
        .then(() => undefined);
      const log = open();
      await log.open();
      log.begin([flight('a')]);
      await open().open();
      const again = open();
      const found = await again.open();
      assert.deepEqual(
        found.map(({ crashes }) => crashes),
        [1],
      );
      again.end('dlv_a', false);
      again.flush();
      assert.deepEqual(await open().open(), []);
    });

    it('counts crashes of a delivery until an outcome is known', async () => {
      const open = make();
      for (let crash = 1; crash <= 3; crash += 1) {
        const log = open();
        const found = await log.open();
        assert.deepEqual(
          found.map(({ crashes }) => crashes),
          crash === 1 ? [] : [crash - 1],
        );
        for (const { deliveryId } of found) log.end(deliveryId, false);
        log.begin([flight('poison', { attempt: crash })]);
      }
      const log = open();
      assert.deepEqual(
        (await log.open()).map(({ crashes }) => crashes),
        [3],
      );
      log.end('dlv_poison', true);
      log.begin([flight('poison')]);
      assert.deepEqual(
        (await open().open()).map(({ crashes }) => crashes),
        [1],
      );
    });
  });
}

describe('flight file', () => {
  it('FK-14 what it was told before a kill -9 is there afterwards', async () => {
    const path = newPath();
    const script = `
      import { createFlightFile } from ${JSON.stringify(join(import.meta.dirname, 'flight-file.ts'))};
      const log = createFlightFile(${JSON.stringify(path)});
      await log.open();
      const one = (id) => (${JSON.stringify(flight('x'))});
      log.begin(Array.from({ length: 500 }, (_, index) => ({ ...one(), deliveryId: 'dlv_' + index })));
      process.kill(process.pid, 'SIGKILL');
    `;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(child.signal, 'SIGKILL', child.stderr.toString());
    assert.equal((await createFlightFile(path).open()).length, 500);
  });

  it('a torn slot names nobody and is free again', async () => {
    const path = newPath();
    const log = createFlightFile(path, 8);
    await log.open();
    log.begin([flight('a'), flight('b')]);
    log.close();
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
    const again = createFlightFile(path, 8);
    assert.deepEqual(
      (await again.open()).map(({ deliveryId }) => deliveryId),
      ['dlv_b'],
    );
    again.begin(Array.from({ length: 7 }, (_, index) => flight(`n${index}`)));
    assert.equal((await createFlightFile(path, 8).open()).length, 8);
  });

  it('a file of garbage or of another length is no obstacle', async () => {
    const path = newPath();
    writeFileSync(path, Buffer.alloc(10_000, 1));
    const log = createFlightFile(path, 16);
    assert.deepEqual(await log.open(), []);
    log.begin([flight('a')]);
    assert.equal((await createFlightFile(path, 16).open()).length, 1);
  });

  it('when it is full the oldest suspect makes room, and beyond that attempts fly unlisted', async () => {
    const path = newPath();
    const log = createFlightFile(path, 4);
    await log.open();
    log.begin(['a', 'b', 'c', 'd'].map((name) => flight(name)));
    const again = createFlightFile(path, 4);
    for (const { deliveryId } of await again.open()) again.end(deliveryId, false);
    again.begin(['e', 'f', 'g', 'h', 'i'].map((name) => flight(name)));
    const found = (await createFlightFile(path, 4).open()).map(({ deliveryId }) => deliveryId);
    assert.deepEqual(new Set(found), new Set<DeliveryId>(['dlv_e', 'dlv_f', 'dlv_g', 'dlv_h']));
  });
});
