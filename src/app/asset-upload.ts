/**
 * An upload: bytes to the blobs (synced), type from the content, then asset, `asset.created` and the owed inspection in
 * one commit. The answer comes when that is on disk; what inspection finds follows as `asset.ready`.
 */
import type { AssetState } from '../core/asset.ts';
import { changedFields } from '../core/difference.ts';
import type { AssetCases, AssetInput, AssetView, Written } from './app.ts';
import { asJsonState, assetChange, assetSubject, assetView } from './asset-views.ts';
import { folderPath } from './asset-state.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { AssetwireError } from '../core/errors.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { findExternalId } from './external-ids.ts';
import { subjectName } from './subject-cache.ts';
import type { JsonObject } from '../core/json.ts';
import { unfit } from './refusals.ts';

export type UploadDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'settings'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

/** What an `inspect` duty owes. */
export type InspectPayload = { readonly assetId: string; readonly blob: string; readonly mimeType: string };

export function createUpload(deps: UploadDeps): AssetCases['upload'] {
  const { blobs, media, ids, committer, idempotent, settings } = deps;
  return async (caller, input, file, idempotency) => {
    const { workspaceId } = caller;
    const answer = await idempotent
      .run<AssetView>(workspaceId, idempotency, async (row) => {
        await refuseTaken(deps, workspaceId, input.externalId);
        const stored = await blobs.put(workspaceId, file.content, { bytesMax: settings.uploadBytesMax });
        const fileName = fileNameOf(input.name ?? file.name);
        const { mimeType, kind } = await media.sniff(stored.head, fileName);
        const id = ids.next('asset');
        const key = { workspaceId, type: 'asset', id } as const;
        // Drawn just now: nothing can be stored under it.
        committer.cache.set(subjectName(key), null);
        const written = await committer.write(key, (_, atMs) => {
          const assetFile = {
            name: fileName,
            bytes: stored.bytes,
            mimeType,
            sha256: stored.sha256,
            sha1: stored.sha1,
            md5: stored.md5,
            blob: stored.blob,
          };
          const state: AssetState = {
            kind,
            ...described(input, fileName),
            file: assetFile,
            versions: [{ number: 1, active: true, createdAtMs: atMs, file: assetFile }],
            renditions: [],
            embedded: {},
            archived: false,
            inspection: { state: 'pending' },
            createdAtMs: atMs,
            modifiedAtMs: atMs,
            createdBy: caller.actor.id,
            aliases: input.aliases ?? {},
          };
          const json = asJsonState(state);
          const frame = {
            ids,
            workspaceId,
            actor: caller.actor,
            subject: assetSubject(id, input.externalId),
            version: 1,
            atMs,
          };
          const view = (version: number): AssetView =>
            assetView({
              ...key,
              version,
              state: json,
              ...(input.externalId === undefined ? {} : { alias: input.externalId }),
              createdAtMs: atMs,
              updatedAtMs: atMs,
            });
          const payload: InspectPayload = { assetId: id, blob: stored.blob, mimeType };
          return {
            kind: 'write',
            plan: {
              state: json,
              ...(input.externalId === undefined ? {} : { alias: input.externalId }),
              changes: [
                assetChange(frame, {
                  kind: 'asset.created',
                  before: null,
                  after: json,
                  changed: changedFields(null, json),
                }),
              ],
              duties: [{ id: ids.next('duty'), workspaceId, kind: 'inspect', dueAtMs: atMs, payload }],
              ...(row === undefined ? {} : { idempotency: ({ version }) => row(201, view(version)) }),
            },
            answer: ({ version }): Written<AssetView> => ({ status: 201, body: view(version) }),
          };
        });
        return written.kind === 'done'
          ? written.answer
          : replay<AssetView>(written.row, idempotency?.fingerprint ?? '');
      })
      // Whatever was not read is let go: a request whose body nobody takes would hang.
      .finally(() => file.content.resume());
    return answer;
  };
}

/** Before the bytes are taken: an upload of a gigabyte should not fail at its end for a name that was taken all along. */
async function refuseTaken(deps: UploadDeps, workspaceId: string, externalId: string | undefined): Promise<void> {
  if (externalId === undefined) return;
  const id = await findExternalId(deps, { workspaceId, type: 'asset', externalId });
  const taken = id === null ? null : await deps.committer.peek({ workspaceId, type: 'asset', id });
  if (taken !== null)
    throw new AssetwireError('already_exists', { detail: 'Use a new externalId: an asset has it already' });
}

/** The last part of whatever path a client sends as a name, without what no file name should hold. */
export function fileNameOf(given: string): string {
  const last = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
  const clean = last.replace(/\p{Cc}/gu, '').trim();
  if (clean === '' || clean === '.' || clean === '..') throw unfit('/name', 'a file name', 'none');
  if (Buffer.byteLength(clean) > 255) throw unfit('/name', 'at most 255 bytes', `${Buffer.byteLength(clean)}`);
  return clean;
}

function described(input: AssetInput, name: string) {
  return {
    name,
    path: folderPath(input.path ?? '/'),
    info: withoutNulls(input.info ?? {}),
    metadata: withoutNulls(input.metadata ?? {}),
    tags: [...new Set(input.tags ?? [])],
    labels: [...new Set(input.labels ?? [])],
    collections: [...new Set(input.collections ?? [])],
  };
}

/** Null means "not there", here as in patches. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
