import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { inProcess, type InProcess } from './testing/in-process.ts';
import { serve, type Serving, temporaryDirectory } from './testing/spawned.ts';

const cleanups: (() => void)[] = [];
const environment = { ASSETWIRE_DATA_DIR: temporaryDirectory({ after: (run) => void cleanups.push(run) }) };
let server: Serving;
let cli: InProcess;

before(async () => {
  server = await serve(environment);
  cli = inProcess(environment);
});
after(async () => {
  await server.end();
  for (const run of cleanups) run();
});

type Job = {
  readonly id: string;
  readonly status: string;
  readonly deadlineAtMs?: number;
  readonly assets: readonly string[];
};

test('a job is made, listed, shown, changed step by step and deleted from the command line', async () => {
  const made = await cli.ask<Job>(
    ...['jobs', 'create', 'Retouch the harbour', '--deadline', '2027-01-31', '--preset', 'retouching'],
    ...['--description', 'Dust', '--accountable', 'ada'],
  );
  assert.deepEqual([made.status, made.deadlineAtMs], ['open', Date.UTC(2027, 0, 31)]);
  await cli.ask('jobs', 'create', 'Translate', '--status', 'done');
  const listed = await cli.run('jobs', 'list');
  assert.match(
    listed.out,
    /JOB +STATUS +DEADLINE +ASSETS +NAME\njob_\w+ +done +- +0 +Translate\njob_\w+ +open +2027-01-31/,
  );
  assert.equal((await cli.run('jobs', 'list', '--status', 'done')).out.split('\n').filter(Boolean).length, 2);
  const shown = await cli.run('jobs', 'show', made.id);
  assert.match(shown.out, /name +Retouch the harbour\n.*status +open\n.*deadline +2027-01-31.*preset +retouching/s);
  assert.equal((await cli.ask<Job>('jobs', 'update', made.id, '--status', 'in_review')).status, 'in_review');
  const without = await cli.ask<Job>('jobs', 'update', made.id, '--deadline', 'never', '--description', '');
  assert.deepEqual([without.deadlineAtMs, 'description' in without], [undefined, false]);
  assert.equal((await cli.run('jobs', 'update', made.id)).code, exitCodes.usage);
  const missing = await cli.run('jobs', 'update', made.id, '--assets', 'external:never');
  assert.equal(missing.code, exitCodes.refused);
  assert.match(missing.err, /\/assets\/0/);
  assert.equal((await cli.run('jobs', 'delete', made.id, '--yes')).out, `✓ ${made.id} is deleted\n`);
  assert.match((await cli.run('jobs', 'show', made.id)).err, /job/);
});

test('modules are switched off and shown as off from the command line', async () => {
  const set = await cli.run('dialects', 'properties', 'bynder', '--set', 'workflowEnabled=false');
  assert.match(set.out, /workflowEnabled +false +true +api/);
  assert.match((await cli.run('dialects', 'show', 'bynder')).out, /workflow\.job\.create +\(off\) /);
  const refused = await cli.run(
    ...['webhooks', 'create', '--name', 'jobs', '--dialect', 'bynder', 'https://example.com/'],
    ...['--event', 'workflow.job.create'],
  );
  assert.match(refused.err, /belongs to a module of Bynder that is switched off/);
  assert.match((await cli.run('dialects', 'properties', 'bynder', '--set', 'workflowEnabled=maybe')).err, /name=true/);
  const back = await cli.run('dialects', 'properties', 'bynder', '--set', 'workflowEnabled=');
  assert.match(back.out, /workflowEnabled +true +true +default/);
});
