/** Settings in the console: roles and people, where somebody is signed in, metadata fields and what changing one does, the audit. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type ConsoleRig, settled, signIn, startConsole } from './console-pages.ts';
import { patienceMs } from '../support/until.ts';
import { eventually, rows, text, uploadOptions } from './real-server.ts';

const timeout = patienceMs;
const password = 'correct horse battery staple';

let rig: ConsoleRig;

before(async () => {
  rig = await startConsole();
  await signIn(rig);
});
after(async () => {
  await rig[Symbol.asyncDispose]();
});

async function open(path: string): Promise<void> {
  await rig.page.goto(rig.server.url + path);
  await settled(rig.page);
}

const button = (name: string | RegExp) =>
  rig.page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) });
const field = (label: string) => rig.page.getByLabel(label, { exact: true });
const dialog = () => rig.page.locator('dialog[open]');
const send = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
const gone = () => dialog().waitFor({ state: 'detached', timeout });
const box = (scope: string) => dialog().locator('.check', { hasText: scope }).getByRole('checkbox');

/** Somebody who has set the password, signed in with a browser of their own. */
async function person(name: string, roles: readonly string[]): Promise<{ readonly id: string; readonly page: Page }> {
  const email = `${name.toLowerCase()}@example.com`;
  const { json } = await rig.server.call('/v1/users', { body: { name, email, roles } });
  const [, token] = /#link=(\w+)$/.exec(text((json['link'] as { readonly url: string }).url)) ?? [];
  await rig.server.call('/v1/passwords', { token: null, body: { token, password } });
  const page = await (await rig.browser.newContext()).newPage();
  await page.goto(rig.server.url);
  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('.side nav').waitFor({ timeout });
  return { id: text(json['id']), page };
}

test('a role is made by ticking sentences, given, changed for those signed in, and deleted once nobody has it', async () => {
  await open('/settings/roles');
  await button('New role').click();
  await field('Name').fill('Press office, Zürich');
  assert.equal(await field('Id').inputValue(), 'press-office-zurich');
  await box('webhooks:write').check();
  assert.equal(await box('webhooks:read').isChecked(), true, 'who may change may look, unless it is taken away');
  await send('Create');
  await gone();
  const made = rows((await rig.server.call('/v1/roles')).json).find(({ id }) => id === 'press-office-zurich');
  assert.deepEqual(made?.['scopes'], ['assets:read', 'webhooks:write', 'webhooks:read']);

  const ada = await person('Ada', ['viewer']);
  await open('/settings/users');
  await rig.page.getByRole('link', { name: 'Ada', exact: true }).click();
  await rig.page.waitForURL(/user=usr_/, { timeout });
  await field('Viewer').uncheck();
  await field('Press office, Zürich').check();
  await button('Save').click();
  await rig.page.getByText('It counts within a second').waitFor({ timeout });
  await eventually(
    async () => {
      await ada.page.goto(`${rig.server.url}/webhooks`);
      await settled(ada.page);
      return ada.page.getByRole('link', { name: 'New webhook' }).count();
    },
    (count) => count > 0,
    'what the role allows is offered',
  );

  await open('/settings/roles');
  await button('Edit: Press office, Zürich').click();
  await box('webhooks:write').uncheck();
  await send('Save');
  await gone();
  await eventually(
    async () => {
      await ada.page.goto(`${rig.server.url}/webhooks`);
      await settled(ada.page);
      return ada.page.getByRole('link', { name: 'New webhook' }).count();
    },
    (count) => count === 0,
    'what the role no longer allows is not offered',
  );

  await button('Delete: Press office, Zürich').click();
  await dialog().getByText('1 person has this role, so it cannot be deleted').waitFor({ timeout });
  await dialog().getByText('ada@example.com').waitFor({ timeout });
  assert.equal(await dialog().getByRole('button', { name: 'Delete', exact: true }).count(), 0);
  await rig.page.keyboard.press('Escape');
  await gone();
  await rig.server.call(`/v1/users/${ada.id}`, { method: 'PATCH', body: { roles: ['viewer'] } });
  await open('/settings/roles');
  await button('Delete: Press office, Zürich').click();
  await send('Delete');
  await gone();
  assert.doesNotMatch(JSON.stringify((await rig.server.call('/v1/roles')).json), /press-office/);
  await ada.page.context().close();
});

