/** The search of the documentation: one entry per section of a page, searched by the browser with the same library. */
import MiniSearch from 'minisearch';
import type { Section } from './render.ts';

/** The options that maker and browser share; `documents.js` has the same. */
export const searchOptions = {
  fields: ['heading', 'page', 'text'],
  storeFields: ['heading', 'page', 'excerpt'],
} as const;

const excerptCharacters = 220;

export type Searchable = { readonly path: string; readonly title: string; readonly sections: readonly Section[] };

/** The index as JSON. An id is the address of its section. */
export function makeSearchIndex(pages: readonly Searchable[]): string {
  const index = new MiniSearch({ fields: [...searchOptions.fields], storeFields: [...searchOptions.storeFields] });
  const seen = new Set<string>();
  for (const { path, title, sections } of pages) {
    for (const { id, heading, text } of sections) {
      const address = id === '' ? path : `${path}#${id}`;
      if (seen.has(address)) continue;
      seen.add(address);
      index.add({ id: address, heading, page: title, text, excerpt: text.slice(0, excerptCharacters) });
    }
  }
  return JSON.stringify(index);
}
