import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { JsonObject } from '../core/json.ts';
import { caller, createFixture, type Fixture, report } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

const upload = async (text: string) => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from(text)]) };
  return (await fixture.app.assets.upload(caller, { file })).body;
};
const reported = (after: JsonObject, externalId = 'r') =>
  report(fixture, { kind: 'asset.info_changed', subject: { type: 'asset', externalId }, after });

test('Files in a reported state are of the shape that receivers are promised, or refused by their place', async () => {
  const file = { name: 'a.jpg', bytes: 1, mimeType: 'image/jpeg', widthPx: 4, own: { of: 'the reporter' } };
  const wrong: readonly (readonly [JsonObject, string])[] = [
    [{ file: { bytes: '1' } }, '/after/file/bytes'],
    [{ file: { bytes: -1 } }, '/after/file/bytes'],
    [{ file: { mimeType: 7 } }, '/after/file/mimeType'],
    [{ file: { url: null } }, '/after/file/url'],
    [{ file: { url: 'javascript:alert(1)' } }, '/after/file/url'],
    [{ renditions: [{ url: 'data:text/html,x' }] }, '/after/renditions/0/url'],
    [{ renditions: [file, { title: ['x'] }] }, '/after/renditions/1/title'],
    [{ versions: [{ number: 0, active: true, file }] }, '/after/versions/0/number'],
    [{ versions: [{ number: 1, file }] }, '/after/versions/0/active'],
    [{ versions: [{ number: 1, active: true }] }, '/after/versions/0/file'],
    [{ versions: [{ number: 1, active: true, file: { widthPx: 'x' } }] }, '/after/versions/0/file/widthPx'],
  ];
  for (const [after, at] of wrong) {
    const result = await reported(after);
    assert.ok(result.status === 'rejected', JSON.stringify(after));
    assert.equal(result.problems?.[0]?.at, at);
  }
  const fine = await reported({ file, renditions: [file], versions: [{ number: 3, active: true, file }] });
  assert.equal(fine.status, 'applied');
  const { state } = await fixture.app.assets.get(caller, 'external:r');
  assert.deepEqual(state.file, file, 'what the reporter says beside is kept');
});

test("TN-12 a content address that somebody learnt does not hand out another asset's bytes", async () => {
  const secret = await upload('secret bytes');
  const blob = secret.state.file?.blob ?? '';
  assert.match(blob, /^[0-9a-f]{64}$/);
  const file = { name: 'x.jpg', bytes: 1, mimeType: 'image/jpeg', blob };
  const version = { number: 1, active: true, createdAtMs: 1, file };
  await fixture.app.assets.push(caller, 'external:p', {
    name: 'x.jpg',
    file,
    renditions: [{ ...file, title: 'small' }],
  });
  await reported({ file, versions: [version], renditions: [{ ...file, title: 'small' }] });
  for (const reference of ['external:p', 'external:r']) {
    await assert.rejects(fixture.app.assets.content(caller, reference), { code: 'content_unavailable' });
    await assert.rejects(fixture.app.assets.versionContent(caller, { reference, number: 1 }), {
      code: 'content_unavailable',
    });
    assert.ok(!JSON.stringify((await fixture.app.assets.get(caller, reference)).state).includes('"blob"'));
  }
});

test('A state that was read and is pushed or reported back keeps the bytes it names', async () => {
  const { id, state } = await upload('mine');
  await fixture.app.assets.push(caller, id, { name: 'b.jpg', file: { ...state.file } });
  await report(fixture, {
    kind: 'asset.info_changed',
    subject: { type: 'asset', id },
    after: { file: { ...state.file }, versions: state.versions.map((version) => ({ ...version })) },
  });
  const { stream } = await fixture.app.assets.content(caller, id);
  assert.equal(Buffer.concat(await stream.toArray()).toString(), 'mine');
});