test('a role that is built in is looked at and copied, never changed; nobody gives what they do not have', async () => {
  await open('/settings/roles');
  await button('Look: Editor').click();
  await dialog().getByText('Built in: the same in every workspace').waitFor({ timeout });
  assert.equal(await box('assets:write').isDisabled(), true);
  await send('Make one like it');
  await dialog().getByText('New role').waitFor({ timeout });
  assert.equal(await box('assets:write').isChecked(), true);
  await rig.page.keyboard.press('Escape');
  await rig.server.call('/v1/roles', { body: { id: 'desk', name: 'Desk', scopes: ['keys:read', 'keys:write'] } });
  const clerk = await person('Clerk', ['desk']);
  await clerk.page.goto(`${rig.server.url}/settings/roles`);
  await clerk.page.getByRole('button', { name: 'New role' }).click();
  const reveal = clerk.page.locator('dialog .check', { hasText: 'secrets:reveal' });
  assert.equal(await reveal.getByRole('checkbox').isDisabled(), true);
  assert.match(await reveal.innerText(), /You do not have this yourself/);
  await clerk.page.context().close();
});

test('AK-09 one sees where one is signed in and ends the others; an admin ends those of somebody; the audit says so', async () => {
  const eve = await person('Eve', ['viewer']);
  const elsewhere = await rig.browser.newContext({
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) AppleWebKit/605 (KHTML) Version/17.1 Safari/605',
  });
  const other = await elsewhere.newPage();
  await other.goto(rig.server.url);
  await other.fill('input[name=email]', 'eve@example.com');
  await other.fill('input[name=password]', password);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await other.locator('.side nav').waitFor({ timeout });

  await eve.page.goto(`${rig.server.url}/settings/account`);
  const mine = eve.page.locator('.card', { hasText: 'Where you are signed in' });
  await mine.locator('tbody tr').nth(1).waitFor({ timeout });
  await mine.locator('tr', { hasText: 'Safari on macOS' }).waitFor({ timeout });
  await mine.locator('tr', { hasText: 'This one' }).waitFor({ timeout });
  await eve.page.getByRole('button', { name: 'End all others' }).click();
  await eve.page.locator('dialog').getByRole('button', { name: 'End all others' }).click();
  await eve.page.getByText('1 ended').waitFor({ timeout });
  await other.goto(`${rig.server.url}/assets`);
  await other.locator('.sign-in form').waitFor({ timeout });

  await open(`/settings/users?user=${eve.id}`);
  await button(/^End Chrome/).click();
  await rig.page.getByText('Signed in nowhere').waitFor({ timeout });
  await eventually(
    async () => {
      await eve.page.goto(`${rig.server.url}/webhooks`);
      await eve.page.locator('.sign-in form, .side nav').first().waitFor({ timeout });
      return eve.page.locator('.sign-in form').count();
    },
    (count) => count === 1,
    'signed out',
  );
  const audit = rows((await rig.server.call('/v1/audit?action=session.revoked')).json);
  assert.equal(audit.length, 2);
  assert.deepEqual(audit[0]?.['before'], { holder: `user:${eve.id}`, name: 'Eve' });
  await elsewhere.close();
  await eve.page.context().close();
});

test('a person is disabled, enabled, given a new link and removed once their name is typed', async () => {
  const bob = await person('Bob', ['viewer']);
  await open(`/settings/users?user=${bob.id}`);
  await button('Disable').click();
  await rig.page.locator('.badge', { hasText: 'Disabled' }).waitFor({ timeout });
  await button('Enable').click();
  await rig.page.locator('.badge', { hasText: 'Active' }).waitFor({ timeout });
  await button('New password link').click();
  await dialog().locator('pre', { hasText: '#link=' }).waitFor({ timeout });
  await send('Done');
  await button('Remove').click();
  await dialog().locator('input').fill('Bob');
  await send('Remove');
  await rig.page.waitForURL((url) => !url.search.includes('user='), { timeout });
  assert.equal((await rig.server.call(`/v1/users/${bob.id}`)).status, 404);
  await bob.page.context().close();
});

