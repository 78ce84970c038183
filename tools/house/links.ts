import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderPage } from '../../src/api/docs/make/render.ts';
import { repositoryFiles } from './repository-files.ts';

/** Links between the documents of the repository lead somewhere, and so do what stands behind the `#`. */
export async function checkLinks(root: string): Promise<readonly string[]> {
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (file: string): ReadonlySet<string> => {
    const known = anchors.get(file) ?? headingIds(file, readFileSync(join(root, file), 'utf8'));
    anchors.set(file, known);
    return known;
  };
  return repositoryFiles(root)
    .filter((file) => file.endsWith('.md') && existsSync(join(root, file)))
    .flatMap((file) =>
      localLinks(readFileSync(join(root, file), 'utf8')).flatMap((link) => {
        const [path = '', anchor] = link.split('#', 2);
        const target = path === '' ? file : join(dirname(file), path);
        if (!existsSync(join(root, target))) return [`${file}: the link ${link} leads nowhere`];
        if (anchor === undefined || !target.endsWith('.md')) return [];
        return anchorsOf(target).has(anchor) ? [] : [`${file}: the link ${link} leads to no heading of ${target}`];
      }),
    );
}

/** The ids of a page's headings, as code hosts and `/docs` make them. */
export function headingIds(file: string, markdown: string): ReadonlySet<string> {
  const { headings } = renderPage({ file, markdown, served: () => true });
  return new Set(headings.map(({ id }) => id));
}

/** The links of a document to itself or to other files. Code is left out. */
export function localLinks(markdown: string): readonly string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link ?? '')
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link));
}

/** What is written for people: without code. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(/^ *```[^]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}
