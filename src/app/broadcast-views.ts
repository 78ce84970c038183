/** Broadcasts as they are shown and found, and the changes that tell of them. */
import { type BroadcastState, broadcastState } from '../core/broadcast.ts';
import type { Actor, Change, ChangeKind } from '../core/change.ts';
import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { externalIdIn } from './asset-views.ts';
import type { BroadcastView } from './broadcast-cases.ts';
import type { Committer, Decide } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { findExternalId } from './external-ids.ts';
import type { IdempotentCalls } from './idempotency.ts';
import { subjectChange } from './member-writes.ts';
import type { Plan } from './plan.ts';
import { notFound } from './refusals.ts';

export type BroadcastDeps = Pick<
  AppDeps,
  'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'settings' | 'metrics' | 'engine' | 'logger'
> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly linkKey: () => Uint8Array;
};

export function broadcastView(row: Resource): BroadcastView {
  return {
    id: row.id,
    ...(row.alias === undefined ? {} : { externalId: row.alias }),
    version: row.version,
    state: broadcastState(row.state),
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

export function asBroadcastJson(state: BroadcastState): JsonObject {
  return state;
}

/** Throws `not_found`. */
export async function presentBroadcast(
  deps: Pick<BroadcastDeps, 'storage' | 'committer'>,
  workspaceId: string,
  reference: string,
): Promise<Resource> {
  const externalId = externalIdIn(reference);
  const id =
    externalId === null ? reference : await findExternalId(deps, { workspaceId, type: 'broadcast', externalId });
  const [row] = id === null ? [] : await deps.storage.resources([{ workspaceId, type: 'broadcast', id }]);
  if (row === undefined || row === null) throw notFound('the broadcast');
  return row;
}

type Frame = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly atMs: number;
};

export type BroadcastHappening = {
  readonly kind: Extract<ChangeKind, `broadcast.${string}`>;
  readonly before: BroadcastState | null;
  readonly after: BroadcastState | null;
};

/** One change of a broadcast; `version` is the one that it then has. */
export function broadcastChange(
  frame: Frame,
  { id, alias, version }: { readonly id: string; readonly alias?: string | undefined; readonly version: number },
  { kind, before, after }: BroadcastHappening,
): Change {
  const subject = { type: 'broadcast', id, version, ...(alias === undefined ? {} : { externalId: alias }) } as const;
  return subjectChange(frame, subject, {
    kind,
    before: before === null ? null : asBroadcastJson(before),
    after: after === null ? null : asBroadcastJson(after),
  });
}

/** Those that receivers have been told of. */
export function isTold({ type }: BroadcastState): boolean {
  return type === 'live' || type === 'archived';
}

/** What a write of a broadcast leads to: its next state, what is told, and what goes along. */
export type NextBroadcast = {
  readonly state: BroadcastState;
  readonly told: readonly BroadcastHappening['kind'][];
  readonly more?: Pick<Plan, 'duties' | 'resources' | 'fulfils' | 'idempotency'>;
};

/** Decides on a broadcast that must be there; null from `next`: nothing is to be done but what `otherwise` says. */
export function broadcastWrite(
  { ids, actor, workspaceId }: Omit<Frame, 'atMs'>,
  next: (before: BroadcastState, atMs: number, current: Resource) => NextBroadcast | null,
  otherwise: Pick<Plan, 'fulfils'> = {},
): Decide<BroadcastView | null> {
  return (current, atMs) => {
    const before = current === null ? null : broadcastState(current.state);
    const decided = current === null || before === null ? null : next(before, atMs, current);
    if (current === null || before === null || decided === null) {
      const view = current === null ? null : broadcastView(current);
      if (otherwise.fulfils === undefined) return { kind: 'nothing', answer: view };
      return { kind: 'write', plan: { changes: [], ...otherwise }, answer: () => view };
    }
    const { state, told, more = {} } = decided;
    const json = asBroadcastJson(state);
    const version = current.version + 1;
    const at = { ids, workspaceId, actor, atMs };
    const changes = told.map((kind) =>
      broadcastChange(
        at,
        { id: current.id, alias: current.alias, version },
        { kind, before: kind === 'broadcast.started' ? null : before, after: state },
      ),
    );
    const view = broadcastView({ ...current, version, state: json, updatedAtMs: atMs });
    return { kind: 'write', plan: { state: json, changes, ...more }, answer: () => view };
  };
}
