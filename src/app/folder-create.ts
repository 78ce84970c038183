/** A folder is made, with those on the way to it that are missing. */
import { unfit } from './refusals.ts';
import type { JsonObject } from '../core/json.ts';
import { folderPath } from './asset-state.ts';
import { commitMany } from './commit-many.ts';
import type { FolderCases, FolderInput, FolderView } from './folder-cases.ts';
import { folderView } from './folder-tree.ts';
import {
  decided,
  type FolderDeps,
  type FolderFrame,
  inTurn,
  mergedInfo,
  missingFolders,
  refuseTakenPath,
} from './folder-writes.ts';
import { replay } from './idempotency.ts';
import type { Written } from './app.ts';

export function createFolderMaker(deps: FolderDeps): FolderCases['create'] {
  return (caller, input, idempotency) =>
    deps.idempotent.run<FolderView>(caller.workspaceId, idempotency, (row) =>
      inTurn(deps, caller.workspaceId, () =>
        decided(async (): Promise<Written<FolderView> | null> => {
          const { workspaceId, actor } = caller;
          const path = folderPath(input.path);
          if (path === '/') throw unfit('/path', 'a folder below the root', '/');
          await refuseTakenPath(deps, workspaceId, path);
          const atMs = deps.clock.nowMs();
          const frame: FolderFrame = { ids: deps.ids, workspaceId, actor, atMs };
          const { made, resources, changes } = await missingFolders(deps, frame, { path, more: described(input) });
          const own = made.at(-1);
          if (own === undefined) return null;
          const view = folderView({
            workspaceId,
            type: 'folder',
            id: own.id,
            version: 1,
            state: own.state,
            createdAtMs: atMs,
            updatedAtMs: atMs,
          });
          const answer = { status: 201, body: view };
          const result = await commitMany(
            deps,
            { workspaceId, atMs },
            { resources, changes, ...(row === undefined ? {} : { idempotency: row(201, view) }) },
          );
          if (result.status === 'duplicate') return replay<FolderView>(result.row, idempotency?.fingerprint ?? '');
          return result.status === 'applied' ? answer : null;
        }),
      ),
    );
}

function described({ description, info }: FolderInput): JsonObject {
  return {
    ...(description === undefined ? {} : { description }),
    ...(info === undefined ? {} : { info: mergedInfo({}, info) }),
  };
}
