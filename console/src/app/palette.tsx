import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { words } from '../words/words.ts';
import { type Hit, useHits } from './palette-hits.tsx';

/** ⌘K: where one has been, pages, what one can do, webhooks, assets, and any id that is pasted. */
export function Palette({ onClose, onHelp }: { readonly onClose: () => void; readonly onHelp: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [here, navigate] = useLocation();
  const listId = useId();
  const hits = useHits(useDeferredValue(text.trim()), here);
  useLayoutEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  const open = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    onClose();
    hit.go({ to: (href, state) => navigate(href, { state }), help: onHelp });
  };
  const chosen = Math.min(at, hits.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const steps: { readonly [key: string]: () => void } = {
    ArrowDown: () => setAt(chosen >= hits.length - 1 ? 0 : chosen + 1),
    ArrowUp: () => setAt(chosen <= 0 ? hits.length - 1 : chosen - 1),
    Home: () => setAt(0),
    End: () => setAt(hits.length - 1),
    Enter: () => open(hits[chosen]),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step === undefined || event.nativeEvent.isComposing) return;
    step();
    event.preventDefault();
  };
  return (
    <dialog
      ref={element}
      className="palette"
      aria-label={words.shell.find}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div className="inside">
        <div className="palette-field">
          <IconSearch size={18} aria-hidden />
          <input
            className="input"
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={hits[chosen] === undefined ? undefined : `${listId}-${chosen}`}
            aria-label={words.shell.find}
            placeholder={words.shell.find}
            value={text}
            autoFocus
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <ul ref={list} id={listId} role="listbox" aria-label={words.shell.found}>
          {hits.map((hit, index) => (
            <li
              key={hit.id}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onMouseMove={() => setAt(index)}
              onClick={() => open(hit)}
            >
              <span className="sign">{hit.icon}</span>
              <span className="cut">
                <Marked text={hit.label} at={hit.marks} />
              </span>
              <span className="kind">{hit.kind}</span>
            </li>
          ))}
        </ul>
        {hits.length === 0 ? <p className="quiet palette-none">{words.shell.nothingFound}</p> : null}
        <footer className="palette-keys" aria-hidden>
          {words.shell.paletteKeys.map(([key, meaning]) => (
            <span key={key}>
              <kbd>{key}</kbd> {meaning}
            </span>
          ))}
        </footer>
      </div>
    </dialog>
  );
}

/** A name in which the letters that were typed stand out. */
function Marked({ text, at }: { readonly text: string; readonly at: readonly number[] }) {
  if (at.length === 0) return <>{text}</>;
  const marked = new Set(at);
  const runs: { text: string; readonly is: boolean }[] = [];
  for (const [index, letter] of text.split('').entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.is === marked.has(index)) last.text += letter;
    else runs.push({ text: letter, is: marked.has(index) });
  }
  return (
    <>
      {runs.map((run, index) => (run.is ? <mark key={index}>{run.text}</mark> : <span key={index}>{run.text}</span>))}
    </>
  );
}
