/**
 * Collections. An asset carries the keys of the collections it is in (`collections`), as any DAM that pushes or reports
 * states may write them; a collection of ours is what is known of a key: a name that can change, a description, and a list
 * of its assets by an index. A key that assets carry and nobody has made a collection of is just that.
 */
import { AssetwireError } from '../core/errors.ts';
import { changeKindsFor } from '../core/asset-changes.ts';
import { isObject, sameJson } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { CollectionCases, CollectionInput, CollectionPatch, CollectionView, WithTask } from './folder-cases.ts';
import { decided, type FolderDeps, mergedInfo } from './folder-writes.ts';
import { removeGroup } from './group-removal.ts';
import { replay, type RowMaker } from './idempotency.ts';
import {
  assetsAt,
  type ChangedMembers,
  changeMembers,
  checkMembers,
  countAt,
  findByKey,
  type MemberWrite,
  spelt,
  subjectChange,
  type SubjectFrame,
} from './member-writes.ts';
import { inCollectionPrefix } from './place-ids.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';

export type CollectionDeps = FolderDeps & { readonly committer: Committer };

type Stored = { readonly name: string; readonly description?: string; readonly info?: JsonObject };

export function createCollections(deps: CollectionDeps): CollectionCases {
  return {
    create: (caller, input, idempotency) =>
      deps.idempotent.run<CollectionView>(caller.workspaceId, idempotency, (row) =>
        createOne(deps, caller, { input, row, fingerprint: idempotency?.fingerprint ?? '' }),
      ),

    async list({ workspaceId }, { nameContains, ...page }) {
      const found = await deps.storage.read.resources({
        ...page,
        workspaceId,
        type: 'collection',
        ...(nameContains === undefined ? {} : { contains: { name: nameContains } }),
      });
      return { items: found.items.map(collectionView), nextCursor: found.nextCursor };
    },

    async get(caller, reference) {
      const view = collectionView(await present(deps, caller, reference));
      return { ...view, assets: await countAt(deps, caller, inCollectionPrefix(view.key)) };
    },

    update: (caller, reference, options) =>
      deps.idempotent.run<CollectionView>(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await present(deps, caller, reference);
        return updateOne(deps, caller, { id, options, row });
      }),

    remove: (caller, reference, { expected, idempotency } = {}) =>
      deps.idempotent.run<WithTask<JsonObject>>(caller.workspaceId, idempotency, (row) =>
        decided(async () => {
          const { workspaceId, actor } = caller;
          const current = await present(deps, caller, reference);
          refuseOtherVersion(expected, current.version, 'collection');
          const { key } = collectionView(current);
          return removeGroup(deps, {
            caller,
            current,
            kind: 'collection_remove',
            key,
            prefix: inCollectionPrefix(key),
            row,
            fingerprint: idempotency?.fingerprint ?? '',
            told: (atMs) => ({
              resources: [],
              changes: [
                subjectChange({ ids: deps.ids, workspaceId, actor, atMs }, subjectOf(current, current.version + 1), {
                  kind: 'collection.removed',
                  before: { key, ...current.state },
                  after: null,
                }),
              ],
            }),
          });
        }),
      ),

    async assets(caller, reference, query) {
      const { key } = collectionView(await present(deps, caller, reference));
      return assetsAt(deps, caller, { ...query, idPrefix: inCollectionPrefix(key) });
    },

    async change(caller, reference, members) {
      checkMembers(members);
      const row = await present(deps, caller, reference);
      const { key } = collectionView(row);
      const change = (write: MemberWrite) => changeAsset(deps, caller, { ...write, key });
      const changed = await changeMembers({ ...deps, change }, caller, members);
      await tellChanged(deps, { caller, row }, changed);
      return { results: changed.results };
    },
  };
}

type Creating = { readonly input: CollectionInput; readonly row: RowMaker | undefined; readonly fingerprint: string };

