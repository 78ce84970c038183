/** The processes that look into files, and the server itself, killed at work: nothing is lost, and everything is told once. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { requestOk } from '../support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { eventually, until } from '../support/until.ts';

type Asset = {
  readonly id: string;
  readonly state: { readonly inspection: { readonly state: string }; readonly renditions: readonly object[] };
};

async function upload(
  { url, key }: ServerProcess,
  name: string,
  content: Buffer,
  workspace = 'default',
): Promise<Asset> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(content)]), name);
  const headers = { authorization: `Bearer ${key}`, 'assetwire-workspace': workspace };
  const answer = await fetch(`${url}/v1/assets`, { method: 'POST', body: form, headers });
  const body = await answer.text();
  assert.equal(answer.status, 201, body);
  return JSON.parse(body) as Asset;
}

/** Large enough that it is still being scaled when the next one has come. */
async function photographs(count: number): Promise<readonly Buffer[]> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return Promise.all(
    Array.from({ length: count }, (_, n) =>
      sharp({ create: { width: 1_600 + n, height: 1_200, channels: 3, background: '#888', noise } })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    ),
  );
}

/** Processes that this one started, by their parent in /proc; none where there is no such place. */
function childrenOf(pid: number): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
}

async function allDone({ url, key }: ServerProcess, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await eventually(
      async () => {
        const { state } = await requestOk<Asset>(`${url}/v1/assets/${id}`, { key });
        return { ...state, file: 0, versions: 0, embedded: 0 };
      },
      ({ inspection, renditions }) => inspection.state !== 'pending' && renditions.length === 3,
      `${id} is done`,
    );
}

async function kindsOf({ url, key }: ServerProcess, id: string): Promise<readonly string[]> {
  const { data } = await requestOk<{ data: readonly { kind: string }[] }>(
    `${url}/v1/assets/${id}/changes?order=oldest`,
    { key },
  );
  return data.map(({ kind }) => kind);
}

