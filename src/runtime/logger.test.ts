import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { createFileSink, createStreamSink } from './log-sink.ts';

function recorder(format: 'json' | 'human' = 'json'): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), dropped: () => 0 };
  return { logger: createLogger({ level: 'trace', format, sink }), lines };
}

test('LG-02 a record is one line of JSON whatever its values hold', () => {
  const { logger, lines } = recorder();
  const nasty = '\n{"level":"error"}\r\u001b[2J\u2028\u2029\u0085\u009b31m\u0000\ud800';
  logger.info(nasty, { [nasty]: nasty, nested: { list: [nasty] }, level: 'fatal', time: 'never', event: 'other' });
  assert.equal(lines.length, 1);
  const line = lines[0] ?? '';
  assert.equal(line.endsWith('\n'), true);
  assert.equal(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/.test(line), false);
  assert.equal(line.indexOf('\n'), line.length - 1);
  const record: { level?: unknown; level_?: unknown } = JSON.parse(line);
  assert.deepEqual([record.level, record.level_], ['info', 'fatal'], 'a field cannot forge the level');
});

test('LG-02 a value of 1 MB is cut to 4 KiB, and a record stays small', () => {
  const { logger, lines } = recorder();
  logger.warn('x'.repeat(1_000_000), { value: 'y'.repeat(1_000_000) });
  assert.ok((lines[0] ?? '').length < 10_000);
  assert.match(lines[0] ?? '', /1000000 characters/);
});

test('LG-02 a person reads one line too, and nothing in it moves the cursor', () => {
  const { logger, lines } = recorder('human');
  logger.error('delivery.failed', { detail: 'a\nb\u001b[2J\u202e', status: 500, plain: 'word' });
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:\d\d\.\d{3} ERROR delivery\.failed detail="a\\nb\\u001b\[2J\\u202e" status=500 plain=word\n$/,
  );
});

test('LG-01 secrets are masked by the name of their field, also in header pairs and below', () => {
  const { logger, lines } = recorder();
  const canary = `canary-${randomBytes(8).toString('hex')}`;
  const names = [
    'authorization',
    'Cookie',
    'set-cookie',
    'password',
    'secret',
    'signingSecret',
    'apiKey',
    'adminKey',
    'access_token',
    'key',
    'x-api-key',
  ];
  logger.info('request', Object.fromEntries(names.map((name) => [name, canary])));
  logger.info('request', { headers: names.map((name) => [name, canary]) });
  logger.info('request', {
    a: { b: { c: { secret: canary } } },
    error: Object.assign(new Error('x'), { secret: canary }),
  });
  logger.with({ token: canary }).info('request', { status: 200 });
  assert.equal(lines.join('').includes(canary), false);
  assert.match(lines[0] ?? '', /\[redacted\]/);
});

test('LG-01 secrets are masked by their form where no field names them', () => {
  const { logger, lines } = recorder();
  const canary = randomBytes(16).toString('hex');
  const texts = [
    `whsec_${canary}`,
    `whsk_${canary}`,
    `aw_${canary}`,
    `Bearer ${canary}`,
    `basic ${canary}`,
    `https://user:${canary}@host/path`,
    `http://h/#sign-in=${canary}`,
    `http://h/?a=1&token=${canary}`,
  ];
  for (const text of texts)
    logger.info(`event ${text}`, {
      detail: `before ${text} after`,
      error: new Error(text, { cause: new Error(text) }),
    });
  assert.equal(lines.join('').includes(canary), false);
  assert.match(lines[0] ?? '', /before whsec_\[redacted\] after/);
});

test('what cannot be read is named and does not throw', () => {
  const { logger, lines } = recorder();
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  logger.info('odd %s %d %j', {
    cycle,
    big: 12n,
    bytes: Buffer.from('abc'),
    none: undefined,
    when: new Date(Number.NaN),
    run: () => 1,
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /too deep/);
  assert.match(lines[0] ?? '', /odd %s %d %j/);
  assert.match(lines[0] ?? '', /\[3 bytes\]/);
});

test('levels below the one set are not written, and ask nothing of their fields', () => {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'warn',
    format: 'json',
    sink: { write: (line) => void lines.push(line), dropped: () => 0 },
  });
  logger.info('quiet', {
    get costly(): string {
      throw new Error('asked');
    },
  });
  assert.deepEqual(lines, []);
  assert.equal(logger.enabled('info'), false);
  assert.equal(logger.enabled('error'), true);
});

test('FX-05 a reader that is gone or too slow costs lines, never the process', async () => {
  const slow = new Writable({ highWaterMark: 1, write: () => undefined });
  const sink = createStreamSink(slow);
  for (let count = 0; count < 100; count += 1) sink.write('x'.repeat(200_000));
  assert.ok(sink.dropped() > 50);
  const closing = new PassThrough();
  const closed = createStreamSink(closing);
  closing.destroy(new Error('EPIPE'));
  await new Promise((resolve) => closing.once('close', resolve));
  closed.write('x');
  assert.equal(closed.dropped(), 1);
});

test('FX-05 a full disk costs the line that met it, and the next one is tried', () => {
  // A descriptor open for reading refuses writes on every system, as a full disk does.
  const full = createFileSink(openSync(import.meta.filename, 'r'));
  full.write('x');
  full.write('y');
  assert.equal(full.dropped(), 2);
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-log-'));
  const file = createFileSink(openSync(join(directory, 'log'), 'a'));
  file.write('kept\n');
  assert.equal(readFileSync(join(directory, 'log'), 'utf8'), 'kept\n');
  rmSync(directory, { recursive: true });
});

test('LG-07 the time of a record is UTC to the millisecond, whatever the zone of the process', () => {
  const zone = process.env['TZ'];
  try {
    for (const name of ['Pacific/Chatham', 'America/St_Johns', 'UTC']) {
      process.env['TZ'] = name;
      const { logger, lines } = recorder();
      const fromMs = Date.now();
      logger.info('x');
      const { time } = JSON.parse(lines[0] ?? '') as { readonly time: string };
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Date.parse(time) >= fromMs && Date.parse(time) <= Date.now(), `${time} in ${name}`);
      const { logger: human, lines: shown } = recorder('human');
      human.info('x');
      assert.ok(shown[0]?.includes(new Date().toISOString().slice(11, 15)), `a person reads UTC too: ${shown[0]}`);
    }
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});
