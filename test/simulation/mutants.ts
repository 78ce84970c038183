/**
 * Shows that the simulation can fail: breaks the engine (or the store) on purpose, one way at a time, in a copy of the
 * tree, and expects the runs to notice. `node test/simulation/mutants.ts [--seeds 40] [--only PART-OF-A-NAME] [--cluster]`
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutants } from './mutant-list.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '40' },
    only: { type: 'string' },
    cluster: { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '../..');

/** A mutant that hangs, or that does not even start, has not been caught by a check. */
type Verdict = 'caught' | 'MISSED' | 'NO END' | 'NO START';

function simulate(
  tree: string,
  more: readonly string[],
): Promise<{ readonly verdict: Verdict; readonly first: string }> {
  return new Promise((resolve) => {
    const args = [join(tree, 'test/simulation/main.ts'), '--seeds', values.seeds, '--until-failed', ...more];
    execFile(process.execPath, args, { cwd: tree, timeout: 600_000 }, (error, stdout, stderr) => {
      const lines = stdout.split('\n');
      const first = lines.find((line) => line.startsWith('seed '));
      if (first !== undefined) return resolve({ verdict: 'caught', first: first.slice(0, 110) });
      const summary = lines.findLast((line) => / failures$/.test(line)) ?? '';
      if (summary !== '') return resolve({ verdict: error === null ? 'MISSED' : 'caught', first: summary });
      if (error?.killed === true) return resolve({ verdict: 'NO END', first: lines.at(-1) ?? '' });
      return resolve({ verdict: 'NO START', first: stderr.split('\n')[4] ?? '' });
    });
  });
}

let missed = 0;
for (const { name, file, find, replace, cluster } of mutants) {
  if (values.only !== undefined && !name.includes(values.only)) continue;
  if (values.cluster && cluster !== true) continue;
  const tree = await mkdtemp(join(tmpdir(), 'assetwire-mutant-'));
  try {
    for (const part of ['src', 'test', 'package.json', 'tsconfig.json']) {
      await cp(join(root, part), join(tree, part), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
    const path = join(tree, file);
    const source = await readFile(path, 'utf8');
    if (!source.includes(find)) {
      missed += 1;
      process.stdout.write(`${name}: its place in ${file} is gone; the list needs mending\n`);
      continue;
    }
    await writeFile(path, source.replace(find, replace));
    const { verdict, first } = await simulate(tree, cluster === true ? ['--cluster'] : []);
    if (verdict !== 'caught') missed += 1;
    process.stdout.write(`${verdict}  ${name}  ${first}\n`);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}
process.exitCode = missed === 0 ? 0 : 1;
