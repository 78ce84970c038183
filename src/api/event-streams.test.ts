import assert from 'node:assert/strict';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import type { Change } from '../core/change.ts';
import type { DeliverySummary } from '../core/delivery.ts';
import { AssetwireError } from '../core/errors.ts';
import { adminToken, createFakeApp } from './testing/fake-app.ts';
import { createHeldClock } from './testing/held-clock.ts';
import { startTestServer } from './testing/test-server.ts';

type Stream = {
  readonly status: number;
  /** Resolves with everything received so far once it matches. */
  until(pattern: RegExp): Promise<string>;
  readonly closed: Promise<void>;
  abort(): void;
};

function openStream(base: string, path: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request: ClientRequest = httpRequest(base + path, {
      agent: false,
      headers: { authorization: `Bearer ${adminToken}`, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      let check: (() => void) | undefined;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        check?.();
      });
      response.on('error', () => undefined);
      resolve({
        status: response.statusCode ?? 0,
        closed: new Promise((done) => response.on('close', () => done())),
        abort: () => request.destroy(),
        until: (pattern) =>
          new Promise((found) => {
            check = () => {
              if (pattern.test(text)) found(text);
            };
            check();
          }),
      });
    });
    request.end();
  });
}

function change(number: number): Change {
  return {
    id: `chg_${String(number).padStart(26, '0')}`,
    workspaceId: 'default',
    kind: 'asset.created',
    subject: { type: 'asset', id: 'ast_x' },
    subjectVersion: 1,
    occurredAtMs: 0,
    acceptedAtMs: 0,
    actor: { type: 'key', id: 'key_admin' },
    before: null,
    after: { name: 'line\nbreak' },
    changed: [],
    causationDepth: 0,
  };
}

const delivery: DeliverySummary = {
  id: 'dlv_1',
  workspaceId: 'default',
  webhookId: 'wh_1',
  changeId: 'chg_1',
  subject: 'asset:x',
  event: 'asset.created',
  messageId: 'dlv_1',
  origin: 'change',
  state: 'delivered',
  attempts: 1,
  createdAtMs: 0,
};

