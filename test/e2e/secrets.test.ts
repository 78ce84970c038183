/**
 * LG-01: secrets are put in wherever one may be put in, everything is used that touches them, well and badly, at the most
 * talkative log level; then everything that was written, said or stored is searched for them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  adminKey,
  eventually,
  expectStatus,
  type RealServer,
  rows,
  startRealServer,
  type Tenant,
  text,
} from './real-server.ts';

const canaries = {
  signing: 'whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5',
  rotated: 'whsec_cm90YXRlZHJvdGF0ZWRyb3RhdGVkcm90YXRlZHJvdGF0',
  password: 'canary-basic-password-4711',
  bearer: 'canary-bearer-token-4711',
  person: 'canary password of a person',
  mail: 'canary-smtp-password-4711',
};

let server: RealServer;
let alpha: Tenant;
/** Everything that was answered, but for the two answers whose purpose it is to show a secret. */
const said: string[] = [];

before(async () => {
  // Nobody listens there: every mail fails.
  server = await startRealServer({ settings: { smtpUrl: `smtp://dam:${canaries.mail}@127.0.0.1:9` } });
  alpha = await server.tenant('alpha');
});
after(() => server[Symbol.asyncDispose]());

const ask = async (...[path, options]: Parameters<Tenant['call']>) => {
  const answer = await alpha.call(path, options);
  said.push(answer.text, JSON.stringify(answer.headers));
  return answer;
};

/** A user, a link, a password, sessions, a rotated key, mail that fails. Answers what must be nowhere. */
async function people(): Promise<readonly string[]> {
  const made = await alpha.call('/v1/users', { body: { name: 'A', email: 'a@alpha.example', roles: ['viewer'] } });
  const token = /#link=(\w+)/.exec(expectStatus(made, 201).text)?.[1] ?? '';
  const open = (path: string, body: object) => ask(path, { token: null, body });
  await open('/v1/passwords', { token: `${token}x`, password: canaries.person });
  expectStatus(await open('/v1/passwords', { token, password: canaries.person }), 200);
  await open('/v1/passwords', { token, password: canaries.person });
  const person = { email: 'a@alpha.example', workspace: 'alpha' };
  await open('/v1/sessions', { ...person, password: `${canaries.person}!` });
  await open('/v1/sessions', { ...person, password: [canaries.person] });
  const signedIn = await alpha.call('/v1/sessions', { token: null, body: { ...person, password: canaries.person } });
  const cookie = /=(\w+);/.exec(String(expectStatus(signedIn, 201).headers['set-cookie']))?.[1] ?? '';
  const headers = { cookie: `assetwire-session=${cookie}`, 'sec-fetch-site': 'same-origin' };
  const passwords = { present: `${canaries.person}?`, password: canaries.person };
  await ask('/v1/sessions/current/password', { token: null, headers, body: passwords });
  await ask('/v1/users', { token: null, headers });
  const { id } = await server.key('alpha', []);
  const rotated = text(expectStatus(await alpha.call(`/v1/keys/${id}/rotate`, { body: {} }), 201).json['key']);
  await ask('/v1/settings', { method: 'PATCH', body: { contacts: ['ops@alpha.example'] } });
  const hook = rows((await ask('/v1/webhooks')).json)[0];
  for (let count = 0; count < 4; count++)
    await alpha.call(`/v1/webhooks/${text(hook?.['id'])}/rotate-secret`, { body: {} });
  await eventually(
    () => Promise.resolve(server.log.join('\n')),
    (log) => log.includes('mail.failed'),
    'a mail that failed is in the log',
  );
  for (const path of ['/v1/users', '/v1/sessions', '/v1/audit?limit=1000', '/v1/notices', '/v1/settings'])
    await ask(path);
  said.push((await server.call('/v1/settings')).text);
  return [token, cookie, rotated];
}

