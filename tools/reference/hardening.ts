import { collectTests, readCatalogue } from '../hardening/collect.ts';
import type { CatalogueRow } from '../hardening/collect.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/hardening.md';

function count(rows: readonly CatalogueRow[], tests: ReadonlyMap<string, readonly string[]>): string {
  return `${rows.filter(({ id }) => tests.has(id)).length} of ${rows.length}`;
}

async function drawAreas(root: string): Promise<string> {
  const { areas, rows } = readCatalogue(root);
  const tests = collectTests(root);
  const lines = Object.entries(areas).map(([area, title]) => {
    const own = rows.filter(({ id }) => id.startsWith(`${area}-`));
    return [
      `**${area}** ${title}`,
      count(own, tests),
      count(
        own.filter(({ core }) => core),
        tests,
      ),
    ];
  });
  lines.push([
    '**all**',
    count(rows, tests),
    count(
      rows.filter(({ core }) => core),
      tests,
    ),
  ]);
  return table(['area', 'tried', 'tried of the core set'], lines);
}

async function drawRows(root: string): Promise<string> {
  const { rows } = readCatalogue(root);
  const tests = collectTests(root);
  return table(
    ['row', 'what is tried', 'by'],
    rows.map(({ id, core, what }) => [
      `${id}${core ? ' ★' : ''}`,
      what,
      (tests.get(id) ?? []).map((file) => `\`${file}\``).join('<br>') || 'open',
    ]),
  );
}

export const hardeningSections: readonly DrawnSection[] = [
  { page, name: 'areas', draw: drawAreas },
  { page, name: 'rows', draw: drawRows },
];
