import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createClient } from '../client.ts';
import { inProcess } from '../testing/in-process.ts';
import { clean, launcher, serve, temporaryDirectory } from '../testing/spawned.ts';
import { csvMapping, type CsvRules } from './csv-mapping.ts';
import { pushRecords } from './push-records.ts';
import { csvRecords, jsonRecords, type ReadRecord } from './read-records.ts';

type Summary = {
  readonly records: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly unreadable: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly errorsFile: string | null;
  readonly sync?: { readonly state: string; readonly vanished: number; readonly applied: number };
};

let server: Awaited<ReturnType<typeof serve>>;
let dataDir: string;
before(async (t) => {
  dataDir = temporaryDirectory(t as never);
  server = await serve({ ASSETWIRE_DATA_DIR: dataDir });
});
after(() => void server.child.kill('SIGKILL'));

const cli = () => inProcess({ ASSETWIRE_DATA_DIR: dataDir });
const lines = (states: readonly object[]): string => states.map((state) => `${JSON.stringify(state)}\n`).join('');
const states = (count: number, more: object = {}, prefix = 'i') =>
  Array.from({ length: count }, (_, n) => ({ externalId: `${prefix}-${n}`, name: `${n}.jpg`, ...more }));

test('a file of states is imported, again nothing changes, and a dry run tells what would', async (t) => {
  const file = join(temporaryDirectory(t), 'assets.ndjson');
  writeFileSync(file, lines(states(450, { tags: ['a'] })));
  const first = await cli().ask<Summary>('import', file);
  assert.deepEqual([first.records, first.created, first.changes['asset.created']], [450, 450, 450]);
  assert.equal(existsSync(`${file}.import-progress.json`), false);
  writeFileSync(file, lines([...states(400, { tags: ['a'] }), ...states(1, { tags: ['b'] }), ...states(2, {}, 'new')]));
  const dry = await cli().ask<Summary>('import', file, '--dry-run');
  assert.deepEqual([dry.unchanged, dry.updated, dry.created], [400, 1, 2]);
  assert.deepEqual(dry.changes, { 'asset.tags_changed': 1, 'asset.created': 2, 'asset.ready': 2 });
  const real = await cli().ask<Summary>('import', file);
  assert.deepEqual([real.unchanged, real.updated, real.created], [400, 1, 2]);
});

test('lines that cannot be taken are told one by one and hold up no other', async (t) => {
  const file = join(temporaryDirectory(t), 'mixed.ndjson');
  writeFileSync(
    file,
    `\uFEFF${lines(states(1, {}, 'm'))}\n{"externalId":"m-1","tags":5}\r\nnot json\n[1]\n{"name":"x"}\n{"externalId":"m-2"}`,
  );
  const { code, out } = await cli().run('import', file, '--json');
  const summary = JSON.parse(out) as Summary;
  assert.equal(code, 1);
  assert.deepEqual([summary.records, summary.created, summary.rejected, summary.unreadable], [6, 2, 2, 2]);
  const told = readFileSync(summary.errorsFile ?? '', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    told.map(({ line, code: why, problems }) => [line, why, problems?.[0]?.at]),
    [
      [3, 'invalid_request', '/tags'],
      [4, 'unreadable', undefined],
      [5, 'unreadable', undefined],
      [6, 'invalid_request', '/externalId'],
    ],
  );
});

