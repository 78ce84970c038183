/** Broadcasts where there is an `ffmpeg`, and receivers that verify every notification while very many come. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { call } from '../../src/api/testing/test-server.ts';
import { testFfmpeg } from '../../src/media/testing/test-ffmpeg.ts';
import { startReceiver } from './bambuser-receiver.ts';
import { eventually, expectStatus, startRealServer, text } from './real-server.ts';

const film = await readFile(join(import.meta.dirname, '..', '..', 'media', 'pan.mp4'));

test('under load every notification verifies, each with an id of its own', async () => {
  await using server = await startRealServer({ allowedTargets: ['127.0.0.0/8'], settings: { ffmpeg: 'off' } });
  const tenant = await server.tenant('busy');
  await using receiver = await startReceiver((eventId) => call(server.url, `/bambuser/events/${eventId}`));
  const body = { name: 'b', dialect: 'bambuser', target: { transport: 'http', url: receiver.url }, events: ['*'] };
  await tenant.ask('/v1/webhooks', { body });
  const count = 400;
  const changes = Array.from({ length: count }, (_, n) => ({
    kind: 'broadcast.started',
    subject: { type: 'broadcast', externalId: `show-${n}` },
    after: { type: 'live', title: `Show ${n}`, author: 'load', tags: [], customData: '' },
  }));
  await Promise.all(
    Array.from({ length: 8 }, (_, part) =>
      tenant.ask('/v1/changes', { body: { changes: changes.slice((part * count) / 8, ((part + 1) * count) / 8) } }),
    ),
  );
  await eventually(
    async () => receiver.arrivals.length,
    (arrived) => arrived >= count,
    'all have come',
  );
  assert.deepEqual(receiver.complaints, []);
  assert.equal(new Set(receiver.arrivals.map(({ document }) => document.eventId)).size, count);
});

if (testFfmpeg !== null) {
  test('with ffmpeg a recording has a preview, and a clip of it is a broadcast that plays', async () => {
    await using server = await startRealServer({
      allowedTargets: ['127.0.0.0/8'],
      settings: { ffmpeg: testFfmpeg ?? 'off' },
    });
    const tenant = await server.tenant('films');
    await using receiver = await startReceiver((eventId) => call(server.url, `/bambuser/events/${eventId}`));
    const body = { name: 'b', dialect: 'bambuser', target: { transport: 'http', url: receiver.url }, events: ['*'] };
    await tenant.ask('/v1/webhooks', { body });
    const id = text((await tenant.ask('/v1/broadcasts', { body: { title: 'Show' } }))['id']);
    const streamed = await tenant.call(`/v1/broadcasts/${id}/stream?name=show.mp4`, {
      method: 'PUT',
      body: film,
      headers: { 'content-type': 'video/mp4' },
    });
    const state = expectStatus(streamed, 200).json['state'] as { readonly [field: string]: unknown };
    assert.deepEqual([state['type'], state['durationMs'], state['recordingPreview']], ['archived', 6_000, true]);
    const ended = await eventually(
      async () => receiver.arrivals.find(({ document }) => document.payload['type'] === 'archived'),
      (arrival) => arrival !== undefined,
      'its end is told',
    );
    const preview = await fetch(String(ended?.document.payload['preview']));
    assert.deepEqual([preview.status, preview.headers.get('content-type')], [200, 'image/jpeg']);
    const order = { fromMs: 1_000, toMs: 3_000, title: 'Teaser' };
    const clip = text(expectStatus(await tenant.call(`/v1/broadcasts/${id}/clips`, { body: order }), 202).json['id']);
    const done = await eventually(
      async () => receiver.arrivals.map(({ document }) => document),
      (documents) => documents.some(({ action }) => action === 'extract'),
      'the clip is told',
    );
    const extract = done.find(({ action }) => action === 'extract');
    assert.equal(extract?.payload['status'], 'finished');
    const added = await eventually(
      async () => receiver.arrivals.map(({ document }) => document),
      (documents) => documents.some(({ action, payload }) => action === 'add' && payload['title'] === 'Teaser'),
      'the clip is a broadcast',
    );
    const told = added.find(({ action, payload }) => action === 'add' && payload['title'] === 'Teaser');
    assert.deepEqual(
      [told?.payload['id'], told?.payload['type'], told?.payload['length']],
      [extract?.payload['id'], 'archived', 2],
    );
    const played = await fetch(String(told?.payload['resourceUri']));
    assert.deepEqual([played.status, played.headers.get('content-type')], [200, 'video/mp4']);
    const view = (await tenant.ask(`/v1/broadcasts/${clip}`))['state'] as { readonly [field: string]: unknown };
    assert.deepEqual(view['clipOf'], { broadcastId: id, fromMs: 1_000, toMs: 3_000 });
    assert.deepEqual(receiver.complaints, []);
  });
}
