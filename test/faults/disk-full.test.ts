import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { requestJson } from '../support/json-client.ts';
import type { JsonAnswer } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import { quickest, until } from '../support/until.ts';
import { createWebhooks, startReceiver, untilQuiet } from './fault-rig.ts';

const diskBytes = 48 * 1024 * 1024;

/** A command that runs another one with a small disk of its own at `directory`; null where this machine forbids it. */
function smallDisk(directory: string): readonly string[] | null {
  const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const mount = `mount -t tmpfs -o size=${diskBytes} assetwire "$0" && exec "$@"`;
  const wrap = ['unshare', ...users, '--mount', 'sh', '-c', mount, directory];
  const [command = '', ...args] = wrap;
  return spawnSync(command, [...args, 'true']).status === 0 ? wrap : null;
}

function writeIfRoom(file: number, bytes: number): boolean {
  try {
    writeSync(file, Buffer.alloc(bytes, 1));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

/** Fills the disk as the server sees it; answers with the path of what fills it. */
function fillDisk(pid: number, directory: string): string {
  const ballast = join(`/proc/${pid}/root`, directory, 'ballast');
  const file = openSync(ballast, 'w');
  try {
    for (let bytes = 1024 * 1024; bytes >= 512; ) {
      if (!writeIfRoom(file, bytes)) bytes = Math.floor(bytes / 2);
    }
  } finally {
    closeSync(file);
  }
  return ballast;
}

function publish(url: string, key: string, event: number): Promise<JsonAnswer> {
  const digits = String(event).padStart(8, '0');
  const note = `awfault${digits} ${'x'.repeat(8_000)}`;
  return requestJson(`${url}/v1/changes`, {
    key,
    headers: { 'idempotency-key': `full-${digits}` },
    body: {
      kind: 'asset.metadata_changed',
      subject: { type: 'asset', externalId: `full-${event}` },
      after: { name: 'a.jpg', path: '/full', metadata: { note } },
    },
  });
}

/** Several changes in one request: a caller that looks at the status alone must not take them for accepted. */
function publishBatch(url: string, key: string): Promise<JsonAnswer> {
  const changes = Array.from({ length: 10 }, (_, index) => ({
    kind: 'asset.metadata_changed',
    subject: { type: 'asset', externalId: `batch-${index}` },
    after: { name: 'b.jpg', path: '/unheard', metadata: { note: 'x'.repeat(200_000) } },
  }));
  return requestJson(`${url}/v1/changes`, { key, body: { changes } });
}

async function upload(url: string, key: string): Promise<JsonAnswer> {
  const boundary = 'assetwire-boundary';
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`),
    Buffer.alloc(2 * 1024 * 1024, 7),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const answer = await fetch(`${url}/v1/assets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body,
  });
  return { status: answer.status, headers: {}, body: await answer.json() };
}

test('FD-07, FD-08 a full disk refuses clearly and quickly, loses nothing accepted, and is left behind without a restart', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-full-'));
  const disk = join(dataDir, 'data');
  mkdirSync(disk);
  const wrap = smallDisk(disk);
  if (wrap === null) {
    rmSync(dataDir, { recursive: true });
    t.skip('no small disk can be mounted here (unshare --mount)');
    return;
  }
  const port = await freePort();
  const receiver = await startReceiver(3);
  const server = startServer({ dataDir, port, wrap });
  try {
    await server.ready;
    await createWebhooks(server, receiver.port);
    const accepted: number[] = [];
    let event = 0;
    const publishNext = async (): Promise<JsonAnswer> => {
      event += 1;
      const answer = await publish(server.url, server.key, event);
      if (answer.status === 202) accepted.push(event);
      return answer;
    };
    for (let count = 0; count < 20; count += 1) assert.equal((await publishNext()).status, 202);

    const ballast = fillDisk(server.pid, disk);
    let refused: JsonAnswer | null = null;
    // What the log still has room for is taken, and kept.
    for (let count = 0; count < 3_000 && refused === null; count += 1) {
      const answer = await publishNext();
      if (answer.status !== 202) refused = answer;
    }
    assert.ok(refused !== null, 'the disk never became full');
    const tookMs = await quickest(async () => {
      const startedMs = performance.now();
      await publishNext();
      return performance.now() - startedMs;
    }, 2_000);
    assert.ok(tookMs <= 2_000, `a refusal is quick: ${tookMs} ms`);
    assert.equal(refused.status, 507, JSON.stringify(refused.body));
    assert.equal((refused.body as { code: string }).code, 'storage_full');
    assert.match(String(refused.headers['retry-after']), /^\d+$/);
    const batch = await publishBatch(server.url, server.key);
    assert.deepEqual([batch.status, (batch.body as { code: string }).code], [507, 'storage_full']);
    assert.match(String(batch.headers['retry-after']), /^\d+$/);
    const uploaded = await upload(server.url, server.key);
    assert.deepEqual([uploaded.status, (uploaded.body as { code: string }).code], [507, 'storage_full']);
    assert.equal((await requestJson(`${server.url}/livez`, {})).status, 200);
    const metrics = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${server.key}` } });
    assert.match(await metrics.text(), /assetwire_requests_refused_total\{code="storage_full"\} [1-9]/);

    unlinkSync(ballast);
    await until(async () => {
      const taken = (await publishNext()).status === 202;
      if (!taken) await wait(100);
      return taken;
    }, 'publishing goes on once there is space');
    receiver.tell({ kind: 'calm' });
    assert.ok(await untilQuiet(server, 60_000), 'deliveries are still owed');
    const { arrived } = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const came = new Set(arrived.map((one) => one.event));
    assert.deepEqual(
      accepted.filter((one) => !came.has(one)),
      [],
      'accepted and lost',
    );
    const phantoms = [...came].filter((one) => !accepted.includes(one));
    assert.deepEqual(phantoms, [], 'refused and sent all the same');
  } finally {
    await endServer(server);
    receiver.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});
