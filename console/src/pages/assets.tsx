import {
  IconFolder,
  IconFolderPlus,
  IconLayoutGrid,
  IconList,
  IconStack2,
  IconTrash,
  IconUpload,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';
import { refresh, useAll, useChange, useList, useMay } from '../api/queries.ts';
import type { Asset, AssetPage, Collection, Folder } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { showBytes } from '../parts/format.ts';
import { Badge, Empty, Failure, Loading, type Tone } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { KindIcon, pictureOf, Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { addUploads, Uploads } from './uploads.tsx';

const filterNames = ['q', 'kind', 'folder', 'collection', 'order', 'archived', 'view'] as const;
type Filters = { readonly [name in (typeof filterNames)[number]]: string };

export function Assets() {
  const [filters, setFilters] = useFilters(filterNames);
  const may = useMay('assets:write');
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const folder = filters.folder === '' ? '/' : filters.folder;
  const upload = (files: FileList | readonly File[] | null) => {
    if (files !== null && files.length > 0) addUploads([...files], folder, () => void refresh(client, '/v1/assets'));
  };
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
          upload(event.target.files);
          event.target.value = '';
        }}
      />
      {over ? <div className="drop-veil">{words.assets.dropHere(folder)}</div> : null}
      <FilterBar filters={filters} onChange={setFilters} />
      <div className="library">
        <Places filters={filters} onChange={setFilters} />
        <Shown filters={filters} onUpload={() => input.current?.click()} />
      </div>
      <Uploads />
    </Page>
  );
}

function useDropAnywhere(may: boolean, onFiles: (files: FileList) => void): boolean {
  const [over, setOver] = useState(false);
  const handler = useRef(onFiles);
  handler.current = onFiles;
  useEffect(() => {
    if (!may) return undefined;
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer !== null) handler.current(event.dataTransfer.files);
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
  readonly filters: Filters;
  readonly onChange: (patch: Partial<Filters>) => void;
}) {
  const [text, setText] = useState(filters.q);
  useEffect(() => setText(filters.q), [filters.q]);
  useEffect(() => {
    if (text === filters.q) return undefined;
    const timer = window.setTimeout(() => onChange({ q: text }), 250);
    return () => window.clearTimeout(timer);
  }, [text]);
  const filtered = filterNames.some((name) => name !== 'view' && filters[name] !== '');
  return (
    <div className="filters" role="search">
      <input
        className="input search"
        type="search"
        aria-label={words.common.search}
        placeholder={words.assets.find}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <select
        className="input"
        aria-label={words.assets.kind}
        value={filters.kind}
        onChange={(event) => onChange({ kind: event.target.value })}
      >
        <option value="">{words.assets.anyKind}</option>
        {Object.entries(words.assets.kinds).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label={words.assets.order}
        value={filters.order}
        onChange={(event) => onChange({ order: event.target.value })}
      >
        {Object.entries(words.assets.orders).map(([value, label]) => (
          <option key={value} value={value === 'newest' ? '' : value}>
            {label}
          </option>
        ))}
      </select>
      <label className="row">
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
            onChange(Object.fromEntries(filterNames.map((name) => [name, name === 'view' ? filters.view : ''])))
          }
        >
          {words.common.clear}
        </Button>
      ) : null}
      <div className="segments" role="group" aria-label={words.assets.list} style={{ marginLeft: 'auto' }}>
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

