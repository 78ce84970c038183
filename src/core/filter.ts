import type { AssetKind } from './asset.ts';
import type { JsonValue } from './json.ts';

/**
 * Which changes a webhook wants, beyond its events. Declarative JSON: no expression language, no regular expression, so
 * evaluation is linear in the size of filter and change and a hostile filter can cost nothing.
 *
 * `field` is a dot path into the snapshot (`name`, `path`, `info.title`, `metadata.status`, `file.mimeType`). `of` says
 * which snapshot is asked: `after` (default; `before` for deletions, where there is no after), `before`, or `becomes`:
 * the condition holds after and did not hold before.
 */
export type Filter =
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter }
  /** The subject lies in one of these folders, or below them unless `exact`. */
  | { readonly folder: readonly string[]; readonly exact?: boolean }
  | { readonly assetKind: readonly AssetKind[] }
  /** At least one of these fields changed; a name covers what lies below it (`metadata` covers `metadata.status`). */
  | { readonly changed: readonly string[] }
  | FieldCondition;

export type FieldCondition = {
  readonly field: string;
  readonly of?: 'after' | 'before' | 'becomes';
} & (
  | { readonly equals: JsonValue }
  | { readonly in: readonly JsonValue[] }
  /** An array that holds the value, or a string that has it as a part. */
  | { readonly contains: JsonValue }
  | { readonly startsWith: string }
  | { readonly exists: boolean }
  | { readonly atLeast: number }
  | { readonly atMost: number }
);

/** Which parts of the snapshot a payload carries; the dialect defines the names. Absent means the dialect's default. */
export type Projection = { readonly fields: readonly string[] };
