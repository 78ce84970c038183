/** An erasure under kill -9: it goes on after each start, and in the end nothing of the person is left. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { requestJson } from '../support/json-client.ts';
import { seededFractions } from '../support/seeded.ts';
import { freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { eventually } from '../support/until.ts';

const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? Date.now() % 1_000_000);
const secret = 'Rosa Beispiel';
const killsMax = 3;

test(`LG-10 killed again and again, an erasure goes on where it was (seed ${seed})`, async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-erasure-kill-'));
  const port = await freePort();
  let server: ServerProcess = startServer({ dataDir, port });
  t.after(async () => {
    server.signal('SIGKILL');
    await server.exited;
    rmSync(dataDir, { recursive: true, force: true });
  });
  await server.ready;
  const ask = async (path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${server.key}` };
    const answer = await requestJson(`${server.url}${path}`, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body }),
    });
    assert.ok(answer.status < 300, `${path}: ${answer.status}`);
    return answer.body as Record<string, unknown>;
  };
  for (let batch = 0; batch < 5; batch += 1) {
    const items = Array.from({ length: 200 }, (_, at) => ({
      kind: 'asset.created',
      subject: { type: 'asset', externalId: `A-${batch}-${at}` },
      after: { name: `${at}.jpg`, info: { credit: at % 2 === 0 ? secret : 'Ada' } },
    }));
    await ask('/v1/changes', { changes: items });
  }
  const { id } = await ask('/v1/erasures', { person: { name: secret } });
  const random = seededFractions(seed);
  for (let kills = 0; kills < killsMax; kills += 1) {
    await wait(random() * 120);
    server.signal('SIGKILL');
    await server.exited;
    server = startServer({ dataDir, port });
    await server.ready;
  }
  await eventually(
    async () => (await ask(`/v1/erasures/${String(id)}`))['phase'],
    (phase) => phase === 'settling' || phase === 'done',
    'it comes to its end',
  );
  let seen = 0;
  let cursor = '';
  for (const list of ['/v1/changes', '/v1/assets']) {
    do {
      const page = await ask(`${list}?limit=500${cursor}`);
      const rows = page['data'] as readonly unknown[];
      seen += rows.length;
      assert.ok(!JSON.stringify(rows).includes(secret), list);
      const { nextCursor } = page;
      cursor = typeof nextCursor === 'string' ? `&cursor=${nextCursor}` : '';
    } while (cursor !== '');
  }
  assert.equal(seen, 1_000 * 3, 'two changes and an asset of each are still there');
});
