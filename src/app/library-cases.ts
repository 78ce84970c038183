/** Use cases around libraries, as callers see them. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';
import type { Expected } from './preconditions.ts';

export type LibraryView = {
  /** What assets in it carry in `library`; never changes. */
  readonly key: string;
  readonly name: string;
  readonly description?: string;
  /** What receivers are told as the organization that it belongs to; the workspace's id unless said otherwise. */
  readonly organization: string;
  /** The one that every workspace has, in which assets are that name none: it stays. */
  readonly builtIn: boolean;
  /** 0: the built-in one, as nobody has changed it yet. */
  readonly version: number;
  readonly createdAtMs: number | null;
  readonly updatedAtMs: number | null;
};

export type LibraryInput = {
  readonly key: string;
  readonly name?: string;
  readonly description?: string;
  readonly organization?: string;
};

/** Null takes a field away. */
export type LibraryPatch = {
  readonly name?: string;
  readonly description?: string | null;
  readonly organization?: string | null;
  readonly expected?: Expected;
};

export interface LibraryCases {
  create(caller: Caller, input: LibraryInput): Promise<LibraryView>;
  /** The built-in one first, then the others, newest first; of those the caller may see. */
  list(caller: Caller, query: { readonly limit: number; readonly cursor?: string }): Promise<Page<LibraryView>>;
  /** Throws `not_found` also where the caller may not see it. */
  get(caller: Caller, key: string): Promise<LibraryView>;
  update(caller: Caller, key: string, patch: LibraryPatch): Promise<LibraryView>;
  /** Its assets stay and go on carrying the key; webhooks about it are switched off. */
  remove(caller: Caller, key: string, expected?: Expected): Promise<void>;
}
