/**
 * Notices: what people should know. Each is a row, and in the same commit a `notify` duty that tells it on: to whoever
 * watches, and by mail to the contacts. So a mail that was owed is still owed after a crash.
 */
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Committer } from './committer.ts';
import { isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { NoticeCases, NoticeSeverity, NoticeView } from './people.ts';
import { notFound } from './refusals.ts';

/** A notice for people. `severity`: `warning` asks for attention, `error` says that something has stopped. */
export type Notice = {
  readonly kind: string;
  readonly severity: NoticeSeverity;
  /** `type:id` of what it is about. */
  readonly subject: string;
  /** One line, without secrets. */
  readonly text: string;
  readonly details?: JsonObject;
};

/** What a notice adds to the commit it tells of. */
export type NoticeWrites = { readonly resource: ResourceWrite; readonly duty: NewDuty };

export type NotifyPayload = {
  readonly noticeId: string;
  /** Whoever watches has been told. */
  readonly told: boolean;
  /** Whom the mail has still to reach; null before that was looked up. */
  readonly left: readonly string[] | null;
  readonly sent: number;
  readonly refused: number;
  readonly tries: number;
};

export function noticeWrites(
  ids: IdSource,
  { workspaceId, notice, once }: { readonly workspaceId: string; readonly notice: Notice; readonly once?: string },
  atMs: number,
): NoticeWrites {
  const id = ids.next('notice');
  const payload: NotifyPayload = { noticeId: id, told: false, left: null, sent: 0, refused: 0, tries: 0 };
  return {
    resource: {
      type: 'notice',
      id,
      expectedVersion: 0,
      state: { atMs, ...notice, acknowledged: false },
      ...(once === undefined ? {} : { alias: once }),
    },
    duty: { id: ids.next('duty'), workspaceId, kind: 'notify', dueAtMs: atMs, payload },
  };
}

export type NoticesDeps = Pick<AppDeps, 'storage' | 'ids'> & { readonly committer: Committer };

/** Stores a notice that belongs to no other write. With `once`, a second one of that name is not made. */
export async function raiseNotice(
  { committer, ids }: Pick<NoticesDeps, 'committer' | 'ids'>,
  workspaceId: string,
  given: { readonly notice: Notice; readonly once?: string },
): Promise<boolean> {
  const key = { workspaceId, type: 'setting', id: 'notices' } as const;
  try {
    await committer.write(key, (_, atMs) => {
      const { resource, duty } = noticeWrites(ids, { workspaceId, ...given }, atMs);
      return {
        kind: 'write',
        plan: { changes: [], resources: [resource], duties: [duty] },
        answer: () => undefined,
      };
    });
    return true;
  } catch (error) {
    if (!isTaken(error)) throw error;
    return false;
  }
}

export function createNotices({ storage, ids: _, committer }: NoticesDeps): NoticeCases {
  return {
    async list({ workspaceId }, { kind, severity, subject, acknowledged, ...page }) {
      const where = {
        ...(kind === undefined ? {} : { kind }),
        ...(severity === undefined ? {} : { severity }),
        ...(subject === undefined ? {} : { subject }),
        ...(acknowledged === undefined ? {} : { acknowledged }),
      };
      const found = await storage.read.resources({ ...page, workspaceId, type: 'notice', where });
      return { items: found.items.map(noticeView), nextCursor: found.nextCursor };
    },

    async get({ workspaceId }, id) {
      const [row] = await storage.resources([{ workspaceId, type: 'notice', id }]);
      if (row === undefined || row === null) throw notFound('the notice');
      return noticeView(row);
    },

    async acknowledge({ workspaceId, actor }, id) {
      const written = await committer.write({ workspaceId, type: 'notice', id }, (current, atMs) => {
        if (current === null) throw notFound('the notice');
        const before = noticeView(current);
        if (before.acknowledged) return { kind: 'nothing', answer: before };
        const acknowledgement = {
          acknowledged: true,
          acknowledgedAtMs: atMs,
          acknowledgedBy: `${actor.type}:${actor.id}`,
        };
        return {
          kind: 'write',
          plan: { state: { ...current.state, ...acknowledgement }, changes: [] },
          answer: () => ({ ...before, ...acknowledgement }),
        };
      });
      if (written.kind === 'duplicate') throw new TypeError('A notice carries no idempotency row');
      return written.answer;
    },
  };
}

export function noticeView({ id, state, createdAtMs }: Resource): NoticeView {
  // Rows of this type are written here only; those of earlier versions have no acknowledgement.
  const stored = state as unknown as Partial<NoticeView>;
  return {
    id,
    atMs: stored.atMs ?? createdAtMs,
    kind: stored.kind ?? 'unknown',
    severity: stored.severity ?? 'info',
    subject: stored.subject ?? '',
    text: stored.text ?? '',
    details: stored.details ?? {},
    acknowledged: stored.acknowledged ?? false,
    acknowledgedAtMs: stored.acknowledgedAtMs ?? null,
    acknowledgedBy: stored.acknowledgedBy ?? null,
    mail: stored.mail ?? null,
  };
}
