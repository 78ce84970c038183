/** The console against what others send and do: hostile answers, addresses, names, edits at the same time, much at once; and what is secret. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ConsoleRig, settled, signIn, startConsole } from './console-pages.ts';
import { createTestAuthority } from '../../src/transports/testing/certificates.ts';
import { patienceMs } from '../support/until.ts';
import { adminKey, eventually, rows, text } from './real-server.ts';

const timeout = patienceMs;
const marker = 'document.title="owned"';
const hostileBodies: readonly string[] = [
  `<html><body onload='${marker}'><script>${marker}</script>`,
  `<svg xmlns="http://www.w3.org/2000/svg" onload='${marker}'><script>${marker}</script></svg>`,
  `</pre></textarea></script><img src=x onerror='${marker}'>`,
  `{"<!--": "<script>${marker}</script>", "__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": 1}}}`,
  `\u001b[31mred\u001b[0m \u202Etxt.exe\u202C \u0000 \u0007`,
  'one line '.repeat(1_800),
  `${'['.repeat(8_000)}${']'.repeat(8_000)}`,
];

let rig: ConsoleRig;
let asset: string;
let inbox: string;

before(async () => {
  rig = await startConsole();
  await signIn(rig);
  const { server } = rig;
  inbox = String((await server.call('/v1/inboxes', { method: 'POST' })).json['url']);
  asset = await push('first', { name: 'first.jpg', tags: ['one'] });
});
after(async () => {
  await rig[Symbol.asyncDispose]();
});

async function push(externalId: string, state: object): Promise<string> {
  const { json } = await rig.server.call(`/v1/assets/external:${externalId}`, {
    method: 'PUT',
    body: { path: '/', ...state },
  });
  const found = (json['asset'] ?? json) as { readonly id?: string };
  return String(found.id);
}

async function untouched(): Promise<void> {
  const { page } = rig;
  assert.notEqual(await page.title(), 'owned');
  assert.equal(await page.evaluate('({}).polluted === undefined'), true);
}

test('UI-02 UI-04 a receiver answers with markup, control characters, one endless line and deep JSON: all of it is text', async () => {
  const { page, server } = rig;
  const { id, url } = (await server.call('/v1/inboxes', { method: 'POST' })).json;
  const { json } = await server.call('/v1/webhooks', {
    body: {
      name: `<img src=x onerror='${marker}'>`,
      dialect: 'standard',
      events: ['*'],
      enabled: false,
      target: { transport: 'http', url: String(url) },
    },
  });
  for (const [nth, body] of hostileBodies.entries()) {
    const set = await server.call(`/v1/inboxes/${String(id)}`, { method: 'PATCH', body: { status: 500, body } });
    assert.equal(set.status, 200, set.text);
    const sent = (await server.call(`/v1/webhooks/${String(json['id'])}/test?wait=30`, { body: {} })).json;
    await page.goto(`${server.url}/deliveries/${String(sent['deliveryId'])}`);
    const shown = page.locator('pre[aria-label=Response]');
    await shown.waitFor({ timeout });
    const textStart = (await shown.textContent())?.replaceAll(/\s/g, '').slice(0, 12);
    assert.equal(textStart, body.replaceAll(/\s/g, '').slice(0, 12), `body ${nth}`);
    assert.equal(await shown.locator('img, script, svg, textarea').count(), 0);
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0);
    await untouched();
  }
});

test('UI-03 an address that would run is no link anywhere, and links that lead out tell nobody where from', async () => {
  const { page, server } = rig;
  const script = `javascript:${marker}`;
  const id = await push('linked', {
    name: script,
    info: { title: script, source: script },
    metadata: { link: script },
  });
  for (const path of [
    `/assets/${id}`,
    `/assets/${id}?tab=metadata`,
    `/assets/${id}?tab=history`,
    '/events',
    '/changes',
  ]) {
    await page.goto(server.url + path);
    await settled(page);
    assert.equal(await page.locator('a[href^="javascript:" i], a[href^="data:" i]').count(), 0, path);
    assert.equal(await page.locator('a[target=_blank]:not([rel*=noreferrer])').count(), 0, path);
  }
  await untouched();
});

test('UI-12 UI-13 what stands in the address runs nothing, pollutes nothing and leads nowhere else', async () => {
  const { page, server } = rig;
  const { origin } = new URL(server.url);
  for (const address of [
    '/?__proto__[polluted]=yes&constructor.prototype.polluted=yes&range=__proto__',
    `/assets?q=${encodeURIComponent(`"><img src=x onerror='${marker}'>`)}&view=constructor&order=name`,
    '/assets?next=//evil.example&kind=image',
    '/deliveries?since=__proto__&from=constructor&to=-1&webhookId=',
    '//evil.example/%2e%2e',
    '/\\evil.example',
    '/settings/__proto__',
    '/events?dialect=constructor&event=__proto__',
    '/webhooks/new?dialect=__proto__',
  ]) {
    await page.goto(`${server.url}${address}`);
    await page.locator('main h1, .problem, body').first().waitFor({ timeout });
    assert.equal(new URL(page.url()).origin, origin, address);
    assert.equal(await page.getByText('met a fault').count(), 0, address);
    await page.evaluate("postMessage({ __proto__: null, type: 'navigate', href: 'javascript:1' }, '*')");
    await untouched();
  }
});

test('UI-10 a new key is shown once, and stays in no storage, history or field that a browser fills in', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/settings/keys`);
  await page.getByRole('button', { name: 'New key' }).click();
  await page.locator('dialog input').first().fill('Once');
  await page.getByRole('button', { name: 'Create' }).click();
  const shown = await page.locator('dialog pre').innerText({ timeout });
  assert.match(shown, /^aw_/);
  const kept = String(
    await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href, document.cookie])',
    ),
  );
  assert.ok(!kept.includes(shown));
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.reload();
  await settled(page);
  assert.ok(!(await page.content()).includes(shown));
});

const button = (name: string) => rig.page.getByRole('button', { name, exact: true });
const field = (label: string) => rig.page.getByLabel(label, { exact: true });
const dialog = () => rig.page.locator('dialog[open]');
const send = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

async function open(path: string): Promise<void> {
  await rig.page.goto(rig.server.url + path);
  await settled(rig.page);
}

test('UI-10 a webhook is given a client certificate and an authority: wrong ones are told at their fields, what is set is shown with its end, the key never', async () => {
  const { page, server } = rig;
  const authority = await createTestAuthority('Authority of the shop');
  const later = new Date(Date.now() + 90 * 86_400_000);
  const { certPem, keyPem } = await authority.issue({ commonName: 'dam.example', notAfter: later });
  const target = { transport: 'http', url: 'https://hooks.example.com/shop' };
  const body = { name: 'Behind mutual TLS', dialect: 'standard', events: ['*'], target };
  const path = `/webhooks/${text((await server.call('/v1/webhooks', { body })).json['id'])}`;
  const tls = async () => (await server.call(`/v1${path}`)).json['tls'];
  const part = page.locator('.sub-form', { hasText: 'Client certificate and authority' });
  const save = async () => {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'PATCH', { timeout });
    await button('Save').click();
    assert.equal((await answered).status(), 200);
  };
  await open(`${path}?tab=settings`);
  await part.locator('summary').click();
  await field('Its private key').fill(keyPem);
  await button('Save').click();
  await part.locator('.wrong', { hasText: 'Wanted: the certificate of the key.' }).waitFor({ timeout });
  await part.locator('textarea:focus[aria-invalid=true]').waitFor({ timeout });
  const file = { name: 'client.pem', mimeType: 'application/x-pem-file', buffer: Buffer.from(certPem) };
  await part.locator('input[type=file]').first().setInputFiles(file);
  await eventually(
    () => field('Client certificate').inputValue(),
    (value) => value === certPem,
    'the file is read',
  );
  await field('Authority').fill(authority.certPem);
  await save();
  await part.locator('section', { hasText: 'CN=dam.example' }).waitFor({ timeout });
  await part
    .locator('section', { hasText: 'CN=Authority of the shop' })
    .locator('.badge', { hasText: 'Expires' })
    .waitFor({ timeout });
  assert.equal(await part.locator('.badge').count(), 1, 'only what ends soon is marked');
  const [, secret = keyPem] = keyPem.split('\n');
  assert.ok(!(await page.content()).includes(secret.trim()));

  // Whoever replaces one is told what becomes of the other.
  await button('Replace').click();
  await part.getByText('Set now: CN=dam.example. Left empty, it goes.').waitFor({ timeout });
  await field('Authority').fill(authority.certPem);
  await save();
  assert.deepEqual(Object.keys((await tls()) ?? {}), ['authority']);
  await open(path);
  await page.locator('.facts dd', { hasText: 'CN=Authority of the shop' }).waitFor({ timeout });
  const empty = page.locator('.chart-empty', { hasText: 'Nothing was sent in this time' });
  await eventually(
    () => empty.count(),
    (count) => count === 2,
    'both charts say that there is nothing to draw',
  );

  await open(`${path}?tab=settings`);
  await field('URL').fill(inbox);
  await button('Save').click();
  await part.locator('.wrong', { hasText: 'https address only' }).waitFor({ timeout });
  await button('Take away').click();
  await part.getByText('are taken away when you save').waitFor({ timeout });
  await save();
  assert.equal(await tls(), undefined);
  // Nothing to ask where nothing is said by TLS.
  await part.waitFor({ state: 'detached', timeout });
  await server.call(`/v1${path}`, { method: 'DELETE' });

  await open('/webhooks/new?dialect=standard');
  const more = page.locator('details.card > summary');
  assert.doesNotMatch(await more.innerText(), /client certificate/);
  await field('Name').fill('Shop');
  await field('URL').fill('https://hooks.example.com/shop');
  await more.filter({ hasText: 'client certificate' }).click();
  await field('Authority').fill('not PEM');
  await button('Make the webhook').click();
  await part.locator('.wrong', { hasText: 'Wanted: a certificate as PEM.' }).waitFor({ timeout });
});

test('UI-10 a link signs somebody in as a key: shown once with what it is for and its end, offered only to those who may, and told where it cannot be', async () => {
  const { page, server, browser } = rig;
  const key = async (name: string, scopes: readonly string[]) =>
    (await server.call('/v1/keys', { body: { name, scopes } })).json;
  const portal = await key('Portal', ['webhooks:read', 'deliveries:read']);
  const porter = await key('Porter', ['keys:read', 'keys:write']);
  await open('/settings/keys');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('.badge', { hasText: 'Admin of the installation' }).first().waitFor({ timeout });
  const out = await page.locator('td > :is(.badge, .cell-actions, .scopes)').evaluateAll((parts) =>
    parts
      .filter((part) => {
        const cell = part.closest('td')?.getBoundingClientRect().right ?? 0;
        return part.getBoundingClientRect().right > cell + 1;
      })
      .map(({ textContent }) => textContent),
  );
  assert.deepEqual(out, [], 'where it is narrow, what stands in a cell stays in it');
  await page.setViewportSize({ width: 1280, height: 900 });
  await button('Sign-in link: Portal').click();
  await dialog().getByText('may do there what the key may, nothing else').waitFor({ timeout });
  await dialog().locator('.scopes', { hasText: 'deliveries' }).waitFor({ timeout });
  await send('Make the link');
  const link = await dialog().locator('pre').innerText({ timeout });
  await dialog().getByText('Good until').waitFor({ timeout });
  await dialog().getByRole('button', { name: 'Copy' }).waitFor({ timeout });
  await send('Done');
  await dialog().waitFor({ state: 'detached', timeout });
  assert.ok(!(await page.content()).includes(link));

  const visitor = await (await browser.newContext()).newPage();
  await visitor.goto(`${server.url}/${new URL(link).hash}`);
  await visitor.getByRole('link', { name: 'Deliveries', exact: true }).first().waitFor({ timeout });
  assert.equal(await visitor.getByRole('link', { name: 'Assets', exact: true }).count(), 0);
  await visitor.context().close();

  // Nobody lets others do more than they may themselves.
  const weaker = await (await browser.newContext()).newPage();
  await weaker.goto(server.url);
  await weaker.getByRole('button', { name: 'API key' }).click();
  await weaker.fill('input[name=key]', text(porter['key']));
  await weaker.getByRole('button', { name: 'Sign in', exact: true }).click();
  await weaker.locator('.side nav').waitFor({ timeout });
  await weaker.goto(`${server.url}/settings/keys`);
  await weaker.getByRole('button', { name: 'Sign-in link: Porter' }).waitFor({ timeout });
  assert.equal(await weaker.getByRole('button', { name: 'Sign-in link: Portal' }).count(), 0);
  await weaker.context().close();

  await button('Sign-in link: Portal').click();
  const path = `/v1/keys/${text(portal['id'])}`;
  await server.call(path, { method: 'DELETE' });
  await send('Make the link');
  await dialog().getByRole('alert').filter({ hasText: 'neither revoked nor expired' }).waitFor({ timeout });
  await send('Cancel');
  await open('/settings/keys');
  await page.locator('tr', { hasText: 'Portal' }).getByText('Revoked').waitFor({ timeout });
  assert.equal(await button('Sign-in link: Portal').count(), 0);
});

test('UI-19 UI-20 what cannot be taken back asks first, begins with the focus inside and gives it back', async () => {
  const { page, server } = rig;
  const doomed = await push('doomed', { name: 'doomed.jpg' });
  await page.goto(`${server.url}/assets/${doomed}`);
  const button = page.getByRole('button', { name: 'Delete', exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor({ timeout });
  await eventually(
    () => page.evaluate("document.querySelector('dialog').contains(document.activeElement)"),
    (is) => is === true,
    'the focus is there',
  );
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await eventually(
    () => page.evaluate("document.activeElement.getAttribute('aria-label') === 'Delete'"),
    (is) => is === true,
    'the focus is there',
  );
  assert.equal((await server.call(`/v1/assets/${doomed}`)).status, 200);
  await page.getByRole('button', { name: 'Move or rename' }).click();
  await eventually(
    () => page.evaluate("document.activeElement.value === 'doomed.jpg'"),
    (is) => is === true,
    'the focus is there',
  );
  await page.goto(`${server.url}/deliveries`);
  await page.getByRole('button', { name: 'Replay' }).click();
  assert.equal(await page.getByRole('button', { name: 'Send them' }).isDisabled(), true, 'the count comes first');
  await page.getByRole('button', { name: 'Count first' }).click();
  await page.getByText('will be sent again').waitFor({ timeout });
});

test('UI-18 an edit on what somebody else has changed is told and not saved over theirs; other edits of theirs do no harm', async () => {
  const { page, server } = rig;
  const stateOf = async () =>
    (await server.call(`/v1/assets/${asset}`)).json['state'] as { readonly info?: object; readonly tags: unknown };
  await page.goto(`${server.url}/assets/${asset}`);
  await page.getByLabel('Title').fill('Mine');
  await server.call(`/v1/assets/${asset}`, { method: 'PATCH', body: { info: { title: 'Theirs' } } });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor({ timeout });
  assert.equal(await page.getByLabel('Title').inputValue(), 'Mine');
  assert.deepEqual((await stateOf()).info, { title: 'Theirs' });
  await page.getByRole('button', { name: 'Show what it is now' }).click();
  await eventually(
    () => page.getByLabel('Title').inputValue(),
    (value) => value === 'Theirs',
    'what it is now is shown',
  );
  await page.getByLabel('Title').fill('Ours');
  await server.call(`/v1/assets/${asset}`, { method: 'PATCH', body: { metadata: { shelf: '7' } } });
  await page.getByRole('button', { name: 'Move or rename' }).click();
  await page.getByLabel('File name').fill('renamed.jpg');
  await page.locator('dialog').getByRole('button', { name: 'Save' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByText('renamed.jpg').first().waitFor({ timeout });
  assert.equal(await page.getByLabel('Title').inputValue(), 'Ours', 'what is being written outlives what else changes');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor({ timeout });
  await eventually(stateOf, ({ info }) => JSON.stringify(info) === '{"title":"Ours"}', 'it is saved');
});

test('UI-18 a session that ends amid a form: one signs in before it, nobody passes without, and what was written is saved', async () => {
  const { server } = rig;
  const context = await rig.browser.newContext();
  const page = await context.newPage();
  const signInWithKey = async () => {
    await page.getByRole('button', { name: 'API key' }).click();
    await page.locator('input[name=key]').fill(adminKey);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  await page.goto(`${server.url}/assets/${asset}`);
  await signInWithKey();
  await page.getByLabel('Title').fill('Written before the session ended');
  await page.evaluate("fetch('/v1/sessions/current', { method: 'DELETE' })");
  await page.getByRole('button', { name: 'Save' }).click();
  const door = page.locator('dialog.sign-in[open]');
  await door.getByText('Your session has ended').waitFor({ timeout });
  for (let times = 0; times < 3; times++) await page.keyboard.press('Escape');
  await door.waitFor({ timeout });
  await signInWithKey();
  await door.waitFor({ state: 'detached', timeout });
  assert.equal(await page.getByLabel('Title').inputValue(), 'Written before the session ended');
  await page.getByRole('button', { name: 'Save' }).click();
  await eventually(
    async () => (await server.call(`/v1/assets/${asset}`)).json['state'] as { readonly info?: object },
    ({ info }) => JSON.stringify(info) === '{"title":"Written before the session ended"}',
    'it is saved',
  );
  // Forms that look first whether somebody was faster hear it from that look.
  const target = { transport: 'http', url: inbox };
  const body = { name: 'Kept', dialect: 'standard', events: ['*'], target };
  const { id } = (await server.call('/v1/webhooks', { body })).json;
  await page.goto(`${server.url}/webhooks/${String(id)}?tab=settings`);
  await page.getByLabel('Name', { exact: true }).fill('Kept as well');
  await page.evaluate("fetch('/v1/sessions/current', { method: 'DELETE' })");
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await door.waitFor({ timeout });
  await signInWithKey();
  await door.waitFor({ state: 'detached', timeout });
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Kept as well');
  await context.close();
  await server.call(`/v1/webhooks/${String(id)}`, { method: 'DELETE' });
});

test('UI-18 settings of a webhook that somebody else has changed are not saved over theirs', async () => {
  const { page, server } = rig;
  const target = { transport: 'http', url: inbox };
  const { id } = (
    await server.call('/v1/webhooks', { body: { name: 'Ours', dialect: 'standard', events: ['*'], target } })
  ).json;
  const path = `/v1/webhooks/${String(id)}`;
  await page.goto(`${server.url}/webhooks/${String(id)}?tab=settings`);
  await page.getByLabel('Name', { exact: true }).fill('Mine');
  await server.call(path, { method: 'PATCH', body: { name: 'Theirs' } });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor({ timeout });
  assert.equal((await server.call(path)).json['name'], 'Theirs');
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Mine');
  await page.getByRole('button', { name: 'Show what it is now' }).click();
  await eventually(
    () => page.getByLabel('Name', { exact: true }).inputValue(),
    (value) => value === 'Theirs',
    'what it is now is shown',
  );
  await page.getByLabel('Name', { exact: true }).fill('Agreed');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. Deliveries').waitFor({ timeout });
  await server.call(path, { method: 'DELETE' });
});

test('a list that is paused counts what comes and moves nothing; the time asked for bounds what the stream brings', async () => {
  const { page, server } = rig;
  const { json: hook } = await server.call('/v1/webhooks', {
    body: { name: 'Listens', dialect: 'standard', events: ['*'], target: { transport: 'http', url: inbox } },
  });
  const path = `/v1/deliveries?states=delivered&webhookId=${text(hook['id'])}`;
  const delivered = async () => rows((await server.call(path)).json).length;
  const change = (shelf: string) =>
    server.call(`/v1/assets/${asset}`, { method: 'PATCH', body: { metadata: { shelf } } });
  await change('8');
  await eventually(delivered, (count) => count > 0, 'the first is delivered');
  await page.goto(`${server.url}/deliveries`);
  await page.locator('.live[data-state=live]', { hasText: 'Live' }).waitFor({ timeout });
  const drawn = page.locator('tbody tr.can-open');
  await drawn.first().waitFor({ timeout });
  const before = await drawn.count();
  await page.getByRole('button', { name: 'Pause' }).click();
  await change('9');
  await page.getByRole('button', { name: '1 newer one' }).waitFor({ timeout });
  assert.equal(await drawn.count(), before);
  await page.getByRole('button', { name: '1 newer one' }).click();
  await eventually(
    () => drawn.count(),
    (count) => count === before + 1,
    'it is drawn',
  );
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.goto(`${server.url}/deliveries?to=${Date.now() - 3_600_000}`);
  await page.locator('.live[data-state=live]', { hasText: 'Live' }).waitFor({ timeout });
  await page.getByText('Nothing fits').waitFor({ timeout });
  const count = await delivered();
  await change('10');
  await eventually(delivered, (now) => now > count, 'another is delivered');
  await eventually(
    () => page.evaluate('performance.now() > 0'),
    (is) => is === true,
    'the page goes on',
  );
  assert.equal(await drawn.count(), 0);
});

test('UI-17 a burst of changes draws what can be seen and no more, and the page stays quick', async () => {
  const { page, server } = rig;
  await page.goto(`${server.url}/changes`);
  await page.locator('.live[data-state=live]', { hasText: 'Live' }).waitFor({ timeout });
  for (let batch = 0; batch < 4; batch++)
    await server.call('/v1/changes', {
      body: {
        changes: Array.from({ length: 100 }, (_, nth) => ({
          kind: 'asset.created',
          subject: { type: 'asset', externalId: `burst-${batch}-${nth}` },
          after: { name: `<img src=x onerror='${marker}'> ${nth}` },
        })),
      },
    });
  await page.getByText("onerror='").first().waitFor({ timeout });
  await eventually(
    () => page.locator('tbody tr').count(),
    (count) => count > 20,
    'the burst is drawn',
  );
  assert.ok((await page.locator('tbody tr').count()) < 120, 'only what is seen');
  await untouched();
});

test('UI-22 UI-24 nothing is asked of another host, and no service worker or cache keeps anything', async () => {
  const { context, server } = rig;
  const page = await context.newPage();
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) foreign.push(request.url());
  });
  for (const path of ['/', '/assets', '/events', '/docs']) {
    await page.goto(server.url + path);
    await page.waitForLoadState('load');
  }
  assert.deepEqual(foreign, []);
  const kept = await page.evaluate(
    'Promise.all([navigator.serviceWorker?.getRegistrations().then((all) => all.length) ?? 0, globalThis.caches?.keys().then((all) => all.length) ?? 0])',
  );
  assert.deepEqual(kept, [0, 0]);
  await page.close();
});

test('the browser had nothing to complain about', () => {
  assert.deepEqual(rig.complaints, []);
});
