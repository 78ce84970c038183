/** Films on the whole server: pictures and clips where there is an ffmpeg, a plain word where there is none. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { testFfmpeg } from '../../src/media/testing/test-ffmpeg.ts';
import { eventually, expectStatus, startRealServer, type Tenant, text } from './real-server.ts';

const film = await readFile(join(import.meta.dirname, '..', '..', 'media', 'pan.mp4'));

type State = {
  readonly inspection: { readonly state: string };
  readonly derivation?: { readonly note: string };
  readonly renditions: readonly { readonly title: string }[];
  readonly file?: { readonly mimeType: string; readonly durationMs?: number };
  readonly clipOf?: object;
};

async function settled(tenant: Tenant, id: string): Promise<State> {
  return eventually(
    async () => (await tenant.ask(`/v1/assets/${id}`))['state'] as State,
    ({ inspection, renditions, derivation }) =>
      inspection.state === 'failed' || renditions.length > 0 || derivation !== undefined,
    `${id} has its pictures, or says why not`,
  );
}

test('without ffmpeg a film is taken in, says why it has no pictures, and a clip is refused with the setting to change', async () => {
  await using server = await startRealServer({ settings: { ffmpeg: 'off' } });
  const tenant = await server.tenant('films');
  const id = text(expectStatus(await tenant.upload('pan.mp4', film), 201).json['id']);
  const { inspection, derivation, file } = await settled(tenant, id);
  assert.equal(inspection.state, 'done');
  assert.equal(file?.durationMs, 6_000);
  assert.match(derivation?.note ?? '', /ASSETWIRE_FFMPEG/);
  const refused = expectStatus(await tenant.call(`/v1/assets/${id}/clips`, { body: { fromMs: 0, toMs: 500 } }), 409);
  assert.equal(refused.json['code'], 'films_unavailable');
  assert.match(refused.text, /ASSETWIRE_FFMPEG/);
  const { films } = (await tenant.ask('/v1/settings')) as { films: { state: string; detail: string } };
  assert.equal(films.state, 'off');
  const metrics = await server.call('/metrics');
  assert.match(metrics.text, /^assetwire_media_films 0$/m);
  assert.match(metrics.text, /^assetwire_media_jobs_total\{job="inspect",outcome="done"\} 1$/m);
  const ready = await server.call('/readyz');
  assert.match(ready.text, /"name":"media","ok":true/);
  const bad = expectStatus(await tenant.call(`/v1/assets/${id}/clips`, { body: { fromMs: -1, toMs: 500 } }), 422);
  assert.equal(bad.json['code'], 'invalid_request');
});

if (testFfmpeg !== null) {
  test('with ffmpeg a film has pictures, and a clip of it plays from its first byte to its last', async () => {
    await using server = await startRealServer({ settings: { ffmpeg: testFfmpeg ?? 'off' } });
    const tenant = await server.tenant('films');
    const id = text(expectStatus(await tenant.upload('pan.mp4', film), 201).json['id']);
    assert.deepEqual(
      (await settled(tenant, id)).renditions.map(({ title }) => title),
      ['small', 'medium', 'large'],
    );
    const { films } = (await tenant.ask('/v1/settings')) as { films: { state: string; detail: string } };
    assert.equal(films.state, 'found');
    assert.doesNotMatch(films.detail, /\//, 'where it lies is nobody else’s business');
    const body = { fromMs: 1_000, toMs: 2_000, name: 'teaser.mp4' };
    const headers = { 'idempotency-key': 'one-clip' };
    const made = expectStatus(await tenant.call(`/v1/assets/${id}/clips`, { body, headers }), 201);
    const again = expectStatus(await tenant.call(`/v1/assets/${id}/clips`, { body, headers }), 201);
    const clip = text(made.json['id']);
    assert.equal(again.json['id'], clip, 'one key makes one clip');
    assert.equal(made.headers['location'], `/v1/assets/${clip}`);
    const { file, clipOf } = await settled(tenant, clip);
    assert.deepEqual(clipOf, { assetId: id, fromMs: 1_000, toMs: 2_000 });
    assert.equal(file?.mimeType, 'video/mp4');
    const part = await tenant.call(`/v1/assets/${clip}/content`, { headers: { range: 'bytes=4-7' } });
    assert.deepEqual([part.status, part.text], [206, 'ftyp']);
    expectStatus(await tenant.call(`/v1/assets/${clip}/inspect`, { method: 'POST' }), 202);
  });
}
