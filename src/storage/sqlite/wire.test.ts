import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ItemResult } from '../batch-results.ts';
import type { Prepared } from '../prepared.ts';
import { decodeBatch, decodeResults, encodeBatch, encodeResults } from './wire.ts';

/** Records with the prototype that the store's own objects have. */
const shape = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T, keyof T>(model, { noNullPrototype: true });
const text = fc.string({ unit: 'binary' });
const textOrNull = fc.option(text);
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const count = fc.nat(1_000_000);

const resource = shape({
  type: text,
  id: text,
  expectedVersion: fc.integer({ min: -1 }),
  alias: textOrNull,
  state: textOrNull,
});
const change = shape({
  id: text,
  kind: text,
  subject: text,
  acceptedAtMs: time,
  unexpanded: fc.boolean(),
  body: text,
});
const delivery = shape({
  id: text,
  webhookId: text,
  revision: count,
  changeId: text,
  subject: text,
  event: text,
  frozen: textOrNull,
  messageId: textOrNull,
  origin: text,
  redeliveryOf: textOrNull,
  createdAtMs: time,
  dueAtMs: time,
});
const duty = shape({ id: text, kind: text, dueAtMs: time, payload: text });
const extras = shape({
  duties: fc.array(duty),
  orders: fc.constant([{ kind: 'cancel', deliveryId: 'dlv_1', reason: 'r' }] as const),
  fulfils: fc.option(shape({ dutyId: text, version: count })),
  advances: fc.constant(null),
  withdraws: fc.array(text),
  resumes: fc.option(shape({ type: text, id: text, version: count, createdAtMs: time })),
  idempotency: fc.option(shape({ key: text, fingerprint: text, createdAtMs: time, response: text })),
  missed: fc.array(shape({ webhookId: text, count: fc.integer() })),
});
const commit = shape({
  kind: fc.constant('commit' as const),
  workspaceId: text,
  atMs: time,
  webhooksRevision: fc.integer({ min: -1 }),
  resources: fc.array(resource, { maxLength: 3 }),
  changes: fc.array(change, { maxLength: 3 }),
  deliveries: fc.array(delivery, { maxLength: 3 }),
  extras: fc.option(extras),
  bytes: fc.constant(0),
});
const record = shape({
  kind: fc.constant('record' as const),
  workspaceId: text,
  webhookId: text,
  deliveryId: text,
  epoch: count,
  attemptsBefore: count,
  attempt: text,
  startedAtMs: time,
  status: count,
  outcome: text,
  durationMs: fc.double({ noNaN: true }),
  next: fc.constantFrom('pending', 'delivered', 'rejected', 'dead', 'cancelled'),
  nextAtMs: time,
  reason: textOrNull,
  body: fc.option(fc.uint8Array()),
  bytes: fc.constant(0),
});

describe('the wire to the writer', () => {
  it('any batch comes out as it went in, also through a structured clone', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(commit, record), { maxLength: 12 }), (items) => {
        const there: readonly Prepared[] = items;
        assert.deepEqual(decodeBatch(structuredClone(encodeBatch(there))), there);
      }),
    );
  });

  it('any results come out as they went in', () => {
    const result = fc.oneof(
      fc.constantFrom<ItemResult[]>('recorded', 'fenced', 'gone'),
      fc.array(count, { maxLength: 4 }).map((versions): ItemResult => ({ status: 'applied', versions })),
      fc.constantFrom<ItemResult[]>(
        { status: 'stale', what: 'webhooks' },
        { status: 'rejected', code: 'already_exists', detail: 'd' },
        { status: 'failed', detail: 'd' },
      ),
    );
    fc.assert(
      fc.property(fc.array(result), (results) => {
        assert.deepEqual(decodeResults(structuredClone(encodeResults(results))), results);
      }),
    );
  });
});
