/**
 * Folders of assets from before folders were kept: one for each path that an asset lies at and those on the way to it, and
 * where each asset is found. Ids come from workspace and path, so that nothing is drawn here.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { foldersOnTheWay, folderName, parentFolder } from '../../core/folder-path.ts';
import { idFromBytes } from '../../core/id-encoding.ts';
import { arrayStatement, numberOf, textOf } from './rows.ts';

/** What an asset lies in: a sound path, or else the root. */
const pathOfRow = `CASE WHEN json_extract(state, '$.path') LIKE '/%' THEN json_extract(state, '$.path') ELSE '/' END`;
const insert = `INSERT OR IGNORE INTO resources (workspace, type, id, version, alias, created_at, updated_at, state)`;

export function keepFolders(db: DatabaseSync): void {
  db.exec(`CREATE TEMP TABLE folder_at (workspace INTEGER, path TEXT, folder TEXT, PRIMARY KEY (workspace, path))`);
  const note = db.prepare('INSERT OR IGNORE INTO temp.folder_at (workspace, path, folder) VALUES (?, ?, ?)');
  const known = arrayStatement(db, 'SELECT folder FROM temp.folder_at WHERE workspace = ? AND path = ?');
  const write = db.prepare(`${insert} VALUES (?, ?, ?, 1, NULL, ?, ?, ?)`);
  const place = (workspace: number, path: string, { folder, atMs }: { folder: string; atMs: number }): void => {
    const parent = parentFolder(path) ?? '/';
    const id = `${parent === '/' ? '/' : `${parent}/`}\n${folderName(path)}`;
    write.run(workspace, 'folder_place', id, atMs, atMs, JSON.stringify({ folder }));
    note.run(workspace, path, folder);
  };
  // Folders that a DAM has reported keep their ids.
  const reported = arrayStatement(
    db,
    `SELECT workspace, id, json_extract(state, '$.path'), created_at FROM resources
     WHERE type = 'folder' AND json_extract(state, '$.path') LIKE '/_%' ORDER BY id`,
  ).all();
  for (const [workspace, folder, path, atMs] of reported) {
    const where = [numberOf(workspace), textOf(path)] as const;
    if (known.get(...where) === undefined) place(...where, { folder: textOf(folder), atMs: numberOf(atMs) });
  }
  const used = arrayStatement(
    db,
    `SELECT workspace, ${pathOfRow} AS path, min(created_at) FROM resources WHERE type = 'asset' GROUP BY 1, 2`,
  ).all();
  const paths = [...reported.map(([workspace, , path, atMs]) => [workspace, path, atMs]), ...used];
  for (const [workspace, path, created] of paths) {
    const [at, atMs] = [numberOf(workspace), numberOf(created)];
    note.run(at, '/', 'root');
    for (const one of foldersOnTheWay(textOf(path))) {
      if (known.get(at, one) !== undefined) continue;
      const folder = idFromBytes('folder', hash('sha256', `folder\0${at}\0${one}`, 'buffer').subarray(0, 16));
      write.run(at, 'folder', folder, atMs, atMs, JSON.stringify({ path: one, name: folderName(one) }));
      place(at, one, { folder, atMs });
    }
  }
  db.exec(`
    ${insert} SELECT r.workspace, 'asset_place', 'f:' || f.folder || ':' || r.id, 1, r.id, r.created_at, r.created_at, '{}'
    FROM resources r JOIN temp.folder_at f ON f.workspace = r.workspace AND f.path = ${pathOfRow.replaceAll('state', 'r.state')}
    WHERE r.type = 'asset';
    ${insert} SELECT DISTINCT r.workspace, 'asset_place', 'c:' || c.atom || char(10) || r.id, 1, NULL, r.updated_at, r.updated_at, '{}'
    FROM resources r, json_each(r.state, '$.collections') c WHERE r.type = 'asset' AND c.type = 'text';
    DROP TABLE temp.folder_at;`);
}