function Places({
  filters,
  onChange,
}: {
  readonly filters: Filters;
  readonly onChange: (patch: Partial<Filters>) => void;
}) {
  const may = useMay('assets:write');
  const parent = filters.folder === '' ? '/' : filters.folder;
  const folders = useAll<Folder>('/v1/folders', { in: parent === '/' ? 'root' : `path:${parent}` });
  const collections = useAll<Collection>('/v1/collections');
  const [making, setMaking] = useState(false);
  const up = parent === '/' ? null : parent.slice(0, parent.lastIndexOf('/')) || '/';
  return (
    <aside>
      <div className="tree">
        <div className="row between" style={{ flexWrap: 'nowrap' }}>
          <h2>{words.assets.folders}</h2>
          {may ? (
            <Button
              small
              look="plain"
              label={words.assets.newFolder}
              icon={<IconFolderPlus size={16} aria-hidden />}
              onClick={() => setMaking(true)}
            />
          ) : null}
        </div>
        <button
          type="button"
          aria-pressed={filters.folder === '' && filters.collection === ''}
          onClick={() => onChange({ folder: '', collection: '' })}
        >
          <IconStack2 size={15} aria-hidden /> {words.assets.everywhere}
        </button>
        {up === null ? null : (
          <button type="button" aria-pressed={false} onClick={() => onChange({ folder: up === '/' ? '' : up })}>
            <IconFolder size={15} aria-hidden /> <span className="cut">.. {words.assets.parentFolder}</span>
          </button>
        )}
        {parent === '/' ? null : (
          <button type="button" aria-pressed onClick={() => onChange({ folder: parent })} title={parent}>
            <IconFolder size={15} aria-hidden /> <span className="cut">{parent.split('/').at(-1)}</span>
          </button>
        )}
        {(folders.data ?? []).map(({ id, name, path }) => (
          <button
            key={id}
            type="button"
            aria-pressed={false}
            style={{ paddingLeft: parent === '/' ? 8 : 22 }}
            onClick={() => onChange({ folder: path, collection: '' })}
          >
            <IconFolder size={15} aria-hidden /> <span className="cut">{name}</span>
          </button>
        ))}
      </div>
      {collections.data === undefined || collections.data.length === 0 ? null : (
        <div className="tree">
          <h2>{words.assets.collections}</h2>
          {collections.data.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              aria-pressed={filters.collection === name}
              onClick={() => onChange({ collection: filters.collection === name ? '' : name, folder: '' })}
            >
              <IconStack2 size={15} aria-hidden /> <span className="cut">{name}</span>
            </button>
          ))}
        </div>
      )}
      <TrashLink />
      {making ? <NewFolder parent={parent} onClose={() => setMaking(false)} /> : null}
    </aside>
  );
}

function TrashLink() {
  return (
    <Link href="/assets/trash" className="nav-link">
      <IconTrash size={15} aria-hidden /> {words.trash.title}
    </Link>
  );
}

function NewFolder({ parent, onClose }: { readonly parent: string; readonly onClose: () => void }) {
  const [path, setPath] = useState(parent === '/' ? '/' : `${parent}/`);
  const make = useChange(['/v1/folders'], { quiet: true, onDone: onClose });
  return (
    <Dialog
      title={words.assets.newFolder}
      onClose={onClose}
      onSubmit={() => make.mutate({ method: 'POST', path: '/v1/folders', body: { path } })}
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <Failure error={make.error} />}
      <TextField label={words.assets.folderPath} autoFocus mono value={path} onChange={setPath} />
    </Dialog>
  );
}

function Shown({ filters, onUpload }: { readonly filters: Filters; readonly onUpload: () => void }) {
  const { view, archived, ...rest } = filters;
  const list = useList<Asset>(
    '/v1/assets',
    {
      ...rest,
      count: true,
      ...(archived === 'all' ? {} : { archived: false }),
    },
    { steady: true },
  );
  const filtered = Object.values(rest).some((value) => value !== '');
  if (list.error !== null) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  if (list.items === undefined) return <Loading lines={10} />;
  if (list.items.length === 0)
    return (
      <Card>
        <Empty
          title={filtered ? words.assets.emptyFiltered : words.assets.empty}
          action={
            filtered ? null : (
              <Button look="primary" icon={<IconUpload size={16} aria-hidden />} onClick={onUpload}>
                {words.assets.upload}
              </Button>
            )
          }
        >
          {filtered ? undefined : words.assets.emptyLead}
        </Empty>
      </Card>
    );
  const first = list.first as AssetPage | undefined;
  const more = { has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() };
  return (
    <div className="stack">
      <p className="quiet" role="status">
        {first?.total === undefined ? '' : words.assets.count(first.total.value, first.total.is)}{' '}
        {first?.complete === false ? words.assets.incomplete : ''}
      </p>
      {view === 'list' ? <AssetTable items={list.items} more={more} /> : <Grid items={list.items} more={more} />}
    </div>
  );
}

type More = { readonly has: boolean; readonly busy: boolean; readonly fetch: () => void };