test('a field is defined with all it says, ordered, and edited: what that does to assets is said before and then happens', async () => {
  const { page, server } = rig;
  await open('/settings/fields');
  await button('New field').click();
  await field('Name').fill('season');
  await field('Type').selectOption('select');
  await field('Label').fill('Season');
  for (const [at, value] of ['spring', 'summer', 'autumn'].entries()) {
    await button('Add an option').click();
    await field(`Value of option ${at + 1}`).fill(value);
  }
  await field('Label of option 2').fill('High summer');
  await button('Add a language').click();
  await field('Language').fill('de');
  await field('Label in this language').fill('Jahreszeit');
  await field('Default').selectOption('spring');
  await send('Create');
  await gone();
  await button('New field').click();
  await field('Name').fill('stars');
  await field('Type').selectOption('number');
  await field('At least').fill('9');
  await field('At most').fill('5');
  await send('Create');
  await dialog().locator('.wrong', { hasText: 'at least minimum' }).waitFor({ timeout });
  await field('At least').fill('1');
  await send('Create');
  await gone();
  const fields = async () => rows((await server.call('/v1/metadata-fields')).json);
  assert.deepEqual(
    (await fields()).map(({ name, labels, options, default: value, validation }) => [
      name,
      labels,
      options,
      value,
      validation,
    ]),
    [
      [
        'season',
        { de: 'Jahreszeit' },
        [{ value: 'spring' }, { value: 'summer', label: 'High summer' }, { value: 'autumn' }],
        'spring',
        undefined,
      ],
      ['stars', undefined, undefined, undefined, { minimum: 1, maximum: 5 }],
    ],
  );
  await button('Move stars up').click();
  await eventually(fields, ([first]) => first?.['name'] === 'stars', 'stars stands first');

  for (const [id, season] of ['spring', 'summer', 'summer', 'autumn'].entries())
    await server.call(`/v1/assets/external:${id}`, {
      method: 'PUT',
      body: { name: `${id}.jpg`, metadata: { season, stars: 4 } },
    });
  await open('/settings/fields');
  await button('Edit Season').click();
  await field('Value of option 1').fill('springtime');
  await field('Default').selectOption('springtime');
  await button('Retire summer').click();
  await field('Assets that have summer').selectOption({ label: 'get autumn instead' });
  await button('Retire autumn').click();
  assert.equal(await field('Assets that have summer').inputValue(), 'keep', 'autumn goes too: nobody gets it');
  await dialog().getByRole('button', { name: 'Keep it after all' }).nth(1).click();
  await field('Assets that have summer').selectOption({ label: 'get autumn instead' });
  await dialog().getByText('1 asset with spring get springtime').waitFor({ timeout });
  await dialog().getByText('2 assets with summer get autumn').waitFor({ timeout });
  await field('Required').check();
  await dialog().getByText('without a value stay as they are').waitFor({ timeout });
  await send('Save');
  await gone();
  await page.getByText('Options replaced').waitFor({ timeout });
  const seasons = async () =>
    rows((await server.call('/v1/assets?order=oldest')).json).map(
      ({ state }) => (state as { readonly metadata: { readonly season?: string } }).metadata.season,
    );
  await eventually(seasons, (all) => all.join() === 'springtime,autumn,autumn,autumn', 'assets follow');

  await button('Edit stars').click();
  await field('At most').fill('3');
  await dialog().getByText('4 assets with a value outside stay as they are').waitFor({ timeout });
  await page.keyboard.press('Escape');
  await gone();
  await button('Delete stars').click();
  await dialog().getByText('4 assets with a value').waitFor({ timeout });
  await field('Take the values out of the assets too').check();
  await send('Delete');
  await gone();
  await page.getByText('Values taken away').waitFor({ timeout });
  await eventually(
    async () => (await server.call('/v1/assets')).text,
    (text) => !text.includes('stars'),
    'the values are gone',
  );
  await field('Fields that nobody defined').selectOption('refuse');
  await eventually(
    async () => (await server.call('/v1/metadata-rules')).json['unknownFields'],
    (rule) => rule === 'refuse',
    'the rule counts',
  );
});

