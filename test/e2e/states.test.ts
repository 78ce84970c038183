/** State in, changes out, over HTTP: batches, full syncs, lookups, files by their address, embedded metadata into fields. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let tenant: Tenant;

before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  tenant = await server.tenant('states');
});
after(() => server[Symbol.asyncDispose]());

const put = (body: object) => tenant.call('/v1/assets', { method: 'PUT', body });
const resultsOf = async (body: object) =>
  expectStatus(await put(body), 200).json['results'] as Record<string, unknown>[];

test('a batch of states answers for each, and the changes are there for receivers', async () => {
  const results = await resultsOf({
    assets: [
      { externalId: 'b-1', name: 'one.jpg', tags: ['x', 'y'] },
      { externalId: 'b-2', name: 5 },
      { externalId: 'b-3', name: 'three.jpg', nonsense: true },
      'not a state',
      { name: 'whose?' },
    ],
  });
  assert.deepEqual(
    results.map(({ status, code, externalId }) => [status, code, externalId]),
    [
      ['created', undefined, 'b-1'],
      ['rejected', 'invalid_request', 'b-2'],
      ['rejected', 'invalid_request', 'b-3'],
      ['rejected', 'invalid_request', undefined],
      ['rejected', 'invalid_request', undefined],
    ],
  );
  const again = await resultsOf({ assets: [{ externalId: 'b-1', name: 'one.jpg', tags: ['y', 'x'] }] });
  assert.equal(again[0]?.['status'], 'unchanged');
  const shown = await tenant.ask('/v1/assets/external:b-1');
  assert.equal(shown['version'], 1);
});

test('IN-02 a batch has bounds: too many, none, and a body that is too large', async () => {
  const many = Array.from({ length: 1_001 }, (_, n) => ({ externalId: `m-${n}` }));
  assert.equal((await put({ assets: many })).status, 422);
  assert.equal((await put({ assets: [] })).status, 422);
  assert.equal((await put({ assets: [{ externalId: 'x' }], other: 1 })).status, 422);
  const large = { externalId: 'large', info: { text: 'x'.repeat(9 * 1024 * 1024) } };
  assert.equal((await put({ assets: [large] })).status, 413);
});

test('ID-01 a change that does not fit fails none of its batch-mates, in order, and repeating the call repeats the answer', async () => {
  const tagged = (externalId: string, tags: unknown): object => ({
    kind: 'asset.tags_changed',
    subject: { type: 'asset', externalId },
    after: { name: `${externalId}.jpg`, tags },
  });
  const body = {
    changes: [
      tagged('p-1', ['a']),
      { ...tagged('p-2', ['a']), kind: 'asset.tags_chnged' },
      'not a change',
      tagged('p-3', 5),
      { ...tagged('p-4', ['a']), sourceVersion: 'deadbeef' },
      tagged('p-5', ['a']),
    ],
  };
  const headers = { 'idempotency-key': 'mixed-batch' };
  const first = expectStatus(await tenant.call('/v1/changes', { body, headers }), 202);
  const results = first.json['results'] as { status: string; code?: string; problems?: { at: string }[] }[];
  assert.deepEqual(
    results.map(({ status, code, problems }) => [status, code, problems?.map(({ at }) => at)]),
    [
      ['applied', undefined, undefined],
      ['rejected', 'invalid_request', ['/kind']],
      ['rejected', 'invalid_request', ['']],
      ['rejected', 'invalid_request', ['/after/tags']],
      ['rejected', 'invalid_request', ['/sourceVersion']],
      ['applied', undefined, undefined],
    ],
  );
  const again = expectStatus(await tenant.call('/v1/changes', { body, headers }), 202);
  assert.deepEqual(again.json, first.json);
  assert.equal((await tenant.call('/v1/assets/external:p-4')).status, 404);
  const none = await tenant.call('/v1/changes', { body: { changes: ['one', 'two'] } });
  assert.deepEqual([none.status, none.json['code']], [422, 'invalid_request'], 'nothing of it could be read');
});

test('states may come as lines, with what is said of all of them in the query', async () => {
  const send = async (lines: string, query = '', type = 'application/x-ndjson') => {
    const answer = await fetch(`${server.url}/v1/assets${query}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': type },
      body: lines,
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const lines = '{"externalId":"l-1","name":"a.jpg"}\r\n\n{"externalId":"l-2","name":7}\n{"externalId":"l-3"}';
  const dry = await send(lines, '?dryRun=true');
  const statuses = (answer: typeof dry): unknown =>
    (answer.json['results'] as { status: string }[]).map(({ status }) => status);
  assert.deepEqual(statuses(dry), ['created', 'rejected', 'created']);
  assert.equal((await tenant.call('/v1/assets/external:l-1')).status, 404, 'a dry run writes nothing');
  assert.deepEqual(statuses(await send(lines)), ['created', 'rejected', 'created']);
  const results = (await send(lines)).json['results'] as Record<string, unknown>[];
  assert.deepEqual(
    results.map(({ status, line }) => [status, line]),
    [
      ['unchanged', undefined],
      ['rejected', 3],
      ['unchanged', undefined],
    ],
  );
  const many = Array.from({ length: 1_001 }, (_, n) => `{"externalId":"m-${n}"}`).join('\n');
  assert.equal((await send(many)).status, 422);
  assert.equal((await send('')).status, 422);
  assert.equal((await send(lines, '', 'text/plain')).status, 415);
});

test('a line that cannot be read fails no other; what is no lines at all fails whole', async () => {
  const send = async (body: string | Buffer<ArrayBuffer>, query = '') => {
    const answer = await fetch(`${server.url}/v1/assets${query}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/x-ndjson' },
      body,
    });
    const json = (await answer.json()) as Record<string, unknown> & { readonly results?: Record<string, unknown>[] };
    for (const { code, detail, line } of json.results ?? [])
      if (code === 'invalid_json' && !String(detail).includes('UTF-8'))
        assert.match(String(detail), new RegExp(`at line ${String(line)}, column`));
    const told = (json.results ?? []).map(({ status, code, line }) => [status, code, line].filter((said) => said));
    return { status: answer.status, json, told };
  };
  const state = (id: string, more = ''): string => `{"externalId":"${id}","name":"${id}.jpg"${more}}`;
  const deep = `{"externalId":"n-deep","metadata":{"a":${'['.repeat(200)}${']'.repeat(200)}}}`;
  const written = [`\uFEFF${state('n-1')}`, '', '{"externalId":"n-2",', '[1]', deep, state('n-3'), '{"externalId":']
    .map((line) => Buffer.from(line))
    .concat(Buffer.from('{"externalId":"n-latin","name":"caf\xe9"}', 'latin1'), Buffer.from(state('n-4')));
  const body = Buffer.concat(written.flatMap((line) => [line, Buffer.from('\n')]));
  await resultsOf({ assets: [{ externalId: 'n-2', source: 'lines' }] });
  const sync = text((await tenant.ask('/v1/syncs', { body: { source: 'lines' } }))['id']);
  const { status, told } = await send(body, `?sync=${sync}`);
  assert.equal(status, 200);
  assert.deepEqual(told, [
    ['created'],
    ['rejected', 'invalid_json', 3],
    ['rejected', 'invalid_request', 4],
    ['rejected', 'json_too_deep', 5],
    ['created'],
    ['rejected', 'invalid_json', 7],
    ['rejected', 'invalid_json', 8],
    ['created'],
  ]);
  // Whose those lines were nobody knows, so nothing of the source has vanished until somebody says so.
  expectStatus(await tenant.call(`/v1/syncs/${sync}/complete`, { body: { vanished: 'delete' } }), 202);
  const stopped = await eventually(
    () => tenant.ask(`/v1/syncs/${sync}`),
    ({ state: at }) => at !== 'comparing',
    'the sync has compared',
  );
  assert.equal(stopped['state'], 'waiting');
  assert.match(String(stopped['waitingFor']), /^5 of the pushed states could not be read/);
  assert.equal((await tenant.call('/v1/assets/external:n-2')).status, 200);
  const oneLine = '{"externalId":"n-5"';
  for (const whole of [
    '[\n{"externalId":"n-5"},\n{"externalId":"n-6"}\n]',
    '{"assets":[\n{"externalId":"n-5"}\n]}',
    Buffer.from(`${state('n-5')}\n${state('n-6')}\n`, 'utf16le'),
    oneLine,
    'externalId,name\nn-5,n.jpg\n',
  ]) {
    const refused = await send(whole);
    assert.equal(refused.status, 400, String(whole));
    assert.match(String(refused.json['detail']), /\bline 1\b/);
    assert.match(String(refused.json['mend']), whole === oneLine ? /./ : /^Send one object per line, in UTF-8/);
  }
  assert.equal((await tenant.call('/v1/assets/external:n-5')).status, 404);
  assert.equal((await tenant.call('/v1/assets/external:n-6')).status, 404);
});

test('a full sync over HTTP finds what vanished and is followed to its end', async () => {
  const sync = expectStatus(await tenant.call('/v1/syncs', { body: { source: 'dam' } }), 201).json;
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => ({ externalId: `s-${letter}`, name: `${letter}.jpg` }));
  await resultsOf({ sync: sync['id'], assets: names });
  const done = async (id: unknown) =>
    eventually(
      () => tenant.ask(`/v1/syncs/${text(id)}`),
      ({ state }) => !['open', 'comparing', 'applying'].includes(String(state)),
      'the sync has ended',
    );
  expectStatus(await tenant.call(`/v1/syncs/${text(sync['id'])}/complete`, { body: { vanished: 'archive' } }), 202);
  assert.equal((await done(sync['id']))['state'], 'done');
  const second = expectStatus(await tenant.call('/v1/syncs', { body: { source: 'dam' } }), 201).json;
  assert.equal((await tenant.call('/v1/syncs', { body: { source: 'dam' } })).status, 409);
  await resultsOf({ sync: second['id'], assets: names.slice(1) });
  expectStatus(await tenant.call(`/v1/syncs/${text(second['id'])}/complete`, { body: { vanished: 'archive' } }), 202);
  const ended = await done(second['id']);
  assert.deepEqual([ended['state'], ended['vanished'], ended['applied']], ['done', 1, 1]);
  const vanished = rows(await tenant.ask(`/v1/syncs/${text(second['id'])}/vanished`));
  assert.deepEqual(
    vanished.map(({ externalId }) => externalId),
    ['s-a'],
  );
  const archived = (await tenant.ask('/v1/assets/external:s-a'))['state'] as { archived: boolean };
  assert.equal(archived.archived, true);
});

test('a photograph fetched by its address has what it says of itself as metadata with its first notification', async (t) => {
  const photo = readFileSync(join(import.meta.dirname, '..', '..', 'media', 'sunset.jpg'));
  const peer = createServer((_request, response) => response.writeHead(200).end(photo));
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  t.after(() => peer.close());
  const url = `http://127.0.0.1:${(peer.address() as AddressInfo).port}/files/sunset.jpg`;
  const mappings = [
    { from: 'fields.orientation', to: 'metadata.orientation', when: 'always' },
    { from: 'fields.software', to: 'info.software' },
  ];
  expectStatus(await tenant.call('/v1/metadata-mappings', { method: 'PUT', body: { mappings } }), 200);
  const asked = expectStatus(await tenant.call('/v1/assets/from-url', { body: { url, path: '/press' } }), 202).json;
  const [first] = asked['results'] as { fetch: { id: string } }[];
  const done = await eventually(
    () => tenant.ask(`/v1/fetches/${first?.fetch.id ?? ''}`),
    ({ state }) => state === 'done' || state === 'failed',
    'the fetch has ended',
  );
  assert.deepEqual(
    [done['state'], done['result'], done['bytes']],
    ['done', 'created', photo.length],
    JSON.stringify(done),
  );
  const sha256 = hash('sha256', photo, 'hex');
  const found = expectStatus(
    await tenant.call('/v1/assets/lookup', { body: { sha256: [sha256, '0'.repeat(64)] } }),
    200,
  );
  assert.deepEqual(found.json['data'], [
    { sha256, assets: [{ id: done['assetId'], name: 'sunset.jpg', path: '/press' }] },
  ]);
  const ready = await eventually(
    () => tenant.ask(`/v1/assets/${text(done['assetId'])}`),
    ({ state }) => (state as { inspection: { state: string } }).inspection.state === 'done',
    'the asset is ready',
  );
  const { embedded, metadata, info } = ready['state'] as Record<string, Record<string, unknown>>;
  const fields = (embedded?.['fields'] ?? {}) as Record<string, unknown>;
  assert.equal(metadata?.['orientation'], fields['orientation']);
  assert.equal(info?.['software'], fields['software']);
  const blocked = await tenant.call('/v1/assets/from-url', { body: { url: 'http://169.254.169.254/' } });
  assert.deepEqual([blocked.status, blocked.json['code']], [422, 'target_forbidden_address']);
});

test('a reported batch keeps a before that differs, and marks it', async () => {
  const report = (changes: object[]) => tenant.call('/v1/changes', { body: { changes } });
  const subject = { type: 'asset', externalId: 'r-1' };
  await report([{ kind: 'asset.created', subject, after: { name: 'r.jpg', tags: ['known'] } }]);
  const kind = 'asset.tags_changed';
  const answer = expectStatus(
    await report([
      { kind, subject, before: { tags: ['other'] }, after: { tags: ['new'] } },
      { kind, subject, before: { tags: ['new'] }, after: { tags: ['newer'] } },
    ]),
    202,
  );
  const ids = (answer.json['results'] as { changes: { id: string }[] }[]).map(({ changes }) => changes[0]?.id ?? '');
  const [differs, fits] = await Promise.all(ids.map((id) => tenant.ask(`/v1/changes/${id}`)));
  assert.deepEqual((differs?.['before'] as { tags: string[] }).tags, ['other']);
  assert.deepEqual([differs?.['beforeDiffers'], fits?.['beforeDiffers']], [true, undefined]);
});
