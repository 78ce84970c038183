import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webhookInputSchema } from '../api/schemas/webhook.ts';
import { problemsOf } from '../api/validation.ts';
import { AssetwireError } from '../core/errors.ts';
import { exampleWebhook } from '../core/example-webhook.ts';
import { cloudeventsDialect } from '../dialects/cloudevents/index.ts';
import { scaleflexDialect } from '../dialects/scaleflex/index.ts';
import { createEgress } from '../egress/egress.ts';
import { isUnusable, makeLaneSetup } from '../engine/lane-setup.ts';
import { systemClock } from '../runtime/clock.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { createHttpTransport } from '../transports/http/http-transport.ts';
import type { WebhookInput } from './app.ts';
import { createInputChecks } from './webhook-input.ts';

type Given = NonNullable<WebhookInput['credentials']>;

const target = { transport: 'http', url: 'https://shop.example/' } as const;
const random = createSystemRandom();
const dialects = new Map([scaleflexDialect, cloudeventsDialect].map((dialect) => [dialect.manifest.id, dialect]));

function checked(credentials: Given, allowedTargets: readonly string[] = []) {
  const egress = createEgress({ clock: systemClock, random, policy: { allowedTargets } });
  return createInputChecks({ dialects, egress }).check(scaleflexDialect, { credentials });
}

function refusal(credentials: Given, allowedTargets?: readonly string[]): string {
  try {
    checked(credentials, allowedTargets);
  } catch (error) {
    if (error instanceof AssetwireError) return `${error.code} ${error.message} ${error.mend ?? ''}`;
    throw error;
  }
  return 'accepted';
}

const password = {
  kind: 'oauth2',
  grant: 'password',
  tokenUrl: 'https://auth.example/token',
  username: 'ada',
  password: 'secret of ada',
} as const;

/** The headers that a webhook with these credentials sends, and as they are shown. */
function sent(credentials: Given) {
  const { body, secrets } = checked(credentials);
  assert.ok(body.credentials !== undefined);
  const transport = createHttpTransport({ egress: createEgress({ clock: systemClock, random }), clock: systemClock });
  const setup = makeLaneSetup(
    {
      webhook: exampleWebhook({ dialect: 'scaleflex', credentials: body.credentials }),
      secrets: secrets.map(({ name, value }) => ({ name, value, version: 1, expiresAtMs: null })),
    },
    {
      dialects,
      transports: new Map([['http', transport]]),
      links: () => ({ content: () => '', rendition: () => '', dialect: () => '' }),
    },
    0,
  );
  assert.ok(!isUnusable(setup));
  return setup;
}

test('OA-12 the token endpoint is https, unless the operator allowed its address, and lies where deliveries may go', () => {
  assert.equal(refusal(password), 'accepted');
  assert.match(
    refusal({ ...password, tokenUrl: 'http://auth.example/token' }),
    /^target_scheme The token endpoint: .*https/,
  );
  const local = { ...password, tokenUrl: 'http://127.0.0.1:8080/token' };
  assert.match(refusal(local), /^target_/);
  assert.equal(refusal(local, ['127.0.0.0/8']), 'accepted');
  for (const tokenUrl of [
    'https://169.254.169.254/t',
    'https://10.0.0.1/t',
    'https://localhost/t',
    'file:///etc/passwd',
    'x',
  ])
    assert.match(refusal({ ...password, tokenUrl }), /The token endpoint: /, tokenUrl);
  assert.match(refusal({ ...password, tokenUrl: 'https://a:b@auth.example/t' }), /^credentials_in_url/);
});

test('each grant has its own fields; what is missing or too much is named', () => {
  const { username: _name, ...nameless } = password;
  assert.match(refusal(nameless), /\/credentials\/username wants one with grant password/);
  const client = { kind: 'oauth2', grant: 'client-credentials', tokenUrl: password.tokenUrl } as const;
  assert.match(refusal(client), /\/credentials\/clientId/);
  assert.match(refusal({ ...client, clientId: 'a' }), /\/credentials\/clientSecret/);
  assert.match(refusal({ ...client, clientId: 'a', clientSecret: 'b', username: 'c' }), /\/credentials\/username/);
  assert.match(refusal({ ...password, clientSecret: 'b' }), /\/credentials\/clientId/);
  const { body, secrets } = checked({ ...password, clientId: 'c', clientSecret: 'secret of c' });
  assert.ok(!JSON.stringify(body).includes('secret of'));
  assert.deepEqual(secrets.map(({ value }) => value).sort(), ['secret of ada', 'secret of c']);
});

