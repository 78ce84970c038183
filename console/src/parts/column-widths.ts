/** How wide the columns of a table are: what stands in them is cut before a column is pushed out of sight. */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** What a column of text keeps, in pixels, where others need the room. */
const yieldedPx = 88;

/**
 * Columns of text give way where all together are wider than the frame, the widest of them first: they end at one level, as
 * water does, and those that are narrower than it keep what they have.
 */
export function fitted(widths: readonly number[], yielding: readonly boolean[], roomPx: number): readonly number[] {
  const all = widths.reduce((sum, width) => sum + width, 0);
  if (all <= roomPx) return widths;
  const texts = widths.filter((_, at) => yielding[at] === true).toSorted((one, other) => one - other);
  let room = roomPx - (all - texts.reduce((sum, width) => sum + width, 0));
  let level = room / Math.max(1, texts.length);
  for (const [at, width] of texts.entries()) {
    level = room / (texts.length - at);
    if (width > level) break;
    room -= width;
  }
  const most = Math.max(yieldedPx, Math.floor(level));
  return widths.map((width, at) => (yielding[at] === true ? Math.min(width, most) : width));
}

/**
 * The widths that the columns had when the first rows were drawn; null where the browser may choose. Rows of a `virtual` table come
 * and go as one scrolls: left to themselves its columns would follow what happens to be in sight, and everything would jump. Those
 * of another table are held once they do not fit. Another width of the window measures anew.
 */
export function useColumnWidths(
  frame: RefObject<HTMLDivElement | null>,
  {
    virtual,
    rows,
    yielding,
  }: { readonly virtual: boolean; readonly rows: number; readonly yielding: readonly boolean[] },
) {
  const head = useRef<HTMLTableRowElement>(null);
  const [widths, setWidths] = useState<readonly number[] | null>(null);
  const [round, setRound] = useState(0);
  const drawn = rows > 0;
  useLayoutEffect(() => {
    const element = frame.current;
    if (!drawn || head.current === null || element === null) return setWidths(null);
    if (widths !== null || (!virtual && element.scrollWidth <= element.clientWidth)) return;
    const measured = [...head.current.children].map((cell) => cell.getBoundingClientRect().width);
    setWidths(fitted(measured, yielding, element.clientWidth));
  }, [virtual, rows, widths, round, yielding.length]);
  useEffect(() => {
    const element = frame.current;
    if (!drawn || element === null) return undefined;
    let known = element.clientWidth;
    const resized = new ResizeObserver(() => {
      if (element.clientWidth === known) return;
      known = element.clientWidth;
      setWidths(null);
      // Where nothing was held, what has come to be too wide is.
      setRound((times) => times + 1);
    });
    resized.observe(element);
    return () => resized.disconnect();
  }, [drawn, frame]);
  return { head, widths };
}
