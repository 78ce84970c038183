import { collectTests, readCatalogue } from '../hardening/collect.ts';
import type { CatalogueRow } from '../hardening/collect.ts';
import { notOffered } from '../hardening/not-offered.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/hardening.md';

type Standing = {
  readonly tests: ReadonlyMap<string, readonly string[]>;
  readonly reasons: ReadonlyMap<string, string>;
};

function readStanding(root: string): Standing {
  return { tests: collectTests(root), reasons: new Map(notOffered.map(({ id, reason }) => [id, reason])) };
}

/** Cells of one line: how many of what can be tried are tried, of all and of the core set, and how much there is not. */
function cells(rows: readonly CatalogueRow[], { tests, reasons }: Standing): readonly string[] {
  const offered = rows.filter(({ id }) => !reasons.has(id));
  const counted = (of: readonly CatalogueRow[]): string =>
    `${of.filter(({ id }) => tests.has(id)).length} of ${of.length}`;
  const missing = rows.length - offered.length;
  return [counted(offered), counted(offered.filter(({ core }) => core)), missing === 0 ? '' : String(missing)];
}

async function drawAreas(root: string): Promise<string> {
  const { areas, rows } = readCatalogue(root);
  const standing = readStanding(root);
  const lines = Object.entries(areas).map(([area, title]) => [
    `**${area}** ${title}`,
    ...cells(
      rows.filter(({ id }) => id.startsWith(`${area}-`)),
      standing,
    ),
  ]);
  lines.push(['**all**', ...cells(rows, standing)]);
  return table(['area', 'tried', 'tried of the core set', 'not offered'], lines);
}

async function drawRows(root: string): Promise<string> {
  const { rows } = readCatalogue(root);
  const { tests, reasons } = readStanding(root);
  const by = (id: string): string => {
    const reason = reasons.get(id);
    if (reason !== undefined) return `not offered: ${reason}`;
    return (tests.get(id) ?? []).map((file) => `\`${file}\``).join('<br>') || 'open';
  };
  return table(
    ['row', 'what is tried', 'by'],
    rows.map(({ id, core, what }) => [`${id}${core ? ' ★' : ''}`, what, by(id)]),
  );
}

export const hardeningSections: readonly DrawnSection[] = [
  { page, name: 'areas', draw: drawAreas },
  { page, name: 'rows', draw: drawRows },
];
