/** What several schemas are made of. */
import type { IdKind, IdOf } from '../../core/ids.ts';
import { idPrefixes } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { array, integer, named, nameOf, nullable, object, optional, raw, type Schema, string } from '../schema.ts';

/** One of our ids, by its kind. */
export function id<Kind extends IdKind>(kind: Kind): Schema<IdOf<Kind>> {
  return raw({
    type: 'string',
    pattern: `^${idPrefixes[kind]}_[0-9a-z]{26}$`,
    description: `Id of ${articleOf(kind)} ${kind}: ${idPrefixes[kind]}_ and 26 characters`,
  });
}

function articleOf(kind: string): string {
  return /^[aeio]/.test(kind) ? 'an' : 'a';
}

/** Text without control characters, which neither a name nor an id of anybody's has. */
export function line(maxLength: number, description?: string): Schema<string> {
  return string({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    ...(description === undefined ? {} : { description }),
  });
}

/** The last moment of the year 9999: beyond it no date format we write can follow. */
const timeMsMax = 253_402_300_799_999;

export function timeMs(description = 'Unix milliseconds'): Schema<number> {
  return integer({ minimum: 0, maximum: timeMsMax, description });
}

export const jsonObject: Schema<JsonObject> = raw({ type: 'object' });

export const headerPairs: Schema<readonly (readonly [string, string])[]> = raw({
  type: 'array',
  items: {
    type: 'array',
    prefixItems: [{ type: 'string' }, { type: 'string' }],
    items: false,
    minItems: 2,
    maxItems: 2,
  },
  description: 'Header names and values, in order',
});

export const cursor = string({
  minLength: 1,
  maxLength: 1_024,
  pattern: '^[!-~]+$',
  description: 'The nextCursor of the page before',
});
export const limit = integer({
  minimum: 1,
  maximum: limits.pageItemsMax,
  description: `Items per page, ${limits.pageItemsDefault} by default`,
});
export const pageQuery = object({ limit: optional(limit), cursor: optional(cursor) });

/** What a stream says of events that its reader was too slow for. */
export const skippedSchema = object({ count: integer({ minimum: 1, description: 'Events that were left out' }) });

/** One thing that is wrong with a request, or with one item of it. */
export const problemItemSchema = object({
  at: string(),
  wanted: string(),
  found: string(),
  mend: optional(string()),
});

/** What lists answer: `AssetPage` for `Asset`. */
export function pageOf<T>(
  item: Schema<T>,
): Schema<{ readonly data: readonly T[]; readonly nextCursor: string | null }> {
  const page = object({ data: array(item), nextCursor: nullable(string()) });
  const name = nameOf(item);
  return name === undefined ? page : named(`${name}Page`, page);
}

export function byId<Kind extends IdKind>(kind: Kind): Schema<{ readonly id: IdOf<Kind> }> {
  return object({ id: id(kind) });
}

/** A page of the store as lists answer it. */
export function shownPage<T>(page: { readonly items: readonly T[]; readonly nextCursor: string | null }): {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
} {
  return { data: page.items, nextCursor: page.nextCursor };
}

/** Limit and cursor as the use cases take them. */
export function pageOptions(query: { readonly limit?: number; readonly cursor?: string }): {
  readonly limit: number;
  readonly cursor?: string;
} {
  return {
    limit: query.limit ?? limits.pageItemsDefault,
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
  };
}
