import { type RefObject, useEffect, useRef } from 'react';

/**
 * The menu where it is laid over the page: whoever opens it is in it, Escape closes it, and whoever closes it is where they
 * opened it.
 */
export function useSideMenu(open: boolean, onClose: () => void): RefObject<HTMLDivElement | null> {
  const shell = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    if (!open) return undefined;
    const element = shell.current;
    const first = element?.querySelector<HTMLElement>('.side :is([aria-current], .nav-link)');
    // It slides in, and takes no focus before it is seen.
    const frame = requestAnimationFrame(() => first?.focus());
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') close.current();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('keydown', onKeyDown);
      const within = document.activeElement?.closest('.side') ?? null;
      if (within !== null) element?.querySelector<HTMLElement>('.menu-button button')?.focus();
    };
  }, [open]);
  return shell;
}
