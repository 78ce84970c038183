import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '../core/json.ts';
import type { Mailer } from '../core/mail.ts';
import { bynderDialect } from '../dialects/bynder/index.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import { caller, createFixture, type Fixture, webhookInput } from './testing/app-fixture.ts';

const hourMs = 3_600_000;
const all = { limit: 100 };
const events = ['asset_bank.media.create'];
const endpoint = { transport: 'http', url: 'http://127.0.0.1:9099/bynder' } as const;

async function withConfiguration(run: (fixture: Fixture, id: string) => Promise<void>): Promise<void> {
  const fixture = await createFixture({ dialects: [bynderDialect] });
  try {
    const input = webhookInput({ dialect: 'bynder', target: endpoint, events });
    await run(fixture, (await fixture.app.webhooks.create(caller, input)).body.id);
  } finally {
    await fixture.stop();
  }
}

/** The token in the question or farewell that was sent last. */
async function tokenOf({ storage }: Fixture, id: string): Promise<string> {
  const { tasks } = await storage.pending({ webhookId: id as `wh_${string}`, by: 'position', nowMs: 0, limit: 100 });
  const asked = tasks.findLast(({ delivery }: DeliveryTask) => delivery.origin === 'handshake');
  const token = asked?.delivery.frozen?.['token'];
  assert.ok(typeof token === 'string');
  return token;
}

const stateOf = async ({ app }: Fixture, id: string): Promise<readonly unknown[]> => {
  const { state, confirmation } = await app.webhooks.get(caller, id);
  return [state, confirmation?.state];
};

async function dueHandshakes({ storage, clock, duties }: Fixture): Promise<void> {
  const { duties: found } = await storage.duties({ nowMs: clock.nowMs(), limit: 100 });
  for (const duty of found) if (duty.kind === 'handshake') await duties.handshake?.(duty, new AbortController().signal);
}

test('CF-02 a link confirms once and for all: its token has 896 random bits and is kept as a hash only', async () => {
  await withConfiguration(async (fixture, id) => {
    const token = await tokenOf(fixture, id);
    assert.match(token, /^[0-9a-f]{224}$/);
    const [row] = await fixture.storage.resources([{ workspaceId: 'default', type: 'handshake', id }]);
    assert.ok(row !== undefined && row !== null && !JSON.stringify(row).includes(token));
    assert.deepEqual(await stateOf(fixture, id), ['pending', 'pending']);
    for (const wrong of ['', 'x', token.slice(1), `${token}0`, token.toUpperCase(), ` ${token}`]) {
      assert.equal(await fixture.app.consents.confirm(wrong, {}), null);
    }
    assert.deepEqual(await stateOf(fixture, id), ['pending', 'pending']);
    assert.equal((await fixture.app.consents.confirm(token, {}))?.confirmation.state, 'confirmed');
    assert.equal((await fixture.app.consents.confirm(token, {}))?.confirmation.state, 'confirmed');
    assert.deepEqual(await stateOf(fixture, id), ['enabled', 'confirmed']);
  });
});

test('CF-03 a link is good for 48 hours; then the webhook is off for good, and it is to be made anew', async () => {
  await withConfiguration(async (fixture, id) => {
    const token = await tokenOf(fixture, id);
    fixture.clock.advance(48 * hourMs - 1);
    await dueHandshakes(fixture);
    assert.deepEqual(await stateOf(fixture, id), ['pending', 'pending']);
    fixture.clock.advance(1);
    assert.equal((await fixture.app.consents.find(token))?.expired, true);
    assert.equal((await fixture.app.consents.confirm(token, {}))?.confirmation.state, 'expired');
    await dueHandshakes(fixture);
    assert.deepEqual(await stateOf(fixture, id), ['disabled', 'expired']);
    await assert.rejects(fixture.app.webhooks.enable(caller, id, {}), { code: 'not_confirmed' });
    await assert.rejects(fixture.app.webhooks.test(caller, id, {}), { code: 'not_confirmed' });
    await fixture.app.webhooks.remove(caller, id);
    assert.equal(await fixture.app.consents.find(token), null);
  });
});

