import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { woodwingDialect } from '../dialects/woodwing/index.ts';
import { createPropertiesFile, readProperties } from './properties-file.ts';
import { caller, createFixture, type Fixture } from './testing/app-fixture.ts';

const attempts = 'webHooksRetryMaximumAttempts';
const failures = 'webHooksFailuresBeforeDisable';
const known = woodwingDialect.manifest.properties ?? [];

async function withFixture(run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await createFixture({ dialects: [woodwingDialect] });
  try {
    await run(fixture);
  } finally {
    await fixture.stop();
  }
}

const valuesOf = async ({ app }: Fixture): Promise<object> =>
  Object.fromEntries(
    (await app.dialectProperties.list(caller, 'woodwing')).map(({ name, value, source }) => [name, [value, source]]),
  );

test("a property is shown with its default, set, audited, taken back, and becomes the policy of the dialect's webhooks", async () => {
  await withFixture(async (fixture) => {
    const { app, care } = fixture;
    const webhook = {
      name: 'w',
      dialect: 'woodwing',
      target: { transport: 'http', url: 'https://receiver.test/' },
    } as const;
    const made = (await app.webhooks.create(caller, { ...webhook, events: ['asset_create'], settings: {} })).body;
    assert.deepEqual(await valuesOf(fixture), { [attempts]: [8, 'default'], [failures]: [-1, 'default'] });
    assert.equal((await care.current('default', made.id))?.policy, undefined);
    await app.dialectProperties.update(caller, 'woodwing', { [attempts]: 3, [failures]: 5 });
    assert.deepEqual(await valuesOf(fixture), { [attempts]: [3, 'api'], [failures]: [5, 'api'] });
    const policy = (await care.current('default', made.id))?.policy;
    assert.equal(policy?.schedule?.delaysMs.length, 3);
    assert.deepEqual(policy?.disable, [{ kind: 'window', failures: 5, windowMs: 10_000 }]);
    await app.dialectProperties.update(caller, 'woodwing', { [attempts]: null });
    assert.deepEqual(await valuesOf(fixture), { [attempts]: [8, 'default'], [failures]: [5, 'api'] });
    const { items } = await app.operation.audit(caller, { limit: 10, action: 'dialect.properties_changed' });
    assert.equal(items.length, 2);
  });
});

test('what does not fit is refused by name, all of it at once, and nothing is written', async () => {
  await withFixture(async (fixture) => {
    const refused = fixture.app.dialectProperties.update(caller, 'woodwing', {
      [attempts]: 101,
      [failures]: -2,
      other: 1,
    });
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof AssetwireError);
      assert.deepEqual(
        error.problems?.map(({ at, wanted }) => `${at}: ${wanted}`),
        [
          `/${attempts}: a whole number from 0 to 100`,
          `/${failures}: a whole number from -1 to 1000`,
          `/other: one of ${attempts}, ${failures}`,
        ],
      );
      return true;
    });
    assert.deepEqual(await valuesOf(fixture), { [attempts]: [8, 'default'], [failures]: [-1, 'default'] });
  });
});

test('more attempts than the dialect has waits repeat the longest one, and the age leaves room for all of them', () => {
  const { schedule } = woodwingDialect.policyFor?.({ [attempts]: 20 }) ?? {};
  assert.equal(schedule?.delaysMs.length, 20);
  const sum = schedule?.delaysMs.reduce((total, delay) => total + delay * 1.1, 0) ?? Infinity;
  assert.ok(sum < (schedule?.ageMaxMs ?? 0));
  assert.deepEqual(woodwingDialect.policyFor?.({ [attempts]: 0 })?.schedule?.delaysMs, []);
});

test("the vendor's file: remarks, other properties and blanks are passed over, the last of two counts, a wrong value is told by its line", () => {
  const text = [
    '\uFEFF# cluster properties',
    '! another remark',
    'server.port=8080',
    `  ${failures} = 4 `,
    `${attempts}:2`,
    `${attempts} 3`,
    '',
    `${failures}=many`,
  ].join('\r\n');
  const { values, problems } = readProperties(text, known);
  assert.deepEqual(values, { [failures]: 4, [attempts]: 3 });
  assert.deepEqual(problems, [{ line: 8, name: failures, wanted: 'a whole number from -1 to 1000' }]);
});

test('the file is read at start and when it changes, and whoever wrote last wins', async () => {
  await withFixture(async (fixture) => {
    const directory = mkdtempSync(join(tmpdir(), 'assetwire-properties-'));
    const path = join(directory, 'cluster-properties.txt');
    const write = (text: string, atMs: number): void => {
      writeFileSync(path, text);
      utimesSync(path, atMs / 1_000, atMs / 1_000);
    };
    const { clock, properties } = fixture;
    const lines: string[] = [];
    const logger = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
    const file = createPropertiesFile({ path, dialect: 'woodwing', known, properties, clock, logger });
    try {
      write(`${attempts}=2\n`, clock.nowMs() - 1_000);
      await file.start();
      assert.deepEqual(await valuesOf(fixture), { [attempts]: [2, 'file'], [failures]: [-1, 'default'] });
      clock.advance(5_000);
      await fixture.app.dialectProperties.update(caller, 'woodwing', { [attempts]: 7 });
      const restarted = createPropertiesFile({ path, dialect: 'woodwing', known, properties, clock, logger });
      await restarted.start();
      restarted.stop();
      assert.deepEqual(await valuesOf(fixture), { [attempts]: [7, 'api'], [failures]: [-1, 'default'] });
      clock.advance(5_000);
      write(`${attempts}=4\n${failures}=9\n`, clock.nowMs());
      const changed = { [attempts]: [4, 'file'], [failures]: [9, 'file'] };
      // A look that was under way sets its next one when it has ended, at a time of the disk's own choosing.
      const endMs = performance.now() + 60_000;
      while (performance.now() < endMs && JSON.stringify(await valuesOf(fixture)) !== JSON.stringify(changed)) {
        clock.advance(2_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(await valuesOf(fixture), changed);
    } finally {
      file.stop();
      rmSync(directory, { recursive: true });
    }
  });
});
