/** The trash: what lies in it, back out of it, and for good. */
import type { AssetState } from '../core/asset.ts';
import { withAvailability } from '../core/asset-dates.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { AssetView, Caller, Written } from './app.ts';
import { withAliases } from './asset-aliases.ts';
import type { RestoreInput, TrashCases } from './asset-life-cases.ts';
import { owedWork } from './asset-owed-work.ts';
import { purge } from './asset-remove.ts';
import { folderPath } from './asset-state.ts';
import { findTrashed, trashedState, trashedView, trashTimerId } from './asset-trash-state.ts';
import { asJsonState, assetChange, assetState, assetSubject, assetView } from './asset-views.ts';
import { auditWrite } from './audit.ts';
import { type Committer, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { findExternalId } from './external-ids.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import { notFound } from './refusals.ts';

export type TrashDeps = Pick<AppDeps, 'storage' | 'ids' | 'media' | 'settings' | 'clock'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

/** What a duty owes that empties the trash, and how far it has come. */
export type EmptyTrashPayload = JsonObject & { readonly what: 'empty_trash'; readonly beforeMs: number };

export function createTrash(deps: TrashDeps): TrashCases {
  const { storage, idempotent } = deps;
  const find = async ({ workspaceId }: Caller, reference: string): Promise<Resource> => {
    const row = await findTrashed(deps, workspaceId, reference);
    if (row === null) throw notFound('the asset in the trash');
    return row;
  };
  return {
    async list({ workspaceId }, { externalId, nameContains, trashedFromMs, trashedToMs, ...query }) {
      const page = await storage.read.resources({
        ...query,
        workspaceId,
        type: 'trashed_asset',
        ...(externalId === undefined ? {} : { where: { externalId } }),
        ...(nameContains === undefined ? {} : { contains: { name: nameContains } }),
        ...(trashedFromMs === undefined ? {} : { fromMs: trashedFromMs }),
        ...(trashedToMs === undefined ? {} : { toMs: trashedToMs }),
      });
      return { items: page.items.map(trashedView), nextCursor: page.nextCursor };
    },

    get: async (caller, reference) => trashedView(await find(caller, reference)),

    usage: (caller) => countTrash(deps, caller),

    restore: (caller, reference, { idempotency, ...input }) =>
      idempotent.run<AssetView>(caller.workspaceId, idempotency, async (row) => {
        const trashed = await find(caller, reference);
        const written = await restore(deps, { caller, trashed, input, row });
        return written.kind === 'done'
          ? written.answer
          : replay<AssetView>(written.row, idempotency?.fingerprint ?? '');
      }),

    remove: (caller, reference, options = {}) =>
      idempotent.run<JsonObject>(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await find(caller, reference);
        return purge(deps, { caller, id, row, options });
      }),

    empty: (caller, options = {}) =>
      idempotent.run<JsonObject>(caller.workspaceId, options.idempotency, async (row) => {
        const written = await oweEmptying(deps, caller, row);
        return written.kind === 'done'
          ? written.answer
          : replay<JsonObject>(written.row, options.idempotency?.fingerprint ?? '');
      }),
  };
}

type Restoring = {
  readonly caller: Caller;
  readonly trashed: Resource;
  readonly input: RestoreInput;
  readonly row: RowMaker | undefined;
};

