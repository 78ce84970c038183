/** One workspace that floods, whose endpoints are dead and whose filters are large, and another beside it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { call, type Called } from '../../src/api/testing/test-server.ts';
import { limits } from '../../src/core/limits.ts';
import { until } from '../support/until.ts';
import { expectStatus, type RealServer, startRealServer, type Tenant } from './real-server.ts';

/** Changes a second that the loud one may write. */
const quota = 5;
const deadEndpoints = 30;
/** Of each of its filters. */
const filterBytes = 64 * 1024;
const quietChanges = 100;

let server: RealServer;
let loud: Tenant;
let quiet: Tenant;
/** External ids of what the quiet one's receiver was told. */
const arrived = new Set<string>();
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { data: { subject: { externalId: string } } };
    arrived.add(body.data.subject.externalId);
    response.end();
  });
});

async function listen(one: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}/`;
}

before(async () => {
  const live = await listen(receiver);
  const gone = createServer();
  const dead = await listen(gone);
  await new Promise((resolve) => gone.close(resolve));
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  loud = await server.tenant('loud');
  quiet = await server.tenant('quiet');
  const hook = (tenant: Tenant, url: string, more: object = {}): Promise<unknown> =>
    tenant.ask('/v1/webhooks', {
      body: { name: 'hook', dialect: 'standard', target: { transport: 'http', url }, events: ['*'], ...more },
    });
  await hook(quiet, live);
  const values = Array.from({ length: 128 }, (_, n) => `${n}-`.padEnd(filterBytes / 128, 'x'));
  const filter = {
    any: [
      { field: 'metadata.campaign', in: values },
      { field: 'name', exists: true },
    ],
  };
  for (let n = 0; n < deadEndpoints; n += 1) await hook(loud, dead, { filter });
  const answer = await server.call('/v1/workspaces/loud', {
    method: 'PATCH',
    body: { quota: { changesPerSecondMax: quota } },
  });
  assert.equal((expectStatus(answer, 200), answer.status), 200);
});
after(async () => {
  await (server as RealServer | undefined)?.[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const created = (externalId: string): object => ({
  kind: 'asset.created',
  subject: { type: 'asset', externalId },
  after: { name: externalId },
});

/** Several at a time, as fast as they are answered. */
async function flood(calls: readonly (() => Promise<Called>)[], atOnce: number): Promise<readonly Called[]> {
  const answers: Called[] = [];
  const rest = calls.values();
  const work = async (): Promise<void> => {
    for (const ask of rest) answers.push(await ask());
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}

/** Until one is refused for its quota, however much of that has come back meanwhile. */
async function floodUntilRefused(ask: () => Promise<Called>): Promise<readonly Called[]> {
  const answers: Called[] = [];
  const refused = (): boolean => answers.some(({ status }) => status === 429);
  const work = async (): Promise<void> => {
    while (!refused() && answers.length < 5_000) answers.push(await ask());
  };
  await Promise.all(Array.from({ length: 6 }, work));
  return answers;
}

test('TN-17 a workspace at ten times its quota gets 429 with Retry-After, while another has everything accepted and delivered', async () => {
  const startedMs = performance.now();
  const burst = quota * limits.changesBurstSeconds;
  // Ten times of what it may write at once, singly and in batches.
  const singles = Array.from({ length: 5 * burst }, (_, n) => ({
    items: 1,
    body: created(`loud-${n}`),
  }));
  const batches = Array.from({ length: 10 }, (_, n) => ({
    items: burst / 2,
    body: { changes: Array.from({ length: burst / 2 }, (__, m) => created(`loud-${n}-${m}`)) },
  }));
  let taken = 0;
  const ofLoud = [...singles, ...batches].map(({ items, body }) => async () => {
    const answer = await loud.call('/v1/changes', { body });
    if (answer.status === 202) taken += items;
    return answer;
  });
  const ofQuiet = Array.from(
    { length: quietChanges },
    (_, n) => () => quiet.call('/v1/changes', { body: created(`quiet-${n}`) }),
  );
  const [loudAnswers, quietAnswers] = await Promise.all([flood(ofLoud, 6), flood(ofQuiet, 2)]);
  // The way through a vendor's API is no way around it.
  const foreign = await floodUntilRefused(() =>
    call(server.url, '/bambuser/images/none', { method: 'DELETE', token: loud.key }),
  );
  const foreignRefused = foreign.filter(({ status }) => status === 429);
  assert.ok(foreignRefused.length > 0);
  for (const { headers } of foreignRefused) assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
  const mostByNow = (): number => burst + (quota * (performance.now() - startedMs)) / 1_000;

  assert.deepEqual(
    [...new Set(quietAnswers.map(({ status }) => status))],
    [202],
    quietAnswers.find(({ status }) => status !== 202)?.text,
  );
  assert.ok(taken <= mostByNow(), `${taken} of at most ${mostByNow()}`);
  const refused = loudAnswers.filter(({ status }) => status !== 202);
  assert.ok(refused.length > 0);
  for (const { status, headers, json, text } of refused) {
    assert.deepEqual([status, json['code']], [429, 'too_many_requests'], text);
    assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
    assert.match(String(json['detail']), /quota of 5 changes a second, 50 at once/);
  }
  await until(() => arrived.size >= quietChanges, 'everything of the quiet one is delivered');
  assert.equal(arrived.size, quietChanges, 'and nothing of its neighbour');

  const metrics = await server.call('/metrics');
  const told = /^assetwire_workspace_requests_over_quota_total\{workspace="loud"\} (\d+)$/m.exec(metrics.text)?.[1];
  assert.equal(Number(told), refused.length + foreignRefused.length);
  assert.doesNotMatch(metrics.text, /requests_over_quota_total\{workspace="quiet"\}/);

  // Who waits as told is let in.
  const answers = await floodUntilRefused(() => loud.call('/v1/changes', { body: created('again') }));
  const last = answers.findLast(({ status }) => status === 429);
  assert.ok(last !== undefined, 'so many at once are more than is left of the quota');
  const waitSeconds = Number(last.headers['retry-after']);
  assert.ok(waitSeconds <= 1, 'one alone fits within a second');
  await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1_000));
  expectStatus(await loud.call('/v1/changes', { body: created('again') }), 202);
});

test('TN-17 no bound where the operator takes the quota away', async () => {
  const body = { quota: { changesPerSecondMax: null } };
  assert.equal((await server.call('/v1/workspaces/loud', { method: 'PATCH', body })).status, 200);
  const items = quota * limits.changesBurstSeconds + 1;
  for (let n = 0; n < 2; n += 1)
    expectStatus(
      await loud.call('/v1/changes', {
        body: { changes: Array.from({ length: items }, (_, m) => created(`free-${n}-${m}`)) },
      }),
      202,
    );
  for (const wrong of [0, -1, 1.5, '5', 1_000_001])
    assert.equal(
      (await server.call('/v1/workspaces/loud', { method: 'PATCH', body: { quota: { changesPerSecondMax: wrong } } }))
        .status,
      422,
    );
});