function Grid({ items, more }: { readonly items: readonly Asset[]; readonly more: More }) {
  const end = useRef<HTMLDivElement>(null);
  const present = useRef(more);
  present.current = more;
  useEffect(() => {
    const element = end.current;
    if (element === null) return undefined;
    const seen = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting === true && present.current.has && !present.current.busy) present.current.fetch();
      },
      { rootMargin: '600px' },
    );
    seen.observe(element);
    return () => seen.disconnect();
  }, [items.length]);
  return (
    <>
      <ul className="grid">
        {items.map((asset) => (
          <li key={asset.id} style={{ minWidth: 0 }}>
            <Tile asset={asset} />
          </li>
        ))}
      </ul>
      <div ref={end} />
      {more.busy ? <Loading lines={2} /> : null}
    </>
  );
}

function Tile({ asset }: { readonly asset: Asset }) {
  const [broken, setBroken] = useState(false);
  const { id, state } = asset;
  const source = broken ? null : pictureOf(asset, 'medium');
  const focus = state.focusPoint;
  return (
    <Link href={`/assets/${id}`} className="tile-asset">
      <div className="picture">
        {source === null ? (
          <KindIcon kind={state.kind} size={34} />
        ) : (
          <img
            src={source}
            alt=""
            loading="lazy"
            onError={() => setBroken(true)}
            style={focus === undefined ? undefined : { objectPosition: `${focus.x * 100}% ${focus.y * 100}%` }}
          />
        )}
      </div>
      <div className="words">
        <strong className="cut">{titleOf(asset)}</strong>
        <span className="quiet cut" style={{ display: 'block' }}>
          {state.path} {state.file?.bytes === undefined ? '' : `· ${showBytes(state.file.bytes)}`}
        </span>
        <AssetMarks asset={asset} />
      </div>
    </Link>
  );
}

export function titleOf({ state }: Asset): string {
  const title = state.info?.['title'];
  return typeof title === 'string' && title !== '' ? title : state.name;
}

const inspectionTones: { readonly [state: string]: Tone } = { failed: 'warn', withheld: 'bad' };

/** What is out of the ordinary with an asset. */
export function AssetMarks({ asset: { state } }: { readonly asset: Asset }) {
  const inspection = words.asset.inspection[state.inspection?.state ?? ''];
  const availability = words.asset.availability[state.availability ?? ''];
  if (!state.archived && state.checkedOutBy === undefined && availability === undefined && inspection === undefined)
    return null;
  return (
    <span className="chips">
      {state.archived ? <Badge tone="none">{words.asset.archived}</Badge> : null}
      {state.checkedOutBy === undefined ? null : (
        <Badge tone="info">{words.asset.checkedOutBy(state.checkedOutByName ?? state.checkedOutBy)}</Badge>
      )}
      {availability === undefined ? null : <Badge tone="warn">{availability}</Badge>}
      {inspection === undefined ? null : (
        <Badge tone={inspectionTones[state.inspection?.state ?? ''] ?? 'info'}>{inspection}</Badge>
      )}
    </span>
  );
}

function AssetTable({ items, more }: { readonly items: readonly Asset[]; readonly more: More }) {
  const [, navigate] = useLocation();
  return (
    <Card flush>
      <Table
        label={words.assets.title}
        items={items}
        idOf={({ id }) => id}
        onOpen={({ id }) => navigate(`/assets/${id}`)}
        rowPx={53}
        more={more}
        columns={[
          { name: <Heard>{words.asset.preview}</Heard>, kind: 'fit', cell: (asset) => <Thumb asset={asset} /> },
          {
            name: words.assets.name,
            cell: (asset) => (
              <>
                <Link href={`/assets/${asset.id}`} className="cut">
                  {titleOf(asset)}
                </Link>
                <AssetMarks asset={asset} />
              </>
            ),
          },
          { name: words.assets.folder, cell: ({ state }) => <span className="cut quiet">{state.path}</span> },
          { name: words.assets.kind, kind: 'fit', cell: ({ state }) => state.file?.mimeType ?? state.kind },
          {
            name: words.assets.size,
            kind: 'number',
            cell: ({ state }) => (state.file?.bytes === undefined ? '' : showBytes(state.file.bytes)),
          },
          { name: words.assets.changed, kind: 'fit', cell: ({ updatedAtMs }) => <Ago atMs={updatedAtMs} /> },
        ]}
      />
    </Card>
  );
}
