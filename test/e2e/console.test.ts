/** The console in a real browser on the real server: the first minute, every page, hostile strings, widths, accessibility. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { type ConsoleRig, furnish, pagesOf, type Seen, settled, signIn, startConsole } from './console-pages.ts';
import { patienceMs } from '../support/until.ts';
import { eventually, rows } from './real-server.ts';

const root = join(import.meta.dirname, '..', '..');
const timeout = patienceMs;

let rig: ConsoleRig;
let seen: Seen;

before(async () => {
  rig = await startConsole();
});
after(async () => {
  await rig[Symbol.asyncDispose]();
});

test('who is not signed in is asked for a password or a key, and told where one is no good', async () => {
  const { page, server } = rig;
  await page.goto(server.url);
  await page.locator('.sign-in form').waitFor({ timeout });
  await page.getByRole('button', { name: 'API key' }).click();
  await page.fill('input[name=key]', 'aw_this_is_no_key_of_anybody');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('alert').filter({ hasText: 'not good here' }).waitFor({ timeout });
  await page.goto('about:blank');
  await page.goto(`${server.url}/#sign-in=not-a-good-token`);
  await page.getByRole('alert').filter({ hasText: 'used or has expired' }).waitFor({ timeout });
});

test('UI-11 the sign-in link opens the console and leaves nothing of itself where a script could read it', async () => {
  const { page } = rig;
  // On a slow line the answer that nobody is signed in comes after the one that signs in.
  const signedIn = page.waitForResponse((answer) => answer.request().method() === 'POST');
  await page.route(
    '**/v1/sessions/current',
    async (route) => {
      await signedIn;
      await route.fallback();
    },
    { times: 1 },
  );
  await signIn(rig);
  assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address');
  const kept = await page.evaluate('JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])');
  assert.equal(kept, '["",{},{}]');
});

test('the first minute: an inbox, a webhook, a dropped picture, and its message arrives verified', async () => {
  const { page } = rig;
  // An overview that has nothing to tell yet is where it begins, and where it ends.
  await page.getByRole('button', { name: 'Make an inbox' }).click();
  await page.locator('.choice', { hasText: 'Standard Webhooks' }).click();
  await page.locator('.drop').waitFor({ timeout });
  await page.setInputFiles('.drop input[type=file]', join(root, 'media', 'wine.jpg'));
  const arrived = page.locator('.requests li', { hasText: 'asset.created' });
  await arrived.filter({ hasText: 'Verified' }).first().waitFor({ timeout });
  await page.getByText('That was a webhook').waitFor({ timeout });
  // Its picture stands where it was dropped as soon as there is one.
  await page.locator('.step-result img[data-ready]').waitFor({ timeout });
});

test('the overview draws deliveries, times, success, backlog age and the dead, and says where there is nothing to draw', async () => {
  const { page, server } = rig;
  await page.goto(server.url);
  const chart = (name: string) => page.getByRole('img', { name });
  for (const name of ['Deliveries per second. Delivered: 0.', 'Answer times of receivers. p50: ', 'Dead. Dead: 0'])
    await chart(name).waitFor({ timeout });
  await chart('Success rate. Success rate: 100%').waitFor({ timeout });
  await chart('Age of the oldest waiting. Age of the oldest waiting: 0 s').waitFor({ timeout });
  assert.deepEqual(await page.locator('.chart-empty').allInnerTexts(), ['Nothing waits', 'None in this time']);
  const stats = '**/v1/stats?*';
  await page.route(stats, async (route) => {
    const answer = await route.fetch();
    const told = (await answer.json()) as { toMs: number; points: { dead: number }[]; backlog: object[] };
    for (const point of told.points) point.dead = 3;
    told.backlog = [{ workspaceId: 'default', webhookId: 'wh_x', pending: 2, oldestAtMs: told.toMs - 7_200_000 }];
    await route.fulfill({ response: answer, json: told });
  });
  await page.getByRole('button', { name: 'Last 24 hours' }).click();
  await chart('Dead. Dead: 3').waitFor({ timeout });
  await chart('Age of the oldest waiting: 2 h').waitFor({ timeout });
  assert.equal(await page.locator('.chart-empty').count(), 0);
  await page.unroute(stats);
});