test('OA-08 the grant is another whenever a secret of it is another version', () => {
  const setup = sent({ ...password, clientId: 'c', clientSecret: 'secret of c' });
  const again = sent({ ...password, clientId: 'c', clientSecret: 'secret of c' });
  assert.equal(setup.authorization?.fingerprint, again.authorization?.fingerprint);
  assert.notEqual(setup.authorization?.fingerprint, sent(password).authorization?.fingerprint);
  assert.ok(!setup.authorization?.fingerprint.includes('secret of'));
  assert.deepEqual(setup.ownHeaders, []);
  assert.deepEqual(setup.shownHeaders, [['Authorization', 'Bearer •••']]);
});

test('OA-15 a Basic password arrives as it is, whatever stands in it; a colon in the name is refused', () => {
  for (const secret of ['pa:ss', '🔑 ünïcode', 'x'.repeat(255), ' ']) {
    const [header] = sent({ kind: 'basic', username: 'shop', password: secret }).ownHeaders;
    const pair = Buffer.from(String(header?.[1]).slice('Basic '.length), 'base64').toString();
    assert.deepEqual([header?.[0], pair], ['Authorization', `shop:${secret}`]);
  }
  const [nameless] = sent({ kind: 'basic', username: '', password: 'p' }).ownHeaders;
  assert.equal(nameless?.[1], `Basic ${Buffer.from(':p').toString('base64')}`, 'an empty name is sent as it was given');
  assert.match(
    refusal({ kind: 'basic', username: 'a:b', password: 'c' }),
    /\/credentials\/username wants a name without a colon/,
  );
});

test('HX-01 a static token that no header can carry is refused when it is given, and so is one with the word Bearer before it', () => {
  for (const token of ['a b', 'a\r\nX-Injected: 1', 'töken', 'Ċ', 'a\0b', ' a'])
    assert.match(refusal({ kind: 'bearer', token }), /^invalid_request .*\/credentials\/token wants the token alone/);
  assert.match(refusal({ kind: 'bearer', token: 'Bearer abc' }), /found the word Bearer before it/);
  assert.equal(refusal({ kind: 'bearer', token: 'abc.~+/=-_' }), 'accepted');
});

test('OA-14 a token goes into the query only where the dialect has that, and is masked wherever the URL is shown', () => {
  assert.match(refusal({ kind: 'bearer', token: 'static-token', in: 'query' }), /\/credentials\/in/);
  const transport = createHttpTransport({ egress: createEgress({ clock: systemClock, random }), clock: systemClock });
  const setup = makeLaneSetup(
    {
      webhook: exampleWebhook({
        dialect: 'cloudevents',
        target: { ...target, url: `${target.url}?a=1` },
        credentials: { kind: 'bearer', tokenSecret: 'credentials.token', in: 'query' },
      }),
      secrets: [{ name: 'credentials.token', version: 1, value: 'static-token', expiresAtMs: null }],
    },
    {
      dialects,
      transports: new Map([['http', transport]]),
      links: () => ({ content: () => '', rendition: () => '', dialect: () => '' }),
    },
    0,
  );
  assert.ok(!isUnusable(setup));
  assert.equal(setup.target, 'https://shop.example/?a=1&access_token=static-token');
  assert.ok(!setup.shownTarget.includes('static-token'));
});

const input = { name: 'Shop', dialect: 'standard', target, events: ['*'] };

test('OA-13 no flow that needs a browser or a refresh token is offered', () => {
  assert.deepEqual(problemsOf(webhookInputSchema, { ...input, credentials: password }), []);
  for (const grant of ['authorization_code', 'refresh_token', 'implicit', '', null]) {
    assert.notDeepEqual(
      problemsOf(webhookInputSchema, { ...input, credentials: { ...password, grant } }),
      [],
      String(grant),
    );
  }
});

test('OA-11 no key that signs assertions is offered: a field for one is refused, not kept', () => {
  for (const field of ['privateKey', 'clientAssertion', 'jwks', 'refreshToken']) {
    const credentials = { ...password, [field]: 'x' };
    assert.notDeepEqual(problemsOf(webhookInputSchema, { ...input, credentials }), [], field);
  }
});