test('CF-01 an endpoint that has not confirmed gets no test either', async () => {
  await withConfiguration(async (fixture, id) => {
    await assert.rejects(fixture.app.webhooks.test(caller, id, {}), { code: 'not_confirmed' });
    await fixture.app.consents.confirm(await tokenOf(fixture, id), {});
    assert.ok((await fixture.app.webhooks.test(caller, id, {})).deliveryId);
  });
});

test('a confirmation outlives being switched off; before it, switching off and on asks nothing again', async () => {
  await withConfiguration(async (fixture, id) => {
    const token = await tokenOf(fixture, id);
    await fixture.app.webhooks.disable(caller, id);
    await fixture.app.webhooks.enable(caller, id, {});
    assert.deepEqual(await stateOf(fixture, id), ['pending', 'pending']);
    assert.equal(await tokenOf(fixture, id), token, 'it was asked again');
    await fixture.app.webhooks.disable(caller, id);
    await fixture.app.consents.confirm(token, {});
    assert.deepEqual(await stateOf(fixture, id), ['disabled', 'confirmed']);
    fixture.clock.advance(100 * hourMs);
    await dueHandshakes(fixture);
    await fixture.app.webhooks.enable(caller, id, {});
    assert.deepEqual(await stateOf(fixture, id), ['enabled', 'confirmed']);
  });
});

test('CF-12 an endpoint ends it and takes that back; only its own, and not where it takes somebody who is signed in', async () => {
  await withConfiguration(async (fixture, id) => {
    const { consents, webhooks } = fixture.app;
    assert.equal(
      (await consents.unsubscribe(id))?.confirmation.state,
      'pending',
      'one that never confirmed has no end',
    );
    const first = await tokenOf(fixture, id);
    await consents.confirm(first, {});
    assert.equal((await consents.unsubscribe(id))?.confirmation.state, 'unsubscribed');
    assert.deepEqual(await stateOf(fixture, id), ['pending', 'unsubscribed']);
    assert.equal(await consents.find(first), null, 'the first link is good no more');
    const second = await tokenOf(fixture, id);
    await consents.confirm(second, {});
    assert.deepEqual(await stateOf(fixture, id), ['enabled', 'confirmed']);
    await consents.unsubscribe(id);
    fixture.clock.advance(49 * hourMs);
    await dueHandshakes(fixture);
    const ended = await webhooks.get(caller, id);
    assert.deepEqual([ended.state, ended.confirmation?.state], ['disabled', 'unsubscribed']);
    assert.match(ended.stateReason ?? '', /ended it by the link/);
    await assert.rejects(webhooks.enable(caller, id, {}), { code: 'not_confirmed' });
    assert.equal(await consents.unsubscribe('wh_01kan4c4q0edkxrmnr6dgk2vfz'), null);
  });
  await withConfiguration(async (fixture, id) => {
    await fixture.app.consents.confirm(await tokenOf(fixture, id), { guarded: true });
    assert.equal((await fixture.app.consents.findWebhook(id))?.guarded, true);
  });
});