/** A feed over a growing list; the cursor is a position in it. */
function feedApp() {
  const committed: Change[] = [];
  const listeners = new Set<() => void>();
  const cursors: (string | null)[] = [];
  const app = createFakeApp({
    changes: {
      feed: (_caller, cursor, limit) => {
        cursors.push(cursor);
        if (cursor !== null && cursor !== 'now' && !/^\d+$/.test(cursor)) {
          return Promise.reject(new AssetwireError('invalid_cursor', { detail: 'Send one of our cursors: another' }));
        }
        const from = cursor === 'now' ? committed.length : Number(cursor ?? 0);
        const changes = committed.slice(from, from + limit);
        return Promise.resolve({ changes, cursor: String(from + changes.length) });
      },
    },
    live: {
      onChange: (_workspace, listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  return { app, committed, listeners, cursors, signal: () => listeners.forEach((listener) => void listener()) };
}

test('changes are streamed as they are committed, none skipped, in order', async () => {
  const { app, committed, signal, listeners } = feedApp();
  await using server = await startTestServer(app);
  const stream = await openStream(server.url, '/v1/changes/stream');
  assert.equal(stream.status, 200);
  for (let number = 1; number <= 250; number++) committed.push(change(number));
  signal();
  const text = await stream.until(/chg_0+250"/);
  const seen = [...text.matchAll(/data: (.*)\n/g)].map(([, data = '']) => JSON.parse(data).id);
  assert.deepEqual(
    seen,
    committed.map(({ id }) => id),
  );
  const ended = stream.closed;
  stream.abort();
  await ended;
  await until(() => listeners.size === 0, 'nobody listens any more');
});

test('a stream goes on behind the Last-Event-ID that the reader saw', async () => {
  const { app, committed } = feedApp();
  for (let number = 1; number <= 5; number++) committed.push(change(number));
  await using server = await startTestServer(app);
  const stream = await openStream(server.url, '/v1/changes/stream', { 'last-event-id': '3' });
  const text = await stream.until(/chg_0+5"/);
  assert.deepEqual(
    [...text.matchAll(/"id":"chg_0+(\d)"/g)].map(([, id]) => id),
    ['4', '5'],
  );
  assert.match(text, /id: 5\n/, 'the last event of a page carries the cursor behind it');
  stream.abort();
});

test('a cursor that is none of ours is a proper error, not a broken stream', async () => {
  await using server = await startTestServer(feedApp().app);
  assert.equal((await openStream(server.url, '/v1/changes/stream?cursor=nonsense')).status, 422);
});

test('a signal that was lost costs a stream two seconds', async () => {
  const clock = createHeldClock();
  const { app, committed } = feedApp();
  await using server = await startTestServer(app, {}, clock);
  const stream = await openStream(server.url, '/v1/changes/stream');
  await stream.until(/retry/);
  committed.push(change(1));
  await until(() => clock.pending() >= 2, 'heartbeat and poll are set');
  clock.advance(2_000);
  await stream.until(/chg_0+1"/);
  stream.abort();
});

test('AK-17 a stream whose key is revoked ends at the next heartbeat', async () => {
  const clock = createHeldClock();
  const app = createFakeApp();
  await using server = await startTestServer(app, {}, clock);
  const stream = await openStream(server.url, '/v1/deliveries/stream');
  await stream.until(/retry/);
  clock.advance(15_000);
  await stream.until(/:\n\n/);
  app.callers.delete(adminToken);
  // The next beat is set after the check of the one before; then it falls due within a minute.
  await until(() => clock.pending() > 0, 'the next heartbeat is set');
  clock.advance(45_000);
  await stream.closed;
});

test('IN-24 streams are bounded per key', async () => {
  await using server = await startTestServer(createFakeApp());
  const streams: Stream[] = [];
  for (let index = 0; index < 32; index++) streams.push(await openStream(server.url, '/v1/deliveries/stream'));
  assert.ok(streams.every(({ status }) => status === 200));
  assert.equal((await openStream(server.url, '/v1/deliveries/stream')).status, 429);
  streams[0]?.abort();
  await until(
    async () => (await openStream(server.url, '/v1/deliveries/stream')).status === 200,
    'a place is free again',
  );
  for (const stream of streams) stream.abort();
});

test('IN-24 a reader that does not read is told how much it missed, and costs bounded memory', async () => {
  let emit: (delivery: DeliverySummary) => void = () => undefined;
  const app = createFakeApp({
    live: {
      onDelivery: (_workspace, listener) => {
        emit = listener;
        return () => undefined;
      },
    },
  });
  await using server = await startTestServer(app);
  const stream = await openStream(server.url, '/v1/deliveries/stream');
  await stream.until(/retry/);
  // All within one turn: nothing can be read in between.
  for (let index = 0; index < 20_000; index++) emit(delivery);
  await stream.until(/event: delivery/);
  await until(() => {
    emit(delivery);
    return true;
  }, 'emitted');
  const told = stream.until(/event: skipped\ndata: {"count":\d+}/);
  const text = await Promise.race([told, nudge(() => emit(delivery), told)]);
  const count = Number(/"count":(\d+)/.exec(text)?.[1]);
  const received = text.match(/event: delivery/g)?.length ?? 0;
  assert.ok(count > 10_000 && received < 10_000, `${received} received, ${count} skipped`);
  stream.abort();
});

test('streams end when the server stops, and stopping does not wait for them', async () => {
  const server = await startTestServer(createFakeApp(), { stopGraceMs: 60_000 });
  const stream = await openStream(server.url, '/v1/deliveries/stream');
  await stream.until(/retry/);
  await server.stop();
  await stream.closed;
});

/** Goes on emitting until the reader has been told. */
async function nudge(emit: () => void, told: Promise<string>): Promise<string> {
  const endMs = performance.now() + 30_000;
  let isTold = false;
  void told.finally(() => (isTold = true));
  while (performance.now() < endMs) {
    if (isTold) return told;
    emit();
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('Tell the reader in time how much it missed: nothing came');
}
