/** Pages of what is small enough to be held whole. */
import { AssetwireError } from '../core/errors.ts';
import type { Page } from '../storage/contract/list-queries.ts';

export type ListQuery = { readonly limit: number; readonly cursor?: string };

/**
 * A page of items that are in ascending order of their keys. The cursor is the key of the last one shown, so what is added
 * or removed meanwhile makes no other item be skipped or shown twice. Throws `invalid_cursor`.
 */
export function listPage<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | number,
  { limit, cursor }: ListQuery,
): Page<Item> {
  const behind = cursor === undefined ? null : readCursor(cursor);
  const from = behind === null ? 0 : items.findIndex((item) => isBehind(keyOf(item), behind));
  if (from < 0) return { items: [], nextCursor: null };
  const shown = items.slice(from, from + limit);
  const last = shown.at(-1);
  const more = last !== undefined && from + shown.length < items.length;
  return { items: shown, nextCursor: more ? writeCursor(keyOf(last)) : null };
}

function isBehind(key: string | number, other: string | number): boolean {
  return typeof key === typeof other && key > other;
}

/** The cursor behind the item of this key: opaque to those who get it. */
export function writeCursor(key: string | number): string {
  return Buffer.from(JSON.stringify([key])).toString('base64url');
}

/** The key that a cursor holds. Throws `invalid_cursor`. */
export function readCursor(cursor: string): string | number {
  const bytes = Buffer.from(cursor, 'base64url');
  // One spelling only: Node skips what is not base64url.
  if (bytes.toString('base64url') === cursor) {
    const [key] = parsed(bytes.toString('utf8'));
    if (typeof key === 'string' || typeof key === 'number') return key;
  }
  throw foreignCursor();
}

/** The refusal of a cursor that is none of the list's. */
export function foreignCursor(): AssetwireError {
  return new AssetwireError('invalid_cursor', {
    detail: 'A cursor must be one that this list gave out: found another',
    mend: 'Begin again without a cursor',
  });
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
