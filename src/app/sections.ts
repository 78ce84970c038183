/**
 * Sections: ordered groups that divide a workspace or a collection, an asset in one of them at most. An asset carries the
 * key of its section as `info.section`, so what happens to it is told as a change of its information; a section itself
 * has no events, as it has none in the DAM that it comes from.
 */
import { AssetwireError } from '../core/errors.ts';
import { changeKindsFor } from '../core/asset-changes.ts';
import { sameJson } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import { auditWrite } from './audit.ts';
import type { CollectionDeps } from './collections.ts';
import type { SectionCases, SectionInput, SectionView, WithTask } from './folder-cases.ts';
import { decided, inTurn } from './folder-writes.ts';
import { removeGroup } from './group-removal.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { listPage } from './list-page.ts';
import { assetsAt, changeMembers, checkMembers, countAt, findByKey, type MemberWrite, spelt } from './member-writes.ts';
import { inSectionPrefix } from './place-ids.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound } from './refusals.ts';

type Stored = { readonly name: string; readonly position: number; readonly collection?: string };

/** Between two sections that are put behind each other: room to put others in between. */
const positionStep = 1_000;
/** Positions lie between minus this and this. */
export const sectionPositionMax = 1_000_000_000;

export function createSections(deps: CollectionDeps): SectionCases {
  return {
    create: (caller, input, idempotency) =>
      deps.idempotent.run<SectionView>(caller.workspaceId, idempotency, (row) =>
        inTurn(deps, caller.workspaceId, () =>
          createOne(deps, caller, { input, row, fingerprint: idempotency?.fingerprint ?? '' }),
        ),
      ),

    async list({ workspaceId }, { collection, ...query }) {
      const all = await sectionsOf(deps, workspaceId);
      const wanted = collection === undefined ? all : all.filter((one) => one.collection === collection);
      return listPage(wanted, orderKey, query);
    },

    async get(caller, reference) {
      const view = sectionView(await present(deps, caller, reference));
      return { ...view, assets: await countAt(deps, caller, inSectionPrefix(view.key)) };
    },

    update: (caller, reference, options) =>
      deps.idempotent.run<SectionView>(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await present(deps, caller, reference);
        return updateOne(deps, caller, { id, options, row });
      }),

    remove: (caller, reference, { expected, idempotency } = {}) =>
      deps.idempotent.run<WithTask<JsonObject>>(caller.workspaceId, idempotency, (row) =>
        decided(async () => {
          const current = await present(deps, caller, reference);
          refuseOtherVersion(expected, current.version, 'section');
          const { key } = sectionView(current);
          const before = { key, ...current.state };
          const note = { action: 'section.removed', target: `section:${current.id}`, before };
          return removeGroup(deps, {
            caller,
            current,
            kind: 'section_remove',
            key,
            prefix: inSectionPrefix(key),
            row,
            fingerprint: idempotency?.fingerprint ?? '',
            told: (atMs) => ({ changes: [], resources: [auditWrite({ ids: deps.ids, caller }, note, atMs)] }),
          });
        }),
      ),

    async assets(caller, reference, query) {
      const { key } = sectionView(await present(deps, caller, reference));
      return assetsAt(deps, caller, { ...query, idPrefix: inSectionPrefix(key) });
    },

    async change(caller, reference, members) {
      checkMembers(members);
      const { key } = sectionView(await present(deps, caller, reference));
      const change = (write: MemberWrite) => changeAsset(deps, caller, { ...write, key });
      const { results } = await changeMembers({ ...deps, change }, caller, members);
      return { results };
    },
  };
}

type Updating = {
  readonly id: string;
  readonly options: Parameters<SectionCases['update']>[2];
  readonly row: RowMaker | undefined;
};

async function updateOne(
  deps: CollectionDeps,
  caller: Caller,
  { id, options: { expected, idempotency, name, position }, row }: Updating,
): Promise<Written<SectionView>> {
  const { workspaceId } = caller;
  const written = await deps.committer.write<Written<SectionView>>(
    { workspaceId, type: 'section', id },
    (current, atMs) => {
      if (current === null) throw notFound('the section');
      refuseOtherVersion(expected, current.version, 'section');
      const state: JsonObject = {
        ...current.state,
        ...(name === undefined ? {} : { name: spelt(name, '/name') }),
        ...(position === undefined ? {} : { position }),
      };
      const same = sameJson(state, current.state);
      const view = sectionView(same ? current : { ...current, version: current.version + 1, state, updatedAtMs: atMs });
      const answer = { status: 200, body: view };
      if (same && row === undefined) return { kind: 'nothing', answer };
      const note = { action: 'section.changed', target: `section:${id}`, before: current.state, after: state };
      return {
        kind: 'write',
        plan: {
          ...(same ? {} : { state, resources: [auditWrite({ ids: deps.ids, caller }, note, atMs)] }),
          changes: [],
          ...(row === undefined ? {} : { idempotency: () => row(200, view) }),
        },
        answer: () => answer,
      };
    },
  );
  return written.kind === 'done' ? written.answer : replay<SectionView>(written.row, idempotency?.fingerprint ?? '');
}

