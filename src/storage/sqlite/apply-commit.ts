/** One commit item inside the writer's transaction. What is read is checked before anything is written. */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../core/limits.ts';
import type { CommitResult, IdempotencyRow } from '../contract/commit-item.ts';
import { matchedTypes, type ResourceType } from '../contract/resources.ts';
import type { DeliveryWriter } from './apply-deliveries.ts';
import type { ResourceWriter } from './apply-resources.ts';
import type { Names, WorkspaceName } from './names.ts';
import type { Partitions } from './partitions.ts';
import type { PreparedChange, PreparedCommit, PreparedExtras, PreparedResource } from '../prepared.ts';
import { arrayStatement, numberOf, textOf } from './rows.ts';

export type CommitParts = {
  readonly names: Names;
  readonly partitions: Partitions;
  readonly writeResource: ResourceWriter;
  readonly deliveries: DeliveryWriter;
};

/** `undone`: something was written before the item turned out not to fit; the caller must roll it back. */
export type Applied = { readonly result: CommitResult; readonly undone: boolean };

const applied = (versions: readonly number[]): Applied => ({ result: { status: 'applied', versions }, undone: false });
const refused = (result: CommitResult, undone = false): Applied => ({ result, undone });
const none: readonly number[] = [];
const nothing = applied(none);

/** Whether an item may have to be undone after its first write. Most cannot, and need no savepoint. */
export function mayNeedUndo(item: PreparedCommit): boolean {
  if (item.resources.length > 1) return true;
  const own = item.changes[0]?.id;
  for (const { changeId } of item.deliveries) {
    if (changeId !== own && !item.changes.some(({ id }) => id === changeId)) return true;
  }
  return false;
}

export function createCommitApplier(
  db: DatabaseSync,
  { names, partitions, writeResource, deliveries }: CommitParts,
): (item: PreparedCommit) => Applied {
  const extras = createExtrasApplier(db, names, deliveries);

  const insertTouch = db.prepare('INSERT INTO asset_touches (workspace, id) VALUES (?, ?)');
  /** What no change of the item tells of; see schema.ts. */
  const touch = (workspace: WorkspaceName, id: string, changes: readonly PreparedChange[]): void => {
    const subject = `asset:${id}`;
    for (const change of changes) if (change.subject === subject) return;
    insertTouch.run(workspace.n, id);
  };

  const writeResources = (workspace: WorkspaceName, item: PreparedCommit): Applied => {
    const versions: number[] = [];
    let matchingChanged = false;
    for (const write of item.resources) {
      const outcome = writeResource(workspace, write, item.atMs);
      const written = versions.length > 0;
      if (outcome.status === 'stale') return refused(staleResource(item.workspaceId, write), written);
      if (outcome.status === 'alias-taken') return refused(aliasTaken(write), written);
      versions.push(outcome.version);
      if (write.type === 'asset') touch(workspace, write.id, item.changes);
      if (matchedTypes.has(write.type)) matchingChanged = true;
    }
    if (matchingChanged) names.raiseWebhooksRevision(workspace);
    return applied(versions);
  };
  const insertChanges = (workspace: WorkspaceName, changes: readonly PreparedChange[]): number => {
    const open = partitions.changes;
    const firstSeq = open.nextSeq;
    for (const change of changes) {
      open.insert.run(
        open.nextSeq,
        workspace.n,
        change.id,
        change.kind,
        change.subject,
        change.acceptedAtMs,
        change.unexpanded ? 1 : 0,
        change.body,
      );
      open.nextSeq += 1;
      open.rows += 1;
    }
    return firstSeq;
  };

  return (item) => {
    const workspace = names.workspace(item.workspaceId);
    const objection = item.extras === null ? null : extras.objection(workspace, item, item.extras);
    if (objection !== null) return refused(objection);
    if (item.webhooksRevision >= 0 && item.webhooksRevision !== workspace.webhooksRevision) {
      return refused({ status: 'stale', what: 'webhooks' });
    }
    const written = item.resources.length === 0 ? nothing : writeResources(workspace, item);
    if (written.result.status !== 'applied') return written;
    const resources = item.extras === null ? written : extras.resume(workspace, item, written);
    const firstSeq = item.changes.length === 0 ? 0 : insertChanges(workspace, item.changes);
    if (item.deliveries.length > 0) {
      const found = deliveries.insert(workspace, item.deliveries, { changes: item.changes, firstSeq });
      // A change that retention has taken in the meantime: whoever decided on it must look again.
      if (!found) return refused({ status: 'stale', what: 'resource' }, true);
    }
    if (item.extras !== null) extras.apply(workspace, item, item.extras);
    return resources;
  };
}

