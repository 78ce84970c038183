/**
 * The `erasure` duty: one bounded step per call, stored with where it goes on, so that a crash costs a step and the writer
 * belongs to those who deliver in between. Of an asset: it is deleted and receivers are told, for as long as was asked; what
 * is then still owed is cancelled; then what is there now and what is remembered. After a pause all of it is looked through
 * once more, for what was in flight. The record of it holds nothing personal; what to look for goes with the duty.
 */
import type { ErasedPast } from '../core/erased-past.ts';
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { findTrashed, purgePlan, removalPlan } from './asset-trash-state.ts';
import { auditWrite } from './audit.ts';
import { commitOne } from './commit-one.ts';
import { settleMs } from './duty-erase-workspace.ts';
import { fulfilled } from './duty-step.ts';
import type { ErasurePhase } from './erasure-cases.ts';
import { erasePresent, type PresentDeps } from './erasure-present.ts';
import {
  type ErasureDutyPayload,
  erasurePlace,
  readPast,
  type StoredDataErasure,
  storedDataErasure,
} from './erasure-state.ts';
import type { AppDeps } from './dependencies.ts';

export type ErasureDutyDeps = PresentDeps & Pick<AppDeps, 'vault' | 'logger'>;

/** Between steps. */
const pauseMs = 15;
const tellPauseMs = 10_000;
const cancelledPerStep = 200;
const eraser = { type: 'system', id: 'erasure' } as const;

type Stand = {
  readonly duty: Duty;
  readonly payload: ErasureDutyPayload;
  readonly row: Resource;
  readonly erasure: StoredDataErasure;
  readonly past: ErasedPast;
};

/** What a step leads to; the phase stays where it is absent. */
type Next = {
  readonly phase?: ErasurePhase;
  readonly counts?: Partial<Pick<StoredDataErasure, 'cancelled' | 'rows' | 'past'>>;
  readonly payload?: Partial<Pick<ErasureDutyPayload, 'present' | 'past'>>;
  readonly pauseMs?: number;
};

export function createErasureDuty(deps: ErasureDutyDeps): DutyHandler {
  const { storage, vault, engine, clock } = deps;
  return async (duty) => {
    const { workspaceId } = duty;
    const payload = duty.payload as ErasureDutyPayload;
    const { erasureId } = payload;
    const [row] = await storage.resources([{ workspaceId, type: 'erasure', id: erasureId }]);
    if (row === undefined || row === null) return commit(deps, duty, { fulfils: fulfilled(duty) });
    const past = readPast(vault.open(payload.sealed, erasurePlace(workspaceId, erasureId)));
    const erasure = storedDataErasure(row);
    const stand: Stand = { duty, payload, row, erasure, past };
    const next = await step(deps, stand);
    if (next === null) return finish(deps, stand);
    const { phase = erasure.phase, counts = {} } = next;
    await commit(deps, duty, {
      resources: [
        {
          type: 'erasure',
          id: erasureId,
          expectedVersion: row.version,
          state: {
            ...erasure,
            phase,
            cancelled: erasure.cancelled + (counts.cancelled ?? 0),
            rows: erasure.rows + (counts.rows ?? 0),
            past: erasure.past + (counts.past ?? 0),
          },
        },
      ],
      advances: {
        dutyId: duty.id,
        version: duty.version,
        dueAtMs: clock.nowMs() + (next.pauseMs ?? pauseMs),
        payload: { ...payload, ...next.payload },
      },
    });
    engine.dutyOffered();
  };
}

/** One step; null where it was the last. */
async function step(deps: ErasureDutyDeps, stand: Stand): Promise<Next | null> {
  const { phase } = stand.erasure;
  switch (phase) {
    case 'deleting':
      await deleteAsset(deps, stand);
      return { phase: 'telling' };
    case 'telling':
      return tell(deps, stand);
    case 'present':
      return present(deps, stand);
    case 'past':
      return remembered(deps, stand);
    case 'settling':
      return settle(deps, stand);
    case 'done':
      return null;
    default:
      return phase satisfies never;
  }
}

