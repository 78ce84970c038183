/**
 * `npm run bench`: measures the real server as its own process and prints every figure with its target.
 *
 *   npm run bench                      everything (about a quarter of an hour)
 *   npm run bench -- --only cost,hang  some cases
 *   npm run bench -- --quick           shows that it works; the figures mean little
 *   npm run bench -- --only search --rows 300000   among so many assets instead of a million
 *   npm run bench -- --json FILE       writes the figures as JSON too
 *   npm run bench -- --store postgres  on PostgreSQL; its own processor time is in no figure but those of `workers`
 *
 * Ratios are taken within one run on one machine, medians of runs that take turns. All traffic stays on loopback.
 */
import { writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCases } from './cases.ts';
import type { Figure } from './figure.ts';
import { foreignCores, watchForeign } from './process-usage.ts';
import { round } from './figure.ts';
import { closeStores, useStore } from './store.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    rows: { type: 'string' },
  },
});
if (values.store !== 'sqlite' && values.store !== 'postgres') {
  console.error(`The store must be sqlite or postgres: found ${values.store}`);
  process.exit(2);
}
const rowCount = values.rows === undefined ? undefined : Number(values.rows);
if (rowCount !== undefined && !(Number.isSafeInteger(rowCount) && rowCount >= 1_000)) {
  console.error(`--rows must be a whole number from 1000 on: found ${values.rows}`);
  process.exit(2);
}
useStore(values.store);
// On a disk: what a commit's sync costs belongs to the figures.
process.env['ASSETWIRE_TEST_POSTGRES_DIR'] ??= tmpdir();
const wanted = values.only?.split(',');
const unknown = wanted?.filter((name) => !benchCases.some((one) => one.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(', ')}; there are ${benchCases.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const machine = {
  node: process.version,
  kernel: release(),
  cpus: cpus().map(({ model }) => model),
  memoryGiB: round(totalmem() / 1024 ** 3),
  durability: values.store === 'sqlite' ? 'SQLite WAL, synchronous=FULL' : 'PostgreSQL, synchronous_commit=on',
};
console.log(
  `Node ${machine.node}, ${machine.cpus.length} × ${machine.cpus[0] ?? '?'}, Linux ${machine.kernel}, ${machine.durability}`,
);

type CaseReport = { readonly name: string; readonly figures: readonly Figure[]; readonly foreignCores: number };

const reports: CaseReport[] = [];
let broken = 0;
for (const { name, title, run } of benchCases) {
  if (wanted !== undefined && !wanted.includes(name)) continue;
  console.log(`\n${title} (${name})`);
  const window = watchForeign();
  try {
    const figures = await run({
      quick: values.quick,
      log: (text) => console.log(`  ${text}`),
      ...(rowCount === undefined ? {} : { rows: rowCount }),
    });
    reports.push({ name, figures, foreignCores: round(foreignCores(window)) });
  } catch (error) {
    broken += 1;
    console.log(`  BROKEN: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

function verdict({ met }: Figure): string {
  if (met === null) return '';
  return met ? 'met' : 'NOT MET';
}

const rows = reports.flatMap(({ figures }) =>
  figures.map((figure) => [figure.name, figure.target, figure.measured, verdict(figure)]),
);
const header = ['figure', 'target', 'measured', ''];
const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
console.log('');
for (const row of [header, ...rows])
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
const foreign = reports.map((report) => `${report.name} ${report.foreignCores}`).join(', ');
console.log(`\nCores used by others meanwhile: ${foreign || '–'}`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine, quick: values.quick, reports }, null, 2)}\n`);
}
await closeStores();
process.exitCode = broken === 0 ? 0 : 1;
