/** Small numbers for the long names of workspaces and webhooks, kept in memory by the writer, which alone makes them. */
import type { DatabaseSync } from 'node:sqlite';
import { arrayStatement, numberOf } from './rows.ts';

type LaneName = { readonly n: number; readonly workspace: number };
export type WorkspaceName = { readonly n: number; webhooksRevision: number };

export type Names = {
  /** Makes the workspace's row where there is none. */
  workspace(id: string): WorkspaceName;
  raiseWebhooksRevision(workspace: WorkspaceName): void;
  /** The lane of a webhook; makes its row where there is none. Null where the webhook is another workspace's. */
  lane(webhookId: string, workspace: number): number | null;
  /** Forgets what a rolled-back transaction may have made. */
  forget(): void;
};

/** More names than this in memory and we start over: a bound, not a working size. */
const namesMax = 100_000;

export function createNames(db: DatabaseSync): Names {
  const selectWorkspace = arrayStatement(db, 'SELECT n, webhooks_revision FROM workspaces WHERE id = ?');
  const insertWorkspace = db.prepare('INSERT INTO workspaces (id) VALUES (?)');
  const raise = db.prepare('UPDATE workspaces SET webhooks_revision = ? WHERE n = ?');
  const selectLane = arrayStatement(db, 'SELECT n, workspace FROM lanes WHERE webhook = ?');
  const insertLane = db.prepare('INSERT INTO lanes (webhook, workspace) VALUES (?, ?)');
  const workspaces = new Map<string, WorkspaceName>();
  const lanes = new Map<string, LaneName>();

  const loadWorkspace = (id: string): WorkspaceName => {
    if (workspaces.size >= namesMax) workspaces.clear();
    const row = selectWorkspace.get(id);
    const name = row
      ? { n: numberOf(row[0]), webhooksRevision: numberOf(row[1]) }
      : { n: Number(insertWorkspace.run(id).lastInsertRowid), webhooksRevision: 0 };
    workspaces.set(ownCopy(id), name);
    return name;
  };
  const loadLane = (webhookId: string, workspace: number): LaneName => {
    if (lanes.size >= namesMax) lanes.clear();
    const row = selectLane.get(webhookId);
    const name = row
      ? { n: numberOf(row[0]), workspace: numberOf(row[1]) }
      : { n: Number(insertLane.run(webhookId, workspace).lastInsertRowid), workspace };
    lanes.set(ownCopy(webhookId), name);
    return name;
  };
  return {
    workspace: (id) => workspaces.get(id) ?? loadWorkspace(id),
    raiseWebhooksRevision: (workspace) => {
      workspace.webhooksRevision += 1;
      raise.run(workspace.webhooksRevision, workspace.n);
    },
    lane(webhookId, workspace) {
      const lane = lanes.get(webhookId) ?? loadLane(webhookId, workspace);
      return lane.workspace === workspace ? lane.n : null;
    },
    forget: () => {
      workspaces.clear();
      lanes.clear();
    },
  };
}

/** A text cut from a batch keeps the whole batch in memory as long as it lives itself; what is kept is copied. */
function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
