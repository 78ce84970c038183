/**
 * The `erase_workspace` duty takes a workspace out, step by step, each step bounded and stored before the next, so that
 * others are not held up and a crash goes on where it was: its row is marked and its webhooks go (nothing more is sent),
 * then every row, then every file. What was in flight when it began may still have written something: after a pause all
 * of it is looked through once more. At the end one audit row in `default` says that it was done (HARDENING TN-16, LG-10).
 */
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { auditWrite } from './audit.ts';
import type { ClosedWorkspaces } from './closed-workspaces.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced, commitStep, fulfilled } from './duty-step.ts';
import { exportPlace } from './export-parts.ts';
import { erasureKey, type ErasurePayload, type StoredErasure, storedErasure } from './erasure.ts';
import type { LiveHub } from './live.ts';
import type { Matching } from './matching.ts';
import type { MetadataSets } from './metadata-sets.ts';
import type { ErasureView } from './people.ts';
import { storedWorkspace } from './workspace-state.ts';

const webhooksPerStep = 100;
const inboxesMax = 1_000;
/** Of the second look, which finds next to nothing. */
const slicesPerLook = 16;
/** Between steps, of which each holds the writer for a few milliseconds: it belongs to those who deliver. */
const pauseMs = 15;
/** Longer than an attempt and a request in flight can last. */
export const settleMs = 20_000;

export type EraseDutyDeps = Pick<AppDeps, 'storage' | 'blobs' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
  readonly matching: Matching;
  readonly closed: ClosedWorkspaces;
  /** Lets go of what an inbox has in memory. */
  readonly forgetInbox: (id: string) => void;
  readonly live: Pick<LiveHub, 'closed'>;
  readonly metadataSets: Pick<MetadataSets, 'forget'>;
};

/** What a step leads to. */
type Next = {
  readonly state: Partial<ErasureView>;
  readonly cursor?: ErasurePayload['cursor'];
  readonly pauseMs?: number;
};

export function createEraseWorkspaceDuty(deps: EraseDutyDeps): DutyHandler {
  const { storage, closed } = deps;
  return async (duty) => {
    // Payloads of this kind are written by erasure.ts and here only.
    const { workspaceId, cursor } = duty.payload as unknown as ErasurePayload;
    const [row] = await storage.resources([erasureKey(workspaceId)]);
    if (row === undefined || row === null) return commitStep(deps, duty, { fulfils: fulfilled(duty) });
    closed.add(workspaceId);
    const erasure = storedErasure(row.state);
    const next = await step(deps, { workspaceId, erasure, cursor });
    if (next === null) return finish(deps, duty, { row, erasure });
    const payload: ErasurePayload = { workspaceId, cursor: next.cursor ?? null };
    await commitStep(deps, duty, {
      resources: [progress(row, { ...erasure, ...next.state })],
      advances: advanced(duty, deps.clock.nowMs() + (next.pauseMs ?? pauseMs), payload),
    });
  };
}

type Stand = {
  readonly workspaceId: string;
  readonly erasure: StoredErasure;
  readonly cursor: ErasurePayload['cursor'];
};

/** One step; null where it was the last. */
async function step(deps: EraseDutyDeps, stand: Stand): Promise<Next | null> {
  const { workspaceId, erasure } = stand;
  switch (erasure.phase) {
    case 'webhooks':
      return (await silence(deps, workspaceId)) ? { state: { phase: 'rows' } } : { state: {} };
    case 'rows':
      return eraseRows(deps, stand);
    case 'files':
      await deps.blobs.removeAll(workspaceId);
      await deps.blobs.removeAll(exportPlace(workspaceId));
      return { state: { phase: 'settling' }, pauseMs: settleMs };
    case 'settling':
      return settle(deps, stand);
    default:
      return erasure.phase satisfies never;
  }
}

/** Marks the workspace and takes its webhooks away: nothing more is let in, nothing more is sent. True once none is left. */
async function silence(
  { storage, clock, matching, engine, forgetInbox, live }: EraseDutyDeps,
  workspaceId: string,
): Promise<boolean> {
  const atMs = clock.nowMs();
  const [own] = await storage.resources([{ workspaceId, type: 'workspace', id: workspaceId }]);
  const { items } = await storage.read.resources({ workspaceId, type: 'webhook', limit: webhooksPerStep });
  const removals = items.map(({ id }): ResourceWrite => ({ type: 'webhook', id, expectedVersion: 'any', state: null }));
  const marked: ResourceWrite[] =
    own === undefined || own === null
      ? []
      : [
          {
            type: 'workspace',
            id: workspaceId,
            expectedVersion: 'any',
            state: { ...storedWorkspace(own.state), erasingAtMs: atMs },
          },
        ];
  if (removals.length + marked.length > 0)
    await commitOne(storage, { workspaceId, atMs, resources: [...marked, ...removals] });
  live.closed(workspaceId);
  matching.outdated(workspaceId);
  for (const { id } of items) engine.webhookChanged(workspaceId, id as WebhookId);
  const inboxes = await storage.read.resources({ workspaceId, type: 'inbox', limit: inboxesMax });
  for (const { id } of inboxes.items) forgetInbox(id);
  return items.length < webhooksPerStep;
}

async function eraseRows({ storage }: EraseDutyDeps, { workspaceId, erasure, cursor }: Stand): Promise<Next> {
  const slice = await storage.eraseWorkspace(workspaceId, cursor);
  const rowsRemoved = erasure.rowsRemoved + slice.removed;
  if (slice.cursor === null) return { state: { rowsRemoved, phase: 'files' } };
  return { state: { rowsRemoved }, cursor: slice.cursor };
}

/** Once more over everything: there is next to nothing, so it is one step. */
async function settle(deps: EraseDutyDeps, stand: Stand): Promise<Next | null> {
  const { storage, blobs } = deps;
  const { workspaceId } = stand;
  let at = stand.cursor;
  for (let slices = 0; slices < slicesPerLook; slices += 1) {
    at = (await storage.eraseWorkspace(workspaceId, at)).cursor;
    if (at === null) break;
  }
  if (at !== null) return { state: {}, cursor: at };
  await blobs.removeAll(workspaceId);
  await blobs.removeAll(exportPlace(workspaceId));
  return null;
}

type Finished = { readonly row: Resource; readonly erasure: StoredErasure };

async function finish(deps: EraseDutyDeps, duty: Duty, { row, erasure }: Finished): Promise<void> {
  const { ids, clock, closed } = deps;
  const { erasing, rowsRemoved, startedAtMs, by } = erasure;
  const atMs = clock.nowMs();
  const note = {
    action: 'workspace.erased',
    target: `workspace:${erasing}`,
    after: { rowsRemoved, startedAtMs },
  };
  await commitStep(deps, duty, {
    resources: [
      { type: 'setting', id: row.id, expectedVersion: row.version, state: null },
      auditWrite({ ids, caller: by }, note, atMs),
    ],
    fulfils: fulfilled(duty),
  });
  // What the cache knows of it would stand in the way of a new workspace of this id; erasing is rare, so all of it goes.
  deps.committer.cache.clear();
  deps.metadataSets.forget(erasing);
  closed.delete(erasing);
}

function progress(row: Resource, state: StoredErasure): ResourceWrite {
  return { type: 'setting', id: row.id, expectedVersion: row.version, state };
}
