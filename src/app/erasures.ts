/**
 * Erasing one asset or one person: begun here, done by the `erasure` duty in steps that a crash cannot undo. What is kept is
 * a record that it was done, when and by whom, without anything of what it was about.
 */
import { erasedChange, type ErasedPast, mayName } from '../core/erased-past.ts';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Caller } from './app.ts';
import { findTrashed } from './asset-trash-state.ts';
import { assetIdOf } from './asset-views.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { DataErasureView, ErasedPerson, ErasureCases, ErasureEstimate, ErasureInput } from './erasure-cases.ts';
import { countPresent } from './erasure-present.ts';
import { dataErasureView, type ErasureDutyPayload, erasurePlace, type StoredDataErasure } from './erasure-state.ts';
import { assertScope } from './needed-scope.ts';
import type { UserCases } from './people.ts';
import { notFound, unfit } from './refusals.ts';
import { storedUser } from './user-state.ts';

/** Receivers are told of a deletion for this long before the rest is cancelled. */
export const tellSecondsDefault = 3_600;
const changesPerPage = 200;

export type ErasuresDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'vault' | 'engine'> & {
  readonly committer: Committer;
  readonly users: Pick<UserCases, 'remove'>;
};

export function createErasures(deps: ErasuresDeps): ErasureCases {
  const { storage } = deps;
  return {
    async begin(caller, input) {
      const target = await targetOf(deps, caller, input);
      // First, because it may be refused: the last admin cannot go.
      if (target.userId !== undefined) await deps.users.remove(caller, target.userId);
      return start(deps, caller, { target, tellSeconds: input.tellSeconds ?? tellSecondsDefault });
    },

    async estimate(caller, input) {
      const target = await targetOf(deps, caller, input);
      return estimate(deps, caller, target);
    },

    async list({ workspaceId }, query) {
      const page = await storage.read.resources({ ...query, workspaceId, type: 'erasure' });
      return { items: page.items.map(dataErasureView), nextCursor: page.nextCursor };
    },

    async get({ workspaceId }, id) {
      const [row] = await storage.resources([{ workspaceId, type: 'erasure', id }]);
      if (row === undefined || row === null) throw notFound('the erasure');
      return dataErasureView(row);
    },
  };
}

type Target = { readonly past: ErasedPast; readonly assetId?: string; readonly userId?: string };

async function targetOf(deps: ErasuresDeps, caller: Caller, { asset, person }: ErasureInput): Promise<Target> {
  if ((asset === undefined) === (person === undefined))
    throw unfit('', 'one of asset and person', asset === undefined ? 'none' : 'both');
  if (asset !== undefined) {
    assertScope(caller, 'assets:write');
    const assetId = await erasableAsset(deps, caller.workspaceId, asset);
    return { past: { subject: `asset:${assetId}` }, assetId };
  }
  assertScope(caller, 'keys:write');
  return personOf(deps, caller.workspaceId, person ?? {});
}

/** One that is there, lies in the trash, or was deleted and is still remembered. */
async function erasableAsset(deps: ErasuresDeps, workspaceId: string, reference: string): Promise<string> {
  const { storage } = deps;
  const id = await assetIdOf(deps, workspaceId, reference);
  if (id === null) throw notFound('the asset');
  const [row] = await storage.resources([{ workspaceId, type: 'asset', id }]);
  if (row !== undefined && row !== null) return id;
  if ((await findTrashed(deps, workspaceId, id)) !== null) return id;
  const { items } = await storage.read.changes({ workspaceId, subject: `asset:${id}`, limit: 1 });
  if (items.length === 0) throw notFound('the asset');
  return id;
}

