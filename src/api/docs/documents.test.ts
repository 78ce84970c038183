import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createFakeApp } from '../testing/fake-app.ts';
import { call, startTestServer, type TestServer } from '../testing/test-server.ts';
import { createDocuments } from './documents.ts';
import { buildSite, documentFiles } from './make/build-site.ts';
import type { Site } from './site.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const pageOnly = '/page/';

let server: TestServer;
let site: Site;
before(async () => {
  server = await startTestServer(createFakeApp());
  site = buildSite(root);
});
after(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  call(server.url, path, { token: null, headers, method });

const textOf = (path: string): string => Buffer.from(site.files.get(path)?.body ?? []).toString('utf8');

test('UI-07 every page of the documentation is there for anybody, with the headers of our pages and nothing inline', async () => {
  assert.ok(site.titles.size > 25);
  for (const path of site.titles.keys()) {
    const { status, headers, text } = await get(path);
    assert.equal(status, 200, path);
    assert.match(String(headers['content-security-policy']), /default-src 'none'; script-src 'self'/);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.doesNotMatch(text, /<script(?![^>]*\ssrc="\/)|<[a-z][^>]*\s(?:on[a-z]+|style)=|<style|="javascript:/, path);
    assert.match(text, /<h1 id=/, path);
  }
});

test('Every link and every anchor of every page leads somewhere', () => {
  const ids = new Map<string, ReadonlySet<string>>();
  for (const path of site.titles.keys()) {
    ids.set(path, new Set([...textOf(path).matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)));
  }
  const problems: string[] = [];
  let walked = 0;
  for (const path of site.titles.keys()) {
    for (const [, href = ''] of textOf(path).matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      walked += 1;
      if (/^(https?:|mailto:)/.test(href) || href.startsWith(pageOnly)) continue;
      const [to = '', anchor = ''] = href.split('#', 2);
      const target = to === '' ? path : to;
      if (target === '/' || target === '/docs/api') continue;
      if (!site.files.has(target)) problems.push(`${path}: ${href} leads to no page`);
      else if (anchor !== '' && ids.get(target)?.has(decodeURIComponent(anchor)) !== true) {
        problems.push(`${path}: ${href} leads to no heading`);
      }
    }
  }
  assert.ok(walked > 1_000, String(walked));
  assert.deepEqual(problems, []);
});

test('Every page is on the map or linked from one that is', () => {
  const reached = new Set(['/docs']);
  for (const path of reached) {
    for (const [, href = ''] of textOf(path).matchAll(/\shref="(\/docs[^"#]*)/g)) {
      if (site.titles.has(href)) reached.add(href);
    }
  }
  assert.deepEqual(
    [...site.titles.keys()].filter((path) => !reached.has(path)),
    [],
  );
});

test('The map names every page once', () => {
  const [, side = ''] = textOf('/docs').split('<nav class="side"');
  const paths = [...(side.split('</nav>')[0] ?? '').matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(paths.length > 25);
  assert.deepEqual(
    paths.filter((path, index) => paths.indexOf(path) !== index),
    [],
  );
});

test('A page that is not there is a 404 that suggests one, and shows what was asked for as text', async () => {
  const near = await get('/docs/tutorail');
  assert.equal(near.status, 404);
  assert.match(near.text, /<a href="\/docs\/tutorial">/);
  const hostile = await get('/docs/<img/src=x/onerror=alert(1)>$&');
  assert.equal(hostile.status, 404);
  assert.doesNotMatch(hostile.text, /<img\/src/);
  assert.match(hostile.text, /&lt;img\/src=x/);
  assert.doesNotMatch(hostile.text, /NOT-FOUND/);
});

test('No path leads to a file outside the documentation', async () => {
  for (const path of [
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/..%2fpackage.json',
    '/docs//etc/passwd',
    '/docs/reference/../../package.json',
  ]) {
    const { status, text } = await get(path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(text, /devDependencies|root:/);
  }
  assert.ok(documentFiles(root).every((file) => file.startsWith('docs/') || file.endsWith('.md')));
});

test('The name of a file and a trailing slash lead to the page', async () => {
  for (const [from, to] of [
    ['/docs/', '/docs'],
    ['/docs/tutorial/', '/docs/tutorial'],
    ['/docs/guides/write-a-receiver.md', '/docs/guides/write-a-receiver'],
    ['/docs/decisions/README.md', '/docs/decisions'],
    ['/docs/README.md', '/docs'],
  ] as const) {
    const { status, headers } = await get(from);
    assert.deepEqual([status, headers.location], [308, to]);
  }
  assert.equal((await get('/docs//evil.example/')).status, 404);
});

test('A page is sent compressed to whom it suits, and not again to who has it', async () => {
  const plain = await get('/docs/reference/api');
  const small = await get('/docs/reference/api', { 'accept-encoding': 'br, gzip' });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(small.headers['content-encoding'], 'gzip');
  assert.equal(small.headers.vary, 'accept-encoding');
  assert.ok(Number(small.headers['content-length']) < Number(plain.headers['content-length']) / 2);
  const refused = await get('/docs/reference/api', { 'accept-encoding': 'gzip;q=0' });
  assert.equal(refused.headers['content-encoding'], undefined);
  const again = await get('/docs/reference/api', { 'if-none-match': String(plain.headers.etag) });
  assert.deepEqual([again.status, again.text], [304, '']);
  const head = await get('/docs/tutorial', {}, 'HEAD');
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('The documentation is made once for all who ask at once, and again after a failure', async () => {
  let made = 0;
  const documents = createDocuments(async () => {
    made += 1;
    if (made === 1) throw new Error('no memory');
    return site;
  });
  const ask = () => documents.answer({ path: '/docs', ifNoneMatch: undefined, acceptEncoding: undefined });
  await assert.rejects(ask(), /no memory/);
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(made, 2);
});