/** Back under its own id, with everything it had; its version goes on from where it was. */
async function restore(deps: TrashDeps, { caller, trashed, input, row }: Restoring) {
  const { ids, committer } = deps;
  const { workspaceId, actor } = caller;
  const { assetId, version, createdAtMs, ...known } = trashedState(trashed);
  const externalId = input.externalId === undefined ? known.externalId : (input.externalId ?? undefined);
  const path = input.path === undefined ? undefined : folderPath(input.path);
  const key = { workspaceId, type: 'asset', id: assetId } as const;
  try {
    return await committer.writeAlone<Written<AssetView>>(
      key,
      [{ workspaceId, type: 'trashed_asset', id: trashed.id }],
      (current, atMs, { others: [there] }) => {
        // Somebody else has brought it back, or deleted it for good.
        if (current !== null || there === null || there === undefined) throw notFound('the asset in the trash');
        const restored = comeBack(assetState({ state: known.asset }), { path, aliases: input.aliases, atMs });
        const state = asJsonState(restored);
        const subject = assetSubject(assetId, externalId);
        if (externalId !== undefined) committer.cache.deleteAlias(workspaceId, 'asset', externalId);
        const frame = { ids, workspaceId, actor, subject, version: version + 1, atMs };
        const alias = externalId === undefined ? {} : { alias: externalId };
        const changed = changedFields(null, state);
        const body = assetView({ ...key, ...alias, version: version + 1, state, createdAtMs, updatedAtMs: atMs });
        return {
          kind: 'write',
          plan: {
            state,
            ...alias,
            resumes: { version, createdAtMs },
            changes: [assetChange(frame, { kind: 'asset.rescued', before: null, after: state, changed })],
            resources: [{ type: 'trashed_asset', id: trashed.id, expectedVersion: there.version, state: null }],
            withdraws: [trashTimerId(trashed.id)],
            duties: owedWork(deps, { workspaceId, assetId, state: restored, atMs }),
            ...(row === undefined ? {} : { idempotency: () => row(200, body) }),
          },
          answer: () => ({ status: 200, body }),
        };
      },
    );
  } catch (error) {
    if (!isTaken(error) || externalId === undefined) throw error;
    const holder = await findExternalId(deps, { workspaceId, type: 'asset', externalId });
    throw new AssetwireError('already_exists', {
      detail: `Bring the asset back with its external id: ${holder ?? 'another asset'} has it by now`,
      mend: 'Send {"externalId": null} to bring it back without one, or give it another',
    });
  }
}

type ComingBack = {
  readonly path: string | undefined;
  readonly aliases: RestoreInput['aliases'] | undefined;
  readonly atMs: number;
};

function comeBack({ aliases, ...asset }: AssetState, { path, aliases: patch = {}, atMs }: ComingBack): AssetState {
  return withAvailability(
    { ...asset, ...(path === undefined ? {} : { path }), aliases: withAliases(aliases, patch), modifiedAtMs: atMs },
    atMs,
  );
}

/** All that lies there now, as a duty: what comes later stays. */
function oweEmptying({ ids, committer }: TrashDeps, caller: Caller, row: RowMaker | undefined) {
  const { workspaceId } = caller;
  const key = { workspaceId, type: 'setting', id: 'trash' } as const;
  const answer: Written<JsonObject> = { status: 202, body: {} };
  return committer.write<Written<JsonObject>>(key, (_current, atMs) => {
    const payload: EmptyTrashPayload = { what: 'empty_trash', beforeMs: atMs + 1 };
    return {
      kind: 'write',
      plan: {
        changes: [],
        resources: [auditWrite({ ids, caller }, { action: 'trash.emptied', target: 'workspace:trash' }, atMs)],
        duties: [{ id: ids.next('duty'), workspaceId, kind: 'timer', dueAtMs: atMs, payload }],
        ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }),
      },
      answer: () => answer,
    };
  });
}

const pageItems = 500;

async function countTrash({ storage }: TrashDeps, { workspaceId }: Caller) {
  let [assets, bytes] = [0, 0];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof storage.read.resources>> = await storage.read.resources({
      workspaceId,
      type: 'trashed_asset',
      limit: pageItems,
      ...(cursor === null ? {} : { cursor }),
    });
    assets += page.items.length;
    for (const row of page.items) bytes += trashedState(row).bytes;
    cursor = page.nextCursor;
  } while (cursor !== null && assets < limits.trashCountedMax);
  return { assets, bytes, complete: cursor === null };
}
