/** The fuzzer can fail: faults are planted behind routes of a real listener, and each must be found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from '../../src/api/openapi.ts';
import { adminToken, createFakeApp, type FakeParts } from '../../src/api/testing/fake-app.ts';
import { allRoutes, startTestServer } from '../../src/api/testing/test-server.ts';
import { AssetwireError } from '../../src/core/errors.ts';
import type { Json, OpenApi } from '../support/answer-check.ts';
import { operationsOf } from './call-arbitraries.ts';
import { fuzz, type FuzzReport } from './fuzz-run.ts';
import { createKnownThings } from './known-things.ts';

const document = JSON.parse(
  JSON.stringify(openApiDocument(allRoutes(), { version: '1', url: 'http://x' })),
) as OpenApi & Json;
const seed = 20_261_122;

type Fuzzed = { readonly forbidden?: readonly string[]; readonly timeoutMs?: number };

async function fuzzed(
  parts: FakeParts,
  operation: string,
  { forbidden = [], timeoutMs = 60_000 }: Fuzzed = {},
): Promise<FuzzReport> {
  await using server = await startTestServer(createFakeApp(parts));
  return await fuzz({
    document,
    url: server.url,
    calls: 60,
    seed,
    timeoutMs,
    known: createKnownThings({ never: [], foreign: [] }),
    tokenFor: () => adminToken,
    forbidden,
    operations: operationsOf(document).filter(({ id }) => id === operation),
  });
}

test('a server that answers as it states is found to have no fault', async () => {
  const report = await fuzzed({}, 'listWebhooks');
  assert.deepEqual(report.wrong, []);
  assert.equal(report.calls, 60);
});

test('a route that throws is found, with a call that shows it', async () => {
  const list = (): never => {
    throw new TypeError('planted');
  };
  const { wrong } = await fuzzed({ webhooks: { list } }, 'listWebhooks');
  assert.match(wrong.join('\n'), /listWebhooks status 500/);
  assert.match(wrong.join('\n'), /by GET \/v1\/webhooks/);
});

test('what throws for one value only is found, and the call is made small', async () => {
  const create = (_caller: unknown, input: object): never => {
    if (Reflect.get(input, 'enabled') === true) throw new TypeError('planted');
    throw new AssetwireError('limit_reached', { detail: 'Keep fewer: there are many' });
  };
  const { wrong } = await fuzzed({ webhooks: { create } }, 'createWebhook');
  const [found = ''] = wrong.filter((one) => one.includes('status 500'));
  assert.match(found, /"enabled":true/);
  assert.doesNotMatch(found, /"filter"|"contacts"|"policy"/, 'what the fault does not need is gone');
});

test('an answer of another shape, an error that is not stated, and one with a stack are found', async () => {
  const shape = await fuzzed(
    { webhooks: { list: () => Promise.resolve({ items: [{ planted: 1 } as never], nextCursor: null }) } },
    'listWebhooks',
  );
  assert.match(shape.wrong.join('\n'), /not as stated \(200\)/);
  const code = await fuzzed(
    { webhooks: { list: () => Promise.reject(new AssetwireError('upload_malformed', { detail: 'x' })) } },
    'listWebhooks',
  );
  assert.match(code.wrong.join('\n'), /not as stated \(422\)/);
  const stack = new AssetwireError('invalid_cursor', { detail: `Read it: ${new Error('planted').stack ?? ''}` });
  const shown = await fuzzed({ webhooks: { list: () => Promise.reject(stack) } }, 'listWebhooks');
  assert.match(shown.wrong.join('\n'), /shows insides/);
});

test('a route that hangs, and one that shows what belongs to another workspace, are found', async () => {
  let calls = 0;
  const hang = await fuzzed(
    {
      inboxes: {
        list: () =>
          ++calls === 3 ? new Promise<never>(() => undefined) : Promise.resolve({ items: [], nextCursor: null }),
      },
    },
    'listInboxes',
    { timeoutMs: 700 },
  );
  assert.match(hang.wrong.join('\n'), /no answer: no answer within 700 ms/);
  const found = new AssetwireError('not_found', { detail: 'Find it: it is in neighbour-1' });
  const shown = await fuzzed({ webhooks: { get: () => Promise.reject(found) } }, 'getWebhook', {
    forbidden: ['neighbour-1'],
  });
  assert.match(shown.wrong.join('\n'), /holds "neighbour-1"/);
});

test('the same seed makes the same calls', async () => {
  const one = await fuzzed({}, 'createWebhook');
  const two = await fuzzed({}, 'createWebhook');
  assert.deepEqual(one.statuses, two.statuses);
});
