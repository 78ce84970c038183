/**
 * What a query is once it was read: a tree of conditions. Which language it is written in, and what of it is understood, says
 * `query.ts`.
 */

/** Characters of a query. */
export const queryCharactersMax = 1_000;
/** Conditions in one query, and parentheses in each other. */
export const conditionsMax = 100;
export const nestingMax = 20;

export type QueryNode =
  | { readonly kind: 'and'; readonly of: readonly QueryNode[] }
  | { readonly kind: 'or'; readonly of: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly of: QueryNode }
  | QueryLeaf;

/** A condition; `field` null: in whatever words are looked for. */
export type QueryLeaf =
  | { readonly kind: 'all' }
  | { readonly kind: 'exists'; readonly field: string }
  /** `text` without wildcards; a phrase is one too. */
  | { readonly kind: 'text'; readonly field: string | null; readonly text: string }
  /** Parts that follow each other: literal text, `*` any characters, `?` one. */
  | { readonly kind: 'pattern'; readonly field: string | null; readonly parts: readonly PatternPart[] }
  | { readonly kind: 'range'; readonly field: string; readonly from: Bound | null; readonly to: Bound | null };

export type PatternPart = string | { readonly any: 'characters' | 'character' };
export type Bound = { readonly text: string; readonly included: boolean };

/** Where a query cannot be read: the character counted from 1, what was wanted, what stands there. */
export type QueryProblem = { readonly at: number; readonly wanted: string; readonly found: string };
export type ParsedQuery = { readonly node: QueryNode } | { readonly problem: QueryProblem };

const dated = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** The number of a bound; of a date its first moment (UTC) in milliseconds. Null for neither. */
export function boundValue(text: string): number | null {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (!dated.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
