import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { notSupported } from '../../core/event-table.ts';
import { judgeByPolicy } from '../../core/judge.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Rendered } from '../contract/message.ts';
import type { VendorRoute } from '../contract/vendor-route.ts';
import type { Dialect } from '../dialect.ts';
import { renderSample, samplesOf, textOf } from './behaviour-checks.ts';
import { type Conformance, conformanceChecks, goldenName } from './conformance.ts';
import { fakeDialect } from './fake-dialect.ts';

/** Names of the checks that fail. */
async function failures(conformance: Conformance): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const check of conformanceChecks) {
    try {
      await check.run(conformance);
    } catch {
      failed.push(check.name);
    }
  }
  return failed;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assetwire-dialect-'));
  try {
    mkdirSync(join(folder, 'fixtures'));
    for (const file of ['README.md', 'events.ts', 'index.ts', 'judge.ts', 'manifest.ts', 'render.ts', 'sign.ts']) {
      writeFileSync(join(folder, file), '');
    }
    for (const sample of samplesOf({ dialect: fakeDialect, folder })) {
      const rendered = renderSample({ dialect: fakeDialect, folder }, sample);
      const golden = {
        learnt: 'Our own invention for this test',
        kind: sample.change.kind,
        contentType: rendered.contentType,
        body: textOf(rendered),
      };
      writeFileSync(join(folder, 'fixtures', goldenName(fakeDialect, sample)), JSON.stringify(golden));
    }
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('The fake dialect passes the whole suite', () =>
  withFolder(async (folder) => {
    for (const check of conformanceChecks) await check.run({ dialect: fakeDialect, folder });
  }));

const { manifest } = fakeDialect;
const [renamed] = manifest.events;
const routes = fakeDialect.manage ?? [];

const broken: readonly (readonly [what: string, dialect: Dialect, check: RegExp])[] = [
  [
    'maps a kind to an unknown event',
    { ...fakeDialect, events: { ...fakeDialect.events, 'asset.moved': ['moved'] } },
    /every change kind is mapped/,
  ],
  [
    'gives no reason',
    { ...fakeDialect, events: { ...fakeDialect.events, 'asset.moved': notSupported('') } },
    /every change kind is mapped/,
  ],
  [
    'lists an event that never comes',
    withEvents([...manifest.events, { ...manifest.events[0], name: 'never' } as never]),
    /told once|of the events/,
  ],
  [
    'has an example that is not valid',
    withEvents(manifest.events.map((event) => ({ ...event, example: { event: 5 } }))),
    /accepts its example/,
  ],
  [
    'has a schema that says nothing',
    withEvents(manifest.events.map((event) => ({ ...event, schema: {} }))),
    /refuses an empty object/,
  ],
  [
    'has a policy outside its bounds',
    { ...fakeDialect, manifest: { ...manifest, policy: { ...manifest.policy, timeoutMs: 0 } } },
    /policy is within bounds/,
  ],
  [
    'has a property whose default it may not have',
    {
      ...fakeDialect,
      manifest: {
        ...manifest,
        properties: [{ type: 'integer', name: 'n', title: 'N', description: 'A number', min: 1, max: 3, default: 4 }],
      },
    },
    /default that it may have/,
  ],
  ['switches off an event that is none', { ...fakeDialect, eventsOff: () => ['never'] }, /switch off events/],
  [
    'asks for notices that it tells nobody of',
    {
      ...fakeDialect,
      events: { ...fakeDialect.events, 'asset.pre_archive': notSupported('None there') },
      archiveNoticeDays: () => [7],
    },
    /days before archiving/,
  ],
  ['names no source', { ...fakeDialect, manifest: { ...manifest, sources: [] } }, /manifest is complete/],
  [
    'leaves a secret in the open',
    { ...fakeDialect, manifest: { ...manifest, configuration: { ...manifest.configuration, secretFields: [] } } },
    /secret is named/,
  ],
  [
    'lets its signature header be overwritten',
    { ...fakeDialect, manifest: { ...manifest, signing: { summary: 's', headers: ['x-signature'] } } },
    /header that a signature uses/,
  ],
  [
    'tells an event of another kind',
    { ...fakeDialect, notify: () => [{ event: 'gone' }] },
    /events that the table says/,
  ],
  [
    'draws afresh while rendering',
    { ...fakeDialect, render: counting((count) => ({ event: `${count}`, id: 'x' })) },
    /same bytes/,
  ],
  [
    'sends a property that its schema does not know',
    { ...fakeDialect, render: counting(() => ({ event: 'x', id: 'x', more: 1 })) },
    /fits the schema/,
  ],
  [
    'pretty-prints',
    {
      ...fakeDialect,
      render: (input) => ({
        ...fakeDialect.render(input),
        body: new TextEncoder().encode('{ "event": "x", "id": "x" }'),
      }),
    },
    /own re-serialisation/,
  ],
  [
    'writes to the change',
    {
      ...fakeDialect,
      render: (input) => {
        (input.change as { kind: string }).kind = 'asset.moved';
        return fakeDialect.render(input);
      },
    },
    /fits the schema/,
  ],
  [
    'tells a file’s name in a header as it stands',
    {
      ...fakeDialect,
      render: (input) => {
        const name = input.change.after?.['name'];
        return { ...fakeDialect.render(input), headers: [['x-name', typeof name === 'string' ? name : 'none']] };
      },
    },
    /HX-08/,
  ],
  [
    'compresses',
    { ...fakeDialect, render: (input) => ({ ...fakeDialect.render(input), headers: [['content-encoding', 'gzip']] }) },
    /HX-15/,
  ],
  [
    'has no verdict for a timeout',
    {
      ...fakeDialect,
      judge: (input) => (input.outcome.kind === 'timeout' ? (undefined as never) : judgeByPolicy(input)),
    },
    /every outcome/,
  ],
  [
    'retries for ever',
    { ...fakeDialect, judge: () => ({ kind: 'retry', atMs: 1_000_001, reason: 'x' }) },
    /every outcome/,
  ],
  [
    'claims to sign and does not',
    { ...fakeDialect, manifest: { ...manifest, signing: { summary: 's', headers: [], required: true } } },
    /signatures go into/,
  ],
  [
    'mistypes a keyword of a schema',
    withEvents(manifest.events.map((event) => ({ ...event, schema: { ...event.schema, requird: ['event'] } }))),
    /compiles strictly/,
  ],
  [
    'leaves its bodies open',
    withEvents(manifest.events.map((event) => ({ ...event, schema: { ...event.schema, additionalProperties: true } }))),
    /compiles strictly/,
  ],
  [
    'has a setting without a title',
    withSettings({ apiToken: { type: 'string', description: 'd' } }),
    /drawn as a field/,
  ],
  [
    'has a setting that no form can draw',
    withSettings({ apiToken: { title: 't', description: 'd', anyOf: [{ type: 'string' }] } }),
    /drawn as a field/,
  ],
  [
    'has a default that does not fit',
    withSettings({
      apiToken: { type: 'string', title: 't', description: 'd' },
      loud: { type: 'boolean', title: 't', description: 'd', default: 'no' },
    }),
    /drawn as a field/,
  ],
  [
    'keeps settings that nobody knows',
    withConfiguration({ schema: { ...manifest.configuration.schema, additionalProperties: true } }),
    /drawn as a field|limits and abilities/,
  ],
  [
    'promises more custom headers than leave',
    { ...fakeDialect, manifest: { ...manifest, limits: { ...manifest.limits, customHeadersMax: 500 } } },
    /limits and abilities/,
  ],
  [
    'remembers what it rendered',
    (() => {
      const seen = new WeakSet<object>();
      return {
        ...fakeDialect,
        render: (input) => {
          const again = seen.has(input.change);
          seen.add(input.change);
          return bodyOf({ event: 'x', id: again ? 'again' : 'new' });
        },
      } satisfies Dialect;
    })(),
    /retry carries the same bytes/,
  ],
  [
    'tells a secret in its manifest',
    { ...fakeDialect, manifest: { ...manifest, summary: 'the secret is sesame-open-now' } },
    /no secret stands/,
  ],
  [
    'signs with the credentials',
    {
      ...fakeDialect,
      sign: ({ body, secrets }) =>
        secrets.slice(0, 1).map((secret) => ({
          algorithm: 'hmac-sha256' as const,
          key: { kind: 'webhook-secret' as const, secret, decode: 'utf8' as const },
          content: [body],
          placement: { header: 'x-sig', prefix: '', encoding: 'hex' as const, separator: '', fixed: [] },
        })),
    },
    /credentials .* never sign/,
  ],
  [
    'has a route for anybody’s scope',
    withRoutes((route) => ({ ...route, scope: 'superuser' })),
    /says who may call it/,
  ],
  ['has a route twice', { ...fakeDialect, manage: [...routes, ...routes] }, /no two are the same/],
  [
    'trips over a senseless request',
    withRoutes((route) => ({
      ...route,
      parse: ({ body }) => ({ command: 'webhooks.get', input: { id: (body as { name: string }).name } }),
    })),
    /however senseless/,
  ],
  [
    'is silent about an error',
    { ...fakeDialect, presentError: ({ status }) => ({ status, body: { oops: 'Error' } }) },
    /words of the vendor/,
  ],
];

function withSettings(properties: JsonObject): Dialect {
  return withConfiguration({ schema: { type: 'object', additionalProperties: false, properties } });
}

function withConfiguration(configuration: Partial<Dialect['manifest']['configuration']>): Dialect {
  return { ...fakeDialect, manifest: { ...manifest, configuration: { ...manifest.configuration, ...configuration } } };
}

function withRoutes(change: (route: VendorRoute) => VendorRoute): Dialect {
  return { ...fakeDialect, manage: routes.map(change) };
}

function bodyOf(body: object): Rendered {
  return { body: new TextEncoder().encode(JSON.stringify(body)), contentType: 'application/json', headers: [] };
}

function withEvents(events: Dialect['manifest']['events']): Dialect {
  return { ...fakeDialect, manifest: { ...manifest, events } };
}

function counting(bodyOf: (count: number) => object): Dialect['render'] {
  let count = 0;
  return (input) => {
    count += 1;
    return { ...fakeDialect.render(input), body: new TextEncoder().encode(JSON.stringify(bodyOf(count))) };
  };
}

for (const [what, dialect, check] of broken) {
  test(`A dialect that ${what} does not pass`, () =>
    withFolder(async (folder) => {
      const failed = await failures({ dialect, folder, secrets: ['sesame-open-now'] });
      assert.ok(
        failed.some((name) => check.test(name)),
        `only failed: ${failed.join('; ') || 'nothing'}`,
      );
    }));
}

test('A golden file that is missing, superfluous or different does not pass', async () => {
  const golden = /golden file/;
  assert.ok(renamed !== undefined);
  const failsOverGolden = async (conformance: Conformance): Promise<number> =>
    (await failures(conformance)).filter((name) => golden.test(name)).length;
  await withFolder(async (folder) => {
    writeFileSync(join(folder, 'fixtures', 'other.json'), '{}');
    assert.equal(await failsOverGolden({ dialect: fakeDialect, folder }), 1);
  });
  await withFolder(async (folder) => {
    rmSync(join(folder, 'fixtures', 'gone.json'));
    assert.equal(await failsOverGolden({ dialect: fakeDialect, folder }), 1);
  });
  await withFolder(async (folder) => {
    const dialect: Dialect = {
      ...fakeDialect,
      render: (input) => ({ ...fakeDialect.render(input), contentType: 'text/plain' }),
    };
    assert.equal(await failsOverGolden({ dialect, folder }), 1);
  });
});
