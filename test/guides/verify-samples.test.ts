/**
 * The samples of the guide "Verify a signature", each run as its first line says, against deliveries of the real server.
 * A language whose runtime the machine lacks is skipped by name, and so listed as not tried.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../support/server-process.ts';
import { makeRealDeliveries, type RealDeliveries, shared, type SignedDelivery } from './real-deliveries.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'guides', 'samples');

type Receiver = {
  /** Answers the status for one delivery. */
  send(delivery: SignedDelivery): Promise<number>;
  stop(): void;
};

type Language = {
  readonly name: string;
  /** Answers 0 where everything that is needed is here. */
  readonly probe: readonly string[];
  readonly standard: string;
  readonly woodwing: string;
  /** Whether the standard library has ed25519. */
  readonly publicKey: boolean;
  /** The command that runs a sample, given a port and a place for what is built. */
  readonly run?: (file: string, port: number, place: string) => readonly string[];
  /** What is done before, once for each sample. */
  readonly build?: (file: string, place: string) => readonly string[];
};

const languages: readonly Language[] = [
  {
    name: 'Node.js',
    probe: ['node', '--version'],
    standard: 'standard.mjs',
    woodwing: 'woodwing.mjs',
    publicKey: true,
    run: (file) => [process.execPath, file],
  },
  {
    name: 'Python',
    probe: ['python3', '-c', 'import sys; assert sys.version_info >= (3, 9)'],
    standard: 'standard.py',
    woodwing: 'woodwing.py',
    publicKey: false,
    run: (file) => ['python3', file],
  },
  {
    name: 'PHP',
    probe: ['php', '-r', 'exit(PHP_VERSION_ID >= 80100 && extension_loaded("sodium") ? 0 : 1);'],
    standard: 'standard.php',
    woodwing: 'woodwing.php',
    publicKey: true,
    run: (file, port) => ['php', '-S', `127.0.0.1:${port}`, file],
  },
  {
    name: 'Go',
    probe: ['go', 'version'],
    standard: 'standard.go',
    woodwing: 'woodwing.go',
    publicKey: true,
    build: (file, place) => ['go', 'build', '-o', join(place, 'receiver'), file],
    run: (_file, _port, place) => [join(place, 'receiver')],
  },
  {
    name: 'Java',
    probe: ['java', '--source', '17', '--version'],
    standard: 'Standard.java',
    woodwing: 'WoodWing.java',
    publicKey: true,
    run: (file) => ['java', file],
  },
  {
    name: 'C#',
    probe: ['bash', '-c', 'dotnet --version | grep -Eq "^[1-9][0-9]"'],
    standard: 'Standard.cs',
    woodwing: 'WoodWing.cs',
    publicKey: false,
    // A file alone is a program since .NET 10.
    run: (file, port) => ['dotnet', 'run', file, '--urls', `http://127.0.0.1:${port}`],
  },
  {
    name: 'Ruby',
    probe: ['rackup', '--version'],
    standard: 'standard.rb',
    woodwing: 'woodwing.rb',
    publicKey: false,
    run: (file, port) => ['rackup', '--host', '127.0.0.1', '--port', String(port), file],
  },
  {
    name: 'Bash',
    probe: ['bash', '-c', 'openssl version | grep -q "OpenSSL 3"'],
    standard: 'standard.sh',
    woodwing: 'woodwing.sh',
    publicKey: true,
  },
];

let real: RealDeliveries;
const places: string[] = [];

before(async () => {
  real = await makeRealDeliveries();
});
after(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  // One file, no module, no network.
  GO111MODULE: 'off',
  GOTOOLCHAIN: 'local',
  GOFLAGS: '',
  ...more,
});

