/**
 * A look into a file again, and clips: a stretch of a film or of sound as an asset of its own. The asset is there at once,
 * without content; what is cut comes as its file, and it is told as ready then, well or with a note. Nothing of it depends
 * on the film once it is cut.
 */
import type { AssetState, ClipOrigin } from '../core/asset.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError, type Problem } from '../core/errors.ts';
import { namedLibrary } from '../core/library.ts';
import { limits } from '../core/limits.ts';
import type { AssetCases, AssetView, Caller, ClipInput, Written } from './app.ts';
import { fileNameOf } from './asset-name.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { assetKindOf, folderPath } from './asset-state.ts';
import type { InspectPayload } from './asset-upload.ts';
import { asJsonState, assetChange, assetIdOf, assetState, assetSubject, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { ClipPayload } from './duty-clip.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { refuseOtherVersion } from './preconditions.ts';
import type { Quotas } from './quotas.ts';
import { refuseWithheld } from './scanning.ts';
import { notFound } from './refusals.ts';
import { subjectName } from './subject-cache.ts';

export type ClipsDeps = Pick<AppDeps, 'storage' | 'media' | 'ids'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly quotas: Pick<Quotas, 'refuse'>;
};

export function createClips(deps: ClipsDeps): Pick<AssetCases, 'clip' | 'inspect'> {
  return {
    clip: (caller, reference, order) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, order.idempotency, async (row) => {
        const { id, current } = await find(deps, caller, reference);
        refuseOtherVersion(order.expected, current.version);
        const film = assetState(current);
        const blob = await clippable(deps, film, order);
        await deps.quotas.refuse(caller.workspaceId, { files: 1, bytes: 1 });
        return cut(deps, { caller, order, row, film, blob, origin: { assetId: id, ...stretchOf(order) } });
      }),

    inspect: (caller, reference, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, async (row) => {
        const { id } = await find(deps, caller, reference);
        const key = { workspaceId: caller.workspaceId, type: 'asset', id } as const;
        const written = await deps.committer.write<Written<AssetView>>(key, (current, atMs) => {
          if (current === null) throw notFound('the asset');
          refuseOtherVersion(options.expected, current.version);
          const payload = lookAgain(id, assetState(current));
          const body = assetView(current);
          const duty = { id: deps.ids.next('duty'), kind: 'inspect', dueAtMs: atMs, payload } as const;
          return {
            kind: 'write',
            plan: {
              changes: [],
              duties: [{ ...duty, workspaceId: caller.workspaceId }],
              ...(row === undefined ? {} : { idempotency: () => row(202, body) }),
            },
            answer: () => ({ status: 202, body }),
          };
        });
        return written.kind === 'done' ? written.answer : replay<AssetView>(written.row, fingerprintOf(options));
      }),
  };
}

type Row = Parameters<Parameters<IdempotentCalls['run']>[2]>[0];

async function find(deps: ClipsDeps, { workspaceId }: Caller, reference: string) {
  const id = await assetIdOf(deps, workspaceId, reference);
  const current = id === null ? null : await deps.committer.peek({ workspaceId, type: 'asset', id });
  if (id === null || current === null) throw notFound('the asset');
  return { id, current };
}

function fingerprintOf({ idempotency }: Pick<ClipInput, 'idempotency'>): string {
  return idempotency?.fingerprint ?? '';
}

function lookAgain(assetId: string, { file, versions }: AssetState): InspectPayload {
  const active = versions.find((version) => version.active);
  if (file?.blob === undefined || active === undefined) throw withoutContent();
  return { assetId, blob: file.blob, mimeType: file.mimeType, version: active.number };
}

function withoutContent(): AssetwireError {
  return new AssetwireError('content_unavailable', {
    detail: 'Ask this of an asset whose content lies here: this one was reported without its file',
    mend: 'Upload the file as a version of it: POST /v1/assets/{id}/versions',
  });
}

/** The content to cut from; throws where it cannot be cut, or not like this. */
async function clippable({ media }: ClipsDeps, { file }: AssetState, order: ClipInput): Promise<string> {
  if (file?.blob === undefined) throw withoutContent();
  refuseWithheld(file);
  if (!media.clippable(file.mimeType)) {
    throw new AssetwireError('not_a_film', {
      detail: `Cut clips out of films and sound: the asset is ${file.mimeType}`,
    });
  }
  const problems = stretchProblems(order, file.durationMs);
  if (problems.length > 0)
    throw new AssetwireError('invalid_request', { detail: 'Name a stretch that lies within the film', problems });
  const tool = await media.films();
  if (tool.state !== 'found')
    throw new AssetwireError('films_unavailable', { detail: `Cut clips on a server that can: ${tool.note}` });
  return file.blob;
}

