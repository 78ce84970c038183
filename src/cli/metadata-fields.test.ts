import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inProcess } from './testing/in-process.ts';
import { serve, temporaryDirectory } from './testing/spawned.ts';

type Field = {
  readonly name: string;
  readonly label: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: readonly { readonly value: string }[];
  readonly jobId?: string;
};

test('fields, rules, mappings and settings are shown and changed from the command line', async (t) => {
  const directory = temporaryDirectory(t);
  const server = await serve({ ASSETWIRE_DATA_DIR: directory });
  t.after(() => void server.child.kill('SIGKILL'));
  const cli = inProcess({ ASSETWIRE_DATA_DIR: directory });
  const said = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await cli.run(...args);
    assert.equal(code, 0, `${args.join(' ')}\n${err}`);
    return out;
  };
  const made = await cli.ask<Field>(
    'metadata-fields',
    'create',
    'season',
    '--type',
    'select',
    '--option',
    'spring=Spring',
    'summer',
    '--labels',
    'de=Jahreszeit',
    '--default',
    'spring',
  );
  assert.deepEqual(
    [made.label, made.labels, made.options],
    ['season', { de: 'Jahreszeit' }, [{ value: 'spring', label: 'Spring' }, { value: 'summer' }]],
  );
  assert.match(await said('metadata-fields', 'list'), /season +select/);
  assert.match(await said('metadata-fields', 'show', 'season'), /label \(de\) +Jahreszeit/);
  const states = join(directory, 's.ndjson');
  writeFileSync(states, '{"externalId":"m","name":"m.jpg","metadata":{"season":"summer"}}\n');
  await said('import', states);
  const changed = await cli.ask<Field>(
    'metadata-fields',
    'update',
    'season',
    '--option',
    'spring',
    '--replace',
    'summer=spring',
  );
  assert.match(changed.jobId ?? '', /^mjb_/);
  let season: unknown;
  for (let tries = 0; season !== 'spring' && tries < 5_000; tries += 1)
    season = (await cli.ask<{ state: { metadata: Record<string, unknown> } }>('assets', 'show', 'external:m')).state
      .metadata['season'];
  assert.equal(season, 'spring');
  await said('metadata-fields', 'create', 'first', '--type', 'text', '--position', '0');
  assert.match(await said('metadata-fields', 'list'), /first[^]*season/);
  await said('metadata-fields', 'update', 'first', '--position', '1');
  assert.match(await said('metadata-fields', 'list'), /season[^]*first/);
  await said('metadata-fields', 'delete', 'first');
  const wrong = await cli.run('metadata-fields', 'create', 'x', '--type', 'text', '--option', 'a', '--json');
  assert.match(wrong.err, /no options of a text field/);
  assert.equal((await cli.run('metadata-fields', 'create', 'x', '--type', 'number', '--validation', '[1]')).code, 2);

  assert.match(await said('metadata-fields', 'rules', '--unknown-fields', 'refuse'), /unknown fields +refuse/);
  const mappings = join(directory, 'mappings.json');
  writeFileSync(mappings, '[{"from":"fields.title","to":"info.title"}]');
  assert.match(await said('metadata-fields', 'set-mappings', mappings), /fields\.title +info\.title +empty/);
  assert.match(await said('metadata-fields', 'apply-mappings', '--dry-run'), /1 assets looked at, 0 would change/);
  const jobs = await said('metadata-fields', 'jobs');
  assert.match(jobs, /mjb_\w+ +apply-mappings +done [^]*mjb_\w+ +replace-options +done /);
  const ended = await said('metadata-fields', 'stop-job', /mjb_\w+/.exec(jobs)?.[0] ?? '');
  assert.match(ended, /is done: 0 of 1 were changed/, 'there is nothing to stop any more');
  await said('metadata-fields', 'delete', 'season', '--remove-values');
  assert.match(await said('metadata-fields', 'list'), /none/);

  assert.match(await said('settings', 'show'), /noticeDays +90/);
  const settings = await cli.ask<{ noticeDays: number; contacts: string[] }>(
    'settings',
    'update',
    '--set',
    'noticeDays=30',
    'contacts=["ops@example.com"]',
  );
  assert.deepEqual([settings.noticeDays, settings.contacts], [30, ['ops@example.com']]);
  assert.equal((await cli.run('settings', 'update')).code, 2);
  assert.equal((await cli.run('settings', 'update', '--set', 'noticeDays=x')).code, 7);
});
