/**
 * What the files of a workspace come to, kept by triggers with every `blob_use` row: whoever writes one cannot forget it, and
 * the sum is of the same transaction. A row's size is that of its first write, as the content's is: a trigger on updates would
 * be asked at every write of an asset. Rows from before say no size; it is taken from the assets, and from those in the trash.
 */
const key = 'text COLLATE "C" NOT NULL';
const bytesOf = (row: 'NEW' | 'OLD' | 'r'): string => `coalesce((${row}.state::jsonb ->> 'bytes')::bigint, 0)`;

export const blobUsageStage = `
CREATE TABLE aw.blob_usage (workspace ${key} PRIMARY KEY, files bigint NOT NULL, bytes bigint NOT NULL) WITH (fillfactor = 50);
UPDATE aw.resources u SET state = json_build_object('bytes', s.bytes)::text
FROM (
  SELECT DISTINCT ON (1, 2) r.workspace,
    (f.file ->> 'blob') || ':' || CASE r.type WHEN 'asset' THEN r.id ELSE r.state::jsonb ->> 'assetId' END AS id,
    (f.file ->> 'bytes')::bigint AS bytes
  FROM aw.resources r, jsonb_path_query(r.state::jsonb, 'strict $.** ? (@.blob.type() == "string" && @.bytes.type() == "number")') f (file)
  WHERE r.type IN ('asset', 'trashed_asset')) s
WHERE u.type = 'blob_use' AND u.workspace = s.workspace AND u.id = s.id;
INSERT INTO aw.blob_usage (workspace, files, bytes)
SELECT r.workspace, count(*), sum(${bytesOf('r')}) FROM aw.resources r WHERE r.type = 'blob_use' GROUP BY r.workspace;
CREATE FUNCTION aw.weigh_blob() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO aw.blob_usage AS u (workspace, files, bytes) VALUES (NEW.workspace, 1, ${bytesOf('NEW')})
    ON CONFLICT (workspace) DO UPDATE SET files = u.files + 1, bytes = u.bytes + excluded.bytes;
  ELSE
    UPDATE aw.blob_usage u SET files = u.files - 1, bytes = greatest(0, u.bytes - ${bytesOf('OLD')}) WHERE u.workspace = OLD.workspace;
  END IF;
  RETURN NULL;
END $body$;
CREATE TRIGGER blob_used AFTER INSERT ON aw.resources FOR EACH ROW WHEN (NEW.type = 'blob_use') EXECUTE FUNCTION aw.weigh_blob();
CREATE TRIGGER blob_let_go AFTER DELETE ON aw.resources FOR EACH ROW WHEN (OLD.type = 'blob_use') EXECUTE FUNCTION aw.weigh_blob();
`;