function stretchProblems({ fromMs, toMs }: ClipInput, durationMs: number | undefined): readonly Problem[] {
  const length = toMs - fromMs;
  if (length < limits.clipMsMin || length > limits.clipMsMax) {
    const wanted = `${limits.clipMsMin} to ${limits.clipMsMax} ms behind fromMs`;
    return [{ at: '/toMs', wanted, found: `${length} ms` }];
  }
  if (durationMs === undefined || fromMs < durationMs) return [];
  return [{ at: '/fromMs', wanted: `less than the length, ${durationMs} ms`, found: `${fromMs}` }];
}

function stretchOf({ fromMs, toMs }: ClipInput): Omit<ClipOrigin, 'assetId'> {
  return { fromMs, toMs };
}

type Cut = {
  readonly caller: Caller;
  readonly order: ClipInput;
  readonly row: Row;
  readonly film: AssetState;
  readonly blob: string;
  readonly origin: ClipOrigin;
};

async function cut(
  { ids, committer }: ClipsDeps,
  { caller, order, row, film, blob, origin }: Cut,
): Promise<Written<AssetView>> {
  const { workspaceId, actor } = caller;
  const id = ids.next('asset');
  const key = { workspaceId, type: 'asset', id } as const;
  // Drawn just now: nothing can be stored under it.
  committer.cache.set(subjectName(key), null);
  const mimeType = film.file?.mimeType ?? '';
  const written = await committer.write<Written<AssetView>>(key, (_current, atMs) => {
    const clip = clipState(film, { order, origin, createdBy: actor.id }, atMs);
    refuseTooLargeAsset(clip);
    const state = asJsonState(clip);
    const frame = { ids, workspaceId, actor, subject: assetSubject(id, undefined), version: 1, atMs };
    const created = { kind: 'asset.created', before: null, after: state, changed: changedFields(null, state) } as const;
    const payload: ClipPayload = { assetId: id, blob, mimeType, ...stretchOf(order), tries: 0 };
    const view = assetView({ ...key, version: 1, state, createdAtMs: atMs, updatedAtMs: atMs });
    return {
      kind: 'write',
      plan: {
        state,
        changes: [assetChange(frame, created)],
        duties: [{ id: ids.next('duty'), workspaceId, kind: 'clip', dueAtMs: atMs, payload }],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<AssetView>(written.row, fingerprintOf(order));
}

/** What is said of the film is said of a part of it: rights above all. What people sorted it by is not. */
function clipState(
  film: AssetState,
  { order, origin, createdBy }: { readonly order: ClipInput; readonly origin: ClipOrigin; readonly createdBy: string },
  atMs: number,
): AssetState {
  return {
    kind: assetKindOf(film.file?.mimeType ?? ''),
    name: fileNameOf(order.name ?? clipName(film, origin)),
    path: folderPath(order.path ?? film.path),
    versions: [],
    renditions: [],
    info: film.info,
    metadata: film.metadata,
    embedded: {},
    tags: [],
    labels: [],
    collections: [],
    ...namedLibrary(film.library),
    archived: false,
    inspection: { state: 'pending' },
    clipOf: origin,
    createdAtMs: atMs,
    modifiedAtMs: atMs,
    createdBy,
    aliases: {},
  };
}

/** `harbour 0-12.500 to 0-20.mp4`: told apart by its moments, and a file name everywhere. */
function clipName({ name, file }: AssetState, { fromMs, toMs }: ClipOrigin): string {
  const dot = name.lastIndexOf('.');
  const stem = [...(dot > 0 ? name.slice(0, dot) : name)].slice(0, 80).join('');
  const extension = file?.mimeType.startsWith('audio/') === true ? 'm4a' : 'mp4';
  return `${stem} ${moment(fromMs)} to ${moment(toMs)}.${extension}`;
}

function moment(ms: number): string {
  const seconds = ms / 1_000;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(ms % 1_000 === 0 ? 0 : 3);
  return `${minutes}-${rest.padStart(ms % 1_000 === 0 ? 2 : 6, '0')}`;
}