test('UP-23 kill -9 of the media processes and of the server at work: every upload is told as ready once, with its pictures', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-media-kill-'));
  const port = await freePort();
  const start = async (): Promise<ServerProcess> => {
    const started = startServer({ dataDir, port });
    await started.ready;
    return started;
  };
  let server = await start();
  try {
    const contents = await photographs(4);
    const ids: string[] = [];
    for (const [n, content] of contents.entries()) {
      ids.push((await upload(server, `photograph-${n}.png`, content)).id);
      if (n === 2) childrenOf(server.pid).forEach(kill);
    }
    server.signal('SIGKILL');
    await server.exited;
    server = await start();
    await allDone(server, ids);
    for (const id of ids)
      assert.deepEqual(await kindsOf(server, id), ['asset.created', 'asset.ready', 'asset.renditions_made'], id);
    const orphans = readdirSync(join(dataDir, 'data', 'files', 'incoming'));
    assert.deepEqual(orphans, [], 'nothing half received is left');
  } finally {
    await endServer(server);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A scanner that answers once somebody lets it, so that nothing is looked into before. */
function gatedScanner(directory: string): { readonly path: string; open(): void; close(): void } {
  const gate = join(directory, 'gate');
  const path = join(directory, 'gated.sh');
  writeFileSync(path, `#!/bin/sh\nwhile [ ! -e "${gate}" ]; do sleep 0.05; done\necho "$1: OK"\n`, { mode: 0o755 });
  return { path, open: () => writeFileSync(gate, ''), close: () => rmSync(gate) };
}

type Envelope = { readonly [field: string]: string };

/** A receiver of Bynder's that confirms itself and keeps what it is told. */
async function startBynderReceiver(): Promise<AsyncDisposable & { readonly url: string; readonly told: Envelope[] }> {
  const told: Envelope[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end();
      const envelope = JSON.parse(Buffer.concat(chunks).toString()) as Envelope;
      if (envelope['Type'] === 'SubscriptionConfirmation') void fetch(envelope['SubscribeURL'] ?? '');
      else told.push(envelope);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    told,
    async [Symbol.asyncDispose]() {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}

test('kill -9 between the upload of a version and the look into it: told once, and with its dimensions', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-version-kill-'));
  const scanner = gatedScanner(dataDir);
  await using receiver = await startBynderReceiver();
  const port = await freePort();
  const settings = { ASSETWIRE_SCAN_COMMAND: scanner.path, ASSETWIRE_RENDITIONS: 'off' };
  const start = async (): Promise<ServerProcess> => {
    const started = startServer({ dataDir, port, settings });
    await started.ready;
    return started;
  };
  const events = (): readonly unknown[] => receiver.told.map(({ Subject }) => Subject);
  let server = await start();
  try {
    const { url, key } = server;
    const body = {
      ...{ name: 'Shop', dialect: 'bynder', events: ['*'] },
      target: { transport: 'http', url: receiver.url },
    };
    const { id: webhook } = await requestOk<{ id: string }>(`${url}/v1/webhooks`, { key, body });
    await until(async () => {
      const { state } = await requestOk<{ state: string }>(`${url}/v1/webhooks/${webhook}`, { key });
      return state === 'enabled';
    }, 'confirmed');
    scanner.open();
    const [first = Buffer.alloc(0)] = await photographs(1);
    const { id } = await upload(server, 'a.png', first);
    await until(() => events().length === 1, 'created');
    scanner.close();
    const photo = await sharp({ create: { width: 320, height: 180, channels: 3, background: '#468' } })
      .jpeg()
      .toBuffer();
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(photo)]), 'b.jpg');
    const headers = { authorization: `Bearer ${key}` };
    const added = await fetch(`${url}/v1/assets/${id}/versions`, { method: 'POST', body: form, headers });
    assert.equal(added.status, 201, await added.text());
    server.signal('SIGKILL');
    await server.exited;
    assert.deepEqual(events(), ['asset_bank.media.create'], 'nothing left before the look');
    scanner.open();
    server = await start();
    await until(() => events().length > 1, 'updated');
    // Another look, and another thing that happens after it: nothing more is told of the version.
    await requestOk(`${url}/v1/assets/${id}/inspect`, { key, method: 'POST' });
    await requestOk(`${url}/v1/assets/${id}`, { key, method: 'PATCH', body: { info: { title: 'T' } } });
    await until(() => events().includes('asset_bank.media.meta_updated'), 'retitled');
    assert.deepEqual(events(), [
      'asset_bank.media.create',
      'asset_bank.media.updated',
      'asset_bank.media.meta_updated',
    ]);
    const { media } = JSON.parse(receiver.told[1]?.['Message'] ?? '') as { media: { [field: string]: unknown } };
    assert.deepEqual([media['width'], media['height'], media['fileSize']], [320, 180, photo.length]);
    assert.deepEqual(
      (await kindsOf(server, id)).filter((kind) => kind.startsWith('asset.version')),
      ['asset.version_added', 'asset.version_ready'],
    );
  } finally {
    if (!existsSync(join(dataDir, 'gate'))) scanner.open();
    await endServer(server);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});

test('UP-16 the same content again and again, here and in another workspace, is answered alike and kept apart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-same-'));
  const server = startServer({ dataDir, port: await freePort(), settings: { ASSETWIRE_RENDITIONS: 'off' } });
  try {
    await server.ready;
    const { url, key } = server;
    for (const id of ['left', 'right']) await requestOk(`${url}/v1/workspaces`, { key, body: { id, name: id } });
    const content = Buffer.alloc(700_000, 'the same bytes');
    const first = await upload(server, 'same.bin', content, 'left');
    for (let n = 0; n < 30; n += 1) await upload(server, 'same.bin', content, 'left');
    const other = await upload(server, 'same.bin', content, 'right');
    const shape = ({ state, ...view }: Asset): string =>
      JSON.stringify([
        Object.keys(view).sort(),
        Object.keys(state).sort(),
        Object.keys((state as { file?: object }).file ?? {}).sort(),
      ]);
    assert.equal(shape(other), shape(first), 'nothing in the answer tells that somebody had it');
    const files = readdirSync(join(dataDir, 'data', 'files', 'files'), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    assert.equal(files.length, 2, 'once for each workspace');
    // What one lets go the other keeps.
    const gone = await fetch(`${url}/v1/assets/${other.id}?permanently=true`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}`, 'assetwire-workspace': 'right' },
    });
    assert.ok(gone.status < 300, `${gone.status} ${await gone.text()}`);
    const kept = await fetch(`${url}/v1/assets/${first.id}/content`, {
      headers: { authorization: `Bearer ${key}`, 'assetwire-workspace': 'left' },
    });
    assert.equal((await kept.arrayBuffer()).byteLength, content.length);
  } finally {
    await endServer(server);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});
