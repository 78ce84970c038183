import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigurationError, defaultSettings, describeSettings, readConfiguration } from './configuration.ts';
import type { ConfigurationInput } from './configuration.ts';
import { environmentName, flagName, settingRows } from './settings-table.ts';

const none = (): null => null;
const key = 'a'.repeat(64);

function problemsOf(input: ConfigurationInput): readonly { at: string; wanted: string; found: string }[] {
  try {
    readConfiguration({ readFile: none, ...input });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

test('defaults need nothing from outside', () => {
  const { settings } = readConfiguration({ environment: {}, readFile: none });
  assert.equal(settings.port, 8484);
  assert.equal(settings.host, '127.0.0.1');
  assert.equal(settings.dataDir, resolve('./data'));
  assert.equal(settings.uploadBytesMax, 1024 ** 3);
  assert.deepEqual(settings.allowedTargets, []);
  assert.equal(settings.adminKey, null);
  assert.deepEqual(
    problemsOf({ environment: { PATH: '/bin', ASSETWIRE_TEST_X: '1', ASSETWIRE_URL: 'x', ASSETWIRE_KEY: 'x' } }),
    [],
  );
});

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const file = JSON.stringify({
    port: 1,
    retentionDays: 1,
    logLevel: 'warn',
    allowedTargets: ['10.0.0.0/8', 'fd00::/8'],
  });
  const readFile = (path: string): string | null => (path === resolve('/x/assetwire.json') ? file : null);
  const environment = { ASSETWIRE_PORT: '2', ASSETWIRE_RETENTION_DAYS: '2', ASSETWIRE_DATA_DIR: '/x' };
  const { settings, sources } = readConfiguration({ environment, flags: { port: '3' }, readFile });
  assert.equal(settings.port, 3);
  assert.equal(settings.retentionDays, 2);
  assert.equal(settings.logLevel, 'warn');
  assert.deepEqual(settings.allowedTargets, ['10.0.0.0/8', 'fd00::/8']);
  assert.deepEqual(
    [sources['port'], sources['retentionDays'], sources['logLevel'], sources['host']],
    ['flag', 'environment', 'file', 'default'],
  );
});

test('SC-07 everything that is wrong is told at once, by name, wanted and found', () => {
  const problems = problemsOf({
    environment: {
      ASSETWIRE_PORT: '80a',
      ASSETWIRE_PROT: '1',
      ASSETWIRE_NONSENSE_AT_ALL: '1',
      ASSETWIRE_PUBLIC_URL: 'ftp://x',
      ASSETWIRE_ALLOWED_TARGETS: '10/8',
      ASSETWIRE_LOG_LEVEL: 'loud',
      ASSETWIRE_UPLOAD_BYTES_MAX: '1GB',
      ASSETWIRE_ADMIN_KEY: 'short',
      ASSETWIRE_ENCRYPTION_KEY: 'passphrase',
    },
  });
  assert.deepEqual(
    problems.map(({ at }) => at),
    [
      'ASSETWIRE_PROT',
      'ASSETWIRE_NONSENSE_AT_ALL',
      'ASSETWIRE_PORT',
      'ASSETWIRE_PUBLIC_URL',
      'ASSETWIRE_ADMIN_KEY',
      'ASSETWIRE_ENCRYPTION_KEY',
      'ASSETWIRE_ALLOWED_TARGETS',
      'ASSETWIRE_UPLOAD_BYTES_MAX',
      'ASSETWIRE_LOG_LEVEL',
    ],
  );
  assert.equal(problems[0]?.wanted, 'perhaps ASSETWIRE_PORT');
  assert.equal(problems[2]?.found, '"80a"');
  assert.match(problems[8]?.wanted ?? '', /one of fatal, error/);
});

test('SC-07 a secret that is wrong is not repeated', () => {
  const error = new ConfigurationError(
    problemsOf({ environment: { ASSETWIRE_ADMIN_KEY: 'hunter2', ASSETWIRE_ENCRYPTION_KEY: 'hunter2' } }),
  );
  assert.equal(error.message.includes('hunter2'), false);
  assert.match(error.message, /7 characters/);
});