test('a signing key is made with the first webhook, rotated, kept for 60 days, and withdrawn', async () => {
  await withConfiguration(async ({ app, clock }) => {
    const { signingKeys } = app;
    const [first] = (await signingKeys.list(caller, all)).items;
    assert.ok(first !== undefined && first.state === 'present' && first.name === 'sns' && first.dialect === 'bynder');
    const alias = /SimpleNotificationService-([0-9a-f]{32})\.pem$/.exec(first.certificateUrl)?.[1] ?? '';
    assert.equal((await signingKeys.certificate(alias)).certificate, first.certificate);
    assert.equal(new X509Certificate(first.certificate).publicKey.asymmetricKeyDetails?.modulusLength, 2_048);
    const second = await signingKeys.rotate(caller, { name: 'sns' });
    const states = async (): Promise<readonly string[]> =>
      (await signingKeys.list(caller, all)).items.map(
        ({ id, state }) => `${id === second.id ? 'second' : 'first'} ${state}`,
      );
    assert.deepEqual(await states(), ['second present', 'first former']);
    const page = await signingKeys.list(caller, { limit: 1 });
    assert.deepEqual([page.items[0]?.id, page.nextCursor], [second.id, second.id]);
    const rest = await signingKeys.list(caller, { limit: 1, cursor: second.id });
    assert.deepEqual([rest.items[0]?.id, rest.nextCursor], [first.id, null]);
    await assert.rejects(signingKeys.list(caller, { limit: 1, cursor: 'x' }), { code: 'invalid_cursor' });
    await assert.rejects(signingKeys.withdraw(caller, second.id), { code: 'signing_key_in_use' });
    clock.advance(60 * 24 * hourMs - 1);
    assert.equal((await signingKeys.certificate(alias)).certificate, first.certificate);
    clock.advance(1);
    await assert.rejects(signingKeys.certificate(alias), { code: 'not_found' });
    assert.deepEqual(await states(), ['second present']);
    const third = await signingKeys.rotate(caller, { name: 'sns', withdrawFormer: true });
    assert.deepEqual(
      (await signingKeys.list(caller, all)).items.map(({ id }) => id),
      [third.id],
    );
    await assert.rejects(signingKeys.get(caller, second.id), { code: 'not_found' });
    await assert.rejects(signingKeys.rotate(caller, { name: 'other' }), { code: 'invalid_request' });
  });
});

test('SG-19 what was signed with a withdrawn key is signed with the present one, and what has none is not sent', async () => {
  await withConfiguration(async ({ app, deps }) => {
    const [first] = (await app.signingKeys.list(caller, all)).items;
    assert.ok(first !== undefined);
    const request = {
      algorithm: 'rsa-sha256',
      key: { kind: 'signing-key', name: 'sns', id: first.id },
      content: ['a', Buffer.from('b')],
    } as const;
    const signed = await deps.signingKeys.sign(request, 'default');
    assert.ok('keyId' in signed && signed.keyId === first.id);
    const second = await app.signingKeys.rotate(caller, { name: 'sns', withdrawFormer: true });
    const again = await deps.signingKeys.sign(request, 'default');
    assert.ok('keyId' in again && again.keyId === second.id);
    assert.notDeepEqual(again.bytes, signed.bytes);
    assert.deepEqual(await deps.signingKeys.sign(request, 'another'), { missing: 'signing key sns' });
    const hmac = { ...request, algorithm: 'hmac-sha256' } as const;
    assert.deepEqual(await deps.signingKeys.sign(hmac, 'default'), { missing: 'signing key for hmac-sha256' });
  });
});

test('SG-13 the private half of a signing key lies sealed', async () => {
  await withConfiguration(async ({ app, storage }) => {
    const [key] = (await app.signingKeys.list(caller, all)).items;
    const [row] = await storage.resources([{ workspaceId: 'default', type: 'signing_key', id: key?.id ?? '' }]);
    assert.ok(row !== undefined && row !== null && !JSON.stringify(row.state).includes('PRIVATE KEY'));
  });
});

test('user and password in a URL become sealed credentials, where the dialect has it so', async () => {
  await withConfiguration(async ({ app }) => {
    const target = { transport: 'http', url: 'https://ada:p%40ss@example.com/bynder' } as const;
    const made = (await app.webhooks.create(caller, webhookInput({ dialect: 'bynder', target, events }))).body;
    assert.deepEqual(made.target, { transport: 'http', url: 'https://example.com/bynder' });
    assert.equal(made.credentials['kind'], 'basic');
    assert.equal(made.credentials['username'], 'ada');
    assert.ok(!JSON.stringify(made).includes('p@ss'));
    for (const url of ['https://ada@example.com/', 'https://:x@example.com/', 'https://a:%zz@example.com/']) {
      const input = webhookInput({ dialect: 'bynder', target: { transport: 'http', url }, events });
      await assert.rejects(app.webhooks.create(caller, input), { code: 'invalid_request' }, url);
    }
  });
});

