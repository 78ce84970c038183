import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { limits } from '../core/limits.ts';
import type { Mail, Mailer } from '../core/mail.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSmtpMailer } from '../transports/email/smtp-mailer.ts';
import { readSmtpPlace } from '../transports/email/smtp-place.ts';
import { createSmtpPool } from '../transports/email/smtp-pool.ts';
import type { Storage } from '../storage/storage.ts';
import { housekeepingEveryMs } from './duty-housekeeping.ts';
import type { NoticeView } from './people.ts';
import { storageLookEveryMs } from './storage-watch.ts';
import {
  caller,
  callerIn,
  createFixture,
  type Fixture,
  type FixtureOptions,
  webhookInput,
} from './testing/app-fixture.ts';

let fixture: Fixture;
afterEach(() => fixture.stop());

type Received = { readonly to: readonly string[]; readonly raw: string };

/** A real SMTP server on the loopback; `refuse` answers recipients, `down` answers everything with 421. */
async function smtpPeer(options: { readonly refuse?: string; readonly down?: () => boolean } = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      done(username === 'dam' && password === 's3cret' ? null : new Error('no'), { user: username }),
    onMailFrom: (_address, _session, done) => {
      if (options.down?.() === true) done(Object.assign(new Error('Try later'), { responseCode: 451 }));
      else done();
    },
    onRcptTo: ({ address }, _session, done) => {
      if (address === options.refuse) done(Object.assign(new Error('No such person'), { responseCode: 550 }));
      else done();
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    url: `smtp://dam:s3cret@127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** Keeps what it is given; fails while `down`. */
function keepingMailer() {
  const sent: Mail[] = [];
  const state = { down: false };
  const mailer: Mailer = {
    send: (mail) => {
      if (state.down) return Promise.reject(new Error('The mail server is away'));
      sent.push(mail);
      return Promise.resolve('sent');
    },
    stop: () => Promise.resolve(),
  };
  return { mailer, sent, state };
}

async function start(options: FixtureOptions = {}): Promise<void> {
  fixture = await createFixture(options);
  await fixture.app.settings.update(caller, { contacts: ['ops@example.com'] });
}

const warn = (target: Fixture, text = 'It keeps failing'): Promise<boolean> =>
  target.notify('default', { kind: 'test.warning', severity: 'warning', subject: 'webhook:wh_x', text });

const only = async (): Promise<NoticeView> => {
  const { items } = await fixture.app.notices.list(caller, { limit: 10 });
  assert.equal(items.length, 1);
  const [notice] = items;
  assert.ok(notice !== undefined);
  return notice;
};

test('a webhook that is warned and disabled makes notices, live events, an operational webhook, and mail to its contacts', async () => {
  const { mailer, sent } = keepingMailer();
  await start({ mailer });
  const seen: string[] = [];
  fixture.app.live.onNotice('default', ({ kind }) => seen.push(kind));
  const { body: watching } = await fixture.app.webhooks.create(
    caller,
    webhookInput({ events: ['webhook.warning', 'webhook.disabled'] }),
  );
  const { body } = await fixture.app.webhooks.create(
    caller,
    webhookInput({ events: ['asset.created'], contacts: ['dev@example.com', 'OPS@example.com'] }),
  );
  for (const percent of [50, 75, 90])
    await fixture.care.warn('default', body.id, { percent, disablesAtMs: fixture.clock.nowMs() + 1_000 });
  await fixture.care.disable('default', body.id, 'continued failure');
  await fixture.doDuties();
  assert.deepEqual(seen, ['webhook.warning', 'webhook.warning', 'webhook.warning', 'webhook.disabled']);
  const { items } = await fixture.app.notices.list(caller, { limit: 10, subject: `webhook:${body.id}` });
  assert.deepEqual(
    items.map(({ kind, mail }) => [kind, mail?.sent]),
    [
      ['webhook.disabled', 2],
      ['webhook.warning', 2],
      ['webhook.warning', 2],
      ['webhook.warning', 2],
    ],
  );
  assert.deepEqual([...new Set(sent.map(({ to }) => to.toLowerCase()))].sort(), ['dev@example.com', 'ops@example.com']);
  const told = fixture.offered.filter(({ delivery }) => delivery.webhookId === watching.id);
  assert.deepEqual(
    told.map(({ delivery }) => delivery.event),
    ['webhook.warning', 'webhook.warning', 'webhook.warning', 'webhook.disabled'],
  );
});

function mailerTo(url: string): Mailer {
  const pool = createSmtpPool({ place: readSmtpPlace(url), tls: 'offered', connectionsMax: 2, clock: systemClock });
  const sender = { address: 'assetwire@dam.example', name: 'Assetwire', dkim: null };
  return createSmtpMailer({ pool, sender, clock: systemClock });
}

test('a mail reaches a real server with its credentials; a name with line breaks makes no header, no password is in it', async () => {
  await using peer = await smtpPeer();
  await start({ mailer: mailerTo(peer.url) });
  await warn(fixture, 'Webhook "Evil\r\nBcc: all@example.com\r\n\r\nBody\u2028" fails');
  await fixture.doDuties();
  const [mail] = peer.received;
  assert.ok(mail !== undefined && peer.received.length === 1);
  assert.deepEqual(mail.to, ['ops@example.com']);
  const end = mail.raw.indexOf('\r\n\r\n');
  const head = mail.raw.slice(0, end);
  const text = mail.raw.slice(end);
  const names = head
    .split('\r\n')
    .filter((line) => !/^\s/.test(line))
    .map((line) => line.split(':', 1)[0]?.toLowerCase());
  assert.ok(!names.includes('bcc') && !names.includes('body'), head);
  assert.doesNotMatch(mail.raw, /^(?:Bcc|Body)/m, 'no line of it begins with what somebody called his webhook');
  assert.match(head, /^From: Assetwire <assetwire@dam\.example>$/m);
  assert.match(head, /^Auto-Submitted: auto-generated$/im);
  assert.match(text, /Workspace: default/);
  for (const secret of ['s3cret', '127.0.0.1:' + (peer.url.split(':').at(-1) ?? '')])
    assert.ok(!mail.raw.includes(secret));
  assert.equal((await only()).mail?.sent, 1);
  await fixture.app.stop();
});

test('a refused address is counted and the others get theirs; a server that is away is tried again, with the same Message-ID', async () => {
  let down = true;
  await using peer = await smtpPeer({ refuse: 'gone@example.com', down: () => down });
  await start({ mailer: mailerTo(peer.url) });
  await fixture.app.settings.update(caller, { contacts: ['gone@example.com', 'ops@example.com'] });
  await warn(fixture);
  await fixture.doDuties();
  assert.equal(peer.received.length, 0);
  assert.equal((await only()).mail, null);
  down = false;
  fixture.clock.advance(60_000);
  await fixture.doDuties();
  assert.equal(peer.received.length, 1);
  const notice = await only();
  assert.deepEqual([notice.mail?.sent, notice.mail?.refused], [1, 1]);
  assert.match(
    peer.received[0]?.raw ?? '',
    new RegExp(`Message-ID: <${notice.id}\\.ops-example\\.com@dam\\.example>`, 'i'),
  );
  await fixture.app.stop();
});

test('FX-06 a mail that was owed when the process died is sent by the next one, and given up after a day; the notice stays, and its mail makes no other', async () => {
  const { mailer, sent, state } = keepingMailer();
  await start({ mailer });
  await warn(fixture);
  const next = await fixture.another();
  await next.doDuties();
  assert.equal(sent.length, 1);
  state.down = true;
  await warn(fixture, 'Another');
  for (let hours = 0; hours < 30; hours += 1) {
    await fixture.doDuties();
    fixture.clock.advance(3_600_000);
  }
  const { items } = await fixture.app.notices.list(caller, { limit: 10 });
  assert.deepEqual([items[0]?.mail?.sent, items[0]?.mail?.refused], [0, 1]);
  assert.equal(items.length, 2);
  assert.deepEqual(
    (await fixture.storage.duties({ nowMs: fixture.clock.nowMs() + 1e9, limit: 10 })).duties.map(({ kind }) => kind),
    ['housekeeping'],
  );
});

test('at most thirty mails an hour for a workspace; the rest waits for the next hour and none is lost', async () => {
  const { mailer, sent } = keepingMailer();
  await start({ mailer });
  for (let n = 0; n < limits.mailsPerHourMax + 5; n += 1) await warn(fixture, `Notice ${n}`);
  await fixture.doDuties();
  assert.equal(sent.length, limits.mailsPerHourMax);
  fixture.clock.advance(3_600_000);
  await fixture.doDuties();
  assert.equal(sent.length, limits.mailsPerHourMax + 5);
  assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, sent.length);
});

test('what is mailed is the workspace’s to say: from which severity on, or not at all', async () => {
  const { mailer, sent } = keepingMailer();
  await start({ mailer });
  for (const mailFrom of ['error', 'none'] as const) {
    await fixture.app.settings.update(caller, { mailFrom });
    await warn(fixture);
    await fixture.doDuties();
  }
  assert.equal(sent.length, 0);
  await fixture.app.settings.update(caller, { mailFrom: 'info' });
  await warn(fixture);
  await fixture.doDuties();
  assert.equal(sent.length, 1);
});

test('notices are found by kind, severity, subject, time and whether somebody has seen to them; that is said once', async () => {
  await start();
  await warn(fixture, 'First');
  fixture.clock.advance(1_000);
  await warn(fixture, 'Second');
  const page = { limit: 10 };
  const texts = async (query: object) =>
    (await fixture.app.notices.list(caller, { ...page, ...query })).items.map(({ text }) => text);
  assert.deepEqual(await texts({}), ['Second', 'First']);
  assert.deepEqual(await texts({ toMs: fixture.clock.nowMs() }), ['First']);
  assert.deepEqual(await texts({ fromMs: fixture.clock.nowMs() }), ['Second']);
  assert.deepEqual(await texts({ kind: 'webhook.disabled' }), []);
  assert.deepEqual(await texts({ severity: 'error' }), []);
  const { items } = await fixture.app.notices.list(caller, page);
  const id = items[0]?.id ?? '';
  const seen = await fixture.app.notices.acknowledge(caller, id);
  assert.equal(seen.acknowledgedBy, 'key:key_test');
  fixture.clock.advance(5);
  const again = await fixture.app.notices.acknowledge(callerIn('default', { actor: { type: 'key', id: 'other' } }), id);
  assert.deepEqual(again, seen, 'the first one stands');
  assert.deepEqual(await texts({ acknowledged: false }), ['First']);
  assert.deepEqual(await texts({ acknowledged: true }), ['Second']);
  await assert.rejects(fixture.app.notices.get(callerIn('elsewhere'), id), { code: 'not_found' });
});

test('a key that ends soon is told of a week and a day before, once each; what is over or too old goes', async () => {
  await start();
  const dayMs = 24 * 3_600_000;
  const expiresAtMs = fixture.clock.nowMs() + 10 * dayMs;
  const { id } = await fixture.app.keys.create(caller, { name: 'CI', scopes: [], expiresAtMs });
  await fixture.app.keys.create(caller, { name: 'Forever', scopes: [] });
  const told = async () => (await fixture.app.notices.list(caller, { limit: 100, kind: 'key.expiring' })).items;
  const counts: number[] = [];
  for (let day = 0; day < 12; day += 1) {
    for (let hour = 0; hour < 24; hour += 6) {
      fixture.clock.advance(6 * housekeepingEveryMs);
      await fixture.doDuties();
    }
    counts.push((await told()).length);
  }
  assert.deepEqual(counts, [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
  assert.equal((await told())[0]?.subject, `key:${id}`);
  fixture.clock.advance(400 * dayMs);
  await fixture.doDuties();
  assert.equal((await told()).length, 0, 'notices are kept for 90 days');
  assert.equal((await fixture.app.operation.audit(caller, { limit: 10 })).items.length, 0, 'audit rows for a year');
});

test('a store that cannot be written is told to every contact, also behind one whose mail cannot be sent', async () => {
  let state: ReturnType<Storage['health']>['state'] = 'ok';
  const asked: string[] = [];
  const mailer: Mailer = {
    async send({ to }) {
      asked.push(to);
      if (asked.length === 1) throw new Error('Try later');
      return 'sent';
    },
    stop: async () => undefined,
  };
  await start({ mailer, wrap: (storage) => ({ ...storage, health: () => ({ ...storage.health(), state }) }) });
  await fixture.app.settings.update(caller, { contacts: ['one@example.com', 'two@example.com'] });
  state = 'full';
  fixture.clock.advance(storageLookEveryMs);
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, ['one@example.com', 'two@example.com']);
});

test('a store that cannot be written is told of at once, and in a notice once it can', async () => {
  let state: ReturnType<Storage['health']>['state'] = 'ok';
  const { mailer, sent } = keepingMailer();
  await start({ mailer, wrap: (storage) => ({ ...storage, health: () => ({ ...storage.health(), state }) }) });
  const seen: string[] = [];
  fixture.app.live.onNotice('default', ({ text }) => seen.push(text));
  state = 'full';
  const settle = async () => {
    fixture.clock.advance(storageLookEveryMs);
    for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  await settle();
  await settle();
  assert.equal(seen.length, 1, 'once');
  assert.match(seen[0] ?? '', /^The disk is full: the store cannot be written since 2026-11-22T/);
  assert.equal(sent.length, 1);
  state = 'ok';
  await settle();
  const notice = await only();
  assert.equal(notice.kind, 'storage.trouble');
  assert.match(notice.text, /it can again$/);
  await fixture.app.stop();
});
