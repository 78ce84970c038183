/** `npm run docs`: draws the parts of the reference pages that come from the source anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawnSections } from './reference/drawn-sections.ts';
import { withSection } from './reference/sections.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

for (const { page, name, draw } of drawnSections) {
  const path = join(root, page);
  const before = readFileSync(path, 'utf8');
  const after = withSection(before, name, await draw(root));
  if (after === before) continue;
  writeFileSync(path, after);
  console.log(`${page}: ${name} drawn anew`);
}
