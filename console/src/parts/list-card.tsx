import type { ReactNode } from 'react';
import { Card } from './card.tsx';
import { Failure, Loading } from './state.tsx';
import { Table, type TableProps } from './table.tsx';

/** A list as it is asked for, page by page (`useList`). */
export type Paged<T> = {
  readonly items: readonly T[] | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  /** The next page was asked for and did not come. */
  readonly isFetchNextPageError: boolean;
  readonly fetchNextPage: () => unknown;
};

/** How a table asks for the next page. */
export const moreOf = ({
  hasNextPage,
  isFetchingNextPage,
  isFetchNextPageError,
  fetchNextPage,
}: Omit<Paged<never>, 'items'>) => ({
  // What did not come is not asked for again and again, but once somebody says so.
  has: hasNextPage && !isFetchNextPageError,
  busy: isFetchingNextPage,
  fetch: () => void fetchNextPage(),
});

/**
 * A list in a card: its place is kept while it comes, what went wrong is told, and where it is empty `empty` says what would be
 * here. `items` where they are other than those of the list: what has arrived since stands on top of them.
 */
export function ListCard<T>({
  list,
  items = list.items,
  empty,
  title,
  actions,
  ...table
}: Omit<TableProps<T>, 'items' | 'more'> & {
  readonly list: Paged<T>;
  readonly items?: readonly T[] | undefined;
  readonly empty: ReactNode;
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
}) {
  const failed = <StaleNotice of={list} />;
  if (list.items === undefined && list.error !== null && list.error !== undefined) return failed;
  return (
    <>
      {failed}
      <Card flush {...(title === undefined ? {} : { title })} {...(actions === undefined ? {} : { actions })}>
        {list.items === undefined || items === undefined ? (
          <div className="card-lead">
            <Loading lines={8} />
          </div>
        ) : items.length === 0 ? (
          empty
        ) : (
          <Table {...table} items={items} more={moreOf(list)} />
        )}
      </Card>
    </>
  );
}

/** What went wrong with a list that may be in sight already: it stays there, and one can ask again. */
export function StaleNotice({ of: list }: { readonly of: Omit<Paged<unknown>, 'items'> }) {
  if (list.error === null || list.error === undefined) return null;
  const again = list.isFetchNextPageError ? list.fetchNextPage : list.refetch;
  return <Failure error={list.error} onRetry={() => void again()} />;
}