test('many endpoints of one workspace confirm in the same moment, and none is turned away', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect] });
  try {
    await fixture.app.dialectProperties.update(caller, 'bynder', { webhookConfigurationsMax: 60 });
    const ids: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      const target = { transport: 'http', url: `http://127.0.0.1:9099/${index}` } as const;
      ids.push(
        (await fixture.app.webhooks.create(caller, webhookInput({ dialect: 'bynder', target, events }))).body.id,
      );
    }
    const tokens = await Promise.all(ids.map((id) => tokenOf(fixture, id)));
    const confirmed = await Promise.all(tokens.map((token) => fixture.app.consents.confirm(token, {})));
    assert.ok(confirmed.every((found) => found?.confirmation.state === 'confirmed'));
  } finally {
    await fixture.stop();
  }
});

const mailer: Mailer = { send: () => Promise.resolve('sent'), stop: () => Promise.resolve() };

test('CF-06 an address whose owner says so is asked by nobody any more, in no workspace, until the owner takes it back', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect], mailer });
  const { app } = fixture;
  const make = (by: typeof caller, address: string) =>
    app.webhooks.create(
      by,
      webhookInput({ dialect: 'bynder', target: { transport: 'email', address }, events, name: address }),
    );
  const other = { ...caller, workspaceId: 'other' };
  try {
    const { id } = (await make(other, 'Ada@receiver.example')).body;
    const token = await tokenOf(fixture, id);
    assert.equal(await app.consents.neverAsk('x', true), null);
    assert.equal((await app.consents.neverAsk(token, true))?.neverAsked, true);
    // However it is spelled, whoever asks; and after those who asked are gone.
    await app.webhooks.remove(other, id);
    for (const by of [caller, other]) {
      await assert.rejects(make(by, 'ada@RECEIVER.example'), {
        code: 'invalid_request',
        message: /wants no questions/,
      });
    }
    const { id: moved } = (await make(caller, 'bob@receiver.example')).body;
    await assert.rejects(
      app.webhooks.update(caller, moved, { target: { transport: 'email', address: 'ada@receiver.example' } }),
      { code: 'invalid_request', message: /wants no questions/ },
    );
    const [row] = await fixture.storage.resources([
      { workspaceId: 'default', type: 'setting', id: 'never-asked:ada@receiver.example' },
    ]);
    assert.equal(row, null, 'kept as a hash');
    const again = await tokenOf(fixture, moved);
    await app.consents.neverAsk(again, true);
    await app.consents.neverAsk(again, false);
    assert.ok((await make(other, 'bob@receiver.example')).body.id);
  } finally {
    await fixture.stop();
  }
});

test('CF-06 who runs the server sees which addresses are never asked, as hashes, adds one and lifts one', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect], mailer });
  const { app } = fixture;
  const make = (address: string) =>
    app.webhooks.create(
      { ...caller, workspaceId: 'other' },
      webhookInput({ dialect: 'bynder', target: { transport: 'email', address }, events }),
    );
  try {
    const owned = (await make('ada@receiver.example')).body.id;
    await app.consents.neverAsk(await tokenOf(fixture, owned), true);
    // The link of the mail is gone with the webhook, so its owner cannot take it back any more.
    await app.webhooks.remove({ ...caller, workspaceId: 'other' }, owned);
    fixture.clock.advance(1);
    const added = await app.neverAsked.add(caller, 'Bob@Receiver.example');
    assert.deepEqual(await app.neverAsked.add(caller, 'bob@receiver.example'), added, 'twice is once');
    const { items } = await app.neverAsked.list({ limit: 10 });
    assert.deepEqual(items.map(({ by }) => by).sort(), ['admin', 'owner']);
    assert.doesNotMatch(JSON.stringify(items), /receiver\.example/i);
    await assert.rejects(make('bob@receiver.example'), { code: 'invalid_request', message: /who runs this server/ });
    await app.neverAsked.lift(caller, 'ADA@receiver.example');
    await app.neverAsked.lift(caller, added.hash);
    assert.ok((await make('ada@receiver.example')).body.id);
    assert.ok((await make('bob@receiver.example')).body.id);
    for (const gone of ['ada@receiver.example', added.hash]) {
      await assert.rejects(app.neverAsked.get(gone), { code: 'not_found' });
      await assert.rejects(app.neverAsked.lift(caller, gone), { code: 'not_found' });
    }
    await assert.rejects(app.neverAsked.add(caller, 'Ada <ada@receiver.example>'), { code: 'invalid_request' });
    const audit = await fixture.storage.read.resources({ workspaceId: 'default', type: 'audit', limit: 50 });
    const actions = audit.items.flatMap(({ state: { action } }) =>
      /^never_/.test(typeof action === 'string' ? action : '') ? [action] : [],
    );
    assert.deepEqual(actions, ['never_asked.lifted', 'never_asked.lifted', 'never_asked.added']);
  } finally {
    await fixture.stop();
  }
});

