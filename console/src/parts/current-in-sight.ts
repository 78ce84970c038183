import { type RefObject, useEffect, useRef } from 'react';

/** What lies beside the current one stays in sight a little, so that one sees that there is more. */
const besidePx = 40;

/** For a row of tabs that may be longer than the page is wide: the current one is brought into sight, at any width. */
export function useCurrentInSight(current: string | undefined): RefObject<HTMLElement | null> {
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = row.current;
    if (element === null) return undefined;
    const show = () => {
      const tab = element.querySelector('[aria-current=page]');
      if (tab === null) return;
      const [outer, inner] = [element.getBoundingClientRect(), tab.getBoundingClientRect()];
      if (inner.right > outer.right - besidePx) element.scrollLeft += inner.right - outer.right + besidePx;
      if (inner.left < outer.left + besidePx) element.scrollLeft -= outer.left + besidePx - inner.left;
    };
    show();
    const resized = new ResizeObserver(show);
    resized.observe(element);
    return () => resized.disconnect();
  }, [current]);
  return row;
}
