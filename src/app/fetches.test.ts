import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { addressName, dispositionName } from '../core/content-disposition-name.ts';
import { createEgress } from '../egress/egress.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { createFileFetcher } from '../transports/http/fetch-file.ts';
import type { FetchInput, FetchView } from './app.ts';
import { allChanges, caller, createFixture, type Fixture } from './testing/app-fixture.ts';

let peer: Server;
let origin = '';
let requests: IncomingMessage[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
let fixture: Fixture;

before(async () => {
  peer = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});
after(() => {
  peer.closeAllConnections();
  peer.close();
});
beforeEach(async () => {
  requests = [];
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const serve = (content: string, headers: Record<string, string> = {}): void => {
  answer = (_request, response) => void response.writeHead(200, headers).end(content);
};
const ask = async (input: Partial<FetchInput> = {}) => {
  const { body } = await fixture.app.fetches.create(caller, [{ url: `${origin}/files/photo.jpg`, ...input }]);
  const [result] = body.results;
  assert.equal(result?.status, 'accepted', JSON.stringify(result));
  return result.status === 'accepted' ? result.fetch.id : '';
};
const see = (id: string): Promise<FetchView> => fixture.app.fetches.get(caller, id);
/** Does the work until the fetch has ended; pauses between tries pass at once. */
const end = async (id: string): Promise<FetchView> => {
  for (let round = 0; round < 20; round += 1) {
    await fixture.doDuties();
    const now = await see(id);
    if (now.endedAtMs !== undefined) return now;
    fixture.clock.advance(600_000);
  }
  throw new Error('The fetch does not end');
};
const asset = async (id: string | undefined) => fixture.app.assets.get(caller, id ?? '');

test('a file is fetched by its address, and only then there is an asset', async () => {
  serve('hello', { 'content-disposition': 'attachment; filename="harbour.jpg"' });
  const id = await ask({ path: '/press', tags: ['a'], externalId: 'x-1' });
  assert.equal((await see(id)).state, 'pending');
  assert.equal((await allChanges(fixture)).length, 0);
  const done = await end(id);
  assert.deepEqual([done.state, done.result, done.bytes, done.tries], ['done', 'created', 5, 1]);
  const { state, externalId } = await asset(done.assetId);
  assert.deepEqual(
    [state.name, state.path, state.tags, externalId, state.file?.bytes, state.file?.url],
    ['harbour.jpg', '/press', ['a'], 'x-1', 5, undefined],
  );
  assert.equal(requests[0]?.headers['accept-encoding'], 'identity');
});

test('what changed at the address is a further version, what did not is none, and a tag saves the bytes', async () => {
  serve('one', { etag: '"1"' });
  const first = await end(await ask());
  const same = await end((await fixture.app.fetches.repeat(caller, first.id)).id);
  assert.deepEqual([same.result, same.assetId], ['unchanged', first.assetId]);
  assert.equal(requests.at(-1)?.headers['if-none-match'], '"1"');
  answer = (_request, response) => void response.writeHead(304).end();
  assert.equal((await end((await fixture.app.fetches.repeat(caller, first.id)).id)).result, 'unchanged');
  serve('two', { etag: '"2"' });
  const changed = await end((await fixture.app.fetches.repeat(caller, first.id)).id);
  assert.deepEqual([changed.result, changed.assetId], ['version', first.assetId]);
  assert.deepEqual(
    (await asset(first.assetId)).state.versions.map(({ active }) => active),
    [false, true],
  );
  const named = await end(await ask({ asset: first.assetId ?? '' }));
  assert.equal(named.result, 'unchanged');
  const lost = await end(await ask({ asset: 'external:nobody' }));
  assert.deepEqual([lost.state, lost.error?.code], ['failed', 'not_found']);
});

test('what may pass is tried again with growing pauses, what cannot is told at once', async () => {
  let tries = 0;
  answer = (_request, response) => {
    tries += 1;
    if (tries < 3) response.writeHead(503).end();
    else response.writeHead(200).end('late');
  };
  const id = await ask();
  await fixture.doDuties();
  const waiting = await see(id);
  assert.deepEqual([waiting.state, waiting.error?.detail], ['pending', 'The server answered with status 503']);
  assert.ok((waiting.nextTryAtMs ?? 0) > fixture.clock.nowMs());
  assert.deepEqual([(await end(id)).state, tries], ['done', 3]);
  answer = (_request, response) => void response.writeHead(404).end();
  const gone = await end(await ask());
  assert.deepEqual([gone.state, gone.tries, gone.error?.detail], ['failed', 1, 'The server answered with status 404']);
  answer = (_request, response) => void response.writeHead(500).end();
  assert.equal((await end(await ask())).tries, 5);
});

test('SR-01 SR-02 SR-03 SR-04 a redirect is not followed: where it leads is told, cut and escaped', async () => {
  const leads = ['http://169.254.169.254/latest', `${origin}/other`, '//evil', `/${'x'.repeat(4_000)}`];
  for (const location of leads) {
    requests = [];
    answer = (_request, response) => void response.writeHead(302, { location }).end();
    const { state, error, tries } = await end(await ask());
    assert.deepEqual([state, error?.code, tries, requests.length], ['failed', 'redirected', 1, 1]);
    assert.ok((error?.detail.length ?? 0) < 700);
    assert.ok(error?.detail.includes(JSON.stringify(location.slice(0, 512))));
  }
});

const forbidden: readonly (readonly [url: string, code: string])[] = [
  ['http://169.254.169.254/latest/meta-data', 'target_forbidden_address'],
  ['http://2130706433:1/', 'target_forbidden_port'],
  ['http://10.0.0.1/', 'target_forbidden_address'],
  ['http://0x0a000001/', 'target_forbidden_address'],
  ['http://0300.0250.0.1/', 'target_forbidden_address'],
  ['http://[::ffff:10.0.0.1]/', 'target_forbidden_address'],
  ['http://[fd00::1]/', 'target_forbidden_address'],
  ['http://metadata.google.internal/', 'target_forbidden_name'],
  ['http://user:pass@example.com/', 'credentials_in_url'],
  ['file:///etc/passwd', 'target_scheme'],
  ['gopher://example.com/', 'target_scheme'],
  ['data:text/plain,x', 'target_scheme'],
  ['http:example.com', 'target_scheme'],
  ['http://exa\tmple.com/', 'target_malformed'],
];

test('SR-09 SU-01 SU-02 SU-08 SU-10 SU-11 an address that webhooks may not have is none for files either', async () => {
  const inputs = forbidden.map(([url]) => ({ url }));
  const { body } = await fixture.app.fetches.create(caller, [...inputs, { url: `${origin}/ok` }]);
  assert.deepEqual(
    body.results.map((result) => (result.status === 'rejected' ? result.code : result.status)),
    [...forbidden.map(([, code]) => code), 'accepted'],
  );
  assert.equal((await fixture.app.fetches.list(caller, { limit: 100 })).items.length, 1);
});

test('SR-09 SU-20 what the guard forbids by now is not fetched, whatever was accepted before, and our own inbox neither', async () => {
  const clock = systemClock;
  const egress = createEgress({ clock, random: createSystemRandom(), policy: { allowedTargets: [] } });
  const fetchFile = createFileFetcher({ egress, clock, userAgent: 'test' });
  const signal = new AbortController().signal;
  for (const url of [`${origin}/x`, 'http://localhost/', 'file:///etc/passwd']) {
    const got = await fetchFile({ url, workspaceId: 'default', bytesMax: 10, signal });
    assert.equal(got.kind === 'failed' && /^target_/.test(got.code) && !got.again, true, JSON.stringify(got));
  }
  const { port } = peer.address() as AddressInfo;
  egress.setOwnPorts([port]);
  egress.setInbox({ address: '127.0.0.1', port });
  const own = await fetchFile({ url: `${origin}/inbox/abc`, workspaceId: 'default', bytesMax: 10, signal });
  assert.equal(own.kind, 'failed');
  assert.equal(requests.length, 0);
});

test('UP-13 less than was announced, more than is taken and what came compressed leave no asset', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('short');
    response.destroy();
  };
  assert.deepEqual([(await end(await ask())).error?.code], ['connection_broken']);
  answer = (_request, response) => void response.writeHead(200, { 'content-length': String(11 * 1024 * 1024) }).end();
  assert.deepEqual([(await end(await ask())).error?.code], ['upload_too_large']);
  serve('x', { 'content-encoding': 'gzip' });
  assert.deepEqual([(await end(await ask())).error?.code], ['encoded']);
  assert.equal((await allChanges(fixture)).length, 0);
});

test('UP-14 a sender that falls silent or takes too long is given up', async () => {
  const egress = createEgress({
    clock: systemClock,
    random: createSystemRandom(),
    policy: { allowedTargets: ['127.0.0.0/8'] },
  });
  const limitsOf = { egress, clock: systemClock, userAgent: 'test', headMsMax: 80, silenceMsMax: 80, wholeMsMax: 200 };
  const request = { url: origin, workspaceId: 'w', bytesMax: 1_000, signal: new AbortController().signal };
  answer = () => undefined;
  const none = await createFileFetcher(limitsOf)(request);
  assert.equal(none.kind === 'failed' && none.code, 'timeout');
  const drip = (everyMs: number) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200).flushHeaders();
    const timer = setInterval(() => response.write('x'), everyMs);
    response.on('close', () => clearInterval(timer));
  };
  for (const everyMs of [1_000, 20]) {
    answer = drip(everyMs);
    const slow = await createFileFetcher(limitsOf)(request);
    assert.equal(slow.kind, 'file');
    if (slow.kind !== 'file') return;
    await assert.rejects(async () => {
      for await (const piece of slow.content) assert.ok(piece);
    }, /too slowly/);
  }
});

