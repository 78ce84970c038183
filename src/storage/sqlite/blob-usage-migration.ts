/**
 * What the files of a workspace come to, kept by triggers with every `blob_use` row: whoever writes one cannot forget it, and
 * the sum is of the same transaction. A row's size is that of its first write, as the content's is: a trigger on updates would
 * be asked at every write of an asset, and made those a tenth dearer. Rows from before say no size; it is taken from the assets, and from those in the trash.
 */
import type { DatabaseSync } from 'node:sqlite';

const bytesOf = (row: 'new' | 'old'): string => `coalesce(json_extract(${row}.state, '$.bytes'), 0)`;

const weigh = `
CREATE TABLE blob_usage (workspace INTEGER PRIMARY KEY, files INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TEMP TABLE blob_size (workspace INTEGER, id TEXT, bytes INTEGER, PRIMARY KEY (workspace, id)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.blob_size (workspace, id, bytes)
SELECT r.workspace,
  json_extract(f.value, '$.blob') || ':' || CASE r.type WHEN 'asset' THEN r.id ELSE json_extract(r.state, '$.assetId') END,
  json_extract(f.value, '$.bytes')
FROM resources r, json_tree(r.state) f
WHERE r.type IN ('asset', 'trashed_asset') AND f.type = 'object'
  AND json_type(f.value, '$.blob') = 'text' AND json_type(f.value, '$.bytes') = 'integer';
UPDATE resources SET state = json_object('bytes', s.bytes) FROM temp.blob_size s
WHERE resources.type = 'blob_use' AND resources.workspace = s.workspace AND resources.id = s.id;
DROP TABLE temp.blob_size;
INSERT INTO blob_usage (workspace, files, bytes)
SELECT workspace, count(*), sum(coalesce(json_extract(state, '$.bytes'), 0)) FROM resources WHERE type = 'blob_use' GROUP BY workspace;
CREATE TRIGGER blob_used AFTER INSERT ON resources WHEN new.type = 'blob_use' BEGIN
  INSERT INTO blob_usage (workspace, files, bytes) VALUES (new.workspace, 1, ${bytesOf('new')})
  ON CONFLICT (workspace) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER blob_let_go AFTER DELETE ON resources WHEN old.type = 'blob_use' BEGIN
  UPDATE blob_usage SET files = files - 1, bytes = max(0, bytes - ${bytesOf('old')}) WHERE workspace = old.workspace;
END;
`;

export function weighBlobs(db: DatabaseSync): void {
  db.exec(weigh);
}
