import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles } from './repository-files.ts';

/**
 * In our documents a block marked `sh` says "type this and it works". Each must therefore stand in a page whose blocks a
 * test types, or be one of the few that run the tests themselves. An illustration is marked `bash` (coloured) or `text`.
 */
const typedByTests: { readonly [page: string]: string } = {
  'README.md': 'tools/readme.test.ts',
  'docs/tutorial.md': 'tools/readme-tutorial.test.ts',
  'docs/guides/manage-assets.md': 'test/guides/manage-assets.test.ts',
  'docs/guides/organise-assets.md': 'test/guides/organise-assets.test.ts',
  'docs/guides/test-a-webhook.md': 'test/guides/deliveries.test.ts',
  'docs/guides/replay-and-recover.md': 'test/guides/deliveries.test.ts',
  'docs/guides/export.md': 'test/guides/deliveries.test.ts',
  'docs/guides/share-files.md': 'test/guides/share-files.test.ts',
  'docs/guides/brandfolder-receivers.md': 'test/guides/brandfolder-receivers.test.ts',
  'docs/guides/bynder-receivers.md': 'test/guides/bynder-receivers.test.ts',
  'docs/guides/queues-and-mail.md': 'test/guides/queues-and-mail.test.ts',
  'docs/guides/cloudevents-receivers.md': 'test/guides/cloudevents-receivers.test.ts',
  'docs/guides/scaleflex-receivers.md': 'test/guides/scaleflex-receivers.test.ts',
  'docs/guides/bambuser-receivers.md': 'test/guides/bambuser-receivers.test.ts',
  'docs/guides/woodwing-receivers.md': 'test/guides/woodwing-receivers.test.ts',
};
const runsTheTests = /^npm (?:install(?: && npm test)?|run check|test)(?:\s+#.*)?$/;

export async function checkShellBlocks(root: string): Promise<readonly string[]> {
  const problems = Object.entries(typedByTests)
    .filter(([, test]) => !existsSync(join(root, test)))
    .map(([page, test]) => `${page}: ${test}, which types its blocks, is gone`);
  for (const page of repositoryFiles(root).filter((file) => file.endsWith('.md') && existsSync(join(root, file)))) {
    problems.push(...shellBlockProblems(page, readFileSync(join(root, page), 'utf8')));
  }
  return problems;
}

/** What is wrong with the blocks of one page. */
export function shellBlockProblems(page: string, markdown: string): readonly string[] {
  const typed = typedByTests[page] !== undefined;
  return [...markdown.matchAll(/^ *```(sh|shell|console)\n([^]*?)^ *```$/gm)].flatMap(([, language, code = '']) => {
    const [line = ''] = code.trim().split('\n');
    if (language !== 'sh') return [`${page}: mark the block "${line}" as sh or bash`];
    if (code.includes('…')) return [`${page}: the block "${line}" cannot be typed: it has … in it; mark it bash`];
    const harmless = code
      .trim()
      .split('\n')
      .every((each) => runsTheTests.test(each.trim()));
    return typed || harmless
      ? []
      : [`${page}: no test types the block "${line}"; mark it bash, or add the page to one`];
  });
}
