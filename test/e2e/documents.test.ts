/** The documentation at `/docs` in a real browser: with its search, without JavaScript, wide and narrow. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createFakeApp } from '../../src/api/testing/fake-app.ts';
import { startTestServer, type TestServer } from '../../src/api/testing/test-server.ts';
import { patienceMs } from '../support/until.ts';
import { openBrowser } from './browser.ts';

const timeout = patienceMs;

let server: TestServer;
let browser: Browser;
const complaints: string[] = [];

before(async () => {
  server = await startTestServer(createFakeApp());
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await server.stop();
});

async function openPage(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(server.url + path);
  return page;
}

test('the search finds a section by a word of its text, by the keyboard alone', async () => {
  const page = await openPage('/docs');
  await page.keyboard.press('/');
  await page.keyboard.type('rotate secret');
  await page.locator('.found [aria-selected=true]', { hasText: /rotate a signing secret/i }).waitFor({ timeout });
  assert.equal(await page.locator('#search input').getAttribute('aria-activedescendant'), 'found-0');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.locator('#search input').getAttribute('aria-activedescendant'), 'found-1');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/rotate-a-secret/, { timeout });
  await page.context().close();
});

test('what was typed wrongly is found, markup in it is text, and nothing found is said', async () => {
  const page = await openPage('/docs');
  await page.fill('#search input', 'signatur');
  await page.locator('.found [role=option]').first().waitFor({ timeout });
  await page.fill('#search input', '<img src=x onerror=alert(1)> zzqq qqvv wwzz qqww');
  await page.locator('.found .nothing').waitFor({ timeout });
  assert.match(await page.locator('.found').innerText(), /Nothing is said of “<img/);
  assert.equal(await page.locator('.found img').count(), 0);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.found').isVisible(), false);
  await page.context().close();
});

test('without JavaScript everything is there but the search', async () => {
  const page = await openPage('/docs/guides/write-a-receiver', { javaScriptEnabled: false });
  assert.match(await page.locator('article').innerText(), /Take it twice/);
  await page.click('.contents a[href="#take-it-twice"]');
  assert.equal(new URL(page.url()).hash, '#take-it-twice');
  await page.click('.side a[href="/docs/tutorial"]');
  await page.waitForURL(/tutorial/, { timeout });
  assert.equal(await page.locator('#search input').count(), 0);
  await page.context().close();
});

test('on a telephone the pages and the parts of the page unfold at the top, also without JavaScript', async () => {
  const page = await openPage('/docs/guides/write-a-receiver', {
    viewport: { width: 400, height: 800 },
    javaScriptEnabled: false,
  });
  assert.equal(await page.locator('.side').isVisible(), false);
  await page.click('.fold summary:has-text("All pages")');
  await page.click('.fold a[href="/docs/reference/api"]');
  await page.waitForURL(/reference\/api/, { timeout });
  await page.context().close();
});

test('no page is wider than the window: wide things scroll in themselves', async () => {
  const page = await openPage('/docs');
  const links: string[] = await page.evaluate(
    `[...document.querySelectorAll('.side a')].map((a) => a.getAttribute('href'))`,
  );
  assert.ok(links.length > 20);
  for (const path of ['/docs', '/docs/nowhere', ...links]) {
    await page.setViewportSize({ width: 1400, height: 900 });
    await page.goto(server.url + path, { waitUntil: 'domcontentloaded' });
    for (const width of [1400, 1000, 400, 320]) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      assert.equal(over, 0, `${path} at ${width} pixels`);
    }
  }
  await page.context().close();
});

test('text can be read in the light and in the dark: at least 4.5 to 1 against its ground', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openPage('/docs/guides/write-a-receiver', { colorScheme });
    const poor = await page.evaluate<string[]>(contrastProbe);
    assert.deepEqual(poor, [], colorScheme);
    await page.context().close();
  }
});

/** Runs in the page: every element that has text of its own, against the nearest ground behind it. */
const contrastProbe = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    const behind = element.parentElement === null ? [255, 255, 255, 1] : ground(element.parentElement);
    const [r, g, b, a] = rgba(getComputedStyle(element).backgroundColor);
    return [r * a + behind[0] * (1 - a), g * a + behind[1] * (1 - a), b * a + behind[2] * (1 - a), 1];
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!own || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return [...new Set(poor)];
})()`;

test('UI-07 the browser had nothing to complain about and asked nobody but the server', () => {
  assert.deepEqual(complaints, []);
});
