import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DrawnSection } from './sections.ts';

const folder = 'docs/guides/samples';
const page = 'docs/guides/verify-signatures.md';

/** What code hosts call the language of a file. */
const languages: { readonly [ending: string]: string } = {
  mjs: 'js',
  py: 'python',
  php: 'php',
  go: 'go',
  java: 'java',
  cs: 'csharp',
  rb: 'ruby',
  sh: 'bash',
};

function drawSample(root: string, file: string): string {
  const language = languages[file.split('.').at(-1) ?? ''];
  if (language === undefined) throw new Error(`The language of ${file} is not known`);
  return `\`\`\`${language}\n${readFileSync(join(root, folder, file), 'utf8').trimEnd()}\n\`\`\``;
}

/** Every sample stands in the page as it is run by the test. */
export const sampleSections: readonly DrawnSection[] = readdirSync(
  join(dirname(fileURLToPath(import.meta.url)), '../..', folder),
)
  .map((file) => ({ page, name: file }))
  .concat({ page: 'docs/tutorial.md', name: 'standard.mjs' })
  .map(({ page: shown, name }) => ({ page: shown, name, draw: async (root) => drawSample(root, name) }));
