import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { limits } from '../core/limits.ts';
import { createInboxStore, inboxBytesMax } from './inbox-store.ts';
import type { InboxRequest } from './app.ts';
import { inboxLifetimeMs } from './inboxes.ts';
import { caller, callerIn, createFixture, type Fixture, holdClock, webhookInput } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

const received = (
  body = '{}',
  headers: InboxRequest['headers'] = [],
): Omit<InboxRequest, 'id' | 'atMs' | 'verification'> => ({
  method: 'POST',
  path: '/inbox/x',
  headers,
  bodyBase64: Buffer.from(body).toString('base64'),
  bodyBytes: body.length,
  bodyCut: false,
});

test('what an inbox received is read in pages, newest first, or with after oldest first, whatever comes meanwhile', async () => {
  const { inboxes } = fixture.app;
  const inbox = await inboxes.create(caller);
  const ids: string[] = [];
  await inboxes.subscribe(caller, inbox.id, ({ id }) => ids.push(id));
  for (let n = 0; n < 5; n += 1) await inboxes.receive(inbox.id, received());
  const walk = async (query: { readonly after?: string }): Promise<readonly string[]> => {
    const walked: string[] = [];
    let cursor: string | null = null;
    do {
      const options: Parameters<typeof inboxes.requests>[2] = {
        ...query,
        limit: 2,
        ...(cursor === null ? {} : { cursor }),
      };
      const page = await inboxes.requests(caller, inbox.id, options);
      walked.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return walked;
  };
  assert.deepEqual(await walk({}), ids.toReversed());
  assert.deepEqual(await walk({ after: ids[0] ?? '' }), ids.slice(1));
  const first = await inboxes.requests(caller, inbox.id, { limit: 3 });
  await inboxes.receive(inbox.id, received());
  const rest = await inboxes.requests(caller, inbox.id, { limit: 3, cursor: first.nextCursor ?? '' });
  assert.deepEqual(
    [...first.items, ...rest.items].map(({ id }) => id),
    ids.slice(0, 5).toReversed(),
  );
  await assert.rejects(inboxes.requests(caller, inbox.id, { limit: 3, cursor: 'mine' }), { code: 'invalid_cursor' });
});

test('an inbox answers what it was told to, keeps what arrives and tells those who watch', async () => {
  const { inboxes } = fixture.app;
  const inbox = await inboxes.create(caller);
  assert.equal(inbox.url, `http://127.0.0.1:8484/inbox/${inbox.id}`);
  const seen: string[] = [];
  const end = await inboxes.subscribe(caller, inbox.id, (request) => seen.push(request.id));
  assert.deepEqual(await inboxes.receive(inbox.id, received()), inbox.answer);
  await inboxes.configure(caller, inbox.id, { status: 503, body: 'later' });
  assert.deepEqual(await inboxes.receive(inbox.id, received()), { status: 503, delayMs: 0, body: 'later' });
  const { items, nextCursor } = await inboxes.requests(caller, inbox.id, { limit: 10 });
  const [newest, oldest] = items;
  assert.equal(nextCursor, null);
  assert.deepEqual(seen, [oldest?.id, newest?.id]);
  assert.deepEqual(
    (await inboxes.requests(caller, inbox.id, { limit: 10, after: oldest?.id ?? '' })).items.map(({ id }) => id),
    [newest?.id],
  );
  end();
  await inboxes.receive(inbox.id, received());
  assert.equal(seen.length, 2);
  assert.equal((await inboxes.get(caller, inbox.id)).received, 3);
  for (const answer of [{ status: 199 }, { status: 600 }, { delayMs: -1 }, { delayMs: 60_001 }]) {
    await assert.rejects(inboxes.configure(caller, inbox.id, answer), { code: 'invalid_request' });
  }
});

test('the signature of a webhook that points at the inbox is verified over the received bytes', async () => {
  const { inboxes, webhooks } = fixture.app;
  const inbox = await inboxes.create(caller);
  const elsewhere = await webhooks.create(caller, webhookInput());
  const strange = received('{}', signed(elsewhere.body.secret ?? '', '{}'));
  assert.equal((await arrive(inbox.id, strange)).detail, 'No webhook of this workspace points here');
  const { body } = await webhooks.create(caller, webhookInput({ target: { transport: 'http', url: inbox.url } }));
  const sent = '{"type":"asset.created"}';
  const headers = signed(body.secret ?? '', sent);
  assert.deepEqual(pick(await arrive(inbox.id, received(sent, headers))), { result: 'verified', webhookId: body.id });
  assert.equal((await arrive(inbox.id, received('{"type":"asset.deleted"}', headers))).result, 'failed');
  assert.equal((await arrive(inbox.id, received(sent))).result, 'unsigned');
  const rotated = await webhooks.rotateSecret(caller, body.id, {});
  assert.equal((await arrive(inbox.id, received(sent, signed(rotated.secret, sent)))).result, 'verified');
  assert.equal((await arrive(inbox.id, received(sent, headers))).result, 'verified');
  const foreign = await webhooks.create(
    callerIn('other'),
    webhookInput({ target: { transport: 'http', url: inbox.url } }),
  );
  assert.equal((await arrive(inbox.id, received(sent, signed(foreign.body.secret ?? '', sent)))).result, 'failed');
});

test('an inbox that is unknown, removed, expired or foreign is not there', async () => {
  const { inboxes } = fixture.app;
  const inbox = await inboxes.create(caller);
  assert.equal(await inboxes.receive('inb_unknown', received()), null);
  const foreign = callerIn('other');
  for (const call of [
    () => inboxes.get(foreign, inbox.id),
    () => inboxes.requests(foreign, inbox.id, { limit: 1 }),
    () => inboxes.configure(foreign, inbox.id, { status: 200 }),
    () => inboxes.remove(foreign, inbox.id),
    () => inboxes.subscribe(foreign, inbox.id, () => undefined),
  ]) {
    await assert.rejects(call(), { code: 'not_found' });
  }
  const gone = await inboxes.create(caller);
  await inboxes.remove(caller, gone.id);
  assert.equal(await inboxes.receive(gone.id, received()), null);
  fixture.clock.advance(inboxLifetimeMs);
  assert.equal(await inboxes.receive(inbox.id, received()), null);
  await assert.rejects(inboxes.get(caller, inbox.id), { code: 'not_found' });
});

test('what inboxes keep is bounded in number, in bytes over all of them, and in time', () => {
  const clock = holdClock();
  const store = createInboxStore(clock);
  const request = (id: number, bytes: number): InboxRequest => ({
    ...received(),
    id: `req_${String(id).padStart(8, '0')}`,
    atMs: clock.nowMs(),
    bodyBase64: 'x'.repeat(bytes),
    verification: { result: 'unsigned', detail: '' },
  });
  for (let index = 0; index < limits.inboxRequestsMax + 10; index += 1) store.add('a', request(index, 10));
  assert.equal(store.count('a'), limits.inboxRequestsMax);
  assert.equal(store.list('a', { limit: 1_000 }).items.at(-1)?.id, 'req_00000010');
  const large = 349_528;
  for (let index = 0; index < 200; index += 1) store.add(`b${index % 4}`, request(1_000 + index, large));
  const kept = ['b0', 'b1', 'b2', 'b3'].reduce((sum, id) => sum + store.count(id), 0);
  assert.ok(kept * large <= inboxBytesMax && kept * large > inboxBytesMax - 2 * large, `${kept} kept`);
  assert.equal(store.count('a'), 0);
  clock.advance(24 * 3_600_000);
  assert.equal(store.list('b0', { limit: 10 }).items.length, 0);
});

async function arrive(
  inboxId: string,
  request: Omit<InboxRequest, 'id' | 'atMs' | 'verification'>,
): Promise<InboxRequest['verification']> {
  await fixture.app.inboxes.receive(inboxId, request);
  const { items } = await fixture.app.inboxes.requests(caller, inboxId, { limit: 1 });
  const [last] = items;
  if (last === undefined) throw new Error('Nothing has arrived');
  return last.verification;
}

function pick({ result, webhookId }: InboxRequest['verification']) {
  return { result, webhookId };
}

function signed(secret: string, body: string): InboxRequest['headers'] {
  const seconds = String(Math.floor(fixture.clock.nowMs() / 1_000));
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64');
  return [
    ['webhook-id', 'msg_1'],
    ['webhook-timestamp', seconds],
    ['webhook-signature', `v1,${signature}`],
  ];
}
