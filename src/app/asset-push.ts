/**
 * State in, changes out: a DAM hands over an asset's full present state and exactly the changes that lie between it and
 * what was known are told; none where nothing differs, none where the state is older than what was known.
 */
import { changeKindsFor } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import type { Problem } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { metadataProblems } from '../core/metadata-check.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { Resource } from '../storage/storage.ts';
import type { AssetCases, AssetPush, AssetView, Caller, Written } from './app.ts';
import { asJsonState, assetChange, assetState, assetSubject, assetView, externalIdIn } from './asset-views.ts';
import { assetKindOf, folderPath, namedFile } from './asset-state.ts';
import { assetNameOf } from './asset-name.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { withoutNulls } from './asset-upload.ts';
import { nextVersionNumber } from './asset-version-state.ts';
import { withOwnBytes } from './named-files.ts';
import { type Committer, decideAttemptsMax, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { resolveExternalId } from './external-ids.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import type { MetadataSets } from './metadata-sets.ts';
import { type Expected, refuseOtherVersion } from './preconditions.ts';
import { contended, notFound, unfit, unfitAll } from './refusals.ts';
import { isOlderSource } from './source-version.ts';

export type PushDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly metadataSets: MetadataSets;
};

type Pushed = AssetView & { readonly result: 'created' | 'changed' | 'unchanged' | 'stale' };

export function createPush(deps: PushDeps): AssetCases['push'] {
  const { ids, committer, idempotent } = deps;
  return (caller, reference, { expected, idempotency, ...push }) =>
    idempotent.run<Pushed>(caller.workspaceId, idempotency, async (row) => {
      const externalId = externalIdIn(reference);
      if (push.externalId !== undefined && push.externalId !== externalId) {
        throw unfit('/externalId', 'the one in the address, or none', 'another');
      }
      const set = await deps.metadataSets.get(caller.workspaceId);
      const pushing = { caller, push, row, fingerprint: idempotency?.fingerprint ?? '', expected, set };
      if (externalId === null) return pushTo(deps, pushing, { id: reference });
      if (externalId === '') throw unfit('', 'external:ID', 'an empty ID');
      for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
        const ref = { workspaceId: caller.workspaceId, type: 'asset', externalId } as const;
        const id = await resolveExternalId(deps, ref, () => ids.next('asset'));
        try {
          return await pushTo(deps, pushing, { id, externalId });
        } catch (error) {
          // Another process has just given this external id to an asset: push to that one.
          if (!isTaken(error)) throw error;
          committer.cache.deleteAlias(caller.workspaceId, 'asset', externalId);
        }
      }
      throw contended();
    });
}

type Pushing = {
  readonly caller: Caller;
  readonly push: AssetPush;
  readonly row: RowMaker | undefined;
  readonly fingerprint: string;
  readonly expected: Expected | undefined;
  readonly set: MetadataFieldSet | null;
};

async function pushTo(
  { ids, committer }: PushDeps,
  { caller, push, row, fingerprint, expected, set }: Pushing,
  { id, externalId }: { readonly id: string; readonly externalId?: string },
): Promise<Written<Pushed>> {
  const { workspaceId, actor } = caller;
  const key = { workspaceId, type: 'asset', id } as const;
  const written = await committer.write<Written<Pushed>>(key, (current, atMs) => {
    if (current === null && externalId === undefined) throw notFound('the asset');
    refuseOtherVersion(expected, current?.version ?? 0);
    const nothing = (result: 'stale' | 'unchanged', known: Resource) => {
      const answer = { status: 200, body: { ...assetView(known), result } };
      if (row === undefined) return { kind: 'nothing' as const, answer };
      const plan = { changes: [], idempotency: () => row(answer.status, answer.body) };
      return { kind: 'write' as const, plan, answer: () => answer };
    };
    if (current !== null && isStale(push, current)) return nothing('stale', current);
    const before = current?.state ?? null;
    const after = withOwnBytes(pushedState(push, current === null ? null : assetState(current), atMs), before);
    refuseTooLargeAsset(after);
    const problems = misfits(set, before, after);
    const state = asJsonState(after);
    const happenings = changeKindsFor(before, state);
    if (current !== null && happenings.length === 0 && !bookkeepingDiffers(before, state))
      return nothing('unchanged', current);
    const alias = externalId ?? current?.alias;
    const version = (current?.version ?? 0) + 1;
    const frame = {
      ids,
      workspaceId,
      actor,
      subject: assetSubject(id, alias),
      version,
      atMs,
      ...(push.occurredAtMs === undefined ? {} : { occurredAtMs: push.occurredAtMs }),
    };
    const result = current === null ? 'created' : happenings.length === 0 ? 'unchanged' : 'changed';
    const answer: Written<Pushed> = {
      status: current === null ? 201 : 200,
      body: {
        ...assetView({
          ...key,
          version,
          state,
          ...(alias === undefined ? {} : { alias }),
          createdAtMs: current?.createdAtMs ?? atMs,
          updatedAtMs: atMs,
        }),
        result,
        ...(problems.length === 0 ? {} : { metadataProblems: problems }),
      },
    };
    return {
      kind: 'write',
      plan: {
        state,
        ...(alias === undefined ? {} : { alias }),
        changes: happenings.map(({ kind, changed }) => assetChange(frame, { kind, before, after: state, changed })),
        ...(row === undefined ? {} : { idempotency: () => row(answer.status, answer.body) }),
      },
      answer: () => answer,
    };
  });
  return written.kind === 'done' ? written.answer : replay<Pushed>(written.row, fingerprint);
}

