import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useDeferredValue, useId, useLayoutEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk, useMay, useWebhooks } from '../api/queries.ts';
import type { Asset, Page } from '../api/types.ts';
import { words } from '../words/words.ts';
import { places } from './places.tsx';

type Hit = { readonly id: string; readonly label: string; readonly kind: string; readonly href: string };

const hitsMax = 12;

/** ⌘K: pages, webhooks, assets, and any id that is pasted. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [, navigate] = useLocation();
  const listId = useId();
  const hits = useHits(useDeferredValue(text.trim()));
  useLayoutEffect(() => {
    const dialog = element.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  const open = (hit: Hit | undefined) => {
    if (hit === undefined) return;
    onClose();
    navigate(hit.href);
  };
  const chosen = Math.min(at, hits.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, hits.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
    else if (event.key === 'Enter') open(hits[chosen]);
    else return;
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
        <div className="row" style={{ paddingLeft: 16, flexWrap: 'nowrap' }}>
          <IconSearch size={17} aria-hidden />
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
        <ul id={listId} role="listbox" aria-label={words.shell.found}>
          {hits.map((hit, index) => (
            <li
              key={hit.id}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onMouseMove={() => setAt(index)}
              onClick={() => open(hit)}
            >
              <span className="cut">{hit.label}</span>
              <span className="kind">{hit.kind}</span>
            </li>
          ))}
          {hits.length === 0 ? <li className="quiet">{words.shell.nothingFound}</li> : null}
        </ul>
      </div>
    </dialog>
  );
}

const idPlaces: readonly (readonly [prefix: string, href: string, kind: string])[] = [
  ['ast_', '/assets/', words.places.assets],
  ['wh_', '/webhooks/', words.places.webhooks],
  ['dlv_', '/deliveries/', words.places.deliveries],
  ['chg_', '/changes/', words.places.changes],
];

function useHits(text: string): readonly Hit[] {
  const { data: webhooks } = useWebhooks();
  const mayAssets = useMay('assets:read');
  const { data: assets } = useAsk<Page<Asset>>(text.length >= 2 && mayAssets ? '/v1/assets' : null, {
    nameContains: text,
    limit: 6,
  });
  const wanted = text.toLowerCase();
  const byId = idPlaces.find(([prefix]) => text.startsWith(prefix));
  return [
    ...(byId === undefined ? [] : [{ id: text, label: text, kind: byId[2], href: byId[1] + encodeURIComponent(text) }]),
    ...places
      .filter(({ label }) => label.toLowerCase().includes(wanted))
      .map(({ href, label }) => ({ id: href, label, kind: words.shell.page, href })),
    ...(webhooks ?? [])
      .filter(({ name, id }) => wanted !== '' && (name.toLowerCase().includes(wanted) || id === text))
      .map(({ id, name }) => ({ id, label: name, kind: words.places.webhooks, href: `/webhooks/${id}` })),
    ...(assets?.data ?? []).map(({ id, state }) => ({
      id,
      label: state.name,
      kind: words.places.assets,
      href: `/assets/${id}`,
    })),
  ].slice(0, hitsMax);
}
