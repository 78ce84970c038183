/** The types of `document-search.js`, for the maker of the index and for tests. */
import type MiniSearch from 'minisearch';
import type { Options, SearchResult } from 'minisearch';

/** What maker and browser share: fields, what is a word, and its plain form. */
export const indexOptions: Options;

/** The entries that fit what was asked, best first. */
export function searchDocuments(index: MiniSearch, asked: string): SearchResult[];
