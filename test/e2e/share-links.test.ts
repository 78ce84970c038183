/** Share links as visitors meet them: by programs, and in a real browser. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Called, CallOptions } from '../../src/api/testing/test-server.ts';
import { openBrowser } from './browser.ts';
import { patienceMs } from '../support/until.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const pictures = join(import.meta.dirname, '..', '..', 'media');
/** Where pictures of the pages go, for eyes; none are taken where it is not set. */
const looksAt = process.env['ASSETWIRE_TEST_SCREENSHOTS'];
const timeout = patienceMs;
const password = 'correct horse battery';
const hostile = '<img src=x onerror=alert(1)>"\'&.html';

let server: RealServer;
let tenant: Tenant;
let browser: Browser;
let wine: string;
const complaints: string[] = [];

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('press');
  wine = text(
    (await tenant.upload('wine.jpg', readFileSync(join(pictures, 'wine.jpg')), { path: '/press' })).json['id'],
  );
  await eventually(
    () => tenant.ask(`/v1/assets/${wine}`),
    ({ state }) => JSON.stringify(state).includes('"title":"large"'),
    'the renditions are there',
  );
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

type Shared = { readonly id: string; readonly path: string; readonly url: string };

async function share(input: object): Promise<Shared> {
  const made = expectStatus(await tenant.call('/v1/share-links', { body: input }), 201).json;
  const url = text(made['url']);
  return { id: text(made['id']), url, path: new URL(url).pathname };
}

const visit = (path: string, options: CallOptions = {}): Promise<Called> =>
  server.call(path, { token: null, ...options });
const asPage = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Called> =>
  visit(path, { headers: { accept: 'text/html', ...headers } });
