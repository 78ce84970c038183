/**
 * How batches cross to the writer's thread and results come back: one text, two arrays of numbers, and the bodies, instead
 * of thousands of small objects for the structured clone. Both ends are here, so that they cannot drift apart. Measured: a
 * third of the CPU of cloning the objects (docs/decisions/0002-sqlite-writer.md).
 */
import type { EndedState } from '../../core/delivery.ts';
import type { CommitResult } from '../contract/commit-item.ts';
import type { RecordResult } from '../contract/record-item.ts';
import type { ItemResult } from '../batch-results.ts';
import type {
  Prepared,
  PreparedChange,
  PreparedCommit,
  PreparedDelivery,
  PreparedExtras,
  PreparedRecord,
  PreparedResource,
} from '../prepared.ts';

export type WireBatch = {
  readonly count: number;
  readonly text: string;
  /** Length of each text in order; −1 for null. */
  readonly lengths: Int32Array;
  readonly numbers: Float64Array;
  readonly bodies: readonly Uint8Array[];
};

/** Kinds of items in the stream of numbers. */
const commitItem = 0;
const recordItem = 1;

type Pen = { readonly texts: string[]; readonly lengths: number[]; readonly numbers: number[] };

function write(pen: Pen, text: string | null): void {
  if (text === null) {
    pen.lengths.push(-1);
    return;
  }
  pen.texts.push(text);
  pen.lengths.push(text.length);
}

export function encodeBatch(items: readonly Prepared[]): WireBatch {
  const pen: Pen = { texts: [], lengths: [], numbers: [] };
  const bodies: Uint8Array[] = [];
  for (const item of items) {
    if (item.kind === 'commit') encodeCommit(pen, item);
    else encodeRecord(pen, item, bodies);
  }
  return {
    count: items.length,
    text: pen.texts.join(''),
    lengths: Int32Array.from(pen.lengths),
    numbers: Float64Array.from(pen.numbers),
    bodies,
  };
}

function encodeCommit(pen: Pen, item: PreparedCommit): void {
  const { resources, changes, deliveries, extras } = item;
  write(pen, item.workspaceId);
  pen.numbers.push(commitItem, item.atMs, item.webhooksRevision, resources.length, changes.length, deliveries.length);
  for (const { type, id, alias, state, expectedVersion } of resources) {
    write(pen, type);
    write(pen, id);
    write(pen, alias);
    write(pen, state);
    pen.numbers.push(expectedVersion);
  }
  for (const { id, kind, subject, body, acceptedAtMs, unexpanded } of changes) {
    write(pen, id);
    write(pen, kind);
    write(pen, subject);
    write(pen, body);
    pen.numbers.push(acceptedAtMs, unexpanded ? 1 : 0);
  }
  for (const delivery of deliveries) encodeDelivery(pen, delivery);
  // Most items have none; those that have may be slower.
  write(pen, extras === null ? null : JSON.stringify(extras));
}

function encodeDelivery(pen: Pen, delivery: PreparedDelivery): void {
  write(pen, delivery.id);
  write(pen, delivery.webhookId);
  write(pen, delivery.changeId);
  write(pen, delivery.subject);
  write(pen, delivery.event);
  write(pen, delivery.frozen);
  write(pen, delivery.messageId);
  write(pen, delivery.origin);
  write(pen, delivery.redeliveryOf);
  pen.numbers.push(delivery.revision, delivery.createdAtMs, delivery.dueAtMs);
}

function encodeRecord(pen: Pen, item: PreparedRecord, bodies: Uint8Array[]): void {
  write(pen, item.workspaceId);
  write(pen, item.webhookId);
  write(pen, item.deliveryId);
  write(pen, item.attempt);
  write(pen, item.outcome);
  write(pen, item.next);
  write(pen, item.reason);
  pen.numbers.push(recordItem, item.epoch, item.attemptsBefore, item.startedAtMs, item.status, item.durationMs);
  pen.numbers.push(item.nextAtMs, item.body === null ? -1 : bodies.length);
  if (item.body !== null) bodies.push(item.body);
}

/** Reads the stream back in the order it was written. */
class Reader {
  private readonly batch: WireBatch;
  private at = 0;
  private lengthAt = 0;
  private numberAt = 0;

  constructor(batch: WireBatch) {
    this.batch = batch;
  }

  number(): number {
    const value = this.batch.numbers[this.numberAt];
    this.numberAt += 1;
    if (value === undefined) throw new RangeError('A batch must hold another number: it has ended');
    return value;
  }

  textOrNull(): string | null {
    const length = this.batch.lengths[this.lengthAt];
    this.lengthAt += 1;
    if (length === undefined) throw new RangeError('A batch must hold another text: it has ended');
    if (length < 0) return null;
    this.at += length;
    return this.batch.text.substring(this.at - length, this.at);
  }

