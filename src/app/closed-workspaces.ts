/**
 * Workspaces that are being erased. A request that was let in before may still want to write when its rows are gone
 * already, and would bring the workspace back: the committer asks here. Empty, it costs one comparison.
 */
import type { AppDeps } from './dependencies.ts';

export interface ClosedWorkspaces {
  has(workspaceId: string): boolean;
  add(workspaceId: string): void;
  delete(workspaceId: string): void;
}

export function createClosedWorkspaces({ others }: Pick<AppDeps, 'others'> = {}): ClosedWorkspaces {
  const closed = new Set<string>();
  others?.hear((hint) => {
    if (hint.kind !== 'workspace') return;
    if (hint.state === 'closed') closed.add(hint.workspaceId);
    else closed.delete(hint.workspaceId);
  });
  return {
    has: (workspaceId) => closed.size > 0 && closed.has(workspaceId),
    add(workspaceId) {
      closed.add(workspaceId);
      others?.tell({ kind: 'workspace', workspaceId, state: 'closed' });
    },
    delete(workspaceId) {
      closed.delete(workspaceId);
      others?.tell({ kind: 'workspace', workspaceId, state: 'open' });
    },
  };
}
