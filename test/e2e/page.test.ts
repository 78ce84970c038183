/** The page at `/`, in a real browser on the real server. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { eventually, type RealServer, rows, startRealServer } from './real-server.ts';

const pictures = join(import.meta.dirname, '..', '..', 'media');
const timeout = 20_000;

let server: RealServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Everything the browser complained about; a refused sign-in is no fault of the page. */
const complaints: string[] = [];

before(async () => {
  server = await startRealServer();
  browser = await openBrowser();
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});
after(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

test('who is not signed in is asked for a link or a key, and told where one is no good', async () => {
  await page.goto(server.url);
  await page.waitForSelector('.sign-in', { timeout });
  await page.fill('input[name=key]', 'aw_this_is_no_key_of_anybody');
  await page.click('.sign-in button[type=submit]');
  await page.waitForSelector('.sign-in .wrong:not([hidden])', { timeout });
  await page.goto(`${server.url}/#sign-in=not-a-good-token`);
  await page.reload();
  await page.waitForSelector('.sign-in', { timeout });
});

test('sign in by the link, drop a picture, and see its webhook arrive verified', async () => {
  await page.goto('about:blank');
  await page.goto(`${server.url}/#sign-in=${server.started.signInToken}`);
  await page.waitForSelector('.tiles', { timeout });
  assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address');
  const kept = await page.evaluate('JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])');
  assert.equal(kept, '["",{},{}]', 'UI-11 no script can read what the session hangs on');

  await page.setInputFiles('input[type=file]', join(pictures, 'wine.jpg'));
  // By its name: what the picture's renditions cause arrives above it meanwhile.
  const request = page.locator('.request[data-verification=verified]', { hasText: 'asset.created' }).first();
  await request.waitFor({ timeout });
  await request.locator('summary').click();
  // What is inside is drawn when the browser says that it is open, a moment later.
  await request.locator('pre').waitFor({ timeout });
  const shown = await request.locator('.inside').innerText();
  assert.match(shown, /webhook-signature/);
  assert.match(shown, /"type": "asset\.created"/);
  assert.match(shown, /wine\.jpg/);
  await page.locator('#deliveries .badge[data-tone=good]').first().waitFor({ timeout });
  assert.match(await page.locator('#files').innerText(), /wine\.jpg/);

  const inbox = rows((await server.call('/v1/inboxes')).json)[0];
  const received = rows((await server.call(`/v1/inboxes/${String(inbox?.['id'])}/requests`)).json);
  assert.ok(received.length > 0, 'what the page shows is what the server has');
});

test('a delivery opens with its attempt and body, and can be sent again', async () => {
  const arrived = await page.locator('.request').count();
  await page.locator('#deliveries tbody tr').first().click();
  await page.waitForSelector('dialog[open]', { timeout });
  assert.match(await page.locator('dialog').innerText(), /Attempt 1: 20\d/);
  await page.click('dialog button:has-text("Send again")');
  await eventually(
    () => page.locator('.request').count(),
    (count) => count > arrived,
    'it arrived again',
  );
});

test('what arrives is shown as text, whatever it would like to be', async () => {
  const inbox = rows((await server.call('/v1/inboxes')).json)[0];
  const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  await server.call(`/inbox/${String(inbox?.['id'])}`, {
    method: 'POST',
    token: null,
    headers: { 'x-hostile': hostile },
    body: JSON.stringify({ type: hostile, [hostile]: hostile }),
  });
  const request = page.locator('.request[data-verification=unsigned]').first();
  await request.waitFor({ timeout });
  await request.locator('summary').click();
  // What is inside is drawn when the browser says that it is open, a moment later.
  await request.locator('pre').waitFor({ timeout });
  assert.ok((await request.innerText()).includes('<img src=x onerror='));
  assert.equal(await request.locator('img, script').count(), 0);
  assert.equal(await page.title(), 'Assetwire');
});

test('after a reload everything is still there, and a test can be sent', async () => {
  await page.reload();
  await page.locator('.request').first().waitFor({ timeout });
  const arrived = await page.locator('.request').count();
  await page.click('#test');
  await eventually(
    () => page.locator('.request').count(),
    (count) => count > arrived,
    'the test arrived',
  );
});

test('where there are several inboxes the one to look at is chosen, by the name of its webhook or its id', async () => {
  const first = rows((await server.call('/v1/inboxes')).json)[0];
  const made = (await server.call('/v1/inboxes', { method: 'POST' })).json as { id: string };
  await page.reload();
  const choice = page.locator('#inbox-choice');
  await choice.waitFor({ timeout });
  assert.equal(await choice.inputValue(), made.id, 'the newest is shown first');
  assert.equal(await page.locator('.request').count(), 0);
  const firstId = String(first?.['id']);
  assert.deepEqual(await choice.locator('option').allInnerTexts(), [made.id, `Inbox · ${firstId}`]);
  await choice.selectOption(firstId);
  await page.locator('.request').first().waitFor({ timeout });
  assert.ok((await page.locator('.address').first().innerText()).includes(firstId));
  assert.match(await page.locator('.request').first().innerText(), /webhook\.test/, 'the latest comes first');
  const arrived = await page.locator('.request').count();
  await page.click('#test');
  await eventually(
    () => page.locator('.request').count(),
    (count) => count > arrived,
    'what arrives in the chosen one is shown live',
  );
});

test('a check mark is drawn, for machines whose fonts have none', async () => {
  await page.locator('.request[data-verification=verified] svg.check').first().waitFor({ timeout });
  assert.equal(await page.locator('.steps li[data-done] svg.check').count(), 3);
  assert.doesNotMatch(await page.locator('body').innerText(), /[\u2713\u2714]/);
});

test('the list of the API opens every operation', async () => {
  const docs = await context.newPage();
  docs.on('pageerror', (error) => complaints.push(error.message));
  await docs.goto(`${server.url}/docs/api`);
  await docs.locator('.operation').first().waitFor({ timeout });
  const count = await docs.locator('.operation').count();
  assert.ok(count > 40, String(count));
  await docs.locator('.operation summary').first().click();
  await docs.locator('.operation .address').first().waitFor({ timeout });
  assert.match(await docs.locator('.operation').first().innerText(), /curl/);
  await docs.fill('input[type=search]', 'rotate-secret');
  assert.equal(await docs.locator('.operation:visible').count(), 1);
  await docs.close();
});

test('nothing is wider than the page, on a telephone too', async () => {
  for (const width of [1280, 768, 390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    assert.equal(overflow, 0, `at ${width} pixels`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('signing out ends the session', async () => {
  await page.click('#sign-out');
  await page.waitForSelector('.sign-in', { timeout });
  await page.reload();
  await page.waitForSelector('.sign-in', { timeout });
});

test('UI-07 the browser had nothing to complain about: no error, no breach of the content security policy', () => {
  assert.deepEqual(complaints, []);
});