type Creating = {
  readonly input: SectionInput;
  readonly row: RowMaker | undefined;
  readonly fingerprint: string;
};

async function createOne(
  deps: CollectionDeps,
  caller: Caller,
  { input, row, fingerprint }: Creating,
): Promise<Written<SectionView>> {
  const { workspaceId } = caller;
  const all = await sectionsOf(deps, workspaceId);
  if (all.length >= limits.sectionsMax) {
    throw new AssetwireError('limit_reached', {
      detail: `Keep at most ${limits.sectionsMax} sections in a workspace: there are that many`,
      mend: 'Remove one first',
    });
  }
  const name = spelt(input.name, '/name');
  const key = input.key === undefined ? name : spelt(input.key, '/key');
  const there = all.find((one) => one.key === key);
  if (there !== undefined) {
    throw new AssetwireError('already_exists', {
      detail: `Use a new key: section ${there.id} has ${JSON.stringify(key)}`,
      mend: 'Use the one that is there, or give this one a key of its own',
    });
  }
  const position = input.position ?? (all.at(-1)?.position ?? 0) + positionStep;
  const state: Stored = { name, position, ...(input.collection === undefined ? {} : { collection: input.collection }) };
  const id = deps.ids.next('section');
  const written = await deps.committer.write<Written<SectionView>>({ workspaceId, type: 'section', id }, (_, atMs) => {
    const view = sectionView({
      workspaceId,
      type: 'section',
      id,
      version: 1,
      alias: key,
      state,
      createdAtMs: atMs,
      updatedAtMs: atMs,
    });
    const note = { action: 'section.created', target: `section:${id}`, after: { key, ...state } };
    return {
      kind: 'write',
      plan: {
        state,
        alias: key,
        changes: [],
        resources: [auditWrite({ ids: deps.ids, caller }, note, atMs)],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<SectionView>(written.row, fingerprint);
}

/** All sections of a workspace, which are few, in their order. */
async function sectionsOf({ storage }: CollectionDeps, workspaceId: string): Promise<readonly SectionView[]> {
  const page = await storage.read.resources({
    workspaceId,
    type: 'section',
    order: 'oldest',
    limit: limits.sectionsMax,
  });
  return page.items.map(sectionView).sort((left, right) => (orderKey(left) < orderKey(right) ? -1 : 1));
}

/** By position, those at the same one by age. */
function orderKey({ position, id }: SectionView): string {
  return `${String(position + sectionPositionMax).padStart(12, '0')} ${id}`;
}

function sectionView(row: Resource): SectionView {
  // Rows of this type are written here only, in this shape.
  const { name, position, collection } = row.state as unknown as Stored;
  return {
    id: row.id,
    key: row.alias ?? row.id,
    name,
    version: row.version,
    position,
    ...(collection === undefined ? {} : { collection }),
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
  };
}

async function present(deps: CollectionDeps, { workspaceId }: Caller, reference: string): Promise<Resource> {
  const row = await findByKey(deps, { workspaceId, type: 'section', reference });
  if (row === null) throw notFound('the section');
  return row;
}

/** One asset put in, which takes it out of the section it was in, or taken out. */
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
      if ((before.info['section'] === key) === added) return { kind: 'nothing', answer: 'unchanged' };
      const { section: _, ...rest } = before.info;
      const after = { ...before, info: added ? { ...rest, section: key } : rest, modifiedAtMs: atMs };
      refuseTooLargeAsset(after);
      const state = asJsonState(after);
      const frame = {
        ids,
        workspaceId,
        actor,
        subject: assetSubject(id, current.alias),
        version: current.version + 1,
        atMs,
      };
      const changes = changeKindsFor(current.state, state).map(({ kind, changed }) =>
        assetChange(frame, { kind, before: current.state, after: state, changed }),
      );
      return { kind: 'write', plan: { state, changes }, answer: () => 'changed' };
    },
  );
  if (written.kind === 'duplicate') throw new TypeError('A member carries no idempotency row');
  return written.answer;
}