  text(): string {
    const text = this.textOrNull();
    if (text === null) throw new RangeError('A batch must hold a text here: found null');
    return text;
  }

  body(): Uint8Array | null {
    const index = this.number();
    return index < 0 ? null : (this.batch.bodies[index] ?? null);
  }
}

export function decodeBatch(batch: WireBatch): readonly Prepared[] {
  const reader = new Reader(batch);
  return Array.from({ length: batch.count }, () => {
    const workspaceId = reader.text();
    return reader.number() === commitItem ? decodeCommit(reader, workspaceId) : decodeRecord(reader, workspaceId);
  });
}

function decodeCommit(reader: Reader, workspaceId: string): PreparedCommit {
  const atMs = reader.number();
  const webhooksRevision = reader.number();
  const counts = [reader.number(), reader.number(), reader.number()] as const;
  const resources: PreparedResource[] = [];
  for (let n = 0; n < counts[0]; n += 1) {
    const [type, id, alias, state] = [reader.text(), reader.text(), reader.textOrNull(), reader.textOrNull()];
    resources.push({ type, id, alias, state, expectedVersion: reader.number() });
  }
  const changes: PreparedChange[] = [];
  for (let n = 0; n < counts[1]; n += 1) {
    const [id, kind, subject, body] = [reader.text(), reader.text(), reader.text(), reader.text()];
    changes.push({ id, kind, subject, body, acceptedAtMs: reader.number(), unexpanded: reader.number() === 1 });
  }
  const deliveries: PreparedDelivery[] = [];
  for (let n = 0; n < counts[2]; n += 1) deliveries.push(decodeDelivery(reader));
  const extras = reader.textOrNull();
  return {
    kind: 'commit',
    workspaceId,
    atMs,
    webhooksRevision,
    resources,
    changes,
    deliveries,
    extras: extras === null ? null : (JSON.parse(extras) as PreparedExtras),
    bytes: 0,
  };
}

/** Properties are read in the order they were written; literals are evaluated from top to bottom. */
function decodeDelivery(reader: Reader): PreparedDelivery {
  return {
    id: reader.text(),
    webhookId: reader.text(),
    changeId: reader.text(),
    subject: reader.text(),
    event: reader.text(),
    frozen: reader.textOrNull(),
    messageId: reader.textOrNull(),
    origin: reader.text(),
    redeliveryOf: reader.textOrNull(),
    revision: reader.number(),
    createdAtMs: reader.number(),
    dueAtMs: reader.number(),
  };
}

function decodeRecord(reader: Reader, workspaceId: string): PreparedRecord {
  return {
    kind: 'record',
    workspaceId,
    webhookId: reader.text(),
    deliveryId: reader.text(),
    attempt: reader.text(),
    outcome: reader.text(),
    next: reader.text() as 'pending' | EndedState,
    reason: reader.textOrNull(),
    epoch: reader.number(),
    attemptsBefore: reader.number(),
    startedAtMs: reader.number(),
    status: reader.number(),
    durationMs: reader.number(),
    nextAtMs: reader.number(),
    body: reader.body(),
    bytes: 0,
  };
}

export type WireResults = {
  /** Per item its code; behind `applied` the number of versions and the versions. */
  readonly codes: Int32Array;
  /** Whatever has no code, in order. */
  readonly others: readonly ItemResult[];
};

const recordCodes: readonly RecordResult[] = ['recorded', 'fenced', 'gone'];
const appliedCode = 3;
const otherCode = 4;

export function encodeResults(results: readonly ItemResult[]): WireResults {
  const codes: number[] = [];
  const others: ItemResult[] = [];
  for (const result of results) {
    if (typeof result === 'string') {
      codes.push(recordCodes.indexOf(result));
    } else if (result.status === 'applied') {
      codes.push(appliedCode, result.versions.length, ...result.versions);
    } else {
      codes.push(otherCode);
      others.push(result);
    }
  }
  return { codes: Int32Array.from(codes), others };
}

const appliedPlain: CommitResult = { status: 'applied', versions: [] };

export function decodeResults({ codes, others }: WireResults): readonly ItemResult[] {
  const results: ItemResult[] = [];
  let other = 0;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? otherCode;
    if (code < appliedCode) {
      results.push(recordCodes[code] ?? 'gone');
    } else if (code === appliedCode) {
      const count = codes[at + 1] ?? 0;
      const versions = count === 0 ? null : [...codes.subarray(at + 2, at + 2 + count)];
      results.push(versions === null ? appliedPlain : { status: 'applied', versions });
      at += 1 + count;
    } else {
      const result = others[other];
      if (result === undefined) throw new RangeError('A batch must hold another result: it has ended');
      results.push(result);
      other += 1;
    }
  }
  return results;
}
