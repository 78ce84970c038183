/** Every form of the console, filled in and sent to the real server: what it sends is what the API takes, and what follows is seen. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConsoleRig, furnish, type Seen, settled, signIn, startConsole } from './console-pages.ts';
import { patienceMs } from '../support/until.ts';
import { eventually, rows } from './real-server.ts';

const media = join(import.meta.dirname, '..', '..', 'media');
const timeout = patienceMs;

let rig: ConsoleRig;
let seen: Seen;

before(async () => {
  rig = await startConsole();
  seen = await furnish(rig.server);
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
const said = (text: string) => rig.page.getByText(text).first().waitFor({ timeout });
/** A word on the page may still be that of the step before: what counts is what the server has. */
const stored = (path: string, wanted: RegExp) =>
  eventually(
    () => read(path),
    (text) => wanted.test(text),
    `${path} has ${wanted.source}`,
  );
/** Every file is looked into, and has its pictures. */
const calm = () =>
  eventually(
    async () => rows((await rig.server.call('/v1/assets?limit=100')).json).map(({ state }) => state),
    (states) =>
      (states as readonly Looked[]).every(
        ({ inspection, renditions }) => inspection.state !== 'pending' && renditions.length === 3,
      ),
    'every file is looked into',
  );
type Looked = { readonly inspection: { readonly state: string }; readonly renditions: readonly unknown[] };
const read = async (path: string) => JSON.stringify((await rig.server.call(path)).json);

test('folders are listed as one goes down, and made', async () => {
  await open('/assets');
  await rig.page.locator('.tree button', { hasText: 'campaigns' }).click();
  await rig.page.locator('.tree button', { hasText: 'spring' }).click();
  await rig.page.locator('.tile-asset').first().waitFor({ timeout });
  await button('New folder').click();
  await field('Path').fill('/campaigns/spring/press');
  await send('Create');
  await gone();
  await rig.page.locator('.tree button', { hasText: 'press' }).waitFor({ timeout });
});

test('many files go up with their progress and are there', async () => {
  await open('/assets?folder=%2Fuploads');
  await rig.page.setInputFiles('main > input[type=file]', [join(media, 'umang.jpg'), join(media, 'seeding.jpg')]);
  await said('2 of 2 uploaded');
  await rig.page.locator('.tile-asset', { hasText: 'umang.jpg' }).waitFor({ timeout });
});

test('an asset is edited by the fields that are defined, in their order', async () => {
  const season = { name: 'season', type: 'select', options: [{ value: 'spring' }, { value: 'autumn' }] };
  await rig.server.call('/v1/metadata-fields', { body: season });
  await open(`/assets/${seen.asset}?tab=metadata`);
  await field('season').selectOption('autumn');
  await button('Save').click();
  await said('Saved');
  await stored(`/v1/assets/${seen.asset}`, /"season":"autumn"/);
  await rig.server.call('/v1/metadata-fields/season', { method: 'PATCH', body: { options: [{ value: 'spring' }] } });
  await open(`/assets/${seen.asset}?tab=metadata`);
  assert.equal(await field('season').inputValue(), 'autumn', 'what is no option any more is shown as it is');
  await rig.server.call('/v1/metadata-fields/season', { method: 'DELETE' });
});

test('an asset is moved, tagged, shared, talked about, approved, versioned, copied, archived, deleted and taken back', async () => {
  const { page } = rig;
  const path = `/assets/${seen.asset}`;
  await open(path);
  await button('Move or rename').click();
  await field('File name').fill('moved.jpg');
  await send('Save');
  await gone();
  await field('Tags').fill('dawn');
  await field('Tags').press('Enter');
  await button('Save').click();
  await said('Saved');
  await stored(`/v1${path}`, /"name":"moved\.jpg".*"dawn"/);
  await open(`${path}?tab=share`);
  await field('Password (optional)').fill('a password for visitors');
  await button('Make a link').click();
  await button('Revoke').click();
  await said('No share link yet.');
  await open(`${path}?tab=talk`);
  await field('Say something').fill('More room above');
  await button('Send').click();
  await said('More room above');
  await button('Done with').click();
  await button('Open again').waitFor({ timeout });
  await button('Approve').click();
  await page.locator('.badge', { hasText: 'Approved' }).waitFor({ timeout });
  await button('Take back').click();
  await said('Nobody has decided.');
  await open(`${path}?tab=versions`);
  await page.setInputFiles('input[type=file][aria-label="Add a version"]', join(media, 'life.jpg'));
  await said('Version 2');
  await button('Make active').click();
  await eventually(
    () => read(`/v1${path}/versions`),
    (text) => /"number":1,"active":true|"active":true,"number":1/.test(text),
    'version 1 is active again',
  );
  await open(path);
  await button('Check out').click();
  await button('Undo check-out').click();
  await button('Check out').waitFor({ timeout });
  await button('Archive').click();
  await button('Take out of the archive').click();
  await button('Archive').waitFor({ timeout });
  await button('Copy').first().click();
  await page.waitForURL((url) => /\/assets\/ast_/.test(url.pathname) && !url.pathname.endsWith(seen.asset), {
    timeout,
  });
  await settled(page);
  await button('Delete').click();
  await send('Delete');
  await page.waitForURL(/\/assets$/, { timeout });
  await open('/assets/trash');
  await button('Take back').click();
  await said('Taken back');
});