/** What does not fit the definitions: to be told with the answer, or, where the workspace wants it so, refused. */
function misfits(set: MetadataFieldSet | null, before: JsonObject | null, after: AssetState): readonly Problem[] {
  if (set === null) return [];
  const known = before === null ? null : before['metadata'];
  const problems = metadataProblems(set, { before: known, after: after.metadata }, '/metadata');
  if (problems.length > 0 && set.rules.fromElsewhere === 'refuse') throw unfitAll(problems);
  return problems;
}

function isStale(push: AssetPush, current: Resource): boolean {
  const known = current.state['sourceVersion'];
  if (push.sourceVersion === undefined || (typeof known !== 'number' && typeof known !== 'string')) return false;
  return isOlderSource(push.sourceVersion, known);
}

/** Nothing to tell anybody, but something to remember: a newer source version, another alias. */
function bookkeepingDiffers(before: JsonObject | null, after: JsonObject): boolean {
  if (before === null) return true;
  return (
    before['sourceVersion'] !== after['sourceVersion'] ||
    JSON.stringify(before['aliases']) !== JSON.stringify(after['aliases'])
  );
}

/**
 * The whole state as pushed: what is left out is empty. What is ours stays: when we first heard of it, aliases unless
 * given, and the bytes we hold where the push names no file.
 */
function pushedState(push: AssetPush, current: AssetState | null, atMs: number): AssetState {
  // A name that was known before is not looked at again: reported ones are as their DAM has them.
  const name = push.name === undefined ? current?.name || 'unnamed' : assetNameOf(push.name);
  const file = pushedFile(push.file, current?.file, name);
  const modifiedAtMs = push.occurredAtMs ?? atMs;
  const createdAtMs = current?.createdAtMs ?? modifiedAtMs;
  return {
    kind: file === undefined ? (current?.kind ?? 'other') : assetKindOf(file.mimeType),
    name,
    path: folderPath(push.path ?? '/'),
    ...(file === undefined ? {} : { file }),
    versions: pushedVersions(current, push.file === undefined ? undefined : file, { createdAtMs, modifiedAtMs }),
    ...(current?.versionsMade === undefined ? {} : { versionsMade: current.versionsMade }),
    renditions: (push.renditions ?? []).map((rendition) => ({
      title: typeof rendition['title'] === 'string' ? rendition['title'] : 'rendition',
      ...namedFile(rendition, typeof rendition['title'] === 'string' ? rendition['title'] : 'rendition'),
    })),
    info: withoutNulls(push.info ?? {}),
    metadata: withoutNulls(push.metadata ?? {}),
    embedded: current?.embedded ?? {},
    tags: [...new Set(push.tags ?? [])],
    labels: [...new Set(push.labels ?? [])],
    collections: [...new Set(push.collections ?? [])],
    archived: push.archived ?? false,
    ...(current?.checkedOutBy === undefined ? {} : { checkedOutBy: current.checkedOutBy }),
    ...(current?.focusPoint === undefined ? {} : { focusPoint: current.focusPoint }),
    inspection: current?.inspection ?? { state: 'done' },
    createdAtMs,
    modifiedAtMs,
    ...(current?.createdBy === undefined ? {} : { createdBy: current.createdBy }),
    aliases: push.aliases ?? current?.aliases ?? {},
    ...(push.sourceVersion === undefined
      ? current?.sourceVersion === undefined
        ? {}
        : { sourceVersion: current.sourceVersion }
      : { sourceVersion: push.sourceVersion }),
  };
}

/** A file without a name of its own has that of the asset when it came; renaming the asset does not rename the file. */
function pushedFile(given: JsonObject | undefined, known: AssetState['file'], name: string): AssetState['file'] {
  if (given === undefined) return known;
  const file = namedFile(given, name);
  if (given['name'] !== undefined || known === undefined || !sameContent(known, file)) return file;
  return { ...file, name: known.name };
}

/** A DAM that names another file than before has a new version of it; which one it was before stays known. */
function pushedVersions(
  current: AssetState | null,
  file: AssetState['file'],
  { createdAtMs, modifiedAtMs }: { readonly createdAtMs: number; readonly modifiedAtMs: number },
): AssetState['versions'] {
  const known = current?.versions ?? [];
  if (file === undefined) return known;
  const active = known.find((version) => version.active);
  if (active === undefined || current === null) return [{ number: 1, active: true, createdAtMs, file }];
  if (sameContent(active.file, file))
    return known.map((version) => (version === active ? { ...version, file } : version));
  const number = nextVersionNumber(current);
  // The oldest make room: what the other DAM has done has happened, whether there is room for it or not.
  const kept = known.slice(-(limits.assetVersionsMax - 1));
  return [
    ...kept.map((version) => ({ ...version, active: false })),
    { number, active: true, createdAtMs: modifiedAtMs, file },
  ];
}

/** By hash where both have one, else by size and address. */
function sameContent(left: NonNullable<AssetState['file']>, right: NonNullable<AssetState['file']>): boolean {
  for (const digest of ['sha256', 'sha1', 'md5'] as const) {
    if (left[digest] !== undefined && right[digest] !== undefined) return left[digest] === right[digest];
  }
  return left.bytes === right.bytes && left.url === right.url;
}