test('a delivery shows its attempt, its request and body, and is sent again', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/deliveries`);
  await page.locator('tbody tr.can-open td').first().click();
  await page.getByText('Attempt 1').first().waitFor({ timeout });
  const shown = await page.locator('main').innerText();
  assert.match(shown, /webhook-signature/);
  assert.match(shown, /by their hash/);
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('On its way').waitFor({ timeout });
  await page.getByText('sending again').waitFor({ timeout });
});

test('an edit of an asset is a change: its history shows the difference and who was told', async () => {
  const { page, server } = rig;
  const [asset] = rows((await server.call('/v1/assets')).json);
  await page.goto(`${server.url}/assets/${String(asset?.['id'])}`);
  await page.getByLabel('Title').fill('Harbour at dawn');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor({ timeout });
  await page.getByRole('button', { name: 'History' }).click();
  await page.locator('ins', { hasText: 'Harbour at dawn' }).first().waitFor({ timeout });
  await page.locator('.timeline a.chip', { hasText: 'asset.info_changed' }).first().waitFor({ timeout });
});

test('the wizard of a dialect is drawn from its manifest, shows what is wrong at its field, and the secret once', async () => {
  const { page, server } = rig;
  const inbox = (await server.call('/v1/inboxes', { method: 'POST' })).json;
  await page.goto(`${server.url}/webhooks/new`);
  await page.locator('.choice', { hasText: 'WoodWing Assets' }).click();
  // What is asked for is seen, not only heard.
  assert.ok(((await page.getByText('Name', { exact: true }).boundingBox())?.width ?? 0) > 20);
  await page.getByLabel('Name', { exact: true }).fill('Editorial system');
  await page.getByLabel('URL').fill('ftp://nowhere');
  await page.getByLabel('Metadata to return', { exact: true }).fill('status');
  await page.getByLabel('Metadata to return', { exact: true }).press('Enter');
  await page.locator('summary', { hasText: 'contacts' }).click();
  // A word that is not ended yet: ending it moves the button, and the press must meet it all the same.
  await page.getByLabel('Contacts').fill('dam@example.com');
  await page.getByRole('button', { name: 'Make the webhook' }).click();
  await page.locator('.wrong').first().waitFor({ timeout });
  // The button is far below: what is wrong comes into sight, in words that are not the API's.
  await page.getByRole('alert').filter({ hasText: 'one field needs another look' }).waitFor({ timeout });
  await page.locator('input:focus[aria-invalid=true]').waitFor({ timeout });
  await page.getByLabel('URL').fill(String(inbox['url']));
  // What was changed since is not called wrong any more; the contact that was written is there.
  await page.locator('.wrong').waitFor({ state: 'detached', timeout });
  await page.getByRole('button', { name: 'Remove dam@example.com' }).waitFor({ timeout });
  await page.getByRole('button', { name: 'Make the webhook' }).click();
  await page.getByText('The webhook is made').waitFor({ timeout });
  assert.match(await page.locator('pre').first().innerText(), /^\S{16,}$/);
  await page.getByRole('link', { name: 'Open the webhook' }).click();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByText('Answered 204').waitFor({ timeout });
  await server.call(`/v1/inboxes/${String(inbox['id'])}`, { method: 'PATCH', body: { status: 500 } });
  await page.getByRole('button', { name: 'Send it' }).click();
  await page.getByText('The receiver answered 500').waitFor({ timeout });
  // A test that failed is nothing that needs a look.
  await page.goto(server.url);
  await page.getByText('Nothing needs a look').waitFor({ timeout });
});

test('UI-01 what arrives is shown as text, whatever it would like to be', async () => {
  const { page, server } = rig;
  const inbox = (await server.call('/v1/inboxes', { method: 'POST' })).json;
  const id = String(inbox['id']);
  const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  await page.goto(`${server.url}/inboxes/${id}`);
  await settled(page);
  await server.call(`/inbox/${id}`, {
    method: 'POST',
    token: null,
    headers: { 'x-hostile': hostile },
    body: JSON.stringify({ type: hostile, [hostile]: hostile }),
  });
  const request = page.locator('.requests li').first();
  await request.locator('.line').click();
  await request.locator('pre').waitFor({ timeout });
  assert.ok((await request.innerText()).includes('<img src=x onerror='));
  assert.equal(await request.locator('img, script').count(), 0);
  assert.match(await page.title(), /Assetwire/);
  const asset = (
    await server.call('/v1/changes', {
      body: {
        changes: [
          {
            kind: 'asset.created',
            subject: { type: 'asset', externalId: 'hostile' },
            after: { name: 'x.jpg', info: { title: hostile }, metadata: { [hostile]: hostile }, tags: [hostile] },
          },
        ],
      },
    })
  ).json;
  const changes = JSON.stringify(asset);
  const [, found = ''] = /"id":"(ast_[a-z0-9]+)"/.exec(changes) ?? [];
  for (const tab of ['', 'metadata', 'history']) {
    await page.goto(`${server.url}/assets/${found}?tab=${tab}`);
    await settled(page);
    await eventually(
      () => page.title(),
      (title) => /^<img src=x .* · Assetwire$/.test(title),
      'the title is the text',
    );
  }
});

test('every page is drawn whole, is no wider than the window at any width, and has nothing axe finds, in light and dark', async () => {
  const { page, server } = rig;
  seen = await furnish(server);
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const found: string[] = [];
  for (const path of pagesOf(seen)) {
    await page.goto(server.url + path);
    await settled(page).catch((error: unknown) => found.push(`${path}: ${String(error)}`));
    for (const width of [1920, 1280, 768, 360]) {
      await page.setViewportSize({ width, height: 900 });
      const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      if (Number(over) > 0) found.push(`${path} at ${width} pixels is ${String(over)} too wide`);
      // A few frames later the columns are as wide as the window lets them.
      const sideways = await page.evaluate<readonly string[]>(
        `(async () => {
          const wide = () => [...document.querySelectorAll('.table-frame')].flatMap((frame) =>
            frame.scrollWidth > frame.clientWidth + 1 ? [frame.getAttribute('aria-label')] : []);
          for (let frames = 0; frames < 2 || (wide().length > 0 && frames < 30); frames += 1)
            await new Promise((drawn) => requestAnimationFrame(drawn));
          return wide();
        })()`,
      );
      for (const table of sideways) found.push(`${path} at ${width} pixels: ${table} is scrolled sideways`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.evaluate(axe);
    // Colours alone differ in the dark.
    for (const [theme, rules] of [
      ['light', ''],
      ['dark', "runOnly: ['color-contrast'],"],
    ]) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme ?? ''}'`);
      const breaches = await page.evaluate<readonly string[]>(
        `axe.run(document, { ${rules ?? ''} resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.slice(0, 2).map(({ html }) => html.slice(0, 160)).join(' | ')))`,
      );
      for (const breach of breaches) found.push(`${path} ${theme ?? ''}: ${breach}`);
    }
    if ((await page.getByText('met a fault').count()) > 0) found.push(`${path} met a fault`);
  }
  assert.deepEqual(found, []);
});