test('SC-07 what is right by itself and wrong together is refused: PostgreSQL without shared keys, sharing without PostgreSQL', () => {
  const database = { ASSETWIRE_DATABASE_URL: 'postgres://assetwire@db/assetwire' };
  assert.deepEqual(
    problemsOf({ environment: database }).map(({ at }) => at),
    ['ASSETWIRE_ENCRYPTION_KEY', 'ASSETWIRE_ADMIN_KEY'],
  );
  const keys = {
    ASSETWIRE_ADMIN_KEY: 'k'.repeat(32),
    ASSETWIRE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
  };
  assert.deepEqual(problemsOf({ environment: { ...database, ...keys } }), []);
  const [wrong] = problemsOf({ environment: { ...keys, ASSETWIRE_DATABASE_URL: 'mysql://user:hunter2@db/x' } });
  assert.deepEqual(wrong, { at: 'ASSETWIRE_DATABASE_URL', wanted: 'a postgres:// URL', found: 'another one' });
  const alone = problemsOf({ environment: { ASSETWIRE_ENGINE: 'off', ASSETWIRE_SHARED_FILES_DIR: '/mnt/files' } });
  assert.deepEqual(
    alone.map(({ at }) => at),
    ['ASSETWIRE_ENGINE', 'ASSETWIRE_SHARED_FILES_DIR'],
  );
});

test('SC-07 the SNS URL is read without a slash at its end; what is no such URL is told with what is', () => {
  const read = (text: string) => readConfiguration({ environment: { ASSETWIRE_SNS_URL: text } }).settings.snsUrl;
  assert.equal(read('https://sns.us-east-1.amazonaws.com/'), 'https://sns.us-east-1.amazonaws.com');
  assert.equal(read('https://dam.example/bynder/sns'), 'https://dam.example/bynder/sns');
  for (const text of [
    'sns.us-east-1.amazonaws.com',
    'ftp://x.test',
    'https://a:b@x.test',
    'https://x.test/?Action=x',
  ]) {
    const [problem] = problemsOf({ environment: { ASSETWIRE_SNS_URL: text } });
    assert.match(problem?.wanted ?? '', /an http or https URL without credentials, query or fragment/, text);
  }
});

test('SC-07 ports of vendors’ APIs are read, and what does not fit is told with what would', () => {
  const read = (text: string) => readConfiguration({ environment: { ASSETWIRE_DIALECT_LISTEN: text } }).settings;
  assert.deepEqual(read('woodwing=127.0.0.1:8600, bynder=[::1]:0').dialectListen, [
    { dialect: 'woodwing', host: '127.0.0.1', port: 8_600 },
    { dialect: 'bynder', host: '::1', port: 0 },
  ]);
  for (const text of ['8600', 'woodwing', 'woodwing=8600', 'woodwing=h:99999', 'Wood=h:1', 'woodwing=a b:1']) {
    const [problem] = problemsOf({ environment: { ASSETWIRE_DIALECT_LISTEN: text } });
    assert.match(problem?.wanted ?? '', /dialect=host:port/, text);
  }
});

test('SC-07 proxies, denied targets, open metrics and the mail server are read, and what does not fit is told with what would', () => {
  const { settings } = readConfiguration({
    environment: {
      ASSETWIRE_TRUSTED_PROXIES: '10.0.0.5, 192.168.0.0/24',
      ASSETWIRE_DENIED_TARGETS: '*.example.net',
      ASSETWIRE_METRICS_OPEN: 'yes',
      ASSETWIRE_SMTP_URL: 'smtp://me:secret@mail.test:587',
      ASSETWIRE_MAIL_FROM: 'dam@example.com',
    },
  });
  assert.deepEqual(settings.trustedProxies, ['10.0.0.5', '192.168.0.0/24']);
  assert.deepEqual(settings.deniedTargets, ['*.example.net']);
  assert.equal(settings.metricsOpen, true);
  assert.equal(settings.mailFrom, 'dam@example.com');
  const shown = JSON.stringify(describeSettings({ settings, sources: { smtpUrl: 'environment' } }));
  assert.ok(!shown.includes('secret') && !shown.includes('mail.test'), 'a password stands in the URL');
  for (const [name, value] of [
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['METRICS_OPEN', 'true'],
    ['SMTP_URL', 'http://mail.test'],
    ['SMTP_URL', 'mail.test:25'],
    ['MAIL_FROM', 'Me <me@example.com>'],
    ['MAIL_FROM', 'me@example.com\r\nBcc: you@example.com'],
  ] as const) {
    const problems = problemsOf({ environment: { [`ASSETWIRE_${name}`]: value } });
    assert.equal(problems.length, 1, `${name}=${value}`);
    assert.equal(problems[0]?.at, `ASSETWIRE_${name}`);
  }
});

