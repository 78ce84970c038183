/**
 * Items as the book takes them: every JSON value serialised once, at the call, into the text that is stored. Plain data,
 * so that it crosses a thread as it is and nothing the caller does to its objects afterwards can reach the store.
 */
import type { Change } from '../core/change.ts';
import type { EndedState, NewDelivery } from '../core/delivery.ts';
import type { JsonValue } from '../core/json.ts';
import type { CommitItem, DeliveryOrder } from './contract/commit-item.ts';
import type { RecordItem } from './contract/record-item.ts';
import { changeBody } from './change-body.ts';

export type PreparedResource = {
  readonly type: string;
  readonly id: string;
  /** −1: whatever is there. */
  readonly expectedVersion: number;
  readonly alias: string | null;
  /** Null deletes. */
  readonly state: string | null;
};

export type PreparedChange = {
  readonly id: string;
  readonly kind: string;
  /** `type:id`. */
  readonly subject: string;
  readonly acceptedAtMs: number;
  readonly unexpanded: boolean;
  readonly body: string;
};

export type PreparedDelivery = {
  readonly id: string;
  readonly webhookId: string;
  readonly revision: number;
  readonly changeId: string;
  readonly subject: string;
  readonly event: string;
  readonly frozen: string | null;
  /** Null where it is the delivery's own id. */
  readonly messageId: string | null;
  readonly origin: string;
  readonly redeliveryOf: string | null;
  readonly createdAtMs: number;
  readonly dueAtMs: number;
};

export type PreparedDuty = {
  readonly id: string;
  readonly kind: string;
  readonly dueAtMs: number;
  readonly payload: string;
};

export type PreparedIdempotency = {
  readonly key: string;
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly response: string;
};

/** The parts of a commit that most requests do not have; kept apart so that the common item stays small. */
export type PreparedExtras = {
  readonly duties: readonly PreparedDuty[];
  readonly orders: readonly DeliveryOrder[];
  readonly fulfils: { readonly dutyId: string; readonly version: number } | null;
  readonly advances: {
    readonly dutyId: string;
    readonly version: number;
    readonly dueAtMs: number;
    readonly payload: string;
  } | null;
  readonly withdraws: readonly string[];
  readonly resumes: {
    readonly type: string;
    readonly id: string;
    readonly version: number;
    readonly createdAtMs: number;
  } | null;
  readonly idempotency: PreparedIdempotency | null;
  readonly missed: readonly { readonly webhookId: string; readonly count: number }[];
};

export type PreparedCommit = {
  readonly kind: 'commit';
  readonly workspaceId: string;
  readonly atMs: number;
  /** −1: matching was not needed. */
  readonly webhooksRevision: number;
  readonly resources: readonly PreparedResource[];
  readonly changes: readonly PreparedChange[];
  readonly deliveries: readonly PreparedDelivery[];
  readonly extras: PreparedExtras | null;
  /** About what it takes in memory and on disk. */
  readonly bytes: number;
};

export type PreparedRecord = {
  readonly kind: 'record';
  readonly workspaceId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly epoch: number;
  readonly attemptsBefore: number;
  readonly attempt: string;
  readonly startedAtMs: number;
  /** 0 where no answer came. */
  readonly status: number;
  readonly outcome: string;
  readonly durationMs: number;
  readonly next: 'pending' | EndedState;
  /** Due time of the next attempt, or the time it ended. */
  readonly nextAtMs: number;
  readonly reason: string | null;
  readonly body: Uint8Array | null;
  readonly bytes: number;
};

export type Prepared = PreparedCommit | PreparedRecord;

/** What a row costs beyond its texts; keeps a batch of empty items bounded too. */
const rowBytes = 200;
/** A row so long takes the time of two. */
const longRowBytes = 8_192;
/** A delivery is a row of the queue and one of its lane's; a record writes an attempt and the delivery it belongs to. */
const rowsOfDelivery = 2;
const rowsOfRecord = 2;

/** About how many rows are written for it: the measure of what it costs the others that wait. */
export function rowsOf(item: Prepared): number {
  const long = Math.floor(item.bytes / longRowBytes);
  if (item.kind === 'record') return rowsOfRecord + long;
  const { resources, changes, deliveries, extras } = item;
  const rows = 1 + resources.length + changes.length + rowsOfDelivery * deliveries.length + long;
  if (extras === null) return rows;
  return rows + extras.duties.length + extras.orders.length + extras.withdraws.length + extras.missed.length;
}