test('LG-01 no secret is in an answer, the log, the metrics or a file, whatever was done with it', async () => {
  const inbox = (await ask('/v1/inboxes', { method: 'POST' })).json;
  const target = { transport: 'http', url: inbox['url'] };
  const hook = (body: object) => ({ name: 'w', dialect: 'standard', target, events: ['*'], ...body });
  const basic = await alpha.call('/v1/webhooks', {
    body: hook({
      secret: canaries.signing,
      credentials: { kind: 'basic', username: 'u', password: canaries.password },
    }),
    headers: { 'idempotency-key': 'canary' },
  });
  expectStatus(basic, 201);
  const bearer = await alpha.call('/v1/webhooks', {
    body: hook({ credentials: { kind: 'bearer', token: canaries.bearer } }),
  });
  const made = text(expectStatus(bearer, 201).json['secret']);
  const id = text(basic.json['id']);

  // Well: delivered, shown, rotated, changed.
  expectStatus(await alpha.upload('a.txt', Buffer.from('x')), 201);
  await eventually(
    () => alpha.ask('/v1/deliveries?states=delivered'),
    (page) => rows(page).length >= 2,
    'deliveries',
  );
  expectStatus(await alpha.call(`/v1/webhooks/${id}/rotate-secret`, { body: { secret: canaries.rotated } }), 200);
  assert.equal(
    (await alpha.call(`/v1/webhooks/${id}/reveal-secret`, { method: 'POST' })).json['secret'],
    canaries.rotated,
  );
  await ask(`/v1/webhooks/${id}`, {
    method: 'PATCH',
    body: { credentials: { kind: 'basic', username: 'u', password: `${canaries.password}-2` } },
  });

  // Badly: refused by shape, by target, by form; failing at the receiver.
  await ask('/v1/webhooks', { body: hook({ secret: canaries.signing, extra: canaries.bearer }) });
  await ask('/v1/webhooks', { body: hook({ secret: `${canaries.signing}!` }) });
  await ask('/v1/webhooks', {
    body: hook({ secret: 4711, credentials: { kind: 'bearer', token: [canaries.bearer] } }),
  });
  await ask('/v1/webhooks', {
    body: hook({ target: { transport: 'http', url: `https://u:${canaries.password}@example.com/` } }),
  });
  await ask(`/v1/inboxes/${text(inbox['id'])}`, { method: 'PATCH', body: { status: 500 } });
  await ask(`/v1/webhooks/${id}/test`, { method: 'POST' });
  const failing = await eventually(
    () => alpha.ask('/v1/deliveries?states=dead'),
    (page) => rows(page).some((row) => Number(row['attempts']) > 0),
    'a failed attempt',
  );

  for (const row of [...rows(failing), ...rows((await ask('/v1/deliveries')).json)])
    await ask(`/v1/deliveries/${text(row['id'])}`);
  for (const path of [
    '/v1/webhooks',
    '/v1/keys',
    '/v1/users',
    '/v1/sessions',
    '/v1/audit',
    '/v1/notices',
    '/v1/changes',
    '/v1/settings',
    '/v1/stats',
    '/metrics',
    '/readyz',
    '/openapi.json',
  ])
    await ask(path);

  const personal = await people();
  const secrets = [...Object.values(canaries), made, alpha.key, adminKey, ...personal];
  const search = (where: string, content: string | Buffer): void => {
    for (const secret of secrets) assert.ok(!content.includes(secret), `${secret.slice(0, 12)}… is in ${where}`);
  };
  search('an answer', said.join('\n'));
  search('the log', server.log.join('\n'));
  let files = 0;
  for (const file of readdirSync(server.dataDir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    files++;
    search(file.name, readFileSync(join(file.parentPath, file.name)));
  }
  assert.ok(server.log.length > 0 && files >= 3, 'there was something to search');
  console.log(
    `LG-01 expanded: ${secrets.length} secrets searched for in ${said.length} answers, ${server.log.length} log lines, ${files} files`,
  );
});

test('LG-12 the most talkative log holds no body and no credential, of what comes in and of what goes out', async () => {
  const canary = 'canary-of-a-payload-4711';
  const answered = 'canary-of-an-answer-4711';
  const inbox = (await ask('/v1/inboxes', { method: 'POST' })).json;
  expectStatus(
    await ask(`/v1/inboxes/${text(inbox['id'])}`, { method: 'PATCH', body: { status: 500, body: answered } }),
    200,
  );
  const target = { transport: 'http', url: inbox['url'] };
  const credentials = { kind: 'bearer', token: canaries.bearer };
  const hook = { name: 'LG-12', dialect: 'standard', target, events: ['asset.renamed'], credentials };
  expectStatus(await alpha.call('/v1/webhooks', { body: hook }), 201);
  const from = server.log.length;
  const subject = { type: 'asset', externalId: 'lg-12' };
  const change = { kind: 'asset.renamed', subject, before: { name: 'x' }, after: { name: canary } };
  expectStatus(await ask('/v1/changes', { body: change }), 202);
  // Refused, with the value that is wrong in it.
  await ask('/v1/changes', { body: { ...change, kind: canary } });
  await ask(`/v1/deliveries?cursor=${canary}`);
  const attempts = async (): Promise<number> => rows((await inboxRequests(text(inbox['id']))).json).length;
  await eventually(attempts, (count) => count > 0, 'the request at the receiver');
  await eventually(
    () => Promise.resolve(server.log.slice(from).filter((line) => line.includes('"level":"debug"')).length),
    (lines) => lines > 3,
    'there are lines of the level debug',
  );
  const lines = server.log.slice(from).join('\n');
  for (const secret of [canary, answered, canaries.bearer, alpha.key]) {
    assert.ok(!lines.includes(secret), `${secret} is in the log`);
  }
  assert.doesNotMatch(lines, /[Bb]earer [\w-]{8}/);
});

const inboxRequests = (id: string) => alpha.call(`/v1/inboxes/${id}/requests`);
