import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleChange } from '../../../src/core/sample-change.ts';
import { brandfolderDialect } from '../../../src/dialects/brandfolder/index.ts';
import { eventTime } from '../../../src/dialects/brandfolder/render.ts';
import { byEventTime, parseBrandfolderEvent, readBrandfolder, type VerificationError } from '../src/index.ts';
import { behaviourSamples } from './samples.ts';

const body =
  '{"data":{"attributes":{"key":"k","event_time":"2024-11-14 17:18:45.123000","event_type":"asset.update","brandfolder_key":"b","organization_key":"o"},"webhook_id":"w"}}';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as VerificationError).code;
  }
  return 'accepted';
}

test('Every notification of the dialect is read, from the bytes that the server sends', () => {
  for (const { event, body: bytes } of behaviourSamples(brandfolderDialect)) {
    const { id, event: read } = readBrandfolder(bytes, { 'assetwire-delivery-id': 'dlv_1' });
    assert.deepEqual([id, read.eventType], ['dlv_1', event]);
    assert.equal(read.eventTimeMs, sampleChange('asset.ready').occurredAtMs);
  }
  const { id, event } = readBrandfolder(body, {});
  assert.equal(id, null);
  assert.deepEqual(event, {
    key: 'k',
    eventType: 'asset.update',
    eventTime: '2024-11-14 17:18:45.123000',
    eventTimeMs: Date.UTC(2024, 10, 14, 17, 18, 45, 123),
    brandfolderKey: 'b',
    organizationKey: 'o',
    webhookId: 'w',
  });
});

test('A token that was given out is asked for where the receiver says so', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  assert.equal(
    codeOf(() => readBrandfolder(body, bearer('one'), { tokens: ['two', 'one'] })),
    'accepted',
  );
  assert.equal(
    codeOf(() => readBrandfolder(body, bearer('three'), { tokens: 'one' })),
    'no_matching_token',
  );
  assert.equal(
    codeOf(() => readBrandfolder(body, {}, { tokens: 'one' })),
    'no_matching_token',
  );
  assert.equal(
    codeOf(() => readBrandfolder(body, bearer(''), { tokens: '' })),
    'invalid_secret',
  );
});

test('What is none is refused, whatever it is, and never by another error', () => {
  for (const broken of ['', '[]', 'null', '{"data":{}}', body.replace('"k"', '7'), body.replace('45.123000', '45')])
    assert.equal(
      codeOf(() => parseBrandfolderEvent(broken)),
      'invalid_payload',
      broken,
    );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.ok(['accepted', 'invalid_payload'].includes(codeOf(() => parseBrandfolderEvent(text))));
    }),
  );
});

test('A receiver that sorts by event_time has the order in which things happened, however they came', () => {
  const happened = fc.array(
    fc.record({ gapMs: fc.integer({ min: 0, max: 3 }), edits: fc.integer({ min: 0, max: 3 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(happened, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (steps, chances) => {
      let atMs = Date.UTC(2026, 10, 22);
      const told: { readonly time: string; readonly what: string }[] = [];
      const tell = (what: string): void => void told.push({ time: eventTime(atMs, what), what });
      for (const { gapMs, edits } of steps) {
        atMs += gapMs + 1;
        tell('asset.create');
        for (let n = 0; n <= edits; n += 1) tell('asset.update');
        tell('asset.delete');
      }
      const came = told
        .map((one) => ({ one, chance: chances.next().value ?? 0 }))
        .toSorted((left, right) => left.chance - right.chance)
        .map(({ one }) =>
          parseBrandfolderEvent(body.replace('2024-11-14 17:18:45.123000', one.time).replace('asset.update', one.what)),
        );
      assert.deepEqual(
        came.toSorted(byEventTime).map(({ eventType, eventTime: time }) => `${time} ${eventType}`),
        told.map(({ time, what }) => `${time} ${what}`),
      );
    }),
  );
});