type ExtrasApplier = {
  /** Why the item cannot be applied: its key was used, or its duty moved on. */
  objection(workspace: WorkspaceName, item: PreparedCommit, extras: PreparedExtras): CommitResult | null;
  /** Lets a resource that was written go on where it had ended. */
  resume(workspace: WorkspaceName, item: PreparedCommit, written: Applied): Applied;
  apply(workspace: WorkspaceName, item: PreparedCommit, extras: PreparedExtras): void;
};

function createExtrasApplier(db: DatabaseSync, names: Names, deliveries: DeliveryWriter): ExtrasApplier {
  const selectKey = arrayStatement(
    db,
    'SELECT fingerprint, created_at, response FROM idempotency WHERE workspace = ? AND key = ?',
  );
  const insertKey = db.prepare(
    'INSERT OR REPLACE INTO idempotency (workspace, key, fingerprint, created_at, response) VALUES (?, ?, ?, ?, ?)',
  );
  const selectDuty = arrayStatement(db, 'SELECT version FROM duties WHERE id = ? AND workspace = ?');
  const insertDuty = db.prepare(
    'INSERT INTO duties (id, workspace, kind, due_at, version, attempts, payload) VALUES (?, ?, ?, ?, 1, 0, ?)',
  );
  const removeDuty = db.prepare('DELETE FROM duties WHERE id = ?');
  const withdrawDuty = db.prepare('DELETE FROM duties WHERE id = ? AND workspace = ?');
  const resumeRow = db.prepare(
    'UPDATE resources SET version = version + ?, created_at = ? WHERE type = ? AND workspace = ? AND id = ? AND version = 1',
  );
  const advanceDuty = db.prepare(
    'UPDATE duties SET due_at = ?, payload = ?, version = version + 1, attempts = attempts + 1 WHERE id = ?',
  );
  const miss = db.prepare('UPDATE lanes SET missed = max(0, missed + ?) WHERE n = ?');

  const moved = (workspace: WorkspaceName, duty: { dutyId: string; version: number } | null): boolean => {
    if (duty === null) return false;
    const row = selectDuty.get(duty.dutyId, workspace.n);
    return row === undefined || numberOf(row[0]) !== duty.version;
  };
  return {
    objection(workspace, item, { idempotency, fulfils, advances }) {
      if (idempotency !== null) {
        const row = selectKey.get(workspace.n, idempotency.key);
        if (row !== undefined && item.atMs - numberOf(row[1]) < limits.idempotencyKeptMs) {
          return { status: 'duplicate', row: keyRow(idempotency.key, row) };
        }
      }
      if (moved(workspace, fulfils) || moved(workspace, advances)) return { status: 'stale', what: 'duty' };
      return null;
    },
    resume(workspace, { resources, extras }, written) {
      const { result } = written;
      const resumed = extras?.resumes ?? null;
      if (resumed === null || result.status !== 'applied') return written;
      const { type, id, version, createdAtMs } = resumed;
      resumeRow.run(version, createdAtMs, type, workspace.n, id);
      const isIt = (at: number): boolean => resources[at]?.type === type && resources[at].id === id;
      return applied(result.versions.map((made, at) => (isIt(at) && made === 1 ? made + version : made)));
    },
    apply(workspace, item, { duties, orders, fulfils, advances, withdraws, idempotency, missed }) {
      if (fulfils !== null) removeDuty.run(fulfils.dutyId);
      for (const id of withdraws) withdrawDuty.run(id, workspace.n);
      if (advances !== null) advanceDuty.run(advances.dueAtMs, advances.payload, advances.dutyId);
      for (const duty of duties) insertDuty.run(duty.id, workspace.n, duty.kind, duty.dueAtMs, duty.payload);
      for (const order of orders) deliveries.order(workspace, order, item.atMs);
      for (const { webhookId, count } of missed) {
        const lane = names.lane(webhookId, workspace.n);
        if (lane !== null) miss.run(count, lane);
      }
      if (idempotency !== null) {
        const { key, fingerprint, createdAtMs, response } = idempotency;
        insertKey.run(workspace.n, key, fingerprint, createdAtMs, response);
      }
    },
  };
}

/** A stored idempotency row: fingerprint, creation time, response. */
export function keyRow(key: string, row: readonly unknown[]): IdempotencyRow {
  const [fingerprint, createdAtMs, response] = row;
  if (typeof fingerprint !== 'string' || typeof createdAtMs !== 'number') throw new TypeError('Not an idempotency row');
  return {
    key,
    fingerprint,
    createdAtMs,
    response: JSON.parse(textOf(response as string)) as IdempotencyRow['response'],
  };
}

function staleResource(workspaceId: string, { type, id }: PreparedResource): CommitResult {
  return { status: 'stale', what: 'resource', key: { workspaceId, type: type as ResourceType, id } };
}

function aliasTaken({ type, alias }: PreparedResource): CommitResult {
  return {
    status: 'rejected',
    code: 'already_exists',
    detail: `The alias of a ${type} must be free: "${alias}" is taken`,
  };
}