test('a focus point is set by a click and taken away', async () => {
  await open(`/assets/${seen.asset}`);
  await button('Set the focus point').click();
  await rig.page.locator('.stage .held').click({ position: { x: 30, y: 40 } });
  await rig.page.locator('.stage .focus').waitFor({ timeout });
  await button('Take it away').click();
  await rig.page.locator('.stage .focus').waitFor({ state: 'detached', timeout });
});

test('deliveries are exported and replayed: a count first, and never more than is shown', async () => {
  const { page } = rig;
  await open('/deliveries');
  for (const form of ['ndjson', 'csv']) {
    await button('Export').click();
    await field('Form').selectOption(form);
    await send('Make the file');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('link', { name: 'Download' }).click({ timeout }),
    ]);
    assert.match(download.suggestedFilename(), new RegExp(`\\.${form}$`));
    await page.keyboard.press('Escape');
    await gone();
  }
  await open('/deliveries?dialect=woodwing');
  await button('Replay').click();
  await said('Choose a webhook instead of a dialect');
  assert.equal(await dialog().getByRole('button', { name: 'Count first' }).isDisabled(), true);
  await page.keyboard.press('Escape');
  await rig.server.call(`/v1/webhooks/${seen.webhook}/test?wait=30`, { body: { event: 'asset.tags_changed' } });
  await open(`/deliveries?webhookId=${seen.webhook}&event=asset.tags_changed&states=delivered`);
  await button('Replay').click();
  await send('Count first');
  await dialog().getByText('1 test fits too and is left out').waitFor({ timeout });
  await page.keyboard.press('Escape');
  await open(`/deliveries?webhookId=${seen.webhook}&states=delivered`);
  await button('Replay').click();
  await send('Count first');
  await dialog().getByText('will be sent again').waitFor({ timeout });
  await send('Send them');
  await dialog()
    .getByText(/deliver(?:y|ies) made/)
    .waitFor({ timeout });
  await send('Done');
  await gone();
});

test('a webhook is changed, tried against the past, its secret shown and renewed, switched off and on', async () => {
  const { page } = rig;
  const path = `/webhooks/${seen.webhook}`;
  await open(`${path}?tab=settings`);
  await field('Name').fill('Shop front, renamed');
  await button('Save').click();
  await said('Saved. Deliveries made');
  await open(`${path}?tab=dryRun`);
  await button('Look at the latest changes').click();
  await said('match.');
  await open(`${path}?tab=secret`);
  await button('Show').click();
  await page.locator('pre', { hasText: 'whsec_' }).first().waitFor({ timeout });
  await button('Make a new secret').click();
  await send('Make a new secret');
  await gone();
  const signing = async () =>
    ((await rig.server.call(`/v1${path}`)).json['secrets'] as readonly { readonly signsUntilMs?: number }[]).length;
  assert.equal(await signing(), 2, 'both sign for a while');
  await button('Make a new secret').click();
  await field('The old one stops at once').check();
  await send('Make a new secret');
  await gone();
  await eventually(signing, (count) => count === 1, 'only the new one signs');
  // What is found out about the files that others have uploaded is told before, not meanwhile.
  await calm();
  await button('Disable').click();
  await said('Disabled since');
  await button('Enable').click();
  // Nothing has gathered in so short a time: there is nothing to choose.
  await dialog().getByText('Nothing has gathered meanwhile').waitFor({ timeout });
  await send('Enable');
  await gone();
  await button('Disable').waitFor({ timeout });
});

