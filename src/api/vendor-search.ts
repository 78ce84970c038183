/** Hits of a search as vendors page through them: by number, where our own lists go on from a cursor. */
import type { App, AssetListQuery, AssetView, Caller } from '../app/app.ts';
import { limits } from '../core/limits.ts';
import type { SearchExpression } from '../core/search-expression.ts';

export type VendorSearch = {
  readonly where: SearchExpression;
  readonly order: NonNullable<AssetListQuery['order']>;
  /** Hits to pass over, and hits to answer. */
  readonly offset: number;
  readonly limit: number;
};

/** Made by a dialect from a query it has read, so only the frame is looked at. */
export const searchSchema = {
  type: 'object',
  required: ['where', 'order', 'offset', 'limit'],
  properties: {
    where: { type: 'object' },
    order: { enum: ['newest', 'oldest', 'updated', 'name'] },
    offset: { type: 'integer', minimum: 0, maximum: 10_000 },
    limit: { type: 'integer', minimum: 0, maximum: 1_000 },
  },
} as const;

export type SearchedHits = { readonly items: readonly AssetView[]; readonly total: number };

/** One page may hold less than was asked for while there is more: then the next one is read. */
export async function searchedHits(
  app: App,
  caller: Caller,
  { where, order, offset, limit }: VendorSearch,
): Promise<SearchedHits> {
  const items: AssetView[] = [];
  let passed = 0;
  let total: number | null = null;
  let cursor: string | null = null;
  do {
    const wanted: number = Math.min(limits.pageItemsMax, Math.max(1, offset + limit - passed));
    const page: Awaited<ReturnType<App['assets']['list']>> = await app.assets.list(caller, {
      where,
      order,
      limit: wanted,
      ...(cursor === null ? { count: true } : { cursor }),
    });
    total ??= page.total?.value ?? null;
    for (const item of page.items) {
      if (passed >= offset && items.length < limit) items.push(item);
      passed += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null && passed < offset + limit);
  return { items, total: Math.max(total ?? 0, passed) };
}

/**
 * A search in which an id also means the asset that has it as its alias: an index knows assets by our ids only. `find` says
 * which asset has one, null where none has.
 */
export async function withAliases(
  expression: SearchExpression,
  find: (alias: string) => Promise<string | null>,
): Promise<SearchExpression> {
  if (expression.op === 'id') {
    const id = await find(expression.id);
    return id === null ? expression : { op: 'any', of: [expression, { op: 'id', id }] };
  }
  if (expression.op === 'not') return { op: 'not', of: await withAliases(expression.of, find) };
  if (expression.op !== 'all' && expression.op !== 'any') return expression;
  const of: SearchExpression[] = [];
  for (const part of expression.of) of.push(await withAliases(part, find));
  return { op: expression.op, of };
}
