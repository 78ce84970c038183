/**
 * One Markdown file as the inside of a page. Raw HTML in the source is never HTML in the page: markdown-it escapes it, and
 * links may be http, https, mailto or relative. The two things our pages use of HTML are understood here: comments (dropped)
 * and `<br>` in a cell of a table.
 */
import Parser from 'markdown-it';
import type { MarkdownIt, Token } from 'markdown-it';
import { createAnchors } from './anchors.ts';
import { escapeHtml } from '../escape-html.ts';
import { highlight } from './highlight.ts';
import { resolveLink } from './paths.ts';
import type { LinkTarget } from './paths.ts';

export type Heading = { readonly level: number; readonly id: string; readonly text: string };

/** What stands between one heading and the next, for the search. */
export type Section = {
  readonly id: string;
  readonly heading: string;
  /** What it defines or lists: codes and numbers with a cell of a table for themselves, bold beginnings of list items. */
  readonly names: readonly string[];
  readonly text: string;
};

export type RenderedPage = {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
};

export type RenderOptions = {
  /** The file, from the root of the repository: links are relative to it. */
  readonly file: string;
  readonly markdown: string;
  /** Whether a file of the documentation is served. */
  readonly served: (file: string) => boolean;
};

export function renderPage({ file, markdown, served }: RenderOptions): RenderedPage {
  const parser = createParser();
  const tokens = parser.parse(withoutComments(markdown), {});
  const headings = markHeadings(tokens);
  // The alignment of a column is an inline style, which the content security policy forbids.
  for (const token of tokens) if (token.type === 'th_open' || token.type === 'td_open') token.attrs = null;
  leadLinks(tokens, file, served);
  const title = headings.find(({ level }) => level === 1)?.text ?? file;
  return {
    title,
    html: parser.renderer.render(tokens, parser.options, {}),
    headings,
    sections: sectionsOf(tokens, title),
  };
}

/** Comments outside code. They stand on lines of their own in our pages. */
function withoutComments(markdown: string): string {
  return markdown.replaceAll(/^<!--.*-->$\n?/gm, '');
}

function createParser(): MarkdownIt {
  const parser = new Parser({ html: false, linkify: false, highlight });
  parser.inline.ruler.push('line_break_tag', (state, silent) => {
    if (!state.src.startsWith('<br>', state.pos)) return false;
    if (!silent) state.push('hardbreak', 'br', 0);
    state.pos += '<br>'.length;
    return true;
  });
  const { rules } = parser.renderer;
  // Long names may break behind an underscore or a slash, where a narrow window leaves no other choice.
  rules['code_inline'] = (tokens, index) =>
    `<code>${escapeHtml(tokens[index]?.content ?? '').replaceAll(/(?<=\w)[_/](?=\w)/g, '$&<wbr>')}</code>`;
  rules['table_open'] = () => '<div class="scroll" tabindex="0"><table>\n';
  rules['table_close'] = () => '</table></div>\n';
  rules['heading_close'] = (tokens, index) => {
    const open = tokens[index - 2];
    if (open === undefined || open.tag === 'h1') return '</h1>\n';
    const id = escapeHtml(attribute(open, 'id'));
    return ` <a class="anchor" href="#${id}" aria-label="Link to this section">#</a></${open.tag}>\n`;
  };
  return parser;
}

/** Makes links and pictures lead to where the files are served. A link to a file that is not becomes plain text. */
function leadLinks(tokens: readonly Token[], file: string, served: (file: string) => boolean): void {
  let elsewhere = false;
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    if (token.type === 'link_open') elsewhere = leadLink(token, resolveLink(file, attribute(token, 'href'), served));
    else if (token.type === 'link_close' && elsewhere) token.tag = 'span';
    if (token.type !== 'image') continue;
    const target = resolveLink(file, attribute(token, 'src'), served);
    if (target.kind === 'inside') token.attrSet('src', target.href);
  }
}

/** True where the link leads to something that is not served; links do not nest. */
function leadLink(token: Token, target: LinkTarget): boolean {
  if (target.kind === 'source') {
    token.tag = 'span';
    token.attrs = [
      ['class', 'source'],
      ['title', `A file of the source: ${target.file}`],
    ];
    return true;
  }
  token.attrSet('href', target.href);
  if (target.kind === 'outside') token.attrSet('rel', 'noreferrer');
  return false;
}

/** Gives every heading its id. */
function markHeadings(tokens: readonly Token[]): readonly Heading[] {
  const anchors = createAnchors();
  const headings: Heading[] = [];
  tokens.forEach((token, index) => {
    if (token.type !== 'heading_open') return;
    const text = plainText(tokens[index + 1]);
    const id = anchors(text);
    token.attrSet('id', id);
    headings.push({ level: Number(token.tag.slice(1)), id, text });
  });
  return headings;
}

/** An attribute as text, empty where it is absent. */
function attribute(token: Token, name: string): string {
  return String(token.attrGet(name) ?? '');
}

/** The words of an inline token: text and code, no marks. */
function plainText(token: Token | undefined): string {
  return (token?.children ?? [])
    .map((child) =>
      child.type === 'softbreak' || child.type === 'hardbreak' ? ' ' : child.type === 'image' ? '' : child.content,
    )
    .join('');
}

function sectionsOf(tokens: readonly Token[], title: string): readonly Section[] {
  const sections: { id: string; heading: string; names: string[]; words: string[] }[] = [];
  let inHeading = false;
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      inHeading = true;
      sections.push({ id: attribute(token, 'id'), heading: '', names: [], words: [] });
    } else if (token.type === 'heading_close') inHeading = false;
    const last = sections.at(-1);
    if (last === undefined) continue;
    if (token.type === 'inline' && inHeading) last.heading = plainText(token);
    else if (token.type === 'inline') {
      last.words.push(plainText(token));
      last.names.push(...namesIn(tokens, index));
    } else if (token.type === 'fence' || token.type === 'code_block') last.words.push(token.content);
  }
  return sections.map(({ id, heading, names, words }) => ({
    id: heading === title ? '' : id,
    heading,
    names,
    text: words.join(' ').replaceAll(/\s+/g, ' ').trim(),
  }));
}

/** A code that has the first cell of a row for itself, a number any cell, and the words that begin an item of a list in bold. */
function namesIn(tokens: readonly Token[], index: number): readonly string[] {
  const token = tokens[index];
  const children = token?.children?.filter(({ type, content }) => type !== 'text' || content !== '') ?? [];
  if (tokens[index - 1]?.type === 'td_open') {
    const first = tokens[index - 2]?.type === 'tr_open';
    const isName =
      children.length === 1 && ((first && children[0]?.type === 'code_inline') || /^\d+$/.test(plainText(token)));
    return isName ? [plainText(token)] : [];
  }
  if (tokens[index - 2]?.type !== 'list_item_open' || children[0]?.type !== 'strong_open') return [];
  const end = children.findIndex(({ type }) => type === 'strong_close');
  return children.slice(1, end).map(({ content }) => content);
}
