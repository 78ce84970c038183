import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, type ChangeKind, changeKinds } from './change.ts';
import { type EventTable, notSupported } from './event-table.ts';
import { exampleWebhook } from './example-webhook.ts';
import type { Filter } from './filter.ts';
import type { WebhookState, Webhook } from './webhook.ts';
import { createWebhookIndex, kindsOf, wantsEvent } from './webhook-index.ts';

const table = Object.fromEntries(
  changeKinds.map((kind) => [kind, kind === 'asset.rescued' ? notSupported('not here') : [kind.replace('.', '/')]]),
) as unknown as EventTable;
const tables = { plain: table };

function webhook(name: string, more: Partial<Webhook> = {}): Webhook {
  return exampleWebhook({ id: `wh_${name}`, name, dialect: 'plain', ...more });
}

function change(kind: ChangeKind, path = '/a/b'): Change {
  return {
    id: 'chg_1',
    workspaceId: 'default',
    kind,
    subject: { type: 'asset', id: 'ast_1' },
    subjectVersion: 1,
    occurredAtMs: 0,
    acceptedAtMs: 0,
    actor: { type: 'system', id: 'x' },
    before: null,
    after: { path, kind: 'image' },
    changed: [],
    causationDepth: 0,
  };
}

function names(webhooks: readonly Webhook[]): readonly string[] {
  return webhooks.map(({ name }) => name);
}

test('A webhook is found by its events, by * for all content, and not by what it did not name', () => {
  const index = createWebhookIndex(
    [webhook('all'), webhook('moved', { events: ['asset/moved'] }), webhook('none', { events: ['x'] })],
    tables,
  );
  assert.deepEqual(names(index.match(change('asset.moved')).webhooks), ['all', 'moved']);
  assert.deepEqual(names(index.match(change('asset.deleted')).webhooks), ['all']);
  assert.deepEqual(names(index.match(change('asset.rescued')).webhooks), []);
});

test('What happens to webhooks is told only to those that name it, and what is addressed is told to nobody else', () => {
  const index = createWebhookIndex(
    [webhook('all'), webhook('care', { events: ['webhook/disabled', 'webhook/test'] })],
    tables,
  );
  assert.deepEqual(names(index.match(change('webhook.disabled')).webhooks), ['care']);
  assert.deepEqual(names(index.match(change('webhook.test')).webhooks), []);
  assert.equal(kindsOf({ events: ['*'] }, table).includes('webhook.enabled'), false);
});

test('Disabled webhooks are missed, pending ones neither told nor missed', () => {
  const states: readonly WebhookState[] = ['enabled', 'disabled', 'pending'];
  const index = createWebhookIndex(
    states.map((state) => webhook(state, { state })),
    tables,
  );
  const { webhooks, missed } = index.match(change('asset.moved'));
  assert.deepEqual([names(webhooks), names(missed)], [['enabled'], ['disabled']]);
});

test('A webhook whose dialect or filter cannot be used is missed and named', () => {
  const broken = { matches: 'x' } as unknown as Filter;
  const index = createWebhookIndex(
    [webhook('lost', { dialect: 'constructor' }), webhook('odd', { filter: broken })],
    tables,
  );
  assert.deepEqual(
    index.problems.map(({ webhook: { name } }) => name),
    ['lost', 'odd'],
  );
  assert.deepEqual(names(index.match(change('asset.moved')).webhooks), []);
  assert.deepEqual(names(index.match(change('asset.moved')).missed), ['lost', 'odd']);
});

test('The index finds exactly what a walk over all webhooks finds, in the same order', () => {
  const folder = fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/x');
  const leaf = fc.oneof(
    fc.record({ folder: fc.array(folder, { minLength: 1, maxLength: 3 }) }),
    fc.record({ folder: fc.array(folder, { minLength: 1, maxLength: 2 }), exact: fc.constant(true) }),
    fc.constant<Filter>({ assetKind: ['image'] }),
    fc.constant<Filter>({ assetKind: ['video'] }),
  );
  const filter = fc.oneof(
    leaf,
    fc.record({ all: fc.array(leaf, { maxLength: 3 }) }),
    fc.record({ any: fc.array(leaf, { maxLength: 3 }) }),
    fc.record({ not: leaf }),
  );
  const hook = fc.record({
    filter: fc.option(filter, { nil: null }),
    events: fc.constantFrom(['*'], ['asset/moved'], ['asset/deleted']),
    state: fc.constantFrom<WebhookState>('enabled', 'disabled'),
  });
  fc.assert(
    fc.property(fc.array(hook, { maxLength: 12 }), folder, (specs, path) => {
      const webhooks = specs.map(({ filter: wanted, ...spec }, index) =>
        webhook(String(index), wanted === null ? spec : { ...spec, filter: wanted }),
      );
      const moved = change('asset.moved', path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
      const found = createWebhookIndex(webhooks, tables).match(moved);
      const slow = webhooks.filter(
        (one) => wantsEvent(one, 'asset/moved') && createWebhookIndex([one], tables).match(moved) !== undefined,
      );
      const direct = slow.filter((one) => one.filter === undefined || holds(one.filter, moved));
      assert.deepEqual(names(found.webhooks), names(direct.filter(({ state }) => state === 'enabled')));
      assert.deepEqual(names(found.missed), names(direct.filter(({ state }) => state === 'disabled')));
    }),
  );
});

function holds(filter: Filter, subject: Change): boolean {
  const path = JSON.stringify(subject.after?.['path']).slice(1, -1);
  if ('all' in filter) return filter.all.every((part) => holds(part, subject));
  if ('any' in filter) return filter.any.some((part) => holds(part, subject));
  if ('not' in filter) return !holds(filter.not, subject);
  if ('assetKind' in filter) return filter.assetKind.includes('image');
  if (!('folder' in filter)) return false;
  return filter.folder.some((one) => {
    const root = one.replace(/(.)\/$/, '$1');
    return filter.exact === true ? path === root : path === root || path.startsWith(root === '/' ? '/' : `${root}/`);
  });
}

test('Webhooks of other kinds and folders are not even asked', () => {
  const others = Array.from({ length: 2_000 }, (_, index) =>
    webhook(`f${index}`, { filter: { all: [{ changed: ['name'] }, { folder: [`/folder-${index}`] }] } }),
  );
  const deletions = Array.from({ length: 2_000 }, (_, index) =>
    webhook(`d${index}`, { events: ['asset/deleted'], filter: { changed: ['name'] } }),
  );
  const mine = webhook('mine', { filter: { all: [{ changed: ['name'] }, { folder: ['/mine'] }] } });
  const index = createWebhookIndex([...others, ...deletions, mine], tables);
  let asked = 0;
  const subject: Change = {
    ...change('asset.moved', '/mine/deep'),
    get changed() {
      asked += 1;
      return ['name'];
    },
  };
  assert.deepEqual(names(index.match(subject).webhooks), ['mine']);
  assert.equal(asked, 1);
});
