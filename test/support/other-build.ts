/**
 * A build of another version, made from the present sources: the same program with what a later release plausibly brings.
 * An earlier commit would be less work and is not to be had in every checkout (many hold the last commit alone).
 */
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

export type OtherBuild = {
  readonly version: string;
  /** One stage more in the schema of either store: a table, and an index or a column of the queue. */
  readonly schema: boolean;
  /** A dialect and a change kind that this version has never heard of. */
  readonly words: boolean;
};

/** What only the other build knows. */
export const novel = { dialect: 'novel', kind: 'asset.novelty' } as const;

/** Builds into a directory of its own; answers with it, for `startServer({ build })`. */
export function makeOtherBuild(directory: string, { version, schema, words }: OtherBuild): string {
  mkdirSync(directory, { recursive: true });
  const shipped = (path: string): boolean =>
    !path.endsWith('.test.ts') && !/\/(testing|fixtures)$/.test(path.split(sep).join('/'));
  cpSync(join(root, 'src'), join(directory, 'src'), { recursive: true, filter: shipped });
  for (const name of ['bin', 'package.json']) cpSync(join(root, name), join(directory, name), { recursive: true });
  for (const name of ['node_modules', 'console', 'docs', 'media']) symlinkSync(join(root, name), join(directory, name));
  change(directory, 'package.json', /"version": "[^"]+"/, () => `"version": "${version}"`);
  if (schema) addStage(directory);
  if (words) addWords(directory);
  return directory;
}

function addStage(directory: string): void {
  const end = (list: string): RegExp => new RegExp(`\\n\\];\\nexport const schemaVersion = ${list}\\.length;`);
  const table = (prefix: string): string => `CREATE TABLE ${prefix}novelty (id TEXT PRIMARY KEY, at INTEGER NOT NULL)`;
  change(
    directory,
    'src/storage/sqlite/schema.ts',
    end('migrations'),
    (found) => `\n  (db) => db.exec('${table('')}; CREATE INDEX queue_novelty ON queue (created_at)'),${found}`,
  );
  // Processes of the version before go on beside this one, so they must bear a column more.
  const column = 'ALTER TABLE aw.queue ADD COLUMN novelty integer NOT NULL DEFAULT 0';
  change(
    directory,
    'src/storage/postgres/schema.ts',
    end('stages'),
    (found) => `\n  '${table('aw.')}; ${column}',${found}`,
  );
}

function addWords(directory: string): void {
  change(
    directory,
    'src/compose/dialects.ts',
    /export const dialects: readonly Dialect\[\] = \[/,
    (found) => `${found}{ ...standardDialect, manifest: { ...standardDialect.manifest, id: '${novel.dialect}' } },`,
  );
  change(directory, 'src/core/change.ts', /'asset\.rescued',/, (found) => `${found} '${novel.kind}',`);
  const tables = globSync('src/dialects/*/events.ts', { cwd: directory });
  for (const file of [...tables, 'src/core/change-words.ts', 'src/core/sample-change.ts']) {
    change(
      directory,
      file,
      /'asset\.rescued': ([^\n]+)\n/,
      (found) => found + found.replaceAll('asset.rescued', novel.kind),
    );
  }
}

function change(directory: string, file: string, place: RegExp, make: (found: string) => string): void {
  const path = join(directory, file);
  const text = readFileSync(path, 'utf8');
  if (!place.test(text)) throw new Error(`The other build must change ${file}: ${String(place)} is not there any more`);
  writeFileSync(path, text.replace(place, make));
}