test('a fetch that is cancelled stays so, and what ended leaves after a week', async () => {
  serve('x');
  const id = await ask();
  assert.equal((await fixture.app.fetches.cancel(caller, id)).state, 'cancelled');
  await fixture.doDuties();
  assert.equal((await see(id)).state, 'cancelled');
  assert.equal(requests.length, 0);
  const done = await end(await ask());
  fixture.clock.advance(8 * 24 * 3_600_000);
  await fixture.doDuties();
  await assert.rejects(see(done.id), { code: 'not_found' });
  await assert.rejects(see(id), { code: 'not_found' });
});

test('a fetch that is cancelled while it begins asks nobody', async () => {
  serve('x');
  let meanwhile: (() => Promise<unknown>) | null = null;
  const racing = await createFixture({
    storage: fixture.storage,
    clock: fixture.clock,
    wrap: (storage) => ({
      ...storage,
      read: storage.read,
      resources: async (keys) => {
        const rows = await storage.resources(keys);
        const act = keys[0]?.type === 'fetch' ? meanwhile : null;
        if (act !== null) meanwhile = null;
        await act?.();
        return rows;
      },
    }),
  });
  const id = await ask();
  meanwhile = () => fixture.app.fetches.cancel(caller, id);
  await racing.doDuties();
  assert.equal(meanwhile, null);
  assert.equal((await see(id)).state, 'cancelled');
  assert.equal(requests.length, 0);
});