test('what is sent unless one says otherwise is ticked, and a group that is emptied stays empty', async () => {
  await open('/webhooks/new?dialect=scaleflex');
  await field('Name').fill('Only what is ticked');
  await button('Use an inbox of this server').click();
  const group = (name: string) => rig.page.getByRole('group', { name, exact: true }).getByRole('checkbox');
  for (const [name, count] of [
    ['File (all assets)', 6],
    ['Video', 5],
    ['Image', 2],
    ['Additional', 3],
  ] as const) {
    const ticked = await group(name).evaluateAll((boxes) =>
      boxes.filter((box) => (box as { checked?: boolean }).checked),
    );
    assert.equal(ticked.length, count, name);
  }
  for (const box of await group('Image').all()) await box.uncheck();
  await group('Additional').last().uncheck();
  await button('Make the webhook').click();
  await said('The webhook is made');
  const made = rows((await rig.server.call('/v1/webhooks?limit=100')).json).find(
    ({ name }) => name === 'Only what is ticked',
  );
  assert.deepEqual(made?.['settings'], { fields: { image: [], additional: ['system', 'custom'] } });
});

test('a webhook over one of several protocols: its own credentials, times of retries and settings, and no other’s', async () => {
  const { page, server } = rig;
  const named = async (name: string) =>
    rows((await server.call('/v1/webhooks?limit=100')).json).find((webhook) => webhook['name'] === name);
  const retries = page.locator('.timeline.policy');
  await open('/webhooks/new?dialect=bynder');
  await field('Protocol').selectOption('email');
  await said('Ask whoever runs the server to set up outgoing mail');
  await page.locator('.notice code', { hasText: 'ASSETWIRE_SMTP_URL' }).waitFor({ timeout });
  await field('Name').fill('Shop queue');
  // What the protocol says is not asked for again.
  assert.equal(await page.getByText('Form of e-mails').count(), 0);
  await field('Protocol').selectOption('sqs');
  await field('Queue ARN').fill('arn:aws:sqs:eu-central-1:123456789012:shop');
  await retries.getByText('then 99,999 retries, 20 s apart').waitFor({ timeout });
  assert.equal(await page.getByText('Ask whoever runs the server').count(), 0);
  const policy = page.getByLabel('Add the security policy to the queue', { exact: true });
  await policy.getByText('arn:aws:sqs:eu-central-1:123456789012:shop').waitFor({ timeout });
  await page.locator('summary', { hasText: 'credentials' }).click();
  await page.locator('details.card select').first().selectOption('aws');
  await field('Access key id').fill('AKIAIOSFODNN7EXAMPLE');
  await field('Secret access key').fill('wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY');
  await field('Session token (optional)').fill('x');
  await field('Session token (optional)').fill('');
  await button('Make the webhook').click();
  await said('The webhook is made');
  // Nothing but the question is sent before the endpoint has confirmed.
  assert.equal(await button('Send a test').count(), 0);
  const queue = await named('Shop queue');
  assert.deepEqual(queue?.['settings'], {});
  assert.match(JSON.stringify(queue['credentials']), /"kind":"aws","accessKeyId":"AKIAIOSFODNN7EXAMPLE"/);
  await open(`/webhooks/${String(queue['id'])}`);
  await retries.getByText('then 99,999 retries, 20 s apart').waitFor({ timeout });
  await open('/webhooks/new?dialect=bynder');
  await field('Name').fill('Shop front');
  await field('Protocol').selectOption('https');
  await button('Use an inbox of this server').click();
  await eventually(
    () => page.locator('input[type=url]').inputValue(),
    (value) => value.startsWith('https:'),
    'the inbox has an address',
  );
  assert.equal(await field('Protocol').inputValue(), 'https');
  await page.locator('input[type=url]').fill('http://127.0.0.1:9099/');
  assert.equal(await field('Protocol').inputValue(), 'http', 'an address of another protocol is told as that');
  await retries.getByText('Retry 3, after 20 s').waitFor({ timeout });
  await page.locator('summary', { hasText: 'Delivery policy' }).click();
  await field('Retries').fill('2');
  await field('Longest delay').fill('300');
  await field('Events').or(page.getByLabel('All events, also future ones')).first().check();
  await button('Use an inbox of this server').click();
  // It is made by a question of its own: whoever presses on before has no address yet.
  await eventually(
    () => rig.page.locator('input[type=url]').inputValue(),
    (url) => url.includes('/inbox/'),
    'it has its address',
  );
  await button('Make the webhook').click();
  await said('The webhook is made');
  await open(`/webhooks/${String((await named('Shop front'))?.['id'])}`);
  await retries.getByText('Retry 2, after 5 min').waitFor({ timeout });
  assert.equal(await retries.getByText('Retry 3').count(), 0, 'its own delivery policy counts');
});

