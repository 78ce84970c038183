/**
 * The `outbox` duty: a change that an application recorded in the database inside its own transaction is reported as if by
 * `POST /v1/changes`. The duty's id is the idempotency key, so a crash between the report and the duty's end reports
 * nothing twice; changes of one subject are reported one after another, in the order in which they were recorded.
 */
import type { JsonObject } from '../core/json.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { ChangeCases, ReportedChange } from './app.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import { allScopes } from './key-lookup.ts';
import { type Notice, raiseNotice } from './notices.ts';
import type { Turns } from './turns.ts';

export type OutboxDeps = Parameters<typeof raiseNotice>[0] &
  Pick<AppDeps, 'storage' | 'clock'> & { readonly turns: Turns; readonly changes: Pick<ChangeCases, 'report'> };

/** As the database's function writes it, which has checked its shape. */
type Recorded = { readonly change: ReportedChange; readonly recordedAtMs: number; readonly role: string };

export function createOutboxDuty(deps: OutboxDeps): DutyHandler {
  const { storage, clock, changes, turns } = deps;
  return ({ id, workspaceId, version, payload }) => {
    const { change, recordedAtMs, role } = payload as unknown as Recorded;
    const { type, id: subjectId, externalId } = change.subject;
    const caller = {
      workspaceId,
      actor: { type: 'source', id: role },
      keyId: 'outbox',
      scopes: allScopes,
      admin: false,
    } as const;
    return turns.take(`outbox ${workspaceId} ${type} ${subjectId ?? ''} ${externalId ?? ''}`, async () => {
      const report = { ...change, occurredAtMs: change.occurredAtMs ?? recordedAtMs };
      const written = await changes.report(caller, [report], { key: `outbox:${id}`, fingerprint: id });
      const [result] = written.body.results;
      if (result?.status === 'rejected') await raiseNotice(deps, workspaceId, { notice: refusal(result, id) });
      const fulfils = { dutyId: id, version };
      await commitOne(storage, { workspaceId, atMs: clock.nowMs(), fulfils });
    });
  };
}

/** What the function let pass and the report did not: nobody waits for the answer, so people are told. */
function refusal(result: object, dutyId: string): Notice {
  return {
    kind: 'outbox.refused',
    severity: 'error',
    subject: `duty:${dutyId}`,
    text: 'A change that was recorded in the database was refused: nothing is told of it',
    // Results are JSON: they are answered as such.
    details: result as unknown as JsonObject,
  };
}