test('a file that turns out to have no place is not read: its connection is closed at once', async () => {
  const signal = AbortSignal.timeout(10_000);
  const closed = new Promise((resolve, reject) => {
    signal.onabort = () => reject(new Error('The connection must be closed: it stays open'));
    answer = (_request, response) => {
      response.on('close', resolve);
      response.writeHead(200, { 'content-length': '1000' }).write('x');
    };
  });
  const lost = await end(await ask({ asset: 'external:nobody' }));
  assert.deepEqual([lost.state, lost.error?.code], ['failed', 'not_found']);
  await closed;
});

test('ID-01 ID-03 a call repeated with its key is one, and a duty done twice makes one asset', async () => {
  serve('x');
  const idempotency = { key: 'k', fingerprint: 'f' };
  const inputs = [{ url: `${origin}/a` }, { url: `${origin}/b` }];
  const first = await fixture.app.fetches.create(caller, inputs, idempotency);
  const again = await fixture.app.fetches.create(caller, inputs, idempotency);
  assert.deepEqual(again.body, first.body);
  const [duty] = await fixture.pendingDuties();
  assert.ok(duty);
  await Promise.all([fixture.doDuty(duty), fixture.doDuty(duty)]);
  await fixture.doDuties();
  const created = (await allChanges(fixture)).filter(({ kind }) => kind === 'asset.created');
  assert.equal(created.length, 2);
});

test('UP-11 names that others propose are file names or nothing', async () => {
  const names: readonly (readonly [string | null, string | null])[] = [
    ['attachment; filename="a.jpg"', 'a.jpg'],
    ["attachment; filename=x.jpg; filename*=UTF-8''%c3%a9%20b.jpg", 'é b.jpg'],
    ['attachment; filename="a\\"b.jpg"', 'a"b.jpg'],
    ['attachment; filename=bare.pdf', 'bare.pdf'],
    ["attachment; filename*=UTF-8''%ff", null],
    ['inline', null],
    ['attachment; filename=""', null],
    [null, null],
  ];
  for (const [header, name] of names) assert.equal(dispositionName(header), name, String(header));
  assert.equal(addressName('https://e/a/b%20c.jpg?x=1'), 'b c.jpg');
  assert.equal(addressName('https://e/a/'), null);
  for (const [proposed, name] of [
    ['../../etc/passwd', 'passwd'],
    ['C:\\x\\evil.exe', 'evil.exe'],
    ['..', 'photo.jpg'],
    [`${'n'.repeat(300)}.tiff`, `${'n'.repeat(40)}.tiff`],
  ] as const) {
    serve('x', { 'content-disposition': `attachment; filename="${proposed.replaceAll('\\', '\\\\')}"` });
    const done = await end(await ask());
    assert.equal((await asset(done.assetId)).state.name, name);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const name = dispositionName(`attachment; ${text}`);
      assert.ok(name === null || name.trim() !== '');
    }),
  );
});