test('CF-05 a workspace has at most a hundred questions open at one host, whatever the port', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect] });
  const make = async (url: string) =>
    (
      await fixture.app.webhooks.create(
        caller,
        webhookInput({ dialect: 'bynder', target: { transport: 'http', url }, events }),
      )
    ).body.id;
  try {
    await fixture.app.dialectProperties.update(caller, 'bynder', { webhookConfigurationsMax: 200 });
    const first = await make('http://127.0.0.1:9099/first');
    for (let index = 1; index < 100; index += 1) await make(`http://127.0.0.1:${20_000 + index}/`);
    await assert.rejects(make('http://127.0.0.1:9099/more'), { code: 'too_many_requests' });
    assert.ok(await make('http://127.0.0.2:9099/'));
    await fixture.app.consents.confirm(await tokenOf(fixture, first), {});
    assert.ok(await make('http://127.0.0.1:9099/more'));
  } finally {
    await fixture.stop();
  }
});

test('CF-05 a mailbox is asked twenty times an hour at most, by all workspaces together, however often webhooks go', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect], mailer });
  const ask = async (workspaceId: string, address: string): Promise<void> => {
    const by = { ...caller, workspaceId };
    const target = { transport: 'email', address } as const;
    const { id } = (await fixture.app.webhooks.create(by, webhookInput({ dialect: 'bynder', target, events }))).body;
    await fixture.app.webhooks.remove(by, id);
  };
  try {
    for (let nth = 0; nth < 20; nth += 1) await ask(nth % 2 === 0 ? 'default' : 'other', 'ada@receiver.example');
    await assert.rejects(ask('third', 'ADA@receiver.example'), {
      code: 'too_many_requests',
      retryAfterSeconds: 180,
    });
    await ask('third', 'bob@receiver.example');
    fixture.clock.advance(3 * 60_000);
    await ask('third', 'ada@receiver.example');
    await assert.rejects(ask('default', 'ada@receiver.example'), { code: 'too_many_requests' });
  } finally {
    await fixture.stop();
  }
});

test('a webhook keeps the protocol that it was made with, whatever its settings are changed to', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect], mailer });
  const { webhooks } = fixture.app;
  const make = async (settings: JsonObject) => {
    const target = { transport: 'email', address: `${Object.keys(settings).length}@receiver.example` } as const;
    return (await webhooks.create(caller, webhookInput({ dialect: 'bynder', target, events, settings }))).body.id;
  };
  const settingsOf = async (id: string) => (await webhooks.get(caller, id)).settings;
  try {
    const json = await make({ emailFormat: 'json' });
    await webhooks.update(caller, json, { settings: { signatureVersion: '2' } });
    assert.deepEqual(await settingsOf(json), { signatureVersion: '2', emailFormat: 'json' });
    await webhooks.update(caller, json, { settings: { emailFormat: 'json' } });
    await assert.rejects(webhooks.update(caller, json, { settings: { emailFormat: 'text' } }), {
      code: 'invalid_request',
      message: /\/settings\/emailFormat wants "json", the protocol that it was made with, found "text"/,
    });
    const readable = await make({});
    await assert.rejects(webhooks.update(caller, readable, { settings: { emailFormat: 'json' } }), {
      code: 'invalid_request',
    });
    await webhooks.update(caller, readable, { settings: { emailFormat: 'text', signatureVersion: '2' } });
    await webhooks.update(caller, readable, { settings: {} });
    assert.deepEqual(await settingsOf(readable), { emailFormat: 'text' });
  } finally {
    await fixture.stop();
  }
});
