/**
 * Tables of the search index. Everything in them is derived from the assets: per workspace, made at its first search, kept in
 * step by whoever searches and by upkeep, never by a commit. `place`: changes and touches up to this number are in it;
 * `read_at`: when it was last known to have come so far.
 *
 * `asset_touches`: writes of assets that no change tells of.
 */
const key = 'text COLLATE "C" NOT NULL';
/** Sets and blocks are written again and again, and are small or packed apart. */
const busy =
  'autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0';

export const searchStage = `
CREATE TABLE aw.search_spaces (
  workspace ${key} PRIMARY KEY, next_doc bigint NOT NULL DEFAULT 0, place bigint NOT NULL, read_at bigint NOT NULL,
  built boolean NOT NULL DEFAULT false, swept ${key} DEFAULT '') WITH (fillfactor = 50);
CREATE TABLE aw.search_docs (
  workspace ${key}, doc integer NOT NULL, id ${key}, version integer NOT NULL, created_at bigint NOT NULL,
  updated_at bigint NOT NULL, name ${key}, fields text NOT NULL, terms text NOT NULL, PRIMARY KEY (workspace, doc)) WITH (${busy});
CREATE UNIQUE INDEX search_docs_id ON aw.search_docs (workspace, id);
CREATE INDEX search_docs_name ON aw.search_docs (workspace, name, doc);
CREATE TABLE aw.search_sets (
  workspace ${key}, term ${key}, chunk integer NOT NULL, docs bytea NOT NULL, PRIMARY KEY (workspace, term, chunk)) WITH (${busy});
CREATE TABLE aw.search_numbers (
  workspace ${key}, field ${key}, block integer NOT NULL, numbers bytea NOT NULL, PRIMARY KEY (workspace, field, block)) WITH (${busy});
CREATE TABLE aw.asset_touches (
  workspace ${key}, seq bigint NOT NULL, id ${key}, PRIMARY KEY (workspace, seq));
`;

/** Tables of the index with the columns of their keys, for whoever takes a workspace out of them. */
export const searchTables: readonly (readonly [table: string, key: readonly string[]])[] = [
  ['search_spaces', ['workspace']],
  ['search_docs', ['workspace', 'doc']],
  ['search_sets', ['workspace', 'term', 'chunk']],
  ['search_numbers', ['workspace', 'field', 'block']],
  ['asset_touches', ['workspace', 'seq']],
];