test('a wizard that lacks an event says to choose one, and names no route', async () => {
  await open('/webhooks/new?dialect=brandfolder');
  await field('Name').fill('Without an event');
  await button('Use an inbox of this server').click();
  // It is made by a question of its own: whoever presses on before has no address yet.
  await eventually(
    () => rig.page.locator('input[type=url]').inputValue(),
    (url) => url.includes('/inbox/'),
    'it has its address',
  );
  await button('Make the webhook').click();
  await said('Choose at least one of them.');
  assert.doesNotMatch(await rig.page.locator('main').innerText(), /(?:GET|POST) \/v1/);
  await rig.server.call('/v1/libraries', { body: { key: 'brand', name: 'Brand', organization: 'example-corp' } });
  await open('/webhooks/new?dialect=brandfolder');
  await field('Brandfolder').selectOption({ label: 'Brand (brand)' });
  await field('Name').fill('About the brand');
  await button('Use an inbox of this server').click();
  await rig.page.locator('select', { hasText: 'asset.update' }).first().selectOption('asset.update');
  await button('Make the webhook').click();
  await said('The webhook is made');
  const made = rows((await rig.server.call('/v1/webhooks?limit=100')).json).find(
    ({ name }) => name === 'About the brand',
  );
  assert.match(JSON.stringify(made?.['settings']), /"resource_key":"brand".*example-corp/);
});

test('a replay that goes on is seen and stopped where deliveries are listed', async () => {
  const { page } = rig;
  let state = 'running';
  const replay = { id: 'rpl_0000000000000000000000000z', count: 4_000, exact: true, done: 120, made: 120 };
  await page.route(/\/v1\/replays/, (route) => {
    if (route.request().method() === 'DELETE') state = 'cancelled';
    const one = { ...replay, state };
    const listed = new URL(route.request().url()).pathname.endsWith('/replays');
    return route.fulfill({ json: listed ? { data: state === 'running' ? [one] : [], nextCursor: null } : one });
  });
  await open('/deliveries');
  const notice = page.locator('.notice', { hasText: 'A replay is on its way: 120 of 4,000' });
  await notice.getByRole('button', { name: 'Stop' }).click();
  await notice.waitFor({ state: 'detached', timeout });
  assert.equal(state, 'cancelled');
  await page.unroute(/\/v1\/replays/);
});

test('an event of every dialect that answers at once is sent to the inbox', async () => {
  for (const dialect of ['standard', 'woodwing', 'brandfolder', 'scaleflex', 'bambuser']) {
    await open(`/events?dialect=${dialect}`);
    await button('Send me this now').click();
    await rig.page.waitForURL(/\/inboxes\/inb_/, { timeout });
    await rig.page.locator('.requests li').first().waitFor({ timeout });
  }
});

test('an inbox answers as it is told to, and two requests are compared', async () => {
  await open(`/inboxes/${seen.inbox}`);
  await field('Status').fill('418');
  await field('Delay, milliseconds').fill('5');
  await button('Save').click();
  await said('Saved');
  const boxes = rig.page.locator('.requests input[type=checkbox]');
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await button('Compare').click();
  await dialog().waitFor({ timeout });
});

test('jobs are made, moved on and deleted', async () => {
  await open('/jobs');
  await button('New job').first().click();
  await field('What is to be done').fill('Crop for the shop');
  await field('Deadline').fill('2030-01-02T03:04');
  await field('Assets').fill(seen.asset);
  await send('Create');
  await gone();
  await field('Status: Crop for the shop').selectOption('in_review');
  await eventually(
    () => read('/v1/jobs'),
    (text) => text.includes('in_review'),
    'the job has moved on',
  );
  await button('Delete: Crop for the shop').click();
  await send('Delete');
  await gone();
  await said('No job yet');
});

test('a film is streamed, renamed and removed', async () => {
  await open('/broadcasts');
  await rig.page.setInputFiles('input[type=file][accept]', join(media, 'pan.mp4'));
  const row = rig.page.locator('tbody tr', { hasText: 'Archived' });
  await row.waitFor({ timeout });
  await row.getByRole('link').first().click();
  await field('Title').fill('The pan');
  await send('Save');
  await gone();
  await rig.page.getByRole('link', { name: 'The pan' }).click();
  await send('Remove');
  // What is gone for good is asked for by its name.
  await dialog().last().getByRole('textbox').fill('The pan');
  await send('Remove');
  await said('No broadcast yet');
});

