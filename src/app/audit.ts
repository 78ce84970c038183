/** Audit rows: who did what in administration, with secrets, replays and erasure. Committed with what they tell of. */
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import type { AuditQuery } from './people.ts';

export type AuditNote = {
  /** `webhook.created`, `key.revoked`, `secret.revealed`… */
  readonly action: string;
  /** `type:id` of what it was done to. */
  readonly target: string;
  readonly before?: JsonObject;
  readonly after?: JsonObject;
};

export type AuditSource = { readonly ids: IdSource; readonly caller: Pick<Caller, 'actor' | 'keyId' | 'from'> };

/** The audit row as a write of the same commit. Never give it a secret. */
export function auditWrite({ ids, caller }: AuditSource, note: AuditNote, atMs: number): ResourceWrite {
  const { actor } = caller;
  return {
    type: 'audit',
    id: ids.next('audit'),
    expectedVersion: 0,
    state: {
      atMs,
      // Of one text, so that lists can be filtered by it.
      by: `${actor.type}:${actor.id}`,
      actor: { type: actor.type, id: actor.id, ...(actor.name === undefined ? {} : { name: actor.name }) },
      keyId: caller.keyId,
      ...(caller.from === undefined ? {} : { from: { ...caller.from } }),
      action: note.action,
      target: note.target,
      ...(note.before === undefined ? {} : { before: note.before }),
      ...(note.after === undefined ? {} : { after: note.after }),
    },
  };
}

/** An audit row by itself, for what changes nothing else here. Throws where the store does not take it. */
export async function commitAudit(
  { storage, clock, ids }: Pick<AppDeps, 'storage' | 'clock' | 'ids'>,
  caller: Caller,
  note: AuditNote,
): Promise<void> {
  const { workspaceId } = caller;
  const atMs = clock.nowMs();
  await commitOne(storage, { workspaceId, atMs, resources: [auditWrite({ ids, caller }, note, atMs)] });
}

/** An audit row as lists and exports show it: without what only filters need. */
export function auditView({ id, state }: Pick<Resource, 'id' | 'state'>): JsonObject {
  const { by: _, ...shown } = state;
  return { id, ...shown };
}

/** What finds audit rows by who did it, what was done and to what. */
export function auditWhere({ actor, action, target }: Pick<AuditQuery, 'actor' | 'action' | 'target'>) {
  return {
    ...(actor === undefined ? {} : { by: actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
  };
}
