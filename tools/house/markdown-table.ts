/**
 * The rows of a page's tables whose first cell is a name in backticks, by that name: the other cells as they stand. The
 * same name twice is an error of the page.
 */
export function namedRows(markdown: string): ReadonlyMap<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const line of markdown.split('\n')) {
    const match = /^\| `([^`]+)` \|(.*)\|$/.exec(line.trim());
    const [, name, rest] = match ?? [];
    if (name === undefined || rest === undefined) continue;
    if (rows.has(name)) throw new Error(`The page has two rows for ${name}`);
    rows.set(name, splitCells(rest));
  }
  return rows;
}

function splitCells(text: string): readonly string[] {
  return text.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/**
 * Compares a page with the table it documents: every row of the source is in the page and the other way round, the
 * cells that come from the source agree, and the cell behind them (what people are told) is not empty.
 */
export function compareRows(
  page: string,
  markdown: string,
  source: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const shown = namedRows(markdown);
  const problems: string[] = [];
  for (const [name, cells] of source) {
    const row = shown.get(name);
    const wanted = `| \`${name}\` | ${cells.join(' | ')} | … |`;
    if (row === undefined) problems.push(`${page} lacks a row for ${name}: ${wanted}`);
    else if (cells.some((cell, index) => row[index] !== cell))
      problems.push(`${page}: the row of ${name} must begin ${wanted}`);
    else if ((row[cells.length] ?? '') === '') problems.push(`${page}: the row of ${name} says nothing`);
  }
  for (const name of shown.keys()) {
    if (!source.has(name)) problems.push(`${page} has a row for ${name}, which does not exist`);
  }
  return problems;
}