test('keys are made and revoked, people invited, switched off and on, a workspace made', async () => {
  await open('/settings/keys');
  await button('New key').click();
  await field('Name').fill('a program');
  await send('Create');
  await dialog().locator('pre', { hasText: /^aw_/ }).waitFor({ timeout });
  await send('Done');
  await rig.page.locator('tr', { hasText: 'a program' }).getByRole('button', { name: 'Revoke' }).click();
  await send('Revoke');
  await gone();
  await open('/settings/users');
  await button('Invite somebody').click();
  await field('Name').fill('Ada');
  await field('E-mail address').fill('ada@shop.example');
  await send('Create');
  await dialog().locator('pre', { hasText: '/password#link=' }).waitFor({ timeout });
  await send('Done');
  await rig.page.getByRole('link', { name: 'Ada', exact: true }).click();
  await button('Disable').click();
  await button('Enable').click();
  await button('Disable').waitFor({ timeout });
  await open('/settings/workspace');
  await field('The trash is kept, days').fill('12');
  await button('Save').click();
  await said('Saved');
  await button('New workspace').click();
  await field('Id').fill('sandbox');
  await field('Below').selectOption('default');
  await send('Create');
  await gone();
  await stored('/v1/workspaces/sandbox', /"parent":"default"/);
});

test('a workspace is bounded and erased once its id is typed, and the audit shows what was changed', async () => {
  const { page, server } = rig;
  await server.call('/v1/workspaces', { body: { id: 'scratch', name: 'Scratch' } });
  await open('/settings/workspace');
  const row = page.locator('tr', { hasText: 'scratch' });
  await row.getByRole('button', { name: 'Edit' }).click();
  await field('Its files may take, GB').fill('2');
  await field('Changes a second').fill('200');
  await send('Save');
  await gone();
  const { quota } = (await server.call('/v1/workspaces/scratch')).json;
  assert.deepEqual(quota, { bytesMax: 2_000_000_000, filesMax: null, changesPerSecondMax: 200 });
  await row.getByRole('button', { name: 'Edit' }).click();
  await send('Erase');
  await said('Erase Scratch with everything in it?');
  assert.equal(await dialog().getByRole('button', { name: 'Erase', exact: true }).isDisabled(), true);
  await dialog().getByRole('textbox').fill('scratch');
  await send('Erase');
  await gone();
  await server.call(`/v1/webhooks/${seen.webhook}`, { method: 'PATCH', body: { name: 'Named anew' } });
  await open('/settings/audit');
  await page.getByRole('button', { name: 'Webhook changed' }).first().click();
  await dialog().getByText('Named anew').first().waitFor({ timeout });
  await send('What else was done to it');
  await gone();
  await page.waitForURL((url) => url.searchParams.get('target') === `webhook:${seen.webhook}`, { timeout });
  assert.equal(await field('To what (type:id)').inputValue(), `webhook:${seen.webhook}`);
});

test('a test mail that cannot leave says what was wanted, what was found and how to mend it', async () => {
  await open('/settings/transports');
  await field('Send a test mail to').fill('ops@example.com');
  await button('Send a test mail').click();
  await said('no mail server: ASSETWIRE_SMTP_URL is not set');
  await said('Set ASSETWIRE_SMTP_URL to');
  await open('/settings/space');
  await rig.page.locator('tr', { hasText: 'Changes' }).first().waitFor({ timeout });
});

test('properties of dialects are saved, whole numbers and switches', async () => {
  await open('/settings/properties');
  const card = rig.page.locator('section.card', { hasText: 'Webhook configurations' });
  await card.getByLabel('Webhook configurations', { exact: true }).fill('11');
  await card.getByLabel('Asset Workflow', { exact: true }).uncheck();
  await card.getByRole('button', { name: 'Save' }).click();
  await said('Saved');
  const { json } = await rig.server.call('/v1/dialects/bynder/properties');
  const values = Object.fromEntries(rows({ data: json['properties'] }).map(({ name, value }) => [name, value]));
  assert.equal(values['webhookConfigurationsMax'], 11);
  assert.equal(values['workflowEnabled'], false);
});

test('nothing that the console sent was refused, and the browser had nothing to complain about', () => {
  // Before anybody is signed in; of a folder that the first file makes; of the asset that these tests delete.
  // Of the webhook that lacks an event.
  const provoked = /^(?:GET \/v1\/(?:sessions\/current 401|folders 404|assets\/ast_\w+ 410)|POST \/v1\/webhooks 422)$/;
  assert.deepEqual(
    rig.refused.filter((line) => !provoked.test(line)),
    [],
  );
  assert.deepEqual(rig.complaints, []);
});