async function personOf({ storage }: ErasuresDeps, workspaceId: string, person: ErasedPerson): Promise<Target> {
  const { userId, actorId, email, name } = person;
  const given = [userId, actorId, email, name].filter((text) => text !== undefined).map((text) => text.trim());
  if (given.length === 0) throw unfit('/person', 'userId, actorId, email or name', 'none of them');
  const short = given.find((text) => text.length < limits.erasedTextCharactersMin);
  if (short !== undefined)
    throw unfit('/person', `texts of at least ${limits.erasedTextCharactersMin} characters`, `"${short}"`);
  // It cannot be undone: a word in the place of an address would take that word away everywhere.
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email.trim()))
    throw unfit('/person/email', 'an address such as rosa@example.com', JSON.stringify(email));
  const users = await storage.read.resources({ workspaceId, type: 'user', limit: limits.usersPerWorkspaceMax });
  const user = users.items.find(({ id, state }) => {
    const address = storedUser(state).email.toLowerCase();
    return id === userId || address === email?.trim().toLowerCase();
  });
  if (userId !== undefined && user === undefined && actorId === undefined && email === undefined && name === undefined)
    throw notFound('the user');
  const known = user === undefined ? [] : [user.id, storedUser(user.state).email, storedUser(user.state).name];
  const texts = [...new Set([...given, ...known])];
  return { past: { texts }, ...(user === undefined ? {} : { userId: user.id }) };
}

type Start = { readonly target: Target; readonly tellSeconds: number };

async function start(deps: ErasuresDeps, caller: Caller, { target, tellSeconds }: Start): Promise<DataErasureView> {
  const { workspaceId, actor } = caller;
  const { ids, vault, committer } = deps;
  const id = ids.next('erasure');
  const { past, assetId } = target;
  const written = await committer.write<DataErasureView>({ workspaceId, type: 'erasure', id }, (_, atMs) => {
    const state: StoredDataErasure = {
      of: assetId === undefined ? 'person' : 'asset',
      ...(assetId === undefined ? {} : { assetId }),
      state: 'running',
      phase: assetId === undefined ? 'present' : 'deleting',
      startedAtMs: atMs,
      by: `${actor.type}:${actor.id}`,
      cancelled: 0,
      rows: target.userId === undefined ? 0 : 1,
      past: 0,
    };
    const payload: ErasureDutyPayload = {
      erasureId: id,
      sealed: vault.seal(JSON.stringify(past), erasurePlace(workspaceId, id)),
      tellUntilMs: atMs + tellSeconds * 1_000,
      present: null,
      past: null,
    };
    const duty: NewDuty = { id: ids.next('duty'), workspaceId, kind: 'erasure', dueAtMs: atMs, payload };
    const note = { action: 'erasure.begun', target: `erasure:${id}`, after: { of: state.of } };
    return {
      kind: 'write',
      plan: { state, changes: [], duties: [duty], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => dataErasureView({ id, state }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('An erasure carries no idempotency row');
  return written.answer;
}

async function estimate(
  { storage }: ErasuresDeps,
  { workspaceId }: Caller,
  { past, assetId, userId }: Target,
): Promise<ErasureEstimate> {
  const { read } = storage;
  if (past.subject !== undefined) {
    const { subject } = past;
    const states = ['pending', 'held'] as const;
    const [changes, deliveries, pending] = await Promise.all([
      read.countChanges({ workspaceId, subject }),
      read.countDeliveries({ workspaceId, subject }),
      read.countDeliveries({ workspaceId, subject, states }),
    ]);
    const links = await read.resources({
      workspaceId,
      type: 'share_link',
      contains: { assets: assetId ?? '' },
      limit: 100,
    });
    const of = { of: 'asset', ...(assetId === undefined ? {} : { assetId }) } as const;
    return { ...of, changes, deliveries, pending, rows: links.items.length, complete: links.nextCursor === null };
  }
  let changes = 0;
  let examined = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof read.changes>> = await read.changes({
      workspaceId,
      limit: changesPerPage,
      ...(cursor === null ? {} : { cursor }),
    });
    examined += page.items.length;
    // As the erasure itself will judge them: `ada` stands in every `metadata`, and is no one's name there.
    changes += page.items.filter(
      (change) => mayName(JSON.stringify(change), past.texts) && erasedChange(change, past) !== null,
    ).length;
    cursor = page.nextCursor;
  } while (cursor !== null && examined < limits.erasureCountedMax);
  const present = await countPresent(storage, workspaceId, past.texts);
  return {
    of: 'person',
    ...(userId === undefined ? {} : { userId }),
    changes,
    deliveries: 0,
    pending: 0,
    rows: present.rows,
    complete: cursor === null && present.complete,
  };
}
