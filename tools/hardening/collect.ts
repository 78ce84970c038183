/**
 * The hardening catalogue (what an attacker, a hostile receiver or a failing machine can do, 445 rows) against the tests:
 * a test names the rows it tries by beginning its name with their ids. A row without a test is open, and is shown as such.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Catalogue = {
  readonly areas: Readonly<Record<string, string>>;
  readonly rows: readonly CatalogueRow[];
};
export type CatalogueRow = {
  readonly id: string;
  /** In the core set: tried before anything else. */
  readonly core: boolean;
  /** What is tried. */
  readonly what: string;
};

export function readCatalogue(root: string): Catalogue {
  return JSON.parse(readFileSync(join(root, 'tools/hardening/catalogue.json'), 'utf8')) as Catalogue;
}

const id = '[A-Z]{2}-\\d{2}';
const atTheBeginning = new RegExp(`['"\`](${id}(?:(?:, | and |/| )${id})*)\\b`, 'g');

/** The ids with which string literals of a test file begin. */
export function idsOfTests(source: string): readonly string[] {
  const found = [...source.matchAll(atTheBeginning)].flatMap(([, ids]) => (ids ?? '').match(new RegExp(id, 'g')) ?? []);
  return [...new Set(found)];
}

/** Which test files try which row. */
export function collectTests(root: string): ReadonlyMap<string, readonly string[]> {
  const files = globSync('{src,test,packages,bench,tools}/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  });
  // The suites of contracts lie in testing/ and are run by the tests of each implementation.
  const suites = globSync('src/*/testing/**/*.ts', { cwd: root });
  const tests = new Map<string, string[]>();
  for (const file of [...files, ...suites].filter((name) => !name.startsWith('tools/hardening/')).sort()) {
    for (const found of idsOfTests(readFileSync(join(root, file), 'utf8'))) {
      tests.set(found, [...(tests.get(found) ?? []), file]);
    }
  }
  return tests;
}

/** What is wrong between catalogue and tests: names that point to no row, rows that stand twice. */
export function catalogueProblems(
  catalogue: Catalogue,
  tests: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const ids = catalogue.rows.map((row) => row.id);
  const known = new Set(ids);
  const problems = ids
    .filter((one, index) => ids.indexOf(one) !== index)
    .map((one) => `The catalogue has two rows ${one}`);
  for (const row of ids) if (!(row.slice(0, 2) in catalogue.areas)) problems.push(`${row} belongs to no area`);
  for (const [one, files] of tests) {
    // Two letters and two digits are also other things, such as invariants; only areas of the catalogue are meant.
    if (one.slice(0, 2) in catalogue.areas && !known.has(one))
      problems.push(`${files.join(', ')}: there is no row ${one}`);
  }
  return problems;
}