const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`anybody:${secret}`).toString('base64')}` });

test('a program learns from a link what it may fetch, and fetches it in ranges', async () => {
  const { path } = await share({ assets: [wine], name: 'For the press' });
  const shown = expectStatus(await visit(path), 200).json;
  assert.equal(shown['name'], 'For the press');
  const [asset] = shown['assets'] as { files: { name: string; url: string; bytes: number }[] }[];
  assert.deepEqual(asset?.files.map(({ name }) => name).sort(), ['large', 'medium', 'original', 'small']);
  const original = asset?.files.find(({ name }) => name === 'original');
  const whole = expectStatus(await visit(`${path}/content`), 200);
  assert.equal(Number(whole.headers['content-length']), original?.bytes);
  assert.match(String(whole.headers['content-disposition']), /^attachment; filename="wine\.jpg"$/);
  assert.equal(whole.headers['cache-control'], 'private, no-cache');
  const part = await visit(original?.url ?? '', { headers: { range: 'bytes=0-9' } });
  assert.deepEqual([part.status, part.headers['content-length']], [206, '10']);
  const etag = String(whole.headers['etag']);
  assert.equal((await visit(`${path}/content`, { headers: { 'if-none-match': etag } })).status, 304);
  const other = await visit(`${path}/content`, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
  assert.equal(other.status, 200);
  const head = await visit(`${path}/content`, { method: 'HEAD' });
  assert.deepEqual(
    [head.status, head.text, head.headers['content-length']],
    [200, '', whole.headers['content-length']],
  );
  const behind = await visit(`${path}/content`, { headers: { range: 'bytes=999999999-' } });
  const length = String(whole.headers['content-length']);
  assert.deepEqual([behind.status, behind.headers['content-range']], [416, `bytes */${length}`]);
});

/** Links in the bodies of an inbox's requests. */
function linksIn(page: Called['json']): readonly string[] {
  const bodies = rows(page).map(({ bodyBase64 }) => Buffer.from(text(bodyBase64), 'base64').toString());
  return bodies.flatMap((body) => /\/content\/[\w.~-]+/.exec(body) ?? []);
}

test('a link of a payload answers ranges too, and what has changed since answers whole', async () => {
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  await tenant.ask('/v1/webhooks', {
    body: {
      name: 'to the inbox',
      dialect: 'standard',
      target: { transport: 'http', url: inbox['url'] },
      events: ['asset.renamed'],
    },
  });
  await tenant.ask(`/v1/assets/${wine}`, { method: 'PATCH', body: { name: 'red wine.jpg' } });
  const received = await eventually(
    () => tenant.ask(`/v1/inboxes/${text(inbox['id'])}/requests`),
    (page) => linksIn(page).length > 0,
    'a payload with a link',
  );
  const [token = ''] = linksIn(received);
  const part = await visit(token, { headers: { range: 'bytes=-4' } });
  assert.deepEqual([part.status, part.headers['content-length']], [206, '4']);
  const etag = String(part.headers['etag']);
  assert.equal((await visit(token, { headers: { 'if-none-match': etag } })).status, 304);
  assert.equal((await visit(token, { headers: { range: 'bytes=0-3', 'if-range': etag } })).status, 206);
  await tenant.ask(`/v1/assets/${wine}`, { method: 'PATCH', body: { name: 'wine.jpg' } });
});

test('a password is sent by Basic authentication or by the form; the form leaves a cookie of this link alone', async () => {
  const { path } = await share({ assets: [wine], password });
  const refused = await visit(`${path}/content`);
  assert.deepEqual([refused.status, refused.json['code']], [401, 'share_locked']);
  assert.match(String(refused.headers['www-authenticate']), /^Basic /);
  assert.equal((await visit(`${path}/content`, { headers: basic('wrong') })).status, 401);
  assert.equal((await visit(`${path}/content`, { headers: basic(password) })).status, 200);
  const form = (sent: string, headers: object = {}) =>
    visit(path, {
      method: 'POST',
      body: Buffer.from(new URLSearchParams({ password: sent }).toString()),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  assert.equal((await form('wrong')).status, 401);
  assert.equal((await form(password, { 'sec-fetch-site': 'cross-site' })).status, 403);
  const right = await form(password);
  assert.equal(right.status, 204);
  const back = await form(password, { accept: 'text/html' });
  assert.deepEqual([back.status, back.headers['location']], [303, path]);
  const cookie = String(right.headers['set-cookie']);
  assert.match(cookie, new RegExp(`^assetwire-share=[\\w.-]+; Path=${path}; HttpOnly; SameSite=Lax; Max-Age=43200$`));
  assert.equal((await visit(`${path}/content`, { headers: { cookie: cookie.split(';', 1)[0] ?? '' } })).status, 200);
});

test('UI-07 the page and its refusals allow no script and no frame, are kept by nobody and found by no search engine', async () => {
  const { path } = await share({ assets: [wine] });
  const locked = await share({ assets: [wine], password });
  const pages = [await asPage(path), await asPage(locked.path), await asPage('/share/nothing')];
  assert.deepEqual(
    pages.map(({ status }) => status),
    [200, 401, 404],
  );
  for (const { headers, text: shown, status } of pages) {
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/, String(status));
    assert.doesNotMatch(policy, /script-src|unsafe|\*|https?:/);
    assert.doesNotMatch(shown, /<script|style=|onerror=|javascript:/);
    assert.deepEqual(
      [
        headers['cache-control'],
        headers['x-robots-tag'],
        headers['x-content-type-options'],
        headers['referrer-policy'],
      ],
      ['no-store', 'noindex', 'nosniff', 'same-origin'],
    );
  }
  assert.doesNotMatch(pages[1]?.text ?? '', /wine/, 'a protected page does not name what it protects');
});

test('UP-03 UP-11 what could run is only ever saved, and a hostile name is a name', async () => {
  const page = '<html><script>alert(1)</script></html>';
  const made = expectStatus(await tenant.upload('x.html', Buffer.from(page), { name: hostile.replace('/', '') }), 201);
  const { path } = await share({ assets: [made.json['id']] });
  const shown = await asPage(path);
  assert.ok(!shown.text.includes('<img src=x'), 'escaped');
  assert.match(shown.text, /&lt;img src=x onerror=alert\(1\)&gt;/);
  const answer = await visit(`${path}/content`, { headers: { accept: 'text/html' } });
  assert.match(String(answer.headers['content-disposition']), /^attachment/);
  assert.match(String(answer.headers['content-security-policy']), /^sandbox/);
  assert.equal((await visit(`${path}/content?type=text/html`)).status, 422, 'nothing in the address says what it is');
});

test('revoked, it answers 410 on every way in, and a count tells that it was used', async () => {
  const link = await share({ assets: [wine] });
  await visit(link.path);
  await visit(`${link.path}/content`);
  await eventually(
    () => tenant.ask(`/v1/share-links/${link.id}`),
    ({ uses }) => JSON.stringify(uses).startsWith('{"views":1,"downloads":1'),
    'its uses are counted',
  );
  expectStatus(await tenant.call(`/v1/share-links/${link.id}`, { method: 'DELETE' }), 204);
  for (const path of [link.path, `${link.path}/content`, `${link.path}/files/${wine}/small`])
    assert.equal((await visit(path)).status, 410, path);
  const page = await asPage(link.path);
  assert.deepEqual([page.status, /No longer available/.test(page.text)], [410, true]);
});

// --- In a browser ---------------------------------------------------------------------------------------------------

async function inBrowser(
  look: { readonly colorScheme: 'light' | 'dark'; readonly width: number; readonly height: number },
  run: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const { colorScheme, width, height } = look;
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, acceptDownloads: true });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !/40[13]|410/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  try {
    await run(page, context);
  } finally {
    await context.close();
  }
}

async function look(page: Page, name: string): Promise<void> {
  if (looksAt === undefined) return;
  mkdirSync(looksAt, { recursive: true });
  await page.screenshot({ path: join(looksAt, `${name}.png`), fullPage: true });
}

/** By `evaluate`, which no policy of a page forbids. Whether every picture on the page has been drawn, and nothing is wider than the window. */
const drawn = `[...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0) &&
  document.documentElement.scrollWidth <= document.documentElement.clientWidth`;

const wide = { colorScheme: 'light', width: 1280, height: 860 } as const;
const narrow = { colorScheme: 'dark', width: 390, height: 844 } as const;

test('a visitor sees the picture and saves it, on a wide screen and on a telephone', async () => {
  const { url } = await share({ assets: [wine], name: 'Harvest 2026', expiresAtMs: Date.now() + 7 * 86_400_000 });
  for (const [name, at] of [
    ['one-light', wide],
    ['one-dark', narrow],
  ] as const) {
    await inBrowser(at, async (page) => {
      await page.goto(url);
      await eventually(
        () => page.evaluate<boolean>(drawn),
        (whole) => whole,
        'the page is drawn whole',
      );
      assert.match(await page.locator('main').innerText(), /Harvest 2026[\s\S]*Download[\s\S]*Available until/);
      await look(page, name);
      const [download] = await Promise.all([page.waitForEvent('download', { timeout }), page.click('a.button')]);
      assert.equal(download.suggestedFilename(), 'wine.jpg');
      assert.deepEqual(readFileSync(await download.path()), readFileSync(join(pictures, 'wine.jpg')));
    });
  }
});

test('a visitor enters the password, first wrong, then right, and stays in', async () => {
  const { url } = await share({ assets: [wine], password });
  for (const [name, at] of [
    ['locked-light', wide],
    ['locked-dark', narrow],
  ] as const) {
    await inBrowser(at, async (page, context) => {
      await page.goto(url);
      await look(page, name);
      await page.fill('input[name=password]', 'not the password');
      await page.click('button');
      await page.waitForSelector('.mistake', { timeout });
      await look(page, `${name}-mistake`);
      await page.fill('input[name=password]', password);
      await page.click('button');
      await eventually(
        () => page.evaluate<boolean>(drawn),
        (whole) => whole,
        'the page is drawn whole',
      );
      await page.locator('article.one').waitFor({ timeout });
      const [cookie] = await context.cookies();
      assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Lax']);
      await page.reload();
      await page.locator('article.one').waitFor({ timeout });
    });
  }
});

test('a folder is a page of tiles, a revoked link a few words', async () => {
  const files = [
    'a very long name of a file that does not fit into its tile.txt',
    'report.pdf',
    'song.mp3',
    hostile.replace('/', ''),
  ];
  for (const name of files) await tenant.upload('x.bin', Buffer.from(name), { name, path: '/press' });
  const { url, id } = await share({ folder: '/press' });
  for (const [name, at] of [
    ['many-light', wide],
    ['many-dark', narrow],
  ] as const) {
    await inBrowser(at, async (page) => {
      await page.goto(url);
      await eventually(
        () => page.evaluate<boolean>(drawn),
        (whole) => whole,
        'the page is drawn whole',
      );
      assert.equal(await page.locator('.tile').count(), files.length + 1);
      await look(page, name);
    });
  }
  await tenant.call(`/v1/share-links/${id}`, { method: 'DELETE' });
  await inBrowser(wide, async (page) => {
    assert.equal((await page.goto(url))?.status(), 410);
    await look(page, 'gone-light');
  });
  assert.deepEqual(complaints, []);
});