/** A server in another language, once it listens. */
async function startReceiver({ run, build }: Language, file: string, secret: string): Promise<Receiver> {
  const place = mkdtempSync(join(tmpdir(), 'assetwire-sample-'));
  places.push(place);
  const path = join(folder, file);
  const port = await freePort();
  if (build !== undefined) {
    const [command = '', ...args] = build(path, place);
    const built = spawnSync(command, args, { env: environment({}), encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
  }
  const [command = '', ...args] = run?.(path, port, place) ?? [];
  const child = spawn(command, args, {
    cwd: place,
    env: environment({ WEBHOOK_SECRET: secret, PORT: String(port) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stop = (): void => void child.kill('SIGKILL');
  const endMs = performance.now() + 120_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > endMs) {
      stop();
      throw new Error(`${file} must listen: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { send: (delivery) => post(port, delivery), stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function post(port: number, { body, headers }: SignedDelivery): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/hooks',
        headers: { ...headers, host: `127.0.0.1:${port}`, 'content-length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.setTimeout(60_000, () => request.destroy(new Error('No answer within 60 s')));
    request.on('error', reject);
    request.end(body);
  });
}

/** The sample for the shell is a CGI program: a process per delivery. */
function cgiReceiver(file: string, secret: string): Receiver {
  return {
    stop: () => undefined,
    send: async ({ body, headers }) => {
      const variables = Object.entries(headers).map(([name, value]) => [
        `HTTP_${name.toUpperCase().replaceAll('-', '_')}`,
        value,
      ]);
      const run = spawnSync('bash', [join(folder, file)], {
        input: body,
        env: environment({ ...Object.fromEntries(variables), WEBHOOK_SECRET: secret }),
        encoding: 'utf8',
      });
      const status = Number(/^Status: (\d+)/.exec(run.stdout)?.[1] ?? 500);
      assert.equal(run.status === 0, status === 204, run.stderr);
      return status;
    },
  };
}

const start = (language: Language, file: string, secret: string): Promise<Receiver> =>
  language.run === undefined ? Promise.resolve(cgiReceiver(file, secret)) : startReceiver(language, file, secret);

type Case = readonly [what: string, delivery: SignedDelivery, status: number];

const altered = (delivery: SignedDelivery, headers: Record<string, string | undefined>): SignedDelivery => {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...delivery.headers, ...headers })) {
    if (value !== undefined) all[name] = value;
  }
  return { ...delivery, headers: all };
};

/** One bit of the body is another one: it stays as long and, here, good JSON. */
const otherBody = (delivery: SignedDelivery): SignedDelivery => {
  const body = Buffer.from(delivery.body.toString('utf8').replace('Final', 'Fival'));
  assert.notDeepEqual(body, delivery.body);
  return { ...delivery, body };
};

/** Signed as the server signs, but so many seconds ago: what somebody kept and sends again. */
function signedAt(delivery: SignedDelivery, seconds: number, secret = delivery.secret): SignedDelivery {
  const timestamp = String(Math.floor(Date.now() / 1_000) + seconds);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const id = delivery.headers['webhook-id'] ?? '';
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(delivery.body).digest('base64');
  return altered(delivery, { 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` });
}

function standardCases(good: SignedDelivery): readonly Case[] {
  const { 'webhook-timestamp': timestamp = '', 'webhook-signature': signature = '' } = good.headers;
  return [
    ['the delivery as it came', good, 204],
    ['another body', otherBody(good), 400],
    ['another time', altered(good, { 'webhook-timestamp': String(Number(timestamp) - 1) }), 400],
    ['another id', altered(good, { 'webhook-id': 'msg_other' }), 400],
    ['no signature', altered(good, { 'webhook-signature': undefined }), 400],
    ['an empty signature', altered(good, { 'webhook-signature': 'v1,' }), 400],
    ['half a signature', altered(good, { 'webhook-signature': signature.slice(0, 20) }), 400],
    ['no time', altered(good, { 'webhook-timestamp': undefined }), 400],
    ['a time that is none', altered(good, { 'webhook-timestamp': 'now' }), 400],
    ['a signature among others', altered(good, { 'webhook-signature': `v1,AAAA v9,x ${signature}` }), 204],
  ];
}

const timeCases = (good: SignedDelivery): readonly Case[] => [
  ['signed a minute ago', signedAt(good, -60), 204],
  ['signed six minutes ago: an old delivery sent again', signedAt(good, -360), 400],
  ['signed six minutes ahead', signedAt(good, 360), 400],
  ['signed with the secret of another webhook', signedAt(good, 0, good.wrongSecret), 400],
];

const tokenSignature = (body: Buffer, token: string): string => createHmac('sha256', token).update(body).digest('hex');

const woodwingCases = (good: SignedDelivery): readonly Case[] => [
  [
    'signed with the token of another webhook',
    altered(good, { 'x-hook-signature': tokenSignature(good.body, good.wrongSecret) }),
    400,
  ],
  ['the delivery as it came', good, 204],
  ['another body', otherBody(good), 400],
  ['no signature', altered(good, { 'x-hook-signature': undefined }), 400],
  ['half a signature', altered(good, { 'x-hook-signature': good.headers['x-hook-signature']?.slice(0, 32) }), 400],
];

async function judge(receiver: Receiver, cases: readonly Case[]): Promise<void> {
  const seen: [string, number][] = [];
  for (const [what, delivery] of cases) seen.push([what, await receiver.send(delivery)]);
  assert.deepEqual(
    seen,
    cases.map(([what, , status]) => [what, status]),
  );
}

async function withReceiver(
  language: Language,
  { file, secret }: { readonly file: string; readonly secret: string },
  use: (receiver: Receiver) => Promise<void>,
): Promise<void> {
  const receiver = await start(language, file, secret);
  try {
    await use(receiver);
  } finally {
    receiver.stop();
  }
}

for (const language of languages) {
  const [command = '', ...args] = language.probe;
  const missing = (): string | null =>
    spawnSync(command, args, { env: environment({}) }).status === 0 ? null : `${language.name} is not on this machine`;

  test(`The ${language.name} sample for Standard Webhooks takes what the server signed and nothing else`, async (t) => {
    const why = missing();
    if (why !== null) return t.skip(why);
    const { v1, v1a } = real;
    // Several secrets at once, as during a rotation, or where one receiver serves several webhooks; the first fits nothing.
    const secrets = [shared(), ...(language.publicKey ? [v1a.secret] : []), v1.secret];
    await withReceiver(language, { file: language.standard, secret: secrets.join(' ') }, async (receiver) => {
      await judge(receiver, [...standardCases(v1), ...timeCases(v1)]);
      if (language.publicKey) await judge(receiver, standardCases(v1a));
    });
  });

  test(`The ${language.name} sample for WoodWing takes what the server signed and nothing else`, async (t) => {
    const why = missing();
    if (why !== null) return t.skip(why);
    const { woodwing } = real;
    await withReceiver(language, { file: language.woodwing, secret: woodwing.secret }, (receiver) =>
      judge(receiver, woodwingCases(woodwing)),
    );
  });
}

test('Every file of the folder belongs to a language that is tried', () => {
  const known = languages.flatMap(({ standard, woodwing }) => [standard, woodwing]);
  assert.deepEqual(readdirSync(folder).toSorted(), known.toSorted());
});
