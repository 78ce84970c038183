/**
 * The map of the documentation: the page `docs/README.md` itself. Its second-level headings are the groups of the
 * navigation and the list items below them, each beginning with a link, are the pages, in this order. One place to change.
 */
import MarkdownIt from 'markdown-it';
import { resolveLink } from './paths.ts';

export type MapEntry = { readonly file: string; readonly path: string; readonly label: string };
export type MapGroup = { readonly title: string; readonly entries: readonly MapEntry[] };

export const mapFile = 'docs/README.md';

export function readMap(markdown: string, served: (file: string) => boolean): readonly MapGroup[] {
  const groups: { title: string; entries: MapEntry[] }[] = [];
  const tokens = new MarkdownIt({ html: false }).parse(markdown, {});
  tokens.forEach((token, index) => {
    if (token.type === 'heading_open' && token.tag === 'h2') {
      groups.push({ title: tokens[index + 1]?.content ?? '', entries: [] });
    }
    if (token.type !== 'list_item_open') return;
    const [open, text] = tokens[index + 2]?.children ?? [];
    if (open?.type !== 'link_open') return;
    const target = resolveLink(mapFile, String(open.attrGet('href') ?? ''), served);
    if (target.kind !== 'inside' || target.anchor !== '') return;
    groups.at(-1)?.entries.push({ file: target.file, path: target.href, label: text?.content ?? target.file });
  });
  return groups.filter(({ entries }) => entries.length > 0);
}
