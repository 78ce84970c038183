/** Rows that open by click and by keyboard (j, k, arrows, Enter); long lists are drawn only as far as they are seen. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, type ReactNode, useEffect, useRef, useState } from 'react';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';
import { useColumnWidths } from './column-widths.ts';
import { useShortcuts } from '../app/shortcuts.ts';

export type Column<T> = {
  readonly name: ReactNode;
  readonly cell: (item: T) => ReactNode;
  readonly kind?: 'number' | 'fit';
  /** Left out where there is little room: what a row says without it must be enough to choose it. */
  readonly wide?: boolean;
};

/** The name of a column that shows for itself what it is. */
export function Heard({ children }: { readonly children: ReactNode }) {
  return <span className="only-heard">{children}</span>;
}

export type TableProps<T> = {
  readonly label: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly idOf: (item: T) => string;
  readonly onOpen?: (item: T) => void;
  /** Keys that do something with the row that is chosen, such as `r`. */
  readonly keys?: { readonly [key: string]: (item: T) => void };
  readonly more?: { readonly has: boolean; readonly busy: boolean; readonly fetch: () => void };
  readonly rowPx?: number;
};

/** From here on only what is seen is drawn. */
const virtualFrom = 60;

export function Table<T>({ label, items, columns, idOf, onOpen, keys = {}, more, rowPx = 45 }: TableProps<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const virtual = items.length > virtualFrom;
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowPx,
    overscan: 8,
    enabled: virtual,
  });
  const shown = virtual ? rows.getVirtualItems() : items.map((_, index) => ({ index }));
  // Which rows are in sight is known only once the frame stands: a table of headings alone has other widths.
  const { head, widths } = useColumnWidths(frame, {
    virtual,
    // What a virtual table shows changes with every step; that it shows something does not.
    rows: virtual ? Math.min(1, shown.length) : shown.length,
    yielding: columns.map(({ kind }) => kind === undefined),
  });
  const before = virtual ? (rows.getVirtualItems()[0]?.start ?? 0) : 0;
  const after = virtual ? rows.getTotalSize() - (rows.getVirtualItems().at(-1)?.end ?? 0) : 0;
  const lastShown = shown.at(-1)?.index ?? 0;

  useEffect(() => {
    if (virtual && more?.has === true && !more.busy && lastShown >= items.length - 15) more.fetch();
  }, [virtual, lastShown, items.length, more]);

  const steps = useRef(false);
  useEffect(() => {
    // The row that one has stepped to may be drawn only a moment later, once it was scrolled to.
    if (!steps.current) return;
    const row = [...(frame.current?.querySelectorAll<HTMLElement>('tr[data-id]') ?? [])].find(
      ({ dataset }) => dataset['id'] === chosen,
    );
    if (row === undefined) return;
    steps.current = false;
    row.focus({ preventScroll: true });
  });
  const move = (by: number) => {
    const at = items.findIndex((item) => idOf(item) === chosen);
    const next = Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by));
    const item = items[next];
    if (item === undefined) return;
    setChosen(idOf(item));
    steps.current = true;
    if (virtual) rows.scrollToIndex(next);
    else frame.current?.querySelectorAll('tbody tr')[next]?.scrollIntoView({ block: 'nearest' });
  };
  const withChosen = (act: ((item: T) => void) | undefined) => () => {
    const item = items.find((candidate) => idOf(candidate) === chosen);
    if (item !== undefined) act?.(item);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ...(onOpen === undefined ? {} : { Enter: withChosen(onOpen) }),
    ...Object.fromEntries(Object.entries(keys).map(([key, act]) => [key, withChosen(act)])),
  });

  /** Arrows step through rows once one is at the table: in it they belong to its fields. */
  const onKeyDown = (event: KeyboardEvent) => {
    const at = event.target as HTMLElement;
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (at !== frame.current && !at.matches('tr[data-id]')) return;
    event.preventDefault();
    move(by);
  };

  return (
    <>
      <div
        className={virtual ? 'table-frame tall' : 'table-frame'}
        ref={frame}
        tabIndex={0}
        role="region"
        aria-label={label}
        onKeyDown={onKeyDown}
        // Keys act on the row that one is in, however one came there.
        onFocus={({ target }) => setChosen((before) => target.closest('tr')?.dataset['id'] ?? before)}
      >
        <table className={widths === null ? undefined : 'held'}>
          <thead>
            <tr ref={head}>
              {columns.map((column, at) => (
                <th
                  key={at}
                  scope="col"
                  className={classOf(column)}
                  style={widths === null ? undefined : { width: widths[at] }}
                >
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {before > 0 ? <tr aria-hidden style={{ height: before }} /> : null}
            {shown.map(({ index }) => {
              const item = items[index];
              if (item === undefined) return null;
              const id = idOf(item);
              return (
                <DrawnRow
                  key={id}
                  id={id}
                  item={item}
                  columns={columns as readonly Column<unknown>[]}
                  chosen={id === chosen}
                  {...(onOpen === undefined ? {} : { onOpen: onOpen as (item: unknown) => void })}
                />
              );
            })}
            {after > 0 ? <tr aria-hidden style={{ height: after }} /> : null}
          </tbody>
        </table>
      </div>
      {!virtual && more?.has === true ? (
        <div className="actions" style={{ padding: 12, justifyContent: 'center' }}>
          <Button small busy={more.busy} onClick={more.fetch}>
            {words.common.more}
          </Button>
        </div>
      ) : null}
    </>
  );
}

type RowProps = {
  readonly id: string;
  readonly item: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly chosen: boolean;
  readonly onOpen?: (item: unknown) => void;
};

/** Drawn anew where it or its table changed, and not with every step that one scrolls. */
const DrawnRow = memo(function DrawnRow({ id, item, columns, chosen, onOpen }: RowProps) {
  return (
    <tr
      data-id={id}
      tabIndex={-1}
      className={[onOpen === undefined ? '' : 'can-open', chosen ? 'chosen' : ''].join(' ').trim()}
      onClick={(event) => {
        const within = event.target as HTMLElement;
        if (within.closest('a, button, input, label') === null) onOpen?.(item);
      }}
    >
      {columns.map((column, at) => (
        <td key={at} className={classOf(column)}>
          {column.cell(item)}
        </td>
      ))}
    </tr>
  );
});

function classOf<T>({ kind, wide = false }: Column<T>): string | undefined {
  return wide ? `${kind ?? ''} wide-only`.trim() : kind;
}
