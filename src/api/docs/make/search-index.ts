/** The search of the documentation: one entry per section of a page, searched by the browser with the same library. */
import MiniSearch from 'minisearch';
import { indexOptions } from '../../page/document-search.js';
import type { Section } from './render.ts';

const excerptCharacters = 220;

export type Searchable = { readonly path: string; readonly title: string; readonly sections: readonly Section[] };

/** The index as JSON. An id is the address of its section. */
export function makeSearchIndex(pages: readonly Searchable[]): string {
  const index = new MiniSearch(indexOptions);
  const seen = new Set<string>();
  for (const { path, title, sections } of pages) {
    for (const { id, heading, names, text } of sections) {
      const address = id === '' ? path : `${path}#${id}`;
      if (seen.has(address)) continue;
      seen.add(address);
      index.add({
        id: address,
        heading,
        page: title,
        names: names.join(' '),
        text,
        excerpt: text.slice(0, excerptCharacters),
      });
    }
  }
  return JSON.stringify(index);
}