/** Past the trash, and out of it; checked out or not. */
async function deleteAsset(deps: ErasureDutyDeps, { duty: { workspaceId }, erasure }: Stand): Promise<void> {
  const { committer, ids } = deps;
  const { assetId = '' } = erasure;
  const trashed = await findTrashed(deps, workspaceId, assetId);
  if (trashed !== null) {
    await committer.write({ workspaceId, type: 'trashed_asset', id: trashed.id }, (current, atMs) =>
      current === null
        ? { kind: 'nothing', answer: undefined }
        : { kind: 'write', plan: purgePlan(current, { ids, atMs }), answer: () => undefined },
    );
  }
  await committer.write({ workspaceId, type: 'asset', id: assetId }, (current, atMs) => {
    if (current === null) return { kind: 'nothing', answer: undefined };
    if (current.alias !== undefined) committer.cache.deleteAlias(workspaceId, 'asset', current.alias);
    const plan = removalPlan(current, { ids, actor: eraser, trashDays: 0, atMs });
    return { kind: 'write', plan, answer: () => undefined };
  });
}

/** Waits while receivers are told, then cancels what is left, page by page. */
async function tell(deps: ErasureDutyDeps, { duty: { workspaceId }, payload, past }: Stand): Promise<Next> {
  const { storage, clock, engine } = deps;
  const subject = past.subject ?? '';
  const owed = await storage.read.deliveries({
    workspaceId,
    subject,
    states: ['pending', 'held'],
    limit: cancelledPerStep,
  });
  if (owed.items.length === 0) return { phase: 'present' };
  const leftMs = payload.tellUntilMs - clock.nowMs();
  if (leftMs > 0) return { pauseMs: Math.min(tellPauseMs, leftMs) };
  const orders = owed.items.map(({ id }) => ({ kind: 'cancel', deliveryId: id, reason: 'erased' }) as const);
  await commitOne(storage, { workspaceId, atMs: clock.nowMs(), deliveryOrders: orders });
  // Whoever has them in hand reads anew what is owed.
  for (const webhookId of new Set(owed.items.map((one) => one.webhookId)))
    engine.webhookChanged(workspaceId, webhookId satisfies WebhookId);
  return { counts: { cancelled: orders.length } };
}

async function present(deps: ErasureDutyDeps, { duty: { workspaceId }, payload, past }: Stand): Promise<Next> {
  const { rows, next } = await erasePresent(deps, workspaceId, { past, at: payload.present });
  return { counts: { rows }, payload: { present: next }, ...(next === null ? { phase: 'past' } : {}) };
}

async function remembered(deps: ErasureDutyDeps, { duty: { workspaceId }, payload, past }: Stand): Promise<Next> {
  const { cursor, removed } = await deps.storage.eraseHistory(workspaceId, past, payload.past);
  const ended = cursor === null;
  return {
    counts: { past: removed },
    payload: { past: cursor },
    ...(ended ? { phase: 'settling', pauseMs: settleMs } : {}),
  };
}

/** Once more through everything, a page or a slice at a time; what it finds is little and not counted. */
async function settle(deps: ErasureDutyDeps, stand: Stand): Promise<Next | null> {
  const { payload, past, duty } = stand;
  const { workspaceId } = duty;
  if (payload.past === null) {
    const { next } = await erasePresent(deps, workspaceId, { past, at: payload.present });
    if (next !== null) return { payload: { present: next } };
  }
  const { cursor } = await deps.storage.eraseHistory(workspaceId, past, payload.past);
  return cursor === null ? null : { payload: { present: null, past: cursor } };
}

async function finish(deps: ErasureDutyDeps, { duty, row, erasure }: Stand): Promise<void> {
  const { ids, clock, logger } = deps;
  const atMs = clock.nowMs();
  const done: StoredDataErasure = { ...erasure, state: 'done', phase: 'done', endedAtMs: atMs };
  const { of, cancelled, rows, past } = done;
  const note = { action: 'erasure.done', target: `erasure:${row.id}`, after: { of, cancelled, rows, past } };
  await commit(deps, duty, {
    resources: [
      { type: 'erasure', id: row.id, expectedVersion: row.version, state: done },
      auditWrite({ ids, caller: { actor: eraser, keyId: 'none' } }, note, atMs),
    ],
    fulfils: fulfilled(duty),
  });
  logger.info('erasure.done', { workspaceId: duty.workspaceId, erasureId: row.id, of });
}

/** `stale`: somebody else did this step; the next call sees where it stands. */
async function commit(
  { storage, clock }: ErasureDutyDeps,
  { workspaceId }: Duty,
  item: Partial<CommitItem>,
): Promise<void> {
  await commitOne(storage, { workspaceId, atMs: clock.nowMs(), ...item });
}
