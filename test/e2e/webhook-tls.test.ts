/** A webhook's own certificate and authority, as a user has them: given by API, shown to a receiver that asks, taken away. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from '../../src/transports/testing/certificates.ts';
import { until } from '../support/until.ts';
import { expectStatus, type RealServer, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let alpha: Tenant;
let authority: TestAuthority;
let client: TestCertificate;
let receiver: Server;
let url: string;
/** Subjects of the client certificates that the receiver was shown. */
const shown: string[] = [];

before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  alpha = await server.tenant('alpha');
  authority = await createTestAuthority('Authority of the shop');
  client = await authority.issue({ commonName: 'dam.example' });
  const { certPem: cert, keyPem: key } = await authority.issue();
  receiver = createServer({ cert, key, ca: authority.certPem, requestCert: true, rejectUnauthorized: true });
  receiver.on('request', (request, response) => {
    shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
    request.resume().on('end', () => response.writeHead(204).end());
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
});
after(async () => {
  receiver.close();
  receiver.closeAllConnections();
  await server[Symbol.asyncDispose]();
});

const make = (tls?: object, target: object = { transport: 'http', url }) =>
  alpha.call('/v1/webhooks', {
    body: { name: 'shop', dialect: 'standard', events: ['*'], target, ...(tls === undefined ? {} : { tls }) },
  });
const whole = () => ({ certificatePem: client.certPem, keyPem: client.keyPem, authorityPem: authority.certPem });

/** How one attempt ended: its outcome, and why where it failed. */
async function tried(id: string): Promise<string> {
  const { attempt } = await alpha.ask(`/v1/webhooks/${id}/test?wait=30`, { method: 'POST' });
  const { outcome, code } = attempt as { outcome: string; code: string };
  return `${outcome} ${code}`;
}

test('a receiver that asks for a client certificate, and whose own is of a private authority, is delivered to', async () => {
  const bare = text(expectStatus(await make(), 201).json['id']);
  assert.equal(await tried(bare), 'tls-failed unknown-authority');
  const half = text(expectStatus(await make({ authorityPem: authority.certPem }), 201).json['id']);
  assert.doesNotMatch(await tried(half), /^response/);
  assert.deepEqual(shown, []);

  const made = expectStatus(await make(whole()), 201);
  assert.equal(await tried(text(made.json['id'])), 'response 204');
  assert.deepEqual(shown, ['dam.example']);
  assert.partialDeepStrictEqual(made.json['tls'], {
    certificate: { subject: 'CN=dam.example' },
    authority: { subject: 'CN=Authority of the shop' },
  });
});

test('an ordinary delivery goes the same way, and one certificate is never shown for another webhook', async () => {
  const other = await authority.issue({ commonName: 'other.example' });
  const second = { ...whole(), certificatePem: other.certPem, keyPem: other.keyPem };
  const made = expectStatus(await make(second), 201);
  shown.length = 0;
  await alpha.ask('/v1/changes', {
    body: { kind: 'asset.renamed', subject: { type: 'asset', externalId: 'a' }, after: { name: 'a.jpg' } },
  });
  // The webhook of the test before, and this one; each gets the asset and its name.
  await until(() => new Set(shown).size >= 2, 'both are told');
  assert.deepEqual([...new Set(shown)].sort(), ['dam.example', 'other.example']);
  expectStatus(await alpha.call(`/v1/webhooks/${text(made.json['id'])}`, { method: 'DELETE' }), 204);
});

test('it is changed and taken away; the key is nowhere to be read', async () => {
  const { json } = expectStatus(await make(whole()), 201);
  const path = `/v1/webhooks/${text(json['id'])}`;
  const patch = (body: object) => alpha.call(path, { method: 'PATCH', body });
  const renamed = expectStatus(await patch({ name: 'shop 2' }), 200);
  assert.deepEqual(renamed.json['tls'], json['tls']);
  assert.equal(await tried(text(json['id'])), 'response 204');

  const plain = expectStatus(await patch({ target: { transport: 'http', url: 'http://127.0.0.1:8081/' } }), 422);
  assert.match(plain.text, /\/tls/);
  const gone = expectStatus(await patch({ tls: null }), 200);
  assert.equal(gone.json['tls'], undefined);
  assert.equal(await tried(text(json['id'])), 'tls-failed unknown-authority');

  const said = [(await alpha.call(path)).text, (await alpha.call('/v1/audit?limit=100')).text, ...server.log].join(
    '\n',
  );
  for (const line of client.keyPem.split('\n').filter((one) => one.length > 20)) assert.ok(!said.includes(line));
});

test('what cannot be used is refused when it is given, with what was wanted', async () => {
  const refused = async (status: number, pattern: RegExp, tls: object, target?: object) => {
    const answer = expectStatus(await make(tls, target), status);
    assert.match(answer.text, pattern);
    return (answer.json['problems'] as readonly { at: string; found: string }[]).map(
      ({ at, found }) => `${at} ${found}`,
    );
  };
  const { keyPem } = await authority.issue();
  const encrypted = keyPem.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY');
  const { certificatePem } = whole();
  assert.deepEqual(
    [
      ...(await refused(422, /a certificate needs its key/, { certificatePem })),
      ...(await refused(422, /and a key its certificate/, { keyPem })),
      ...(await refused(422, /do not belong together/, { ...whole(), keyPem })),
      ...(await refused(422, /the key is encrypted/, { ...whole(), keyPem: encrypted })),
      ...(await refused(422, /key is encrypted or unreadable/, { ...whole(), keyPem: certificatePem })),
      ...(await refused(422, /the authority cannot be read/, { authorityPem: 'not PEM' })),
    ],
    [
      '/tls/keyPem nothing',
      '/tls/certificatePem nothing',
      '/tls/keyPem the key of another certificate',
      '/tls/keyPem an encrypted key',
      '/tls/keyPem no private key as PEM',
      '/tls/authorityPem no such text',
    ],
  );
  await refused(422, /\/tls.*none of them/, {});
  await refused(422, /\/tls.*https target/, whole(), { transport: 'http', url: 'http://127.0.0.1:8081/' });
});

test('an event that is misspelt is told with the one that was probably meant', async () => {
  const body = { name: 'w', dialect: 'standard', target: { transport: 'http', url }, events: ['asset.create'] };
  const answer = expectStatus(await alpha.call('/v1/webhooks', { body }), 422);
  assert.match(text(answer.json['mend']), /^Perhaps "asset\.created" was meant/);
});

test('a filter, a projection or a certificate is taken away by null', async () => {
  const { json } = expectStatus(
    await alpha.call('/v1/webhooks', {
      body: {
        ...{ name: 'press', dialect: 'standard', events: ['*'], target: { transport: 'http', url } },
        filter: { folder: ['/press'] },
      },
    }),
    201,
  );
  const answer = await alpha.call(`/v1/webhooks/${text(json['id'])}`, { method: 'PATCH', body: { filter: null } });
  assert.equal(expectStatus(answer, 200).json['filter'], undefined);
});