test('a CSV is imported by its header, by mapping, and by the types of metadata fields', async (t) => {
  const file = join(temporaryDirectory(t), 'export.csv');
  await cli().ask('metadata-fields', 'create', 'rank', '--type', 'number');
  writeFileSync(
    file,
    'Asset ID,name,Tags,metadata.rank,file.url,file.bytes,Colour\n' +
      'c-1,"one, two.jpg",a|b,3,https://dam.example/1,12,red\n' +
      'c-2,three.jpg,,x,,,\n' +
      'c-3,short\n',
  );
  const strange = await cli().run('import', file);
  assert.equal(strange.code, 2);
  assert.match(strange.err, /"Asset ID", "Colour" are not/);
  const args = ['import', file, '--map', 'Asset ID=externalId', '--others', 'metadata', '--json'];
  const { out } = await cli().run(...args);
  const summary = JSON.parse(out) as Summary;
  assert.deepEqual([summary.created, summary.unreadable], [1, 2]);
  const { state } = await cli().ask<{ state: Record<string, unknown> }>('assets', 'show', 'external:c-1');
  const { name, tags, metadata, file: content } = state;
  assert.deepEqual(
    { name, tags, metadata, content },
    {
      name: 'one, two.jpg',
      tags: ['a', 'b'],
      metadata: { rank: 3, Colour: 'red' },
      content: { name: 'one, two.jpg', mimeType: 'image/jpeg', bytes: 12, url: 'https://dam.example/1' },
    },
  );
});

test('a full sync from a file finds what vanished, stops where that is much, and a dry run leaves no trace', async (t) => {
  const file = join(temporaryDirectory(t), 'all.ndjson');
  writeFileSync(file, lines(states(20, {}, 's')));
  const first = await cli().ask<Summary>('import', file, '--sync', 'dam', '--vanished', 'delete');
  assert.deepEqual([first.created, first.sync?.state, first.sync?.vanished], [20, 'done', 0]);
  writeFileSync(file, lines(states(18, {}, 's')));
  const dry = await cli().ask<Summary>('import', file, '--sync', 'dam', '--vanished', 'delete', '--dry-run');
  assert.deepEqual([dry.unchanged, dry.sync?.vanished, dry.sync?.applied], [18, 2, 0]);
  const real = await cli().ask<Summary>('import', file, '--sync', 'dam', '--vanished', 'delete');
  assert.deepEqual([real.sync?.state, real.sync?.applied], ['done', 2]);
  writeFileSync(file, lines(states(5, {}, 's')));
  const stopped = await cli().run('import', file, '--sync', 'dam', '--vanished', 'delete');
  assert.equal(stopped.code, 1);
  assert.match(stopped.err, /13 of 18 .*72 %/);
  const [waiting] = (await cli().ask<{ data: { id: string }[] }>('syncs', 'list', '--state', 'waiting')).data;
  const id = waiting?.id ?? '';
  assert.equal((await cli().ask<{ data: unknown[] }>('syncs', 'vanished', id)).data.length, 13);
  const done = await cli().ask<{ state: string; applied: number }>(
    'syncs',
    'complete',
    id,
    '--vanished',
    'archive',
    '--confirm',
  );
  assert.deepEqual([done.state, done.applied], ['done', 13]);
});

