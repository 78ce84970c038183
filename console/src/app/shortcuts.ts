import { useEffect, useRef } from 'react';

export type Shortcuts = { readonly [key: string]: (event: KeyboardEvent) => void };

/** Keys of a page, silent while somebody types or a dialog is open. `mod+k` is ⌘K or Ctrl+K and works everywhere. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const present = useRef(shortcuts);
  present.current = shortcuts;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const name = (event.metaKey || event.ctrlKey ? 'mod+' : '') + event.key;
      const act = present.current[name];
      if (act === undefined || event.altKey || event.defaultPrevented) return;
      if (!name.startsWith('mod+') && isBusy(event)) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function isBusy(event: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open]') !== null) return true;
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target === null) return false;
  if (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) return true;
  // Enter on a link or button is theirs.
  return event.key === 'Enter' && ['A', 'BUTTON', 'SUMMARY'].includes(target.tagName);
}
