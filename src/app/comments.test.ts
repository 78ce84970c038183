import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
  await fixture.app.assets.push(caller, 'external:a', { name: 'a.png', path: '/press' });
});
afterEach(() => fixture.stop());

const refusal =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AssetwireError && error.code === code;

const kinds = async (): Promise<readonly string[]> => (await allChanges(fixture)).map(({ kind }) => kind);

test('A comment is said, pointed, answered, resolved and deleted, each a change of the asset', async () => {
  const { comments } = fixture.app;
  const said = await comments.add(caller, 'external:a', { text: 'More room above' });
  assert.match(said.id ?? '', /^cmt_/);
  assert.deepEqual([said.kind, said.by, said.resolved], ['comment', caller.actor.id, false]);
  const region = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
  const pointed = await comments.add(caller, 'external:a', { text: 'Here', region, replyTo: said.id ?? '' });
  assert.deepEqual([pointed.kind, pointed.region, pointed.replyTo], ['annotation', region, said.id]);
  const done = await comments.update(caller, 'external:a', { id: pointed.id ?? '', resolved: true, region: null });
  assert.deepEqual([done.kind, done.resolved, done.text], ['comment', true, 'Here']);
  const again = await comments.update(caller, 'external:a', { id: pointed.id ?? '', resolved: false, text: 'There' });
  assert.deepEqual([again.resolved, again.text], [false, 'There']);
  await comments.remove(caller, 'external:a', said.id ?? '');
  assert.deepEqual(
    (await comments.list(caller, 'external:a', { limit: 50 })).items.map(({ text }) => text),
    ['There'],
  );
  await assert.rejects(comments.get(caller, 'external:a', said.id ?? ''), refusal('not_found'));
  await assert.rejects(
    comments.add(caller, 'external:a', { text: 'To nobody', replyTo: 'cmt_x' }),
    refusal('invalid_request'),
  );
  assert.deepEqual((await kinds()).slice(2), Array<string>(5).fill('asset.comments_changed'));
});

test('Comments that another DAM brought are shown, and cannot be taken for ours', async () => {
  const { comments, assets } = fixture.app;
  await assets.patch(caller, 'external:a', { info: { comments: [{ by: 'ada', text: 'Lovely' }, 'rough'] } });
  const { items } = await comments.list(caller, 'external:a', { limit: 50 });
  assert.deepEqual(items, [{ id: null, kind: 'comment', text: 'Lovely', by: 'ada', resolved: false }]);
});

test('An asset takes so many comments and no more', async () => {
  const { comments, assets } = fixture.app;
  const many = Array.from({ length: limits.commentsPerAssetMax }, (_, n) => ({ id: `c${n}`, text: 'x' }));
  await assets.patch(caller, 'external:a', { info: { comments: many } });
  const first = await comments.list(caller, 'external:a', { limit: limits.commentsPerAssetMax - 1 });
  const rest = await comments.list(caller, 'external:a', { limit: 50, cursor: first.nextCursor ?? '' });
  assert.deepEqual([first.items.length, rest.items.length, rest.nextCursor], [limits.commentsPerAssetMax - 1, 1, null]);
  await assert.rejects(comments.add(caller, 'external:a', { text: 'one more' }), refusal('limit_reached'));
});

test('An approval is decided, shown with who and why, and taken back', async () => {
  const { comments, assets } = fixture.app;
  assert.deepEqual(await comments.approval(caller, 'external:a'), { status: null });
  const decided = await comments.decide(caller, 'external:a', { status: 'rejected', note: 'Out of date' });
  assert.deepEqual([decided.status, decided.by, decided.note], ['rejected', caller.actor.id, 'Out of date']);
  assert.deepEqual(await comments.decide(caller, 'external:a', null), { status: null });
  await comments.decide(caller, 'external:a', null);
  assert.deepEqual((await kinds()).slice(2), ['asset.approval_changed', 'asset.approval_changed']);
  await assets.patch(caller, 'external:a', { info: { approval: 'Freigegeben' } });
  assert.deepEqual(await comments.approval(caller, 'external:a'), { status: 'Freigegeben' });
});

test('Who holds a grant comments where it covers; who may only read is told so', async () => {
  const { comments } = fixture.app;
  const holder = (path: string, scopes: readonly ('assets:read' | 'assets:write')[]) =>
    callerIn('default', { scopes: new Set(), grants: [{ resource: { type: 'folder', path }, scopes }] });
  await comments.add(holder('/press', ['assets:read', 'assets:write']), 'external:a', { text: 'Mine' });
  await assert.rejects(
    comments.add(holder('/press', ['assets:read']), 'external:a', { text: 'Not' }),
    refusal('forbidden'),
  );
  await assert.rejects(
    comments.list(holder('/other', ['assets:read']), 'external:a', { limit: 50 }),
    refusal('not_found'),
  );
});
