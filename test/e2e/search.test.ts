/** Search over HTTP and by the command line, on a whole server: every answer is held against the OpenAPI document. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Json } from '../../src/api/testing/test-server.ts';
import { until } from '../support/until.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';
import { inProcess } from '../../src/cli/testing/in-process.ts';

let server: RealServer;
let shop: Tenant;
const ids: string[] = [];

const assets: readonly object[] = [
  {
    name: 'IMG_0042.jpg',
    path: '/press/2026',
    tags: ['Spring'],
    info: { title: 'Rote Blüte' },
    metadata: { status: 'approved', rating: 4 },
  },
  {
    name: 'IMG_0043.jpg',
    path: '/press',
    tags: ['autumn'],
    info: { title: 'Rotes Blatt' },
    metadata: { status: 'draft', rating: 2 },
  },
  { name: '東京タワー.png', path: '/travel', info: { title: 'Red tower' }, metadata: { shot: '2025-12-24' } },
];

before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  shop = await server.tenant('shop');
  for (const [n, asset] of assets.entries()) {
    ids.push(text((await shop.ask(`/v1/assets/external:a${n}`, { method: 'PUT', body: asset }))['id']));
  }
});
after(() => server[Symbol.asyncDispose]());

/** The whole answer: where the index is behind what was written in the last moments, an answer says so, and is asked for again. */
async function search(query: { readonly [name: string]: string }, by: Tenant = shop): Promise<Json> {
  return eventually(
    () => by.ask(`/v1/assets?${new URLSearchParams(query).toString()}`),
    ({ complete }) => complete === true,
    'the index has caught up',
  );
}

const found = (answer: Json): readonly number[] => rows(answer).map(({ id }) => ids.indexOf(text(id)));

test('words, fields, ranges and filters find the assets that they describe', async () => {
  const cases: readonly (readonly [{ readonly [name: string]: string }, readonly number[]])[] = [
    [{ q: 'rote* OR red' }, [2, 1, 0]],
    [{ q: 'blute' }, [0]],
    [{ q: '"rote blüte"' }, [0]],
    [{ q: 'IMG_004*', order: 'oldest' }, [0, 1]],
    [{ q: '京タ' }, [2]],
    [{ q: 'tag:spring' }, [0]],
    [{ q: 'spring -metadata.status:draft' }, [0]],
    [{ q: 'metadata.status:(approved OR draft)', folder: '/press', exact: 'true' }, [1]],
    [{ q: 'metadata.rating:>=3' }, [0]],
    [{ q: 'metadata.shot:2025-12' }, [2]],
    [{ q: 'folder:/press', order: 'name' }, [0, 1]],
    [{ q: 'NOT folder:/press' }, [2]],
    [{ q: 'externalId:a1' }, [1]],
    [{ nameContains: 'img_', tag: 'autumn' }, [1]],
    [{ q: 'nothing' }, []],
  ];
  for (const [query, expected] of cases) {
    assert.deepEqual(found(await search(query)), expected, JSON.stringify(query));
  }
  assert.deepEqual((await search({ q: 'rote*', count: 'true', limit: '1' }))['total'], { value: 2, is: 'exact' });
});

test('what cannot be read is told with the character and how to mend it', async () => {
  for (const [q, at] of [
    ['a (b', '/q/4'],
    ['stattus:x', '/q/0'],
    ['width:big', '/q/6'],
  ] as const) {
    const refused = expectStatus(await shop.call(`/v1/assets?${new URLSearchParams({ q }).toString()}`), 422).json;
    assert.equal(refused['code'], 'invalid_search');
    assert.equal(rows({ data: refused['problems'] })[0]?.['at'], at);
  }
  expectStatus(await shop.call(`/v1/assets?q=${'x'.repeat(3_000)}`), 422);
});

test('IN-10 hostile searches are answered or refused, never with a fault of ours', async () => {
  const hostile = [
    "'; DROP TABLE docs;--",
    '%',
    '\\',
    '"',
    '\u0000',
    'a*'.repeat(40),
    `${'('.repeat(50)}`,
    '-'.repeat(99),
    'w\uffff*',
    '🌸 OR 🌸',
    'tag:*',
    'metadata.__proto__:x',
    'info.constructor:*',
  ];
  for (const q of hostile) {
    const { status } = await shop.call(`/v1/assets?${new URLSearchParams({ q }).toString()}`);
    assert.ok(status === 200 || status === 422, `${JSON.stringify(q)}: ${status}`);
  }
});

test('a grant restricts what is found and counted, in full pages; another workspace finds nothing', async () => {
  const { key, id } = await server.key('shop', ['webhooks:read']);
  await shop.ask('/v1/grants', {
    body: { principal: `key:${id}`, resource: { type: 'folder', path: '/press/2026' }, scopes: ['assets:read'] },
  });
  const granted: Tenant = {
    ...shop,
    ask: async (path, options) => expectStatus(await shop.call(path, { ...options, token: key }), 200).json,
  };
  const answer = await search({ q: 'rote* OR red', count: 'true' }, granted);
  assert.deepEqual(found(answer), [0]);
  assert.deepEqual(answer['total'], { value: 1, is: 'exact' });
  assert.deepEqual(found(await search({ order: 'name' }, granted)), [0]);
  const other = await server.tenant('other');
  assert.deepEqual(found(await search({ q: '*', order: 'updated' }, other)), []);
});

test('when a notification arrives, a search finds what it speaks of', async () => {
  const arrived: Promise<number>[] = [];
  const receiver = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const name = /"name":"(fresh-\d+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? '';
      arrived.push(search({ q: `name:${name}` }).then((page) => rows(page).length));
      answer.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = receiver.address() as AddressInfo;
    await shop.ask('/v1/webhooks', {
      body: {
        name: 'w',
        dialect: 'standard',
        target: { transport: 'http', url: `http://127.0.0.1:${port}/` },
        events: ['asset.created'],
      },
    });
    for (let n = 0; n < 10; n += 1) {
      const after = { name: `fresh-${n}.jpg`, path: '/' };
      await shop.ask('/v1/changes', {
        body: { kind: 'asset.created', subject: { type: 'asset', externalId: `f${n}` }, after },
      });
    }
    await until(() => arrived.length >= 10, 'all are told');
    assert.deepEqual(
      await Promise.all(arrived),
      Array.from({ length: 10 }, () => 1),
    );
  } finally {
    receiver.close();
  }
});

test('the command line searches too: tables, counts, ids of all pages, JSON lines, and mends', async () => {
  const { run } = inProcess({ ASSETWIRE_URL: server.url, ASSETWIRE_KEY: shop.key });
  const counted = await run('search', 'rote*', '--count');
  assert.match(counted.out, /^2 found\nASSET/);
  const all = await run('search', 'folder:/press', '--order', 'name', '--all', '--ids');
  assert.deepEqual(all.out.trim().split('\n'), [ids[0], ids[1]]);
  const lines = await run('search', '--tag', 'Spring', '--all', '--json');
  assert.equal((JSON.parse(lines.out) as { id: string }).id, ids[0]);
  const none = await run('search', 'nothing');
  assert.equal(none.out, 'none\n');
  const refused = await run('search', 'f*o');
  assert.equal(refused.code, 7);
  assert.match(refused.err, /at character 2 wanted a \* only at the end/);
});
