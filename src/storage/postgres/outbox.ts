/**
 * The outbox: a function that an application calls inside its own transaction when its tables lie in the same PostgreSQL.
 * What it records is a row of `duties`, committed or rolled back with the application's own rows; whoever holds its shard
 * reports it a moment later, in the order of recording for each subject. It says what is wrong at once, because later
 * nobody would be there to hear it.
 *
 * It runs with the rights of the schema's owner and a fixed search path, so a role needs nothing but EXECUTE. It tells
 * nobody: a NOTIFY would make commits of the application wait for each other.
 */
import { changeKinds } from '../../core/change.ts';
import { limits } from '../../core/limits.ts';

const reportable = changeKinds.filter((kind) => !kind.startsWith('webhook.'));
const fields = [
  'kind',
  'subject',
  'before',
  'after',
  'changed',
  'occurredAtMs',
  'actor',
  'sourceVersion',
  'causationDepth',
];
const texts = (values: readonly string[]): string => `ARRAY[${values.map((value) => `'${value}'`).join(', ')}]`;

const outboxFunction = `
CREATE OR REPLACE FUNCTION aw.record_change(workspace text, change jsonb) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
  kinds CONSTANT text[] := ${texts(reportable)};
  fields CONSTANT text[] := ${texts(fields)};
  alphabet CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
  subject jsonb := change -> 'subject';
  now_ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
  bits bit varying;
  id text := 'dty_';
  wrong text;
BEGIN
  IF change IS NULL OR jsonb_typeof(change) <> 'object' THEN
    RAISE EXCEPTION 'A change must be a JSON object: found %', coalesce(jsonb_typeof(change), 'null')
      USING ERRCODE = '22023', HINT = 'As POST /v1/changes takes it: {"kind": "asset.renamed", "subject": {"type": "asset", "externalId": "…"}, "after": {…}}';
  END IF;
  SELECT k INTO wrong FROM jsonb_object_keys(change) k WHERE k <> ALL (fields) LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'A change must have known fields: found "%"', wrong
      USING ERRCODE = '22023', HINT = 'Known are ' || array_to_string(fields, ', ');
  END IF;
  IF change ->> 'kind' IS NULL OR change ->> 'kind' <> ALL (kinds) THEN
    RAISE EXCEPTION 'The kind of a change must be a known one: found %', coalesce('"' || (change ->> 'kind') || '"', 'none')
      USING ERRCODE = '22023', HINT = 'Known are ' || array_to_string(kinds, ', ');
  END IF;
  IF subject IS NULL OR jsonb_typeof(subject) <> 'object' OR coalesce(subject ->> 'type', '') <> split_part(change ->> 'kind', '.', 1) THEN
    RAISE EXCEPTION 'The subject must be of the type that % happens to: found %', change ->> 'kind', coalesce('"' || (subject ->> 'type') || '"', 'none')
      USING ERRCODE = '22023', HINT = format('{"type": "%s", "externalId": "…"}', split_part(change ->> 'kind', '.', 1));
  END IF;
  IF (subject ->> 'id' IS NULL) = (subject ->> 'externalId' IS NULL) THEN
    RAISE EXCEPTION 'The subject must have one of id and externalId: found %', CASE WHEN subject ->> 'id' IS NULL THEN 'none' ELSE 'both' END
      USING ERRCODE = '22023', HINT = 'externalId is what your application calls it';
  END IF;
  FOREACH wrong IN ARRAY ARRAY['before', 'after'] LOOP
    IF jsonb_typeof(change -> wrong) NOT IN ('object', 'null') THEN
      RAISE EXCEPTION '% must be an object or null: found %', wrong, jsonb_typeof(change -> wrong)
        USING ERRCODE = '22023', HINT = 'The whole state of the subject, as it was or as it is';
    END IF;
  END LOOP;
  IF octet_length(change::text) > ${limits.changeBytesMax} THEN
    RAISE EXCEPTION 'A change must have at most ${limits.changeBytesMax} bytes: found %', octet_length(change::text)
      USING ERRCODE = '54000', HINT = 'Leave out of before and after what no receiver needs';
  END IF;
  IF NOT EXISTS (SELECT FROM aw.resources r WHERE r.type = 'workspace' AND r.workspace = record_change.workspace AND r.id = record_change.workspace) THEN
    RAISE EXCEPTION 'The workspace must exist: found none called %', coalesce('"' || record_change.workspace || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'There is always one called default';
  END IF;
  -- Time, then the order of recording, then chance: sorted as they were recorded, and nobody's guess.
  bits := ('x0' || lpad(to_hex(now_ms), 12, '0') || lpad(to_hex(nextval('aw.recorded_changes') & 4294967295), 8, '0')
    || encode(substring(uuid_send(gen_random_uuid()) FROM 11 FOR 6), 'hex'))::bit(132) << 2;
  FOR n IN 0..25 LOOP
    id := id || substr(alphabet, substring(bits FROM n * 5 + 1 FOR 5)::bit(5)::int + 1, 1);
  END LOOP;
  INSERT INTO aw.duties (id, workspace, shard, kind, due_at, version, attempts, payload)
  VALUES (
    id, record_change.workspace, hashtext(record_change.workspace || ' ' || subject::text) & 255, 'outbox', now_ms, 1, 0,
    jsonb_build_object('change', change, 'recordedAtMs', now_ms, 'role', session_user)::text);
  RETURN id;
END $body$;
REVOKE ALL ON FUNCTION aw.record_change(text, jsonb) FROM PUBLIC;
`;

export const outboxStage = `
CREATE SEQUENCE aw.recorded_changes;${outboxFunction}`;

/** The function as it is now, for a schema that has it already: other words, other kinds. Its grants stay. */
export const outboxReplacedStage = outboxFunction;