test('libraries are made, renamed and deleted, and an asset is moved into one', async () => {
  const { page, server } = rig;
  await open('/settings/libraries');
  await page.getByText('All assets are in this one until you make others').waitFor({ timeout });
  await button('New library').click();
  await field('Key').fill('not a key');
  await send('Create');
  await dialog().locator('.wrong').first().waitFor({ timeout });
  await field('Key').fill('brand');
  await field('Name').fill('Brand');
  await field('Organization').fill('example-corp');
  await send('Create');
  await gone();
  const library = async () => (await server.call('/v1/libraries/brand')).json;
  assert.equal((await library())['organization'], 'example-corp');
  await button('Edit Brand').click();
  await field('Name').fill('The brand');
  await field('Organization').fill('');
  await send('Save');
  await gone();
  assert.deepEqual([(await library())['name'], (await library())['organization']], ['The brand', 'default']);
  const { json: asset } = await server.call('/v1/assets/external:logo', { method: 'PUT', body: { name: 'logo.svg' } });
  await open(`/assets/${text(asset['id'])}`);
  await button('Move or rename').click();
  await dialog().getByLabel('Library', { exact: true }).selectOption({ label: 'The brand (brand)' });
  await send('Save');
  await gone();
  await page.locator('.facts dd', { hasText: 'The brand (brand)' }).waitFor({ timeout });
  await open('/settings/libraries');
  assert.equal(await button('Delete Default').count(), 0, 'the one that is always there stays');
  await button('Delete The brand').click();
  await dialog().getByText('Its assets stay and go on carrying brand').waitFor({ timeout });
  await send('Delete');
  await gone();
  assert.equal((await server.call('/v1/libraries/brand')).status, 404);
  await open(`/assets/${text(asset['id'])}`);
  await page.locator('.facts dd', { hasText: 'brand (there is no such library)' }).waitFor({ timeout });
});

test('what files say of themselves becomes metadata by rules: written, ordered, counted, applied', async () => {
  const { page, server } = rig;
  const wine = join(import.meta.dirname, '..', '..', 'media', 'wine.jpg');
  const { json: asset } = await server.call('/v1/assets', uploadOptions('wine.jpg', readFileSync(wine), {}));
  const state = async () =>
    (await server.call(`/v1/assets/${text(asset['id'])}`)).json['state'] as {
      readonly info?: { readonly credit?: string };
      readonly embedded?: { readonly fields?: { readonly creators?: readonly string[] } };
    };
  const { embedded } = await eventually(state, (now) => now.embedded?.fields !== undefined, 'the file was looked into');
  const [creator = ''] = embedded?.fields?.creators ?? [];
  const mappings = async () => (await server.call('/v1/metadata-mappings')).json['mappings'];
  await open('/settings/fields');
  await button('Add a rule').click();
  await field('Becomes').selectOption({ label: 'Credit' });
  await send('Save');
  await dialog().locator('.wrong').first().waitFor({ timeout });
  await field('Embedded field').fill('creators');
  await dialog().getByText(`In one of your files: ${creator}`).waitFor({ timeout });
  await field('On the way').selectOption({ label: 'A list joined by commas' });
  await send('Save');
  await gone();
  await button('Add a rule').click();
  await field('Kind of embedded field').selectOption('iptc');
  await field('Embedded field').fill('Keywords');
  await field('Becomes').selectOption('tags');
  await field('Where the asset has a value already').selectOption('always');
  await send('Save');
  await gone();
  await button('Move iptc.Keywords up').click();
  const creators = { from: 'fields.creators', to: 'info.credit', transform: 'join' };
  const keywords = { from: 'iptc.Keywords', to: 'tags', when: 'always' };
  await eventually(mappings, (now) => JSON.stringify(now) === JSON.stringify([keywords, creators]), 'in this order');
  // Somebody else is faster: nothing of theirs is written over, and what one wrote is not lost.
  await button('Edit iptc.Keywords to Tags').click();
  const alt = { from: 'fields.title', to: 'info.title' };
  await server.call('/v1/metadata-mappings', { method: 'PUT', body: { mappings: [creators, alt, keywords] } });
  await field('Where the asset has a value already').selectOption('empty');
  await send('Save');
  await dialog().getByText('Somebody else changed the rules meanwhile').waitFor({ timeout });
  await page.locator('tbody tr', { hasText: 'fields.title' }).waitFor({ timeout });
  await send('Save');
  await gone();
  const filled = { from: 'iptc.Keywords', to: 'tags' };
  await eventually(mappings, (now) => JSON.stringify(now) === JSON.stringify([creators, alt, filled]), 'both count');
  await button('Delete fields.title to Title').click();
  await eventually(mappings, (now) => JSON.stringify(now) === JSON.stringify([creators, filled]), 'it is gone');
  await button('Apply to assets that are there').click();
  await send('Count first');
  await dialog()
    .getByText(/^1 of \d+ assets would change\.$/)
    .waitFor({ timeout });
  assert.equal((await state()).info?.credit, undefined, 'nothing has changed yet');
  await send('Apply');
  await gone();
  await eventually(state, ({ info }) => info?.credit === creator, 'the asset follows');
  await button('Delete iptc.Keywords to Tags').click();
  await eventually(mappings, (now) => JSON.stringify(now) === JSON.stringify([creators]), 'the other rule stays');
  await page.getByText('counted only').first().waitFor({ timeout });
});

