import { IconLayoutGrid, IconList, IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useHistoryState } from 'wouter/use-browser-location';
import { refresh, useMay } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { words } from '../words/words.ts';
import { type AssetFilters, assetFilterNames } from './asset-filters.ts';
import { holdsFiles } from './asset-drag.ts';
import { AssetList } from './asset-list.tsx';
import { AssetPlaces } from './asset-places.tsx';
import { filesOf, plainFiles, type PlacedFile } from './dropped-files.ts';
import { addUploads, Uploads } from './uploads.tsx';

/** The library: what there is, where it lies, and how more comes in. */
export function Assets() {
  const [filters, setFilters] = useFilters(assetFilterNames);
  const may = useMay('assets:write');
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const folder = filters.folder === '' ? '/' : filters.folder;
  const [target, setTarget] = useState<string | null>(null);
  const upload = (files: readonly PlacedFile[]) =>
    addUploads(files, folder, () => {
      for (const path of ['/v1/assets', '/v1/folders']) void refresh(client, path);
    });
  const over = useDropAnywhere(may, upload);
  // Whoever comes here to upload has said so already.
  const asked = useHistoryState<{ readonly upload?: boolean } | null>()?.upload === true;
  useEffect(() => {
    if (!asked || !may) return;
    history.replaceState(null, '');
    input.current?.click();
  }, [asked, may]);
  return (
    <Page
      title={words.assets.title}
      lead={words.assets.lead}
      actions={
        may ? (
          <Button look="primary" icon={<IconUpload size={16} aria-hidden />} onClick={() => input.current?.click()}>
            {words.assets.upload}
          </Button>
        ) : null
      }
    >
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={words.assets.upload}
        onChange={(event) => {
          upload(plainFiles(event.target.files));
          event.target.value = '';
        }}
      />
      {over ? <div className="drop-veil">{words.assets.dropHere(folder)}</div> : null}
      <FilterBar filters={filters} onChange={setFilters} />
      <div className="library">
        <AssetPlaces filters={filters} onChange={setFilters} onMoveHere={setTarget} />
        <AssetList
          filters={filters}
          target={target}
          onMoved={() => setTarget(null)}
          onUpload={() => input.current?.click()}
        />
      </div>
      <Uploads />
    </Page>
  );
}

function useDropAnywhere(may: boolean, onFiles: (files: readonly PlacedFile[]) => void): boolean {
  const [over, setOver] = useState(false);
  const handler = useRef(onFiles);
  handler.current = onFiles;
  useEffect(() => {
    if (!may) return undefined;
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event.dataTransfer)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (event.dataTransfer === null || !holdsFiles(event.dataTransfer)) return;
      event.preventDefault();
      setOver(false);
      void filesOf(event.dataTransfer).then((files) => handler.current(files), tellProblem);
    };
    document.addEventListener('dragover', onOver);
    document.addEventListener('dragleave', onLeave);
    document.addEventListener('drop', onDrop);
    return () => {
      document.removeEventListener('dragover', onOver);
      document.removeEventListener('dragleave', onLeave);
      document.removeEventListener('drop', onDrop);
    };
  }, [may]);
  return over;
}

function FilterBar({
  filters,
  onChange,
}: {
  readonly filters: AssetFilters;
  readonly onChange: (patch: Partial<AssetFilters>) => void;
}) {
  const [text, setText] = useState(filters.q);
  useEffect(() => setText(filters.q), [filters.q]);
  useEffect(() => {
    if (text === filters.q) return undefined;
    const timer = window.setTimeout(() => onChange({ q: text }), 250);
    return () => window.clearTimeout(timer);
  }, [text]);
  const filtered = assetFilterNames.some((name) => name !== 'view' && filters[name] !== '');
  return (
    <div className="filters" role="search">
      <input
        className="input search"
        type="search"
        aria-label={words.common.search}
        placeholder={words.assets.find}
        title={words.assets.findHint}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <SelectFilter
        label={words.assets.kind}
        value={filters.kind}
        any={words.assets.anyKind}
        choices={Object.entries(words.assets.kinds)}
        onChange={(kind) => onChange({ kind })}
      />
      <SelectFilter
        label={words.assets.order}
        value={filters.order}
        choices={Object.entries(words.assets.orders).map(
          ([order, name]) => [order === 'newest' ? '' : order, name] as const,
        )}
        onChange={(order) => onChange({ order })}
      />
      <label className="row check-filter">
        <input
          type="checkbox"
          checked={filters.archived === 'all'}
          onChange={(event) => onChange({ archived: event.target.checked ? 'all' : '' })}
        />
        {words.assets.archived}
      </label>
      {filtered ? (
        <Button
          small
          look="plain"
          onClick={() =>
            onChange(Object.fromEntries(assetFilterNames.map((name) => [name, name === 'view' ? filters.view : ''])))
          }
        >
          {words.common.clear}
        </Button>
      ) : null}
      <div className="segments few" role="group" aria-label={words.assets.list}>
        <button
          type="button"
          aria-pressed={filters.view !== 'list'}
          aria-label={words.assets.grid}
          title={words.assets.grid}
          onClick={() => onChange({ view: '' })}
        >
          <IconLayoutGrid size={16} aria-hidden />
        </button>
        <button
          type="button"
          aria-pressed={filters.view === 'list'}
          aria-label={words.assets.list}
          title={words.assets.list}
          onClick={() => onChange({ view: 'list' })}
        >
          <IconList size={16} aria-hidden />
        </button>
      </div>
    </div>
  );
}
