/** What share links leave behind: the changes and duties of their making and their end, and the end itself. */
import type { Change, ChangeKind } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import type { JsonObject } from '../core/json.ts';
import { readShareLink, type ShareLinkState } from '../core/share-link.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { accessWrite, endedKeptMs, type ShareEnd, storedAccess } from './share-access.ts';

export type ShareDutyPayload = { readonly linkId: string; readonly phase: 'expire' | 'forget' };
type EndDeps = Pick<AppDeps, 'ids'> & { readonly committer: Committer };

export function linkKeyOf(workspaceId: string, id: string) {
  return { workspaceId, type: 'share_link', id } as const;
}

export function accessKeyOf(workspaceId: string, id: string) {
  return { workspaceId, type: 'share_access', id } as const;
}

export type Ending = {
  readonly workspaceId: string;
  readonly id: string;
  readonly end: ShareEnd;
  readonly caller: Pick<Caller, 'actor' | 'keyId' | 'from'>;
  /** The duty that this fulfils. */
  readonly fulfils?: { readonly dutyId: NewDuty['id']; readonly version: number };
  /** Ends it only where this is so. */
  readonly only?: (link: ShareLinkState, atMs: number) => boolean;
};

/** Takes a link away: it answers 410 for a while, then 404. False where there was nothing to end. */
export async function endLink(
  deps: EndDeps,
  { workspaceId, id, end, caller, fulfils, only }: Ending,
): Promise<boolean> {
  const { committer, ids } = deps;
  const written = await committer.writeAlone<boolean>(
    linkKeyOf(workspaceId, id),
    [accessKeyOf(workspaceId, id)],
    (current, atMs, { others: [access = null] }) => {
      const link = current === null ? null : readShareLink(current.state);
      if (current === null || link === null || only?.(link, atMs) === false) return { kind: 'nothing', answer: false };
      const { version, state } = current;
      const { actor } = caller;
      const change = linkChange(deps, {
        workspaceId,
        id,
        version: version + 1,
        atMs,
        actor,
        before: state,
        after: null,
      });
      const note = { action: `share_link.${end}`, target: `share_link:${id}`, before: state };
      const kept = { createdAtMs: current.createdAtMs, endedAtMs: atMs };
      const ended = { ...storedAccess(access), ...link, ...kept, password: null, ended: end };
      return {
        kind: 'write',
        plan: {
          state: null,
          changes: [change],
          resources: [accessWrite(id, access, ended), auditWrite({ ids, caller }, note, atMs)],
          duties: [
            shareDuty(deps, workspaceId, { payload: { linkId: id, phase: 'forget' }, dueAtMs: atMs + endedKeptMs }),
          ],
          ...(fulfils === undefined ? {} : { fulfils }),
        },
        answer: () => true,
      };
    },
  );
  return written.kind === 'done' && written.answer;
}

type LinkHappening = {
  readonly workspaceId: string;
  readonly id: string;
  readonly version: number;
  readonly atMs: number;
  readonly actor: Caller['actor'];
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
};

export function linkChange({ ids }: Pick<AppDeps, 'ids'>, happening: LinkHappening): Change {
  const { workspaceId, id, version, atMs, actor, before, after } = happening;
  const kind: ChangeKind = after === null ? 'share_link.removed' : 'share_link.created';
  return {
    id: ids.next('change'),
    workspaceId,
    kind,
    subject: { type: 'share_link', id },
    subjectVersion: version,
    occurredAtMs: atMs,
    acceptedAtMs: atMs,
    actor,
    before,
    after,
    changed: changedFields(before, after),
    causationDepth: 0,
  };
}

type Expiring = { readonly workspaceId: string; readonly id: string; readonly expiresAtMs: number | null };

/** An earlier duty of a link that was prolonged finds that it is not time yet, and goes. */
export function expiryDuty(deps: Pick<AppDeps, 'ids'>, { workspaceId, id, expiresAtMs }: Expiring): readonly NewDuty[] {
  if (expiresAtMs === null) return [];
  return [shareDuty(deps, workspaceId, { payload: { linkId: id, phase: 'expire' }, dueAtMs: expiresAtMs })];
}

type Owed = { readonly payload: ShareDutyPayload; readonly dueAtMs: number };

function shareDuty({ ids }: Pick<AppDeps, 'ids'>, workspaceId: string, { payload, dueAtMs }: Owed): NewDuty {
  return { id: ids.next('duty'), workspaceId, kind: 'share_link', dueAtMs, payload };
}
