import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { notSupported } from '../../core/event-table.ts';
import { judgeByPolicy } from '../../core/judge.ts';
import type { Dialect } from '../dialect.ts';
import { renderSample, samplesOf, textOf } from './behaviour-checks.ts';
import { type Conformance, conformanceChecks, goldenName } from './conformance.ts';
import { fakeDialect } from './fake-dialect.ts';

/** Names of the checks that fail. */
function failures(conformance: Conformance): readonly string[] {
  return conformanceChecks.flatMap((check) => {
    try {
      check.run(conformance);
      return [];
    } catch {
      return [check.name];
    }
  });
}

function withFolder(run: (folder: string) => void): void {
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
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('The fake dialect passes the whole suite', () => {
  withFolder((folder) => {
    for (const check of conformanceChecks) check.run({ dialect: fakeDialect, folder });
  });
});

const { manifest } = fakeDialect;
const [renamed] = manifest.events;
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
];

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
  test(`A dialect that ${what} does not pass`, () => {
    withFolder((folder) => {
      const failed = failures({ dialect, folder });
      assert.ok(
        failed.some((name) => check.test(name)),
        `only failed: ${failed.join('; ') || 'nothing'}`,
      );
    });
  });
}

test('A golden file that is missing, superfluous or different does not pass', () => {
  const golden = /golden file/;
  assert.ok(renamed !== undefined);
  withFolder((folder) => {
    writeFileSync(join(folder, 'fixtures', 'other.json'), '{}');
    assert.ok(failures({ dialect: fakeDialect, folder }).some((name) => golden.test(name)));
  });
  withFolder((folder) => {
    rmSync(join(folder, 'fixtures', 'gone.json'));
    assert.ok(failures({ dialect: fakeDialect, folder }).some((name) => golden.test(name)));
  });
  withFolder((folder) => {
    const dialect: Dialect = {
      ...fakeDialect,
      render: (input) => ({ ...fakeDialect.render(input), contentType: 'text/plain' }),
    };
    assert.deepEqual(failures({ dialect, folder }).filter((name) => golden.test(name)).length, 1);
  });
});
