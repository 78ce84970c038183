/**
 * Workspaces that are being erased. A request that was let in before may still want to write when its rows are gone
 * already, and would bring the workspace back: the committer asks here. Empty, it costs one comparison.
 */
export interface ClosedWorkspaces {
  has(workspaceId: string): boolean;
  add(workspaceId: string): void;
  delete(workspaceId: string): void;
}

export function createClosedWorkspaces(): ClosedWorkspaces {
  const closed = new Set<string>();
  return {
    has: (workspaceId) => closed.size > 0 && closed.has(workspaceId),
    add: (workspaceId) => void closed.add(workspaceId),
    delete: (workspaceId) => void closed.delete(workspaceId),
  };
}
