import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawnSections } from '../reference/drawn-sections.ts';
import { withSection } from '../reference/sections.ts';
import type { DrawnSection } from '../reference/sections.ts';

/** The drawn parts of the reference pages say what the source says. */
export async function checkDrawnPages(root: string): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const section of drawnSections) {
    problems.push(...compareSection(section, readFileSync(join(root, section.page), 'utf8'), await section.draw(root)));
  }
  return problems;
}

/** What is out of date in one section of a page. */
export function compareSection(
  { page, name }: Pick<DrawnSection, 'page' | 'name'>,
  markdown: string,
  drawn: string,
): readonly string[] {
  const wanted = withSection(markdown, name, drawn);
  if (wanted === markdown) return [];
  const shown = new Set(markdown.split('\n'));
  const line = wanted.split('\n').find((one) => !shown.has(one)) ?? 'a line that is no longer true';
  return [`${page}: "${name}" is out of date; run "npm run docs" (first difference: ${line})`];
}
