/** A broadcast that is live at one process of several on a PostgreSQL: told by another, played and verified at a third. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { adminKey, type ClusterRig, createClusterRig, type Member, until } from './cluster-rig.ts';

const film = readFileSync(join(import.meta.dirname, '..', '..', 'media', 'pan.mp4'));

type Broadcast = {
  readonly id: string;
  readonly state: { readonly type: string; readonly end?: string; readonly streaming?: boolean };
};
type Notification = {
  readonly action: string;
  readonly payload: { readonly type?: string; readonly length: number; readonly resourceUri: string };
  readonly eventId: string;
};

let rig: ClusterRig;
let taking: Member;
let other: Member;

before(async () => {
  rig = await createClusterRig();
  taking = await rig.start('api', { ffmpeg: 'off' });
  [other] = await Promise.all([rig.start('api', { ffmpeg: 'off' }), rig.start('worker', { ffmpeg: 'off' })]);
  await taking.ask('/v1/webhooks', {
    body: {
      name: 'backend',
      dialect: 'bambuser',
      target: { transport: 'http', url: `${rig.receiver.url}/backend` },
      events: ['broadcast.add', 'broadcast.update', 'broadcast.remove'],
    },
  });
});
after(async () => {
  await rig.stop();
  await removeTestServers();
});

const told = (): readonly Notification[] => rig.receiver.received.map(({ body }) => JSON.parse(body) as Notification);

/** Sends the first bytes; the rest, or none, at the caller's word. */
function goLive(by: Member, id: string) {
  const stream = request(`${by.url}/v1/broadcasts/${id}/stream`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'video/mp4' },
  });
  const answered = new Promise<number>((resolve) => {
    stream.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', () => resolve(0));
  });
  stream.write(film.subarray(0, 200_000));
  return { stream, answered };
}

test('live where the bytes arrive, told by a worker, archived with its length; another process plays and verifies it', async () => {
  const { id } = await taking.ask<Broadcast>('/v1/broadcasts', { body: { title: 'Across' } });
  const { stream, answered } = goLive(taking, id);
  await until(() => told().length === 1, 'it is told as live');
  assert.deepEqual([told()[0]?.action, told()[0]?.payload.type], ['add', 'live']);
  const there = await other.ask<Broadcast>(`/v1/broadcasts/${id}`);
  assert.deepEqual([there.state.type, there.state.streaming], ['live', true]);
  const second = await other.call(`/v1/broadcasts/${id}`, { method: 'PATCH', body: { type: 'archived' } });
  assert.equal(second.status, 409, 'only the end of its bytes ends it, wherever that is asked');
  stream.end(film.subarray(200_000));
  assert.equal(await answered, 200);
  await until(() => told().some(({ payload }) => payload.type === 'archived'), 'its end is told');
  const ended = told().find(({ payload }) => payload.type === 'archived');
  assert.deepEqual([ended?.action, ended?.payload.length], ['update', 6]);
  const { pathname, search } = new URL(ended?.payload.resourceUri ?? '');
  const played = await fetch(`${other.url}${pathname}${search}`, { headers: { range: 'bytes=100-199' } });
  assert.equal(played.status, 206);
  assert.deepEqual(Buffer.from(await played.arrayBuffer()), film.subarray(100, 200));
  // Once they are recorded: the bytes are those that were sent, whatever address the process that is asked goes by.
  const delivered = async () =>
    (await other.ask<{ data: unknown[] }>('/v1/deliveries?states=delivered')).data.length === told().length;
  await until(delivered, 'what was told is recorded');
  for (const { body } of rig.receiver.received) {
    const { eventId } = JSON.parse(body) as Notification;
    assert.equal(await (await fetch(`${other.url}/bambuser/events/${eventId}`)).text(), body);
  }
});
