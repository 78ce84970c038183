/** Lists, searches and what is done with them in the console: ten thousand rows, hostile searches, what is signed, compared and deleted. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { type ConsoleRig, furnish, type Seen, settled, signIn, startConsole } from './console-pages.ts';
import { patienceMs } from '../support/until.ts';
import { adminKey, eventually, rows, text, uploadOptions } from './real-server.ts';

const timeout = patienceMs;
let rig: ConsoleRig;
let seen: Seen;

before(async () => {
  rig = await startConsole();
  await signIn(rig);
  seen = await furnish(rig.server);
});
after(async () => {
  await rig[Symbol.asyncDispose]();
});

test('ten thousand deliveries scroll: only what is seen is drawn, columns hold still, and rows that fly by ask nothing', async () => {
  const { page, server } = rig;
  const total = 10_000;
  const stem = rows((await server.call('/v1/deliveries?limit=1')).json)[0] ?? {};
  const states = ['delivered', 'rejected', 'dead', 'pending'];
  const rowOf = (n: number) => ({
    ...stem,
    id: `dlv_${String(n).padStart(26, '0')}`,
    subject: `asset:ast_1${String(n).padStart(25, '0')}`,
    event: n % 7 === 0 ? 'asset.metadata_changed_of_another_length' : 'asset.created',
    state: states[n % 4],
    createdAtMs: Date.now() - n * 1_000,
  });
  await page.route(/\/v1\/deliveries\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = Number(query.get('cursor') || 0);
    const size = Number(query.get('limit') || 50);
    const data = Array.from({ length: Math.min(size, total - from) }, (_, at) => rowOf(from + at));
    return route.fulfill({ json: { data, nextCursor: from + size < total ? String(from + size) : null } });
  });
  const asked: string[] = [];
  await page.route(/\/v1\/assets\/ast_1/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 404, json: { code: 'not_found', title: 'Not found', detail: 'None' } });
  });
  await page.goto(`${server.url}/deliveries`);
  await settled(page);
  const scroll = await page.evaluate<{
    readonly drawnMost: number;
    readonly widths: number;
    readonly rowsPx: number;
    readonly frames: number;
    readonly over50: number;
    readonly tookMs: number;
  }>(`(async () => {
    const frame = document.querySelector('.table-frame.tall');
    const widthsOf = () => [...frame.querySelectorAll('th')].map((cell) => Math.round(cell.getBoundingClientRect().width)).join();
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const seen = new Set([widthsOf()]);
    const began = performance.now();
    let drawnMost = 0, over50 = 0, frames = 0, last = began, still = 0, before = -1;
    while (frame.scrollHeight < ${total} * 40 || still < 3) {
      frame.scrollTop = frame.scrollHeight;
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const now = performance.now();
      if (now - last > 50) over50++;
      last = now;
      frames++;
      drawnMost = Math.max(drawnMost, frame.querySelectorAll('tbody tr[data-id]').length);
      seen.add(widthsOf());
      still = frame.scrollTop === before ? still + 1 : 0;
      before = frame.scrollTop;
      if (frames > 30000) break;
    }
    return { drawnMost, widths: seen.size, rowsPx: frame.scrollHeight, frames, over50, tookMs: last - began };
  })()`);
  console.log(`10,000 rows: ${scroll.frames} frames to their end, ${scroll.over50} over 50 ms`);
  assert.ok(scroll.rowsPx > total * 40, `all are there: ${scroll.rowsPx} pixels`);
  assert.ok(scroll.drawnMost < 80, `${scroll.drawnMost} rows drawn at once`);
  assert.equal(scroll.widths, 1, 'the columns keep their widths');
  const room = await page
    .locator('th')
    .evaluateAll((cells) =>
      cells.map((cell) => ({ name: String(Reflect.get(cell, 'innerText')), px: cell.getBoundingClientRect().width })),
    );
  const widthOf = (wanted: string) => room.find(({ name }) => name === wanted)?.px ?? 0;
  const told = JSON.stringify(room);
  assert.ok(widthOf('Event') > 120 && widthOf('Attempts') < 110, `as wide as their rows: ${told}`);
  assert.ok(room.reduce((sum, { px }) => sum + px, 0) < 1_000, `none lies out of sight: ${told}`);
  // Where pages come slowly rows do stand still, for a moment each: of those in sight, once in every tenth of a second at most.
  const stood = (scroll.drawnMost * scroll.tookMs) / 100;
  assert.ok(asked.length < Math.max(total / 4, stood), `${asked.length} assets asked for in ${scroll.tookMs} ms`);
  await page.unroute(/\/v1\/deliveries\?/);
  await page.unroute(/\/v1\/assets\/ast_1/);
});

test('deliveries are filtered by what came of them, and the address says so', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/deliveries`);
  await settled(page);
  await page.getByLabel('What came of it').selectOption({ label: 'No answer at all' });
  await page.getByText('Nothing fits these filters').waitFor({ timeout });
  assert.match(page.url(), /outcomes=timeout/);
  await page.goto(`${server.url}/deliveries?outcomes=response&states=rejected`);
  await page.locator('tbody tr', { hasText: 'Rejected' }).first().waitFor({ timeout });
});

test('where it is narrow a delivery still says when, and no list of them is scrolled sideways', async () => {
  const { page, server } = rig;
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${server.url}/deliveries`);
  await settled(page);
  const time = page.locator('tbody tr').first().locator('time:visible');
  const box = await time.first().boundingBox();
  assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  const over = await page.locator('.table-frame').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  assert.equal(over, 0);
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('assets that are chosen are changed together: what each has stays, what is refused is told and fails nothing else', async () => {
  const { page, server } = rig;
  const tagsOf = async () =>
    rows((await server.call('/v1/assets')).json).map(
      ({ state }) => (state as { readonly tags: readonly string[] }).tags,
    );
  await page.goto(`${server.url}/assets`);
  await settled(page);
  const boxes = page.locator('.tile-place input[type=checkbox]');
  await boxes.first().check();
  await boxes.last().click({ modifiers: ['Shift'] });
  await page.getByText('2 chosen').waitFor({ timeout });
  // Meanwhile somebody tags one of them: theirs stays too.
  await server.call(`/v1/assets/${seen.asset}`, { method: 'PATCH', body: { tags: ['harbour', 'theirs'] } });
  const bar = page.getByRole('toolbar', { name: 'What is chosen' });
  const dialog = page.locator('dialog[open]');
  await bar.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Add tags').fill('hero');
  await dialog.getByLabel('Add tags').press('Enter');
  await dialog.getByLabel('Set a field of all of them').selectOption({ label: 'Copyright' });
  await dialog.getByLabel('Copyright', { exact: true }).fill('Ada');
  await dialog.getByRole('button', { name: 'Change 2' }).click();
  await page.getByText('2 assets done').waitFor({ timeout });
  assert.deepEqual((await tagsOf()).map((tags) => tags.toSorted()).toSorted(), [
    ['harbour', 'hero'],
    ['harbour', 'hero', 'theirs'],
  ]);
  // One is checked out by somebody else: it is named, the other one moves.
  const { key } = await server.key('default', ['assets:read', 'assets:write']);
  await server.call(`/v1/assets/${seen.asset}/checkout`, { method: 'POST', token: key });
  await bar.getByRole('button', { name: 'Move' }).click();
  await dialog.getByLabel('Folder').fill('/press');
  await dialog.getByRole('button', { name: 'Move here' }).click();
  await dialog.getByText('1 of 2 done.').waitFor({ timeout });
  await dialog.locator('li', { hasText: 'wine.jpg' }).waitFor({ timeout });
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await server.call(`/v1/assets/${seen.asset}/undo-checkout`, { method: 'POST', token: key });
  // By the pointer: a tile onto a folder.
  await page.keyboard.press('Escape');
  await bar.waitFor({ state: 'detached', timeout });
  await page.locator('.tile-place', { hasText: 'wine.jpg' }).dragTo(page.locator('.tree button', { hasText: 'press' }));
  await eventually(
    async () => JSON.stringify((await server.call(`/v1/assets/${seen.asset}`)).json),
    (text) => text.includes('"path":"/press"'),
    'it lies in the folder',
  );
});

test('assets that are chosen are shared by one link, archived and deleted together; visitors see them all until they are gone', async () => {
  const { page, server, browser } = rig;
  const ids: string[] = [];
  for (const name of ['menu.txt', 'prices.txt']) {
    const made = await server.call(
      '/v1/assets',
      uploadOptions(name, Buffer.from(`the ${name}`), { path: '/together' }),
    );
    ids.push(text(made.json['id']));
  }
  const states = async () =>
    Promise.all(ids.map(async (id) => JSON.stringify((await server.call(`/v1/assets/${id}`)).json)));
  const bar = page.getByRole('toolbar', { name: 'What is chosen' });
  const dialog = page.locator('dialog[open]');
  const choose = async () => {
    await page.locator('.tile-place').nth(1).waitFor({ timeout });
    for (const box of await page.locator('.tile-place input[type=checkbox]').all()) await box.check();
    await bar.getByText('2 chosen').waitFor({ timeout });
  };
  await page.goto(`${server.url}/assets?folder=%2Ftogether&archived=all`);
  await choose();
  await bar.getByRole('button', { name: 'Share' }).click();
  await dialog.getByRole('heading', { name: 'Share 2 assets' }).waitFor({ timeout });
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const { pathname } = new URL(await dialog.locator('.mono.wrap').innerText({ timeout }));
  await dialog.getByRole('button', { name: 'Close' }).click();

  const visitor = await (await browser.newContext()).newPage();
  await visitor.goto(server.url + pathname);
  await visitor.getByRole('heading', { name: '2 files' }).waitFor({ timeout });
  const [saved] = await Promise.all([
    visitor.waitForEvent('download', { timeout }),
    visitor.getByRole('link', { name: 'Download prices.txt' }).click({ timeout }),
  ]);
  assert.equal(saved.suggestedFilename(), 'prices.txt');
  assert.equal(readFileSync(await saved.path(), 'utf8'), 'the prices.txt');

  await bar.getByRole('button', { name: 'Archive' }).click();
  await page.getByText('2 assets done').waitFor({ timeout });
  for (const state of await states()) assert.match(state, /"archived":true/);
  // They are still shown here and still chosen: what the button says now takes them out again.
  await bar.getByRole('button', { name: 'Take out of the archive' }).click();
  await eventually(
    async () => (await states()).join(),
    (all) => !all.includes('"archived":true'),
    'both are out of the archive',
  );
  await dialog.waitFor({ state: 'detached', timeout });

  await bar.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByText('They go to the trash').waitFor({ timeout });
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('No asset fits').waitFor({ timeout });
  await bar.waitFor({ state: 'detached', timeout });
  for (const id of ids) assert.equal((await server.call(`/v1/assets/${id}`)).status, 410);
  const trash = (await server.call('/v1/trash')).text;
  for (const id of ids) assert.ok(trash.includes(id), 'they can be taken back');
  await visitor.reload();
  await visitor.getByText('Nothing in here').waitFor({ timeout });
  assert.equal(await visitor.getByRole('link', { name: /^Download/ }).count(), 0);
  await visitor.context().close();
});

test('a folder is renamed with what lies in it and deleted once it is said what becomes of that; collections come and go', async () => {
  const { page, server } = rig;
  const dialog = page.locator('dialog[open]');
  const send = (name: string) => dialog.getByRole('button', { name, exact: true }).click();
  await page.goto(`${server.url}/assets?folder=%2Fpress`);
  await settled(page);
  await page.getByRole('button', { name: 'Move or rename the folder press' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('papers');
  await send('Save');
  await page.waitForURL(/folder=%2Fpapers/, { timeout });
  await page.getByText('2 assets', { exact: true }).waitFor({ timeout });
  await page.getByRole('button', { name: 'Delete the folder papers' }).click();
  await dialog.getByText('Directly in it lie 2 assets and 0 folders.').waitFor({ timeout });
  await dialog.getByLabel('Move it to').fill('/campaigns/spring');
  await send('Delete');
  await page.getByText('The folder is deleted').waitFor({ timeout });
  const paths = rows((await server.call('/v1/assets')).json).map(({ state }) => Reflect.get(Object(state), 'path'));
  assert.deepEqual(paths, ['/campaigns/spring', '/campaigns/spring']);
  await page.getByRole('button', { name: 'New collection' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Spring');
  await send('Create');
  await page.locator('.tree button', { hasText: 'Spring' }).click();
  await page.getByRole('button', { name: 'Rename the collection Spring' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Spring 2027');
  await send('Save');
  await page.locator('.tree button', { hasText: 'Spring 2027' }).waitFor({ timeout });
  // Assets carry its key, which has stayed.
  assert.match(page.url(), /collection=Spring(?!%| |\+)/);
  await page.getByRole('button', { name: 'Delete the collection Spring 2027' }).click();
  await send('Delete');
  await page.getByText('The collection is deleted').waitFor({ timeout });
});

test('a delivery is signed afresh as a command, which says so and shows no secret', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/deliveries/${seen.delivery}`);
  await page.getByRole('button', { name: 'Sign afresh' }).click();
  await page.getByText('Signed afresh at').waitFor({ timeout });
  const command = await page.locator('pre[aria-label="As cURL"]').innerText();
  assert.match(command, /^curl --request POST/);
  const audit = await server.call('/v1/audit?limit=1');
  assert.equal(rows(audit.json)[0]?.['action'], 'delivery.signed');
});

test('two requests of an inbox are compared line by line', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/inboxes/${seen.inbox}`);
  await settled(page);
  await page.locator('.requests input').first().check();
  await page.locator('.requests input').last().check();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.locator('.lines [data-is=gone]').first().waitFor({ timeout });
  assert.ok((await page.locator('.lines [data-is=came]').count()) > 0);
  assert.ok((await page.locator('.difference ins').count()) > 0, 'headers that differ are marked');
});

test('a history tells what differs by fields, and no field of it is raw JSON', async () => {
  const { page, server } = rig;
  const path = `/v1/assets/${seen.asset}`;
  await server.call(path, { method: 'PATCH', body: { tags: ['harbour', 'evening'], focusPoint: { x: 0.25, y: 0.5 } } });
  await page.goto(`${server.url}/assets/${seen.asset}?tab=history`);
  await page.locator('.difference ins', { hasText: 'evening' }).waitFor({ timeout });
  const line = page.locator('.difference > div', { hasText: 'focusPoint.x' });
  assert.match(await line.innerText(), /0\.25/);
  const ready = page.locator('li.past', { hasText: 'File looked into' });
  await ready.getByRole('button', { name: /more fields/ }).click();
  await ready.getByText('embedded.exif.', { exact: false }).first().waitFor({ timeout });
  for (const text of await page.locator('.difference ins').allInnerTexts()) assert.doesNotMatch(text, /\{"/);
});

test('UI-19 what is deleted for good asks for its name', async () => {
  const { page, server } = rig;
  const pushed = await server.call('/v1/assets/external:gone', {
    method: 'PUT',
    body: { name: 'gone.jpg', path: '/' },
  });
  const { id } = (pushed.json['asset'] ?? pushed.json) as { readonly id?: string };
  await server.call(`/v1/assets/${String(id)}`, { method: 'DELETE' });
  await page.goto(`${server.url}/assets/trash`);
  await page.locator('tr', { hasText: 'gone.jpg' }).getByRole('button', { name: 'Delete for good' }).click();
  const confirm = page.locator('dialog').getByRole('button', { name: 'Delete for good' });
  assert.equal(await confirm.isDisabled(), true);
  await page.locator('dialog input').fill('gone');
  await page.keyboard.press('Enter');
  assert.equal(await confirm.isDisabled(), true, 'nearly is not it');
  await page.locator('dialog input').fill('gone.jpg');
  await confirm.click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await eventually(
    async () => JSON.stringify((await server.call('/v1/trash')).json),
    (text) => !text.includes('gone.jpg'),
    'it has left the trash',
  );
});

test('what a test makes up is told as such, and nobody asks for it', async () => {
  const { page, server } = rig;
  const { json } = await server.call(`/v1/webhooks/${seen.webhook}/test?wait=30`, {
    body: { event: 'asset.tags_changed' },
  });
  rig.refused.length = 0;
  await page.goto(`${server.url}/deliveries/${String(json['deliveryId'])}`);
  await page.getByText('Made-up asset').waitFor({ timeout });
  await settled(page);
  assert.deepEqual(rig.refused, []);
});

test('a page that is gone to while the server is away comes by itself once it is back', async () => {
  const { server } = rig;
  const page = await rig.context.newPage();
  await page.goto(`${server.url}/deliveries`);
  await settled(page);
  await rig.context.setOffline(true);
  await page.getByRole('link', { name: 'Changes', exact: true }).click();
  await page.waitForURL(/\/changes$/, { timeout });
  assert.equal(await page.getByText('met a fault').count(), 0);
  await rig.context.setOffline(false);
  await page.getByRole('heading', { name: 'Changes', exact: true }).waitFor({ timeout });
  await page.close();
});

test('UI-09 no page lets itself be drawn in a frame of somebody else', async () => {
  const { context, server } = rig;
  const stranger = await context.newPage();
  for (const path of ['/', '/assets/trash', '/settings/keys', `/webhooks/${seen.webhook}?tab=secret`]) {
    const answer = await server.call(path, { token: null });
    assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/, path);
    const shown = stranger.waitForEvent('framenavigated', {
      predicate: (frame) => frame.parentFrame() !== null,
      timeout,
    });
    await stranger.setContent(`<iframe src="${server.url}${path}"></iframe>`, { waitUntil: 'commit' });
    assert.match((await shown).url(), /^chrome-error:/, path);
  }
  await stranger.close();
});

test('UI-16 a search takes what is typed as words: wildcards, expressions, SQL and ten kilobytes find nothing and break nothing', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/assets`);
  await settled(page);
  const search = page.getByRole('searchbox').first();
  for (const hostile of ["' OR 1=1 --", '%', '_____', '(a+)+$', 'x'.repeat(10_000), '"; DROP TABLE assets; --']) {
    const answered = page.waitForResponse((response) => /\/v1\/assets\?(.*&)?q=./.test(response.url()), { timeout });
    await search.fill(hostile);
    const answer = await answered;
    assert.ok([200, 400, 422].includes(answer.status()), `${hostile.slice(0, 30)}: ${answer.status()}`);
    if (answer.status() !== 200) continue;
    const found = ((await answer.json()) as { readonly data: readonly unknown[] }).data;
    assert.deepEqual(found, [], hostile.slice(0, 30));
  }
  rig.refused.length = 0;
  await page.goto(`${server.url}/deliveries?event=${encodeURIComponent("' OR '1'='1")}&subject=%25`);
  await page.getByText('Nothing fits these filters').waitFor({ timeout });
  assert.equal((await server.call('/v1/assets')).status, 200);
});

test('UI-23 addresses are made of what was configured, whatever a Host header says', async () => {
  const { server } = rig;
  const port = Number(new URL(server.url).port);
  const evil = 'evil.example';
  const headers = {
    authorization: `Bearer ${adminKey}`,
    'content-type': 'application/json',
    host: evil,
    'x-forwarded-host': evil,
    'x-forwarded-proto': 'https',
    forwarded: `host=${evil}`,
  };
  const ask = (method: string, path: string, body?: object) =>
    new Promise<string>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        const parts: Buffer[] = [String(answer.statusCode), JSON.stringify(answer.headers)].map((part) =>
          Buffer.from(part),
        );
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => resolve(Buffer.concat(parts).toString()));
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const made = [
    await ask('POST', '/v1/inboxes', {}),
    await ask('POST', '/v1/share-links', { assetId: seen.asset, name: 'For the press' }),
    await ask('GET', '/openapi.json'),
    await ask('GET', `/v1/assets/${seen.asset}`),
    await ask('GET', '/'),
    await ask('GET', '/v1/dialects'),
  ];
  for (const [nth, text] of made.entries()) assert.ok(!text.includes(evil), `answer ${nth}: ${text.slice(0, 300)}`);
  assert.match(made[0] ?? '', /^201/);
});

test('the browser had nothing to complain about', () => {
  assert.deepEqual(rig.complaints, []);
});