async function createOne(
  deps: CollectionDeps,
  caller: Caller,
  { input, row, fingerprint }: Creating,
): Promise<Written<CollectionView>> {
  const { workspaceId, actor } = caller;
  const id = deps.ids.next('collection');
  const { key, state } = made(input);
  await refuseTakenKey(deps, workspaceId, key);
  const resource = { workspaceId, type: 'collection', id } as const;
  const written = await deps.committer.write<Written<CollectionView>>(resource, (_, atMs) => {
    const view = collectionView({ ...resource, version: 1, alias: key, state, createdAtMs: atMs, updatedAtMs: atMs });
    const frame: SubjectFrame = { ids: deps.ids, workspaceId, actor, atMs };
    const subject = { type: 'collection', id, externalId: key, version: 1 } as const;
    const after = { key, ...state };
    return {
      kind: 'write',
      plan: {
        state,
        alias: key,
        changes: [subjectChange(frame, subject, { kind: 'collection.created', before: null, after })],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<CollectionView>(written.row, fingerprint);
}

type Updating = {
  readonly id: string;
  readonly options: Parameters<CollectionCases['update']>[2];
  readonly row: RowMaker | undefined;
};

async function updateOne(
  deps: CollectionDeps,
  { workspaceId, actor }: Caller,
  { id, options: { expected, idempotency, ...patch }, row }: Updating,
): Promise<Written<CollectionView>> {
  const written = await deps.committer.write<Written<CollectionView>>(
    { workspaceId, type: 'collection', id },
    (current, atMs) => {
      if (current === null) throw notFound('the collection');
      refuseOtherVersion(expected, current.version, 'collection');
      const state = patched(current.state, patch);
      const same = sameJson(state, current.state);
      const version = same ? current.version : current.version + 1;
      const view = collectionView({ ...current, version, state, updatedAtMs: same ? current.updatedAtMs : atMs });
      const answer = { status: 200, body: view };
      if (same && row === undefined) return { kind: 'nothing', answer };
      const frame: SubjectFrame = { ids: deps.ids, workspaceId, actor, atMs };
      const { key } = view;
      const happening = {
        kind: 'collection.changed',
        before: { key, ...current.state },
        after: { key, ...state },
      } as const;
      return {
        kind: 'write',
        plan: {
          ...(same ? {} : { state }),
          changes: same ? [] : [subjectChange(frame, subjectOf(current, version), happening)],
          ...(row === undefined ? {} : { idempotency: () => row(200, view) }),
        },
        answer: () => answer,
      };
    },
  );
  return written.kind === 'done' ? written.answer : replay<CollectionView>(written.row, idempotency?.fingerprint ?? '');
}

/** One asset put in or taken out. */
async function changeAsset(
  { committer, ids }: CollectionDeps,
  { workspaceId, actor }: Caller,
  { id, key, added }: MemberWrite & { readonly key: string },
): Promise<'changed' | 'unchanged'> {
  const written = await committer.write<'changed' | 'unchanged'>(
    { workspaceId, type: 'asset', id },
    (current, atMs) => {
      if (current === null) throw notFound('the asset');
      const before = assetState(current);
      if (before.collections.includes(key) === added) return { kind: 'nothing', answer: 'unchanged' };
      const collections = added ? [...before.collections, key] : before.collections.filter((one) => one !== key);
      const after = { ...before, collections, modifiedAtMs: atMs };
      refuseTooLargeAsset(after);
      const state = asJsonState(after);
      const subject = assetSubject(id, current.alias);
      const frame = { ids, workspaceId, actor, subject, version: current.version + 1, atMs };
      const changes = changeKindsFor(current.state, state).map(({ kind, changed }) =>
        assetChange(frame, { kind, before: current.state, after: state, changed }),
      );
      return { kind: 'write', plan: { state, changes }, answer: () => 'changed' };
    },
  );
  if (written.kind === 'duplicate') throw new TypeError('A member carries no idempotency row');
  return written.answer;
}

/** One change of the collection for the batch; it names the assets that came and went. */
async function tellChanged(
  { committer, ids }: CollectionDeps,
  { caller: { workspaceId, actor }, row: { id } }: { readonly caller: Caller; readonly row: Resource },
  { added, removed }: Pick<ChangedMembers, 'added' | 'removed'>,
): Promise<void> {
  if (added.length + removed.length === 0) return;
  await committer.write({ workspaceId, type: 'collection', id }, (current, atMs) => {
    // It was removed meanwhile: that has been told.
    if (current === null) return { kind: 'nothing', answer: undefined };
    const { key } = collectionView(current);
    const before = { key, ...current.state };
    const frame: SubjectFrame = { ids, workspaceId, actor, atMs };
    const change = {
      kind: 'collection.changed',
      before,
      after: { ...before, added, removed },
      changed: ['assets'],
    } as const;
    return {
      kind: 'write',
      plan: { state: current.state, changes: [subjectChange(frame, subjectOf(current, current.version + 1), change)] },
      answer: () => undefined,
    };
  });
}

/** Rows of this type are written here, or as a DAM reports them: then they may lack what ours have. */
export function collectionView(row: Resource): CollectionView {
  const { name, description, info } = row.state;
  const key = row.alias ?? row.id;
  return {
    id: row.id,
    key,
    name: typeof name === 'string' ? name : key,
    version: row.version,
    ...(typeof description === 'string' ? { description } : {}),
    info: isObject(info) ? info : {},
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

function subjectOf({ id, alias }: Resource, version: number) {
  return { type: 'collection', id, ...(alias === undefined ? {} : { externalId: alias }), version } as const;
}

async function present(deps: CollectionDeps, { workspaceId }: Caller, reference: string): Promise<Resource> {
  const row = await findByKey(deps, { workspaceId, type: 'collection', reference });
  if (row === null) throw notFound('the collection');
  return row;
}

function made(input: CollectionInput): { readonly key: string; readonly state: Stored } {
  const name = spelt(input.name, '/name');
  return {
    key: input.key === undefined ? name : spelt(input.key, '/key'),
    state: {
      name,
      ...(input.description === undefined ? {} : { description: input.description }),
      ...(input.info === undefined ? {} : { info: mergedInfo({}, input.info) }),
    },
  };
}

function patched(before: JsonObject, { name, description, info }: CollectionPatch): JsonObject {
  const { description: known, info: knownInfo, ...rest } = before;
  const said = description === undefined ? known : (description ?? undefined);
  const merged = info === undefined ? knownInfo : mergedInfo(knownInfo, info);
  return {
    ...rest,
    ...(name === undefined ? {} : { name: spelt(name, '/name') }),
    ...(said === undefined ? {} : { description: said }),
    ...(merged === undefined ? {} : { info: merged }),
  };
}

async function refuseTakenKey(deps: CollectionDeps, workspaceId: string, key: string): Promise<void> {
  const found = await findByKey(deps, { workspaceId, type: 'collection', reference: `key:${key}` });
  if (found === null) return;
  throw new AssetwireError('already_exists', {
    detail: `Use a new key: collection ${found.id} has ${JSON.stringify(key)}`,
    mend: 'Use the one that is there, or give this one a key of its own',
  });
}