test('the keyboard goes everywhere: ⌘K finds, j and Enter open, ? explains, Escape closes', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/deliveries`);
  await page.locator('tbody tr.can-open').first().waitFor({ timeout });
  await page.keyboard.press('j');
  await page.locator('tr.chosen').waitFor({ timeout });
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/deliveries\/dlv_/, { timeout });
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor({ timeout });
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached', timeout });
  await page.keyboard.press('Control+k');
  // Letters of a name are enough, and what one can do is found as well.
  await page.getByRole('combobox').fill('nwh');
  await page.getByRole('option', { name: 'New webhook' }).waitFor({ timeout });
  await page.getByRole('combobox').fill('Editorial');
  await page.getByRole('option').filter({ hasText: 'Editorial system' }).first().waitFor({ timeout });
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/webhooks\/wh_/, { timeout });
});

test('by the keyboard alone: rows are stepped through, a page begins at its heading, the narrow menu gives the focus back', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/deliveries`);
  await page.locator('tbody tr.can-open').nth(1).waitFor({ timeout });
  const focused = () =>
    page.evaluate<string | null>("document.activeElement.closest('tr')?.getAttribute('data-id') ?? null");
  const stepped = (from: string | null) =>
    eventually(focused, (id) => id !== null && id !== from, 'the next row has the focus');
  await page.locator('.table-frame').focus();
  await page.keyboard.press('ArrowDown');
  const first = await stepped(null);
  await page.keyboard.press('ArrowDown');
  const second = await stepped(first);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === `/deliveries/${String(second)}`, { timeout });
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.tagName === 'H1'"),
    (is) => is,
    'the focus is there',
  );
  await page.goto(server.url);
  await page.locator('.side nav').waitFor({ timeout });
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.id === 'main'"),
    (is) => is,
    'the focus is there',
  );
  await page.setViewportSize({ width: 390, height: 844 });
  const menu = page.getByRole('button', { name: 'Menu', exact: true });
  await menu.focus();
  await page.keyboard.press('Enter');
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.closest('.side') !== null"),
    (is) => is,
    'the focus is there',
  );
  await page.keyboard.press('Escape');
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.getAttribute('aria-label') === 'Menu'"),
    (is) => is,
    'the focus is there',
  );
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('the focus point of a picture is set by keys as well', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/assets/${seen.asset}`);
  const begin = page.getByRole('button', { name: 'Set the focus point' });
  await begin.press('Enter');
  const mark = page.getByRole('application', { name: /^Focus point: 50 % from the left/ });
  await mark.waitFor({ timeout });
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.getAttribute('role') === 'application'"),
    (is) => is,
    'the focus is there',
  );
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('ArrowDown');
  await page
    .getByRole('application', { name: 'Focus point: 40 % from the left, 51 % from the top' })
    .waitFor({ timeout });
  await page.keyboard.press('Enter');
  await page.getByText('Focus point set').waitFor({ timeout });
  assert.deepEqual(
    ((await server.call(`/v1/assets/${seen.asset}`)).json['state'] as { readonly focusPoint: unknown }).focusPoint,
    { x: 0.4, y: 0.51 },
  );
  await eventually(
    () => page.evaluate<boolean>("document.activeElement.textContent === 'Set the focus point'"),
    (is) => is,
    'the focus is there',
  );
});

test('a list that cannot be brought up to date stays in sight, says so, and is asked for again', async () => {
  const { page, server } = rig;
  await server.call('/v1/jobs', { body: { name: 'Clear the rights', accountable: 'Ada Example' } });
  await page.goto(`${server.url}/jobs`);
  const row = page.locator('tr', { hasText: 'Clear the rights' });
  await row.waitFor({ timeout });
  const isList = ({ pathname }: URL) => pathname === '/v1/jobs';
  await page.route(isList, (route) =>
    route.fulfill({ status: 429, contentType: 'application/problem+json', body: '{"detail":"Too much at once"}' }),
  );
  await row.getByRole('combobox').selectOption('in_progress');
  await page.getByRole('alert').filter({ hasText: 'Too much at once' }).waitFor({ timeout });
  assert.equal(await row.count(), 1, 'what was there is there');
  await page.unroute(isList);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached', timeout });
  assert.equal(await row.getByRole('combobox').inputValue(), 'in_progress');
});

test('an admin looks at another workspace, and pictures, lists and links stay in it', async () => {
  const { page, server } = rig;
  const press = await server.tenant('press');
  await press.upload('umang.jpg', readFileSync(join(root, 'media', 'umang.jpg')));
  await eventually(
    async () => JSON.stringify((await press.call('/v1/assets')).json),
    (text) => text.includes('"title":"medium"'),
    'its pictures are made',
  );
  await page.goto(`${server.url}/assets?workspace=press`);
  const picture = page.locator('.tile-asset img').first();
  await picture.waitFor({ timeout });
  assert.equal(await page.locator('.tile-asset').count(), 1);
  await eventually(
    () => picture.evaluate((image) => Reflect.get(image, 'naturalWidth') as number),
    (width) => width > 0,
    'the picture is shown',
  );
  await page.locator('.tile-asset').first().click();
  await page.getByRole('button', { name: 'History' }).click();
  await page.locator('.timeline li').first().waitFor({ timeout });
  assert.equal(new URL(page.url()).searchParams.get('workspace'), 'press');
  await page.getByRole('button', { name: 'In the file' }).click();
  const [saved] = await Promise.all([
    page.waitForEvent('download', { timeout }),
    page.getByRole('link', { name: 'Download the packet as it stands in the file' }).click({ timeout }),
  ]);
  assert.equal(saved.suggestedFilename(), 'umang.xmp');
  const packet = readFileSync(await saved.path());
  assert.ok(readFileSync(join(root, 'media', 'umang.jpg')).includes(packet) && packet.includes('rdf:RDF'));
});

test('who may only read is shown everything and offered no change', async () => {
  const { server, browser } = rig;
  const { key } = await server.key('default', ['assets:read', 'webhooks:read', 'deliveries:read']);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.getByRole('button', { name: 'API key' }).click();
  await page.fill('input[name=key]', key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('.side nav').waitFor({ timeout });
  await page.goto(`${server.url}/webhooks/${seen.webhook}`);
  await settled(page);
  assert.equal(await page.getByRole('button', { name: /Disable|Delete/ }).count(), 0);
  await page.goto(`${server.url}/assets/${seen.asset}`);
  await settled(page);
  assert.equal(await page.getByLabel('Title', { exact: true }).isDisabled(), true);
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  for (const [part, offered] of [
    ['libraries', /New library|Edit/],
    ['fields', /Add a rule|New field/],
  ] as const) {
    await page.goto(`${server.url}/settings/${part}`);
    await settled(page);
    assert.equal(await page.getByRole('button', { name: offered }).count(), 0, part);
  }
  await page.goto(server.url);
  await settled(page);
  assert.equal(await page.getByRole('link', { name: 'New webhook' }).count(), 0);
  await context.close();
});

test('who may see deliveries alone has an overview and a list without what else there is, and asks for nothing refused', async () => {
  const { server, browser } = rig;
  const { key } = await server.key('default', ['deliveries:read']);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.getByRole('button', { name: 'API key' }).click();
  await page.fill('input[name=key]', key);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('.side nav').waitFor({ timeout });
  const refused: string[] = [];
  page.on('response', (answer) => {
    if (answer.status() === 403) refused.push(new URL(answer.url()).pathname);
  });
  for (const path of ['/', '/deliveries', `/deliveries/${seen.delivery}`]) {
    await page.goto(server.url + path);
    await settled(page);
  }
  assert.deepEqual(refused, []);
  await context.close();
});

test('the first load stays below 200 kB gzipped; charts come when one is drawn', () => {
  const dist = join(root, 'console', 'dist');
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const first = [...html.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(first.length >= 2);
  const bytes = first.reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, 0);
  console.log(`First load: ${Math.round(bytes / 1000)} kB gzipped`);
  assert.ok(bytes < 200_000, String(bytes));
  assert.ok(readdirSync(join(dist, 'console')).some((name) => /^chart-.*\.js$/.test(name)));
  assert.ok(!first.some((path) => path.includes('/chart-')));
});

test('the list of the API opens every operation', async () => {
  const { server, context, complaints } = rig;
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
  assert.ok((await docs.locator('.operation:visible').count()) >= 1);
  await docs.close();
});

test('signing out ends the session', async () => {
  const { page, server } = rig;
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.locator('.sign-in form').waitFor({ timeout });
  await page.reload();
  await page.locator('.sign-in form').waitFor({ timeout });
});

test('UI-07 the browser had nothing to complain about: no error, no breach of the content security policy', () => {
  assert.deepEqual(rig.complaints, []);
});

test('the console asked for nothing that the API refuses, but where these tests made it', () => {
  const provoked = [
    'GET /v1/sessions/current 401',
    'POST /v1/sessions 401',
    // The target that is no URL of a receiver, and the webhook that there is none of.
    'POST /v1/webhooks 422',
    'GET /v1/webhooks/wh_0000000000000000000000000z 404',
    'GET /v1/deliveries/dlv_0000000000000000000000000z 404',
    // The list that could not be brought up to date.
    'GET /v1/jobs 429',
    'GET /v1/webhooks/wh_0000000000000000000000000z 422',
  ];
  assert.deepEqual(
    // Test sends speak of assets that never were: their rows show the id.
    rig.refused.filter((line) => !provoked.includes(line) && !/^GET \/v1\/assets\/ast_\w+ 404$/.test(line)),
    [],
  );
});
