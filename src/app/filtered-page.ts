/** Lists with a filter that the store does not know. */
import type { Page } from '../storage/contract/list-queries.ts';

type Paging = { readonly limit: number; readonly cursor?: string };

/** Pages of the store looked at before a page with little in it is answered; its cursor goes on behind them. */
const pagesMax = 10;

/** Pages through `read` until something fits; the page may be shorter than its limit, and `nextCursor` alone says whether there is more. */
export async function filteredPage<Item>(
  read: (query: Paging) => Promise<Page<Item>>,
  { limit, cursor }: Paging,
  fits: (item: Item) => boolean,
): Promise<Page<Item>> {
  let next: string | undefined = cursor;
  for (let pages = 1; ; pages += 1) {
    const { items, nextCursor }: Page<Item> = await read({ limit, ...(next === undefined ? {} : { cursor: next }) });
    const fitting = items.filter(fits);
    if (fitting.length > 0 || nextCursor === null || pages === pagesMax) return { items: fitting, nextCursor };
    next = nextCursor;
  }
}
