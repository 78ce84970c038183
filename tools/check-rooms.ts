/**
 * Runs the boundary rules of .dependency-cruiser.cjs and prints what offends. The number of modules is asserted: with a
 * compiler it cannot use, the tool looks at nothing, says all is well and exits 0.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export type RoomsResult = { readonly modules: number; readonly violations: readonly string[] };

type CruiseOutput = {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string; readonly severity: string };
    }[];
  };
};

/** Cruises `src`, `packages` and the console below `directory`, which needs a `node_modules` to resolve libraries. */
export function checkRooms(directory: string): RoomsResult {
  const folders = ['src', 'packages', 'console/src'].filter((folder) => existsSync(join(directory, folder)));
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...folders,
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'json',
    ],
    { cwd: directory, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  const start = run.stdout.indexOf('{');
  if (start < 0) throw new Error(`dependency-cruiser gave no result: ${run.stderr || run.stdout}`);
  const { summary } = JSON.parse(run.stdout.slice(start)) as CruiseOutput;
  return {
    modules: summary.totalCruised,
    violations: summary.violations
      .filter(({ rule }) => rule.severity === 'error')
      .map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  };
}

/** Sound means looked at and found without a violation. */
export function roomsAreSound({ modules, violations }: RoomsResult): boolean {
  return modules > 0 && violations.length === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = checkRooms(root);
  const { modules, violations } = result;
  for (const violation of violations) console.log(violation);
  console.log(`rooms: ${modules} modules, ${violations.length} violations`);
  if (modules === 0)
    console.log('No module was looked at, so nothing was checked: is the compiler one the tool knows?');
  process.exitCode = roomsAreSound(result) ? 0 : 1;
}
