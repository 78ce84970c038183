/** What a replay is kept as, and how it is shown. */
import type { DeliveryState } from '../core/delivery.ts';
import type { Filter } from '../core/filter.ts';
import type { WebhookId } from '../core/ids.ts';
import type { DeliveryQuery } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { ReplayInput, ReplayView } from './app.ts';
import { withStatesOf } from './delivering-states.ts';

export type StoredReplay = {
  readonly state: 'running' | 'done' | 'cancelled';
  /** What it goes through, as counted when it was made. */
  readonly count: number;
  /** False where `count` is an upper bound. */
  readonly exact: boolean;
  /** Gone through so far. */
  readonly done: number;
  /** Deliveries made so far: those of webhooks that are gone or disabled are left out. */
  readonly made: number;
  readonly input: ReplayInput;
  /** Of `input`, for lists; empty where it has none. */
  readonly webhookId: string;
  readonly endedAtMs?: number;
};

/** What a `replay` duty owes: a page of a replay's deliveries, or of the changes that a webhook was not told of. */
export type ReplayPayload = {
  readonly mode: 'replay' | 'missed';
  readonly replayId: string;
  readonly cursor: string | null;
  readonly round: number;
};

/** A payload of an earlier version: what a webhook missed, without a replay that shows it. */
export type UnseenMissedPayload = {
  readonly mode: 'missed';
  readonly webhookId: string;
  readonly fromMs: number;
  readonly toMs: number | null;
  readonly cursor: string | null;
};

const endedStates: readonly DeliveryState[] = ['delivered', 'rejected', 'dead', 'cancelled'];

/** Deliveries a replay goes through, as a query without its page. A message goes once: only the first of its kind. */
export function replayQuery(workspaceId: string, input: ReplayInput): Omit<DeliveryQuery, 'limit' | 'cursor'> {
  const subject = input.assetId === undefined ? input.subject : `asset:${input.assetId}`;
  const change = changeFilter(input);
  return withStatesOf({
    workspaceId,
    states: input.states ?? endedStates,
    fromMs: input.fromMs,
    toMs: input.toMs,
    order: 'oldest',
    firstOnly: true,
    origins: ['change', 'replay', 'operational'],
    ...(input.webhookId === undefined ? {} : { webhookId: input.webhookId as WebhookId }),
    ...(input.event === undefined ? {} : { event: input.event }),
    ...(input.status === undefined ? {} : { status: input.status }),
    ...(input.outcomes === undefined ? {} : { outcomes: input.outcomes }),
    ...(subject === undefined ? {} : { subject }),
    ...(change === null ? {} : { change }),
  });
}

/** Where the asset lay, as the change saw it. */
export function changeFilter({ folder, collection }: ReplayInput): Filter | null {
  const all: Filter[] = [];
  if (folder !== undefined) all.push({ folder: [folder] });
  if (collection !== undefined) all.push({ field: 'collections', contains: collection });
  return all.length === 0 ? null : { all };
}

/** Rows of this type are written by replays and their duty, in this shape. */
export function storedReplay(row: Pick<Resource, 'state'>): StoredReplay {
  const stored = row.state as unknown as StoredReplay;
  // Rows of an earlier version lack what was not known then.
  return {
    ...stored,
    exact: stored.exact ?? true,
    made: stored.made ?? stored.done,
    webhookId: stored.webhookId ?? '',
  };
}

export function replayView(row: Pick<Resource, 'state' | 'id' | 'createdAtMs'>): ReplayView {
  const { webhookId: _, ...stored } = storedReplay(row);
  return { id: row.id, ...stored, createdAtMs: row.createdAtMs };
}