export function prepareCommit(item: CommitItem): PreparedCommit {
  let bytes = rowBytes;
  const resources: PreparedResource[] = [];
  for (const { type, id, expectedVersion, state, alias } of item.resources ?? []) {
    const text = state === null ? null : JSON.stringify(state);
    resources.push({
      type,
      id,
      expectedVersion: expectedVersion === 'any' ? -1 : expectedVersion,
      alias: alias ?? null,
      state: text,
    });
    bytes += rowBytes + (text?.length ?? 0);
  }
  const changes: PreparedChange[] = [];
  for (const { change, unexpanded } of item.changes ?? []) {
    const prepared = prepareChange(change, unexpanded === true);
    changes.push(prepared);
    bytes += rowBytes + prepared.body.length;
  }
  const deliveries: PreparedDelivery[] = [];
  for (const delivery of item.deliveries ?? []) {
    const prepared = prepareDelivery(delivery);
    deliveries.push(prepared);
    bytes += 2 * rowBytes + (prepared.frozen?.length ?? 0);
  }
  const extras = prepareExtras(item);
  if (extras !== null) bytes += extrasBytes(extras);
  return {
    kind: 'commit',
    workspaceId: item.workspaceId,
    atMs: item.atMs,
    webhooksRevision: item.webhooksRevision ?? -1,
    resources,
    changes,
    deliveries,
    extras,
    bytes,
  };
}

function prepareChange(change: Change, unexpanded: boolean): PreparedChange {
  return {
    id: change.id,
    kind: change.kind,
    subject: `${change.subject.type}:${change.subject.id}`,
    acceptedAtMs: change.acceptedAtMs,
    unexpanded,
    body: changeBody(change),
  };
}

function prepareDelivery(delivery: NewDelivery): PreparedDelivery {
  return {
    id: delivery.id,
    webhookId: delivery.webhookId,
    revision: delivery.webhookRevision,
    changeId: delivery.changeId,
    subject: delivery.subject,
    event: delivery.event,
    frozen: delivery.frozen === undefined ? null : JSON.stringify(delivery.frozen),
    messageId: delivery.messageId === delivery.id ? null : delivery.messageId,
    origin: delivery.origin,
    redeliveryOf: delivery.redeliveryOf ?? null,
    createdAtMs: delivery.createdAtMs,
    dueAtMs: delivery.dueAtMs,
  };
}

function prepareExtras(item: CommitItem): PreparedExtras | null {
  const { duties, deliveryOrders, fulfils, advances, withdraws, resumes, idempotency, missed } = item;
  const orders = duties ?? deliveryOrders ?? fulfils ?? advances ?? withdraws ?? resumes;
  if (!orders && !idempotency && !missed) return null;
  return {
    duties: (duties ?? []).map(({ id, kind, dueAtMs, payload }) => ({ id, kind, dueAtMs, payload: text(payload) })),
    orders: deliveryOrders ?? [],
    fulfils: fulfils ?? null,
    advances: advances ? { ...advances, payload: text(advances.payload) } : null,
    withdraws: withdraws ?? [],
    resumes: resumes ?? null,
    idempotency: idempotency
      ? {
          key: idempotency.key,
          fingerprint: idempotency.fingerprint,
          createdAtMs: idempotency.createdAtMs,
          response: text(idempotency.response),
        }
      : null,
    missed: missed ?? [],
  };
}

function text(value: JsonValue): string {
  return JSON.stringify(value);
}

function extrasBytes(extras: PreparedExtras): number {
  let bytes = (extras.duties.length + extras.orders.length + extras.withdraws.length + extras.missed.length) * rowBytes;
  for (const duty of extras.duties) bytes += duty.payload.length;
  bytes += extras.advances?.payload.length ?? 0;
  bytes += extras.idempotency?.response.length ?? 0;
  return bytes;
}

export function prepareRecord(item: RecordItem): PreparedRecord {
  const { attempt, next } = item;
  const serialised = JSON.stringify(attempt);
  return {
    kind: 'record',
    workspaceId: item.workspaceId,
    webhookId: item.webhookId,
    deliveryId: item.deliveryId,
    epoch: item.epoch,
    attemptsBefore: item.attemptsBefore,
    attempt: serialised,
    startedAtMs: attempt.startedAtMs,
    status: attempt.response?.status ?? 0,
    outcome: attempt.outcome,
    durationMs: attempt.timing.totalMs,
    next: next.state,
    nextAtMs: next.state === 'pending' ? next.dueAtMs : next.endedAtMs,
    reason: next.state === 'pending' ? null : (next.reason ?? null),
    body: item.body ?? null,
    bytes: rowBytes + serialised.length + (item.body?.length ?? 0),
  };
}
