import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryFiles } from './repository-files.ts';

/** Links between the documents of the repository lead somewhere. */
export async function checkLinks(root: string): Promise<readonly string[]> {
  return repositoryFiles(root)
    .filter((file) => file.endsWith('.md') && existsSync(join(root, file)))
    .flatMap((file) =>
      localLinks(readFileSync(join(root, file), 'utf8'))
        .filter((link) => !existsSync(join(root, dirname(file), link)))
        .map((link) => `${file}: the link ${link} leads nowhere`),
    );
}

/** The relative links of a document, without what follows `#`. Code is left out. */
export function localLinks(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/```[^]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => (link ?? '').replace(/#.*$/, ''))
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link));
}