test('SC-08 a secret may be given as a file, with its last line end cut', () => {
  const readFile = (path: string): string | null => (path === '/run/key' ? `${key}\n` : null);
  const { settings } = readConfiguration({ environment: { ASSETWIRE_ENCRYPTION_KEY_FILE: '/run/key' }, readFile });
  assert.equal(Buffer.from(settings.encryptionKey?.[0] ?? []).toString('hex'), key);
  const both = problemsOf({
    environment: { ASSETWIRE_ENCRYPTION_KEY_FILE: '/run/key', ASSETWIRE_ENCRYPTION_KEY: key },
    readFile,
  });
  assert.equal(both[0]?.found, 'both');
  assert.equal(problemsOf({ environment: { ASSETWIRE_ADMIN_KEY_FILE: '/absent' } })[0]?.at, 'ASSETWIRE_ADMIN_KEY_FILE');
  assert.equal(problemsOf({ environment: { ASSETWIRE_PORT_FILE: '/run/key' } })[0]?.found, 'an unknown variable');
});

test('the settings file must be an object of known settings', () => {
  const withFile = (text: string) =>
    problemsOf({ environment: {}, readFile: () => text }).map(({ at, found }) => `${at}: ${found}`);
  assert.deepEqual(withFile('{'), ['assetwire.json: invalid JSON']);
  assert.deepEqual(withFile('[]'), ['assetwire.json: an array']);
  assert.deepEqual(withFile('{"prot":1}'), ['assetwire.json, "prot": an unknown setting']);
  assert.deepEqual(withFile('{"dataDir":"/x"}').length, 1);
  assert.deepEqual(withFile('{"port":{}}'), ['assetwire.json, port: object']);
  assert.deepEqual(withFile('{"__proto__":"x","constructor":"y"}').length, 2);
});

test('keys are 32 bytes in base64, base64url or hex; several are a rotation', () => {
  const base64 = Buffer.alloc(32, 255).toString('base64');
  const { settings } = readConfiguration({
    environment: { ASSETWIRE_ENCRYPTION_KEY: `${key}, ${base64}` },
    readFile: none,
  });
  assert.deepEqual(
    settings.encryptionKey?.map((bytes) => bytes.length),
    [32, 32],
  );
  assert.equal(problemsOf({ environment: { ASSETWIRE_ENCRYPTION_KEY: `${key},short` } }).length, 1);
});

test('address ranges are told apart from what only looks like one', () => {
  const accepts = (text: string): boolean =>
    problemsOf({ environment: { ASSETWIRE_ALLOWED_TARGETS: text } }).length === 0;
  for (const good of [
    '',
    '10.0.0.0/8',
    '::1/128, 127.0.0.1/32',
    '0.0.0.0/0',
    '10.0.0.1',
    '127.0.0.1:5432,[::1]:5432',
    'receiver.lan,*.corp.internal',
  ]) {
    assert.equal(accepts(good), true, good);
  }
  const bad = [
    '10.0.0.0/33',
    '1.2.3/8',
    '10/8',
    '10.0.0',
    'localhost/8',
    '::1/129',
    '10.0.0.0/8/8',
    '010.0.0.0/8',
    'fe80::1%eth0/64',
    '127.0.0.1:99999',
    'http://x',
    'a b',
  ];
  for (const text of bad) assert.equal(accepts(text), false, text);
});

test('settings are shown without secrets, and every row has its own flag and variable', () => {
  const configuration = readConfiguration({ environment: { ASSETWIRE_ADMIN_KEY: 'k'.repeat(40) }, readFile: none });
  const shown = JSON.stringify(describeSettings(configuration));
  assert.equal(shown.includes('kkkk'), false);
  assert.match(shown, /"ASSETWIRE_ADMIN_KEY","value":"set"/);
  assert.equal(environmentName('uploadBytesMax'), 'ASSETWIRE_UPLOAD_BYTES_MAX');
  assert.equal(flagName('uploadBytesMax'), '--upload-bytes-max');
  assert.equal(new Set(settingRows.map(({ name }) => environmentName(name))).size, settingRows.length);
  assert.equal(defaultSettings({ dataDir: '/x', port: 0 }).port, 0);
});