test('an import that was interrupted goes on where it stopped', async (t) => {
  const file = join(temporaryDirectory(t), 'long.ndjson');
  writeFileSync(file, lines(states(4_000, { info: { description: 'x'.repeat(200) } }, 'l')));
  // A server between that lets five batches through, then nothing.
  let passed = 0;
  const { url: real } = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as { url: string };
  const gate: Server = createServer((request, response) => {
    passed += 1;
    if (passed > 5) return void response.writeHead(401).end('{}');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void fetch(`${real}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' },
        body: Buffer.concat(chunks),
      }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
    });
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  t.after(() => gate.close());
  const url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  const key = (await cli().ask<{ key: string }>('keys', 'create', 'import', '--scope', 'assets:write')).key;
  const through = inProcess({ ASSETWIRE_URL: url, ASSETWIRE_KEY: key });
  const broken = await through.run('import', file, '--at-once', '2');
  assert.equal(broken.code, 5);
  const journal = JSON.parse(readFileSync(`${file}.import-progress.json`, 'utf8')) as { records: number };
  assert.equal(journal.records, 1_000);
  passed = Number.NEGATIVE_INFINITY;
  const again = await through.ask<Summary>('import', file);
  assert.deepEqual([again.records, again.created, again.unchanged], [4_000, 4_000, 0]);
});

test('a server that is killed in a sync goes on with it at its next start, and each that vanished is archived once', {
  timeout: 180_000,
}, async (t) => {
  const file = join(temporaryDirectory(t), 'killed.ndjson');
  writeFileSync(file, lines(states(2_500, {}, 'x')));
  await cli().ask('import', file, '--sync', 'killed');
  const begun = await cli().ask<{ sync: { id: string } }>('import', file, '--sync', 'killed', '--vanished', 'report');
  assert.match(begun.sync.id, /^syn_/);
  const { key } = await cli().ask<{ key: string }>('keys', 'create', 'watch', '--scope', 'assets:read');
  const environment = { env: { ...clean({ ASSETWIRE_DATA_DIR: dataDir }) } };
  const { spawn } = await import('node:child_process');
  type Sync = { readonly id: string; readonly state: string; readonly applied: number; readonly kept: number };
  const latest = async (): Promise<Sync | undefined> =>
    (await cli().ask<{ data: Sync[] }>('syncs', 'list', '--source', 'killed', '--limit', '1')).data[0];
  /** Without a command around it: what is looked for is over in a moment. */
  const look = async (): Promise<Sync | undefined> => {
    const answer = await fetch(`${server.url}/v1/syncs?source=killed&limit=1`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return ((await answer.json()) as { readonly data: readonly Sync[] }).data[0];
  };
  /** Syncs without the last 300 that are left; true once one was seen under way. */
  const seenUnderWay = async (before: string): Promise<boolean> => {
    const underWay = new Set(['comparing', 'applying']);
    // The command line takes seconds to start on a busy machine.
    const givenUpMs = systemClock.monotonicMs() + 60_000;
    while (systemClock.monotonicMs() < givenUpMs) {
      const sync = await look();
      if (sync === undefined || sync.id === before) continue;
      if (underWay.has(sync.state)) return true;
      if (sync.state === 'done') return false;
    }
    return assert.fail('a sync must begin within a minute');
  };
  let before = begun.sync.id;
  let left = 2_500;
  let ended: Promise<unknown> = Promise.resolve();
  for (let seen = false; !seen; ) {
    left -= 300;
    assert.ok(left >= 1_600, 'one of three syncs was seen under way');
    writeFileSync(file, lines(states(left, {}, 'x')));
    const args = [launcher, 'import', file, '--sync', 'killed', '--vanished', 'archive'];
    const child = spawn(process.execPath, args, environment);
    ended = new Promise((resolve) => child.on('exit', resolve));
    seen = await seenUnderWay(before);
    // A process that was kept from looking has missed it: once more.
    if (!seen) {
      await ended;
      before = (await latest())?.id ?? '';
    }
  }
  await server.end('SIGKILL');
  await ended;
  server = await serve({ ASSETWIRE_DATA_DIR: dataDir });
  let sync = await latest();
  for (let tries = 0; tries < 3_000 && sync?.state !== 'done'; tries += 1) {
    sync = await latest();
    await new Promise<void>((resolve) => systemClock.timer(20, resolve));
  }
  assert.deepEqual([sync?.state, (sync?.applied ?? 0) + (sync?.kept ?? 0)], ['done', 300]);
  const { data } = await cli().ask<{ data: { subject: { externalId?: string } }[] }>(
    'changes',
    'list',
    '--kind',
    'asset.archived',
    '--limit',
    '1000',
  );
  const archived = data.map(({ subject }) => subject.externalId ?? '').filter((name) => name.startsWith('x-'));
  const vanished = 2_500 - left;
  assert.deepEqual([archived.length, new Set(archived).size], [vanished, vanished]);
});

test('Ctrl-C ends an import in order and says how to go on', { timeout: 180_000 }, async (t) => {
  const file = join(temporaryDirectory(t), 'interrupted.ndjson');
  writeFileSync(file, lines(states(60_000, {}, 'k')));
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, [launcher, 'import', file], {
    env: { ...clean, ASSETWIRE_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  await until(
    () => existsSync(`${file}.import-progress.json`) || child.exitCode !== null,
    'the import has begun',
    60_000,
  );
  child.kill('SIGINT');
  const code = await ended;
  assert.equal(code, 130, err);
  assert.match(err, /Interrupted: \d+ states taken/);
  const { records } = JSON.parse(readFileSync(`${file}.import-progress.json`, 'utf8')) as { records: number };
  assert.ok(records > 0 && records < 60_000, String(records));
});

const rules: CsvRules = { map: [], others: 'refuse', listSeparator: '|', fields: new Map() };

test('a header that does not fit is refused up front with what would mend it', () => {
  const cases: readonly (readonly [readonly string[], Partial<CsvRules>, RegExp])[] = [
    [['externalId', 'Colour'], {}, /"Colour" is not/],
    [['name'], {}, /none is externalId or id/],
    [['externalId', 'External ID'], {}, /"externalId" is several/],
    [['externalId'], { map: ['Nope=name'] }, /"Nope" is not/],
    [['externalId', 'x'], { map: ['x=nonsense'] }, /"nonsense" is none/],
    [['externalId', 'x'], { map: ['x'] }, /Column=field/],
    [['externalId', 'x'], { map: ['x=metadata.__proto__'] }, /is none/],
  ];
  for (const [header, given, message] of cases)
    assert.throws(() => csvMapping(header, { ...rules, ...given }), { message });
});

test('whatever the cells, a row becomes a state that JSON carries unchanged, or a fault', async () => {
  const header = ['externalId', 'tags', 'archived', 'file.bytes', 'metadata.a', 'sourceVersion'];
  const mapping = csvMapping(header, rules);
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 6, maxLength: 6 }), (row) => {
      const read = mapping(row);
      if (read.state !== undefined) assert.deepEqual(JSON.parse(JSON.stringify(read.state)), read.state);
      else assert.match(read.fault, /must be/);
    }),
  );
});

test('records keep their lines wherever the chunks of the file end', async () => {
  const text = '{"a":1}\n\n{"b":"é"}\r\nnope\n{"c":3}';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }), async (sizes) => {
      const bytes = Buffer.from(text);
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)));
      chunks.push(bytes.subarray(at));
      const read = await all(jsonRecords(Readable.from(chunks, { objectMode: true })));
      assert.deepEqual(
        read.map(({ line, bytes: end, state }) => [line, end, state]),
        [
          [1, 8, { a: 1 }],
          [3, 21, { b: 'é' }],
          [4, 26, undefined],
          [5, 33, { c: 3 }],
        ],
      );
    }),
  );
});

test('what is not UTF-8 is told line by line, and not taken with letters that are lost', async () => {
  const bytes = Buffer.from(
    '{"externalId":"a","name":"a"}\n{"externalId":"b","name":"caf\xe9"}\n{"externalId":"c"}',
    'latin1',
  );
  const read = await all(jsonRecords(Readable.from([bytes])));
  assert.deepEqual(
    read.map(({ line, fault }) => [line, fault === undefined ? null : /UTF-8.*iconv/.test(fault)]),
    [
      [1, null],
      [2, true],
      [3, null],
    ],
  );
  const csv = (text: string) =>
    all(
      csvRecords(Readable.from([Buffer.from(text, 'latin1')]), {
        delimiter: ',',
        mapping:
          () =>
          ([externalId]) => ({ state: { externalId } }),
      }),
    );
  const rows = await csv('id,name\n1,a\n2,caf\xe9\n3,b\n');
  assert.deepEqual(
    rows.map(({ fault }) => fault !== undefined),
    [false, true, false],
  );
  await assert.rejects(csv('id,pr\xe9nom\n1,a\n'), { message: /UTF-8/ });
});

test('quoted cells may hold line ends, and lines are still counted', async () => {
  const text = 'externalId,name\na,"one\ntwo"\nb,c\n';
  const read = await all(
    csvRecords(Readable.from([Buffer.from(text)]), { delimiter: ',', mapping: (header) => csvMapping(header, rules) }),
  );
  assert.deepEqual(
    read.map(({ line, state }) => [line, state]),
    [
      [2, { externalId: 'a', name: 'one\ntwo' }],
      [4, { externalId: 'b', name: 'c' }],
    ],
  );
});

test('a CSV with other delimiters or quotes that do not pair is refused with what to do, and is no bug of ours', async () => {
  const read = (text: string): Promise<unknown> =>
    all(
      csvRecords(Readable.from([Buffer.from(text)]), {
        delimiter: ',',
        mapping: (header) => csvMapping(header, rules),
      }),
    );
  await assert.rejects(read('externalId;name\na;one\n'), { exitCode: 2, mend: /--delimiter ';'$/ });
  await assert.rejects(read('externalId\tname\na\tone\n'), { exitCode: 2, mend: /--delimiter \$'\\t'$/ });
  for (const text of ['externalId;name\na;"one, ""two"".jpg"\n', 'externalId,name\na,o"n"e\n', 'externalId\n"a\n'])
    await assert.rejects(read(text), { exitCode: 2, message: /^File must be readable as CSV: / }, text);
});

async function all(records: AsyncGenerator<ReadRecord>): Promise<readonly ReadRecord[]> {
  const list: ReadRecord[] = [];
  for await (const record of records) list.push(record);
  return list;
}

test('a batch that is refused whole is halved until what it is refused for stands alone', async () => {
  const bodies: number[] = [];
  const peer = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { assets } = JSON.parse(Buffer.concat(chunks).toString()) as { assets: { externalId: string }[] };
      bodies.push(assets.length);
      const bad = assets.some(({ externalId }) => externalId === '3');
      if (bad) response.writeHead(413).end(JSON.stringify({ code: 'body_too_large', detail: 'too large' }));
      else
        response
          .writeHead(200)
          .end(JSON.stringify({ results: assets.map(() => ({ status: 'unchanged', version: 1 })) }));
    });
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  const client = createClient({ url: `http://127.0.0.1:${(peer.address() as AddressInfo).port}`, key: null });
  const statuses: (string | undefined)[] = [];
  async function* records(): AsyncGenerator<ReadRecord> {
    for (let n = 0; n < 6; n += 1) yield { line: n + 1, bytes: n, state: { externalId: String(n) } };
  }
  await pushRecords(records(), {
    client,
    clock: systemClock,
    atOnce: 2,
    dryRun: false,
    sync: null,
    signal: new AbortController().signal,
    onAnswered: (pushed) => statuses.push(...pushed.map(({ result }) => result?.status)),
  });
  peer.close();
  assert.deepEqual(statuses, ['unchanged', 'unchanged', 'unchanged', 'rejected', 'unchanged', 'unchanged']);
  assert.equal(bodies[0], 6);
});

test('behind a batch that is not answered only so many others are sent: what waits for it lies in memory', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let sent = 0;
  const client = {
    ...createClient({ url: 'http://127.0.0.1:1', key: null }),
    async send(_method: string, _path: string, body: unknown) {
      const { assets } = body as { readonly assets: readonly unknown[] };
      sent += 1;
      if (sent === 1) await held;
      else if (sent === 100) release();
      return { results: assets.map(() => ({ status: 'unchanged', version: 1 })) } as never;
    },
  };
  async function* records(): AsyncGenerator<ReadRecord> {
    for (let n = 0; n < 40_000; n += 1) yield { line: n + 1, bytes: n, state: { externalId: String(n) } };
  }
  let answered = 0;
  const pushing = pushRecords(records(), {
    client,
    clock: systemClock,
    atOnce: 2,
    dryRun: false,
    sync: null,
    signal: new AbortController().signal,
    onAnswered: (pushed) => (answered += pushed.length),
  });
  for (let turn = 0; turn < 1_000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(sent < 40, `${sent} batches behind one`);
  release();
  await pushing;
  assert.deepEqual([sent, answered], [200, 40_000]);
});