test('what is not there says so in its title, why that may be, and where to look', async () => {
  const { page, server } = rig;
  for (const [path, title, name, there] of [
    ['/webhooks/wh_0000000000000000000000000z', 'No such webhook', 'See which were deleted', /action=webhook\.removed/],
    ['/assets/ast_0000000000000000000000000z', 'No such asset', 'Look in the trash', /\/assets\/trash/],
    ['/deliveries/dlv_0000000000000000000000000z', 'No such delivery', 'See those of the last hour', /since=3600000/],
  ] as const) {
    await open(path);
    assert.equal(await page.locator('h1').innerText(), title);
    await eventually(
      () => page.title(),
      (shown) => shown === `${title} · Assetwire`,
      'its title says so',
    );
    await page.getByRole('link', { name }).click();
    await page.waitForURL(there, { timeout });
  }
  assert.equal((await server.call('/v1/webhooks')).status, 200);
});

test('saving is in sight once something is changed, wherever one is on the page; what was written can be given up', async () => {
  const { page, server } = rig;
  const { json: asset } = await server.call('/v1/assets/external:long', { method: 'PUT', body: { name: 'long.jpg' } });
  await page.setViewportSize({ width: 360, height: 640 });
  await open(`/assets/${text(asset['id'])}`);
  const bar = page.locator('.save-bar');
  const inSight = () => bar.evaluate((at) => at.getBoundingClientRect().bottom <= innerHeight);
  await field('Title').scrollIntoViewIfNeeded();
  assert.equal(await inSight(), false);
  await field('Title').fill('A title');
  await bar.getByText('Not saved yet').waitFor({ timeout });
  assert.equal(await inSight(), true);
  await button('Discard').click();
  await bar.getByText('Not saved yet').waitFor({ state: 'detached', timeout });
  assert.equal(await field('Title').inputValue(), '');
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('the audit is found by time, person, action and thing, in the address, and exported as it is shown', async () => {
  const { page, server } = rig;
  const { json: made } = await server.call('/v1/keys', { body: { name: 'Told of', scopes: [] } });
  await server.call(`/v1/keys/${text(made['id'])}`, { method: 'DELETE' });
  await open('/settings/audit');
  await field('What').selectOption({ label: 'Key revoked' });
  await page.waitForURL(/action=key\.revoked/, { timeout });
  await eventually(
    () => page.locator('tbody tr').allInnerTexts(),
    (found) => found.length === 1 && (found[0] ?? '').includes('Key revoked'),
    'only that',
  );
  await button('Clear filters').click();
  await field('To what (type:id)').fill(`key:${text(made['id'])}`);
  await field('To what (type:id)').press('Enter');
  await eventually(
    () => page.locator('tbody tr').count(),
    (count) => count === 2,
    'what was done to the key',
  );
  await field('When').selectOption({ label: 'Last 30 days' });
  await page.waitForURL(/since=2592000000/, { timeout });
  await button('Export').click();
  await field('Form').selectOption('csv');
  await send('Make the file');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog().getByRole('link', { name: 'Download' }).click({ timeout }),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  assert.equal(lines.length, 3, 'a head and both entries');
  await page.keyboard.press('Escape');
  await gone();
  // An hour of long ago has nothing; a link of it shows the same to whoever opens it.
  await open('/settings/audit?from=1000000000000&to=1000003600000');
  await page.getByText('Nothing fits').waitFor({ timeout });
  await open('/settings/audit?actor=user:usr_nobody');
  await page.getByText('Nothing fits').waitFor({ timeout });
  assert.equal(await field('Who').inputValue(), 'user:usr_nobody');
});

test('the browser had nothing to complain about', () => {
  assert.deepEqual(rig.complaints, []);
});
