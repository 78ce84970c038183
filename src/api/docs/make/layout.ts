/** The page around a document: bar, navigation, text, what is on this page, the page before and the page after. */
import { escapeHtml } from '../escape-html.ts';
import type { MapEntry, MapGroup } from './map.ts';
import type { Heading } from './render.ts';

export type Layout = {
  readonly title: string;
  /** The path of this page; null for one that is not on the map, such as an error. */
  readonly path: string | null;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly map: readonly MapGroup[];
};

/** The explorer of the API stands in the navigation without being a document. */
export const apiExplorerPath = '/docs/api';

export function layoutPage(layout: Layout): string {
  const { title, html, map, path } = layout;
  const contents = contentsOf(layout.headings);
  const pages = pagesOf(map, path);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)} · Assetwire</title>
    <link rel="icon" href="/page/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/page/page.css" />
    <link rel="stylesheet" href="/page/documents.css" />
    <script type="module" src="/page/documents.js"></script>
  </head>
  <body class="documents">
    <a class="skip" href="#text">Skip to the text</a>
    <header class="bar">
      <a class="brand" href="/"><img src="/page/icon.svg" alt="" width="28" height="28" />Assetwire</a>
      <div id="search"></div>
      <nav aria-label="Site">
        <a href="/docs"${path === '/docs' ? ' aria-current="page"' : ''}>Docs</a>
        <a href="${apiExplorerPath}">API</a>
      </nav>
    </header>
    <div class="shell">
      <nav class="side" aria-label="Pages">${pages}</nav>
      <main id="text">
        <details class="fold"><summary>All pages</summary><nav aria-label="Pages">${pages}</nav></details>
        ${contents === '' ? '' : `<details class="fold"><summary>On this page</summary>${contents}</details>`}
        <article>
${html}
        </article>
        ${neighboursOf(map, path)}
      </main>
      ${contents === '' ? '' : `<aside class="contents" aria-label="On this page"><h2>On this page</h2>${contents}</aside>`}
    </div>
    <div id="toasts" role="status" aria-live="polite"></div>
  </body>
</html>
`;
}

function pagesOf(map: readonly MapGroup[], path: string | null): string {
  return map
    .map(({ title, entries }) => {
      const items = entries.map(
        (entry) =>
          `<li><a href="${entry.path}"${entry.path === path ? ' aria-current="page"' : ''}>${escapeHtml(entry.label)}</a></li>`,
      );
      return `<h2>${escapeHtml(title)}</h2><ul>${items.join('')}</ul>`;
    })
    .join('');
}

/** Second and third level; a page with fewer than two such headings needs no list. */
function contentsOf(headings: readonly Heading[]): string {
  const shown = headings.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 2) return '';
  // A page of many small parts is overseen by its large ones.
  const brief = shown.length > 40 ? shown.filter(({ level }) => level === 2) : shown;
  const items = brief.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${escapeHtml(id)}">${escapeHtml(text)}</a></li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

function neighboursOf(map: readonly MapGroup[], path: string | null): string {
  const pages = map.flatMap(({ entries }) => entries);
  const index = pages.findIndex((entry) => entry.path === path);
  if (index < 0) return '';
  const link = (entry: MapEntry | undefined, rel: string, word: string): string =>
    entry === undefined
      ? '<span></span>'
      : `<a rel="${rel}" href="${entry.path}"><small>${word}</small>${escapeHtml(entry.label)}</a>`;
  return `<nav class="neighbours" aria-label="Before and after">${link(pages[index - 1], 'prev', 'Before')}${link(pages[index + 1], 'next', 'Next')}</nav>`;
}
