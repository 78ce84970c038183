/** Realistic items for the suites and measurements. */
import type { Change } from '../../core/change.ts';
import type { Attempt, NewDelivery } from '../../core/delivery.ts';
import type { IdSource, WebhookId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import type { RecordItem } from '../contract/record-item.ts';

export type SampleCommit = {
  readonly ids: IdSource;
  readonly webhookId: WebhookId;
  readonly atMs: number;
  readonly workspaceId?: string;
  /** About so many bytes of asset in the change. */
  readonly payloadBytes?: number;
  /** Writes no asset. */
  readonly bare?: boolean;
};

/** An asset is created: one resource, one change, one delivery. */
export function sampleCommit(sample: SampleCommit): CommitItem {
  const { ids, webhookId, atMs, workspaceId = 'default', payloadBytes = 200, bare = false } = sample;
  const assetId = ids.next('asset');
  const state = sampleAsset(assetId, payloadBytes);
  const change = sampleChange({ id: ids.next('change'), workspaceId, assetId, atMs, after: state });
  const delivery = sampleDelivery({ ids, change, webhookId, atMs });
  return {
    workspaceId,
    atMs,
    ...(bare
      ? {}
      : { resources: [{ type: 'asset', id: assetId, expectedVersion: 0, state, alias: `ext-${assetId}` }] }),
    changes: [{ change }],
    deliveries: [delivery],
  };
}

function sampleAsset(id: string, bytes: number): JsonObject {
  return {
    id,
    name: 'harbour-at-dawn.jpg',
    kind: 'image',
    tags: ['harbour', 'dawn', 'boats'],
    metadata: { status: 'approved', region: 'north' },
    note: 'x'.repeat(Math.max(0, bytes - 160)),
  };
}

export function sampleChange(given: {
  readonly id: Change['id'];
  readonly workspaceId: string;
  readonly assetId: string;
  readonly atMs: number;
  readonly after: JsonObject;
}): Change {
  return {
    id: given.id,
    workspaceId: given.workspaceId,
    kind: 'asset.created',
    subject: { type: 'asset', id: given.assetId },
    subjectVersion: 1,
    occurredAtMs: given.atMs,
    acceptedAtMs: given.atMs,
    actor: { type: 'key', id: 'key_sample' },
    before: null,
    after: given.after,
    changed: [],
    causationDepth: 0,
  };
}

export function sampleDelivery(given: {
  readonly ids: IdSource;
  readonly change: Change;
  readonly webhookId: WebhookId;
  readonly atMs: number;
}): NewDelivery {
  const id = given.ids.next('delivery');
  return {
    id,
    workspaceId: given.change.workspaceId,
    webhookId: given.webhookId,
    webhookRevision: 1,
    changeId: given.change.id,
    subject: `${given.change.subject.type}:${given.change.subject.id}`,
    event: 'asset.created',
    messageId: id,
    origin: 'change',
    createdAtMs: given.atMs,
    dueAtMs: given.atMs,
  };
}

/** What a receiver's 200 (or `status`) leaves behind. */
export function sampleAttempt(given: {
  readonly number: number;
  readonly atMs: number;
  readonly status?: number;
}): Attempt {
  const status = given.status ?? 200;
  const ok = status < 300;
  return {
    number: given.number,
    startedAtMs: given.atMs,
    outcome: 'response',
    code: String(status),
    timing: { startedAtMs: given.atMs, firstByteMs: 11.2, totalMs: 12.5 },
    address: '203.0.113.7',
    request: {
      method: 'POST',
      url: 'https://receiver.example/hooks/assets',
      headers: [
        ['content-type', 'application/json'],
        ['webhook-id', 'dlv_00000000000000000000000000'],
        ['webhook-timestamp', '1795000000'],
        ['webhook-signature', 'v1,****'],
      ],
      bodyBytes: 1_200,
      bodySha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
    response: {
      status,
      headers: [
        ['content-type', 'text/plain'],
        ['date', 'Sun, 22 Nov 2026 12:00:00 GMT'],
      ],
      bodyBase64: 'b2s=',
      bodyBytes: 2,
      bodyComplete: true,
    },
    verdict: ok ? 'delivered' : 'retry',
    webhookRevision: 1,
  };
}

/** The attempt after `attemptsBefore`, delivered unless `next` says otherwise. */
export function sampleRecord(given: {
  readonly delivery: NewDelivery;
  readonly epoch: number;
  readonly attemptsBefore: number;
  readonly atMs: number;
  readonly next?: RecordItem['next'];
  readonly body?: Uint8Array;
}): RecordItem {
  const { delivery, atMs } = given;
  const next = given.next ?? { state: 'delivered', endedAtMs: atMs };
  return {
    workspaceId: delivery.workspaceId,
    webhookId: delivery.webhookId,
    deliveryId: delivery.id,
    epoch: given.epoch,
    attemptsBefore: given.attemptsBefore,
    attempt: sampleAttempt({ number: given.attemptsBefore + 1, atMs, status: next.state === 'delivered' ? 200 : 500 }),
    next,
    ...(given.body === undefined ? {} : { body: given.body }),
  };
}
