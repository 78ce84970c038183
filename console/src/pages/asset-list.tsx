import { IconPhoto, IconUpload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { fetched } from '../api/ask.ts';
import { useList, useMay } from '../api/queries.ts';
import type { Asset, AssetPage } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { showBytes, showLength } from '../parts/format.ts';
import { moreOf, StaleNotice } from '../parts/list-card.tsx';
import { Empty, Loading } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { KindIcon, Picture, pictureOf, Still, Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { type Choosing, useChoosing } from './asset-choosing.ts';
import { dragAssets } from './asset-drag.ts';
import type { AssetFilters } from './asset-filters.ts';
import { ManyBar, type Work, Working } from './asset-many.tsx';
import { moveTo } from './asset-many-forms.tsx';
import { AssetMarks, isYoung, titleOf } from './asset-marks.tsx';

const pictureLookMs = 2_000;
const lookedAfterMax = 100;

/** The assets that fit, as pictures or as rows. */
export function AssetList({
  filters,
  target,
  onMoved,
  onUpload,
}: {
  readonly filters: AssetFilters;
  /** The folder that assets of the list were dragged to. */
  readonly target: string | null;
  readonly onMoved: () => void;
  readonly onUpload: () => void;
}) {
  const { view, archived, ...rest } = filters;
  const may = useMay('assets:write');
  const [work, setWork] = useState<Work | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [comes, setComes] = useState(false);
  const list = useList<Asset>(
    '/v1/assets',
    {
      ...rest,
      count: true,
      ...(archived === 'all' ? {} : { archived: false }),
    },
    { steady: true, ...(comes ? { everyMs: pictureLookMs } : {}) },
  );
  // Pictures are made after their file has come: they appear as soon as they are there, on the first pages of a list.
  const awaits = list.items
    ?.slice(0, lookedAfterMax)
    .some((asset) => isYoung(asset) && pictureOf(asset, 'medium') === null);
  useEffect(() => setComes(awaits === true), [awaits]);
  const choosing = useChoosing(list.items ?? none, JSON.stringify({ ...rest, archived }));
  useEffect(() => {
    if (target === null) return;
    onMoved();
    const assets = choosing.has(dragged ?? '')
      ? choosing.assets
      : (list.items ?? []).filter(({ id }) => id === dragged);
    if (assets.length > 0) setWork({ name: words.many.moveTitle(assets.length), assets, act: moveTo(target) });
  }, [target]);
  const filtered = Object.values(rest).some((value) => value !== '');
  if (list.items === undefined && list.error !== null) return <StaleNotice of={list} />;
  if (list.items === undefined) return <Coming list={view === 'list'} />;
  if (list.items.length === 0)
    return (
      <Card>
        <Empty
          icon={<IconPhoto size={22} stroke={1.6} aria-hidden />}
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
  const more = moreOf(list);
  return (
    <div className="stack">
      <StaleNotice of={list} />
      <div className="row list-head">
        <p className="quiet" role="status">
          {first?.total === undefined ? '' : words.assets.count(first.total.value, first.total.is)}{' '}
          {first?.complete === false ? words.assets.incomplete : ''}
        </p>
        {may ? (
          <Button small look="plain" onClick={choosing.all}>
            {words.many.all}
          </Button>
        ) : null}
      </div>
      {view === 'list' ? (
        <AssetTable items={list.items} more={more} choosing={may ? choosing : null} />
      ) : (
        <Grid items={list.items} more={more} choosing={may ? choosing : null} onDrag={setDragged} />
      )}
      <ManyBar choosing={choosing} onWork={setWork} />
      {work === null ? null : <Working work={work} onEnd={() => setWork(null)} />}
    </div>
  );
}

/** The places of what is being fetched, as large as it will be. */
function Coming({ list }: { readonly list: boolean }) {
  if (list) return <Loading lines={10} />;
  return (
    <div className="grid" role="status" aria-label={words.common.loading}>
      {Array.from({ length: 8 }, (_, at) => (
        <div key={at} className="skeleton tile-coming" />
      ))}
    </div>
  );
}

type More = ReturnType<typeof moreOf>;
type ShownProps = {
  readonly items: readonly Asset[];
  readonly more: More;
  /** Null for who may not change any. */
  readonly choosing: Choosing | null;
};

const none: readonly Asset[] = [];

function Grid({ items, more, choosing, onDrag }: ShownProps & { readonly onDrag: (id: string) => void }) {
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
      <ul className="grid" data-choosing={choosing !== null && choosing.assets.length > 0}>
        {items.map((asset) => (
          <li
            key={asset.id}
            className="tile-place"
            data-chosen={choosing?.has(asset.id)}
            onDragStart={({ dataTransfer }) => {
              if (choosing === null) return;
              onDrag(asset.id);
              dragAssets(dataTransfer);
            }}
          >
            <Tile asset={asset} />
            {choosing === null ? null : <Choose asset={asset} choosing={choosing} />}
          </li>
        ))}
      </ul>
      <div ref={end} />
      {more.busy ? <Loading lines={2} /> : null}
    </>
  );
}

/** A box to tick; with the shift key, all from the one before to this one. */
function Choose({ asset, choosing }: { readonly asset: Asset; readonly choosing: Choosing }) {
  return (
    <label className="choose">
      <input
        type="checkbox"
        aria-label={words.many.choose(titleOf(asset))}
        checked={choosing.has(asset.id)}
        onChange={({ nativeEvent }) =>
          choosing.toggle(asset.id, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
        }
      />
    </label>
  );
}

function Tile({ asset }: { readonly asset: Asset }) {
  const { id, state } = asset;
  const { durationMs, bytes } = state.file ?? {};
  return (
    <Link href={`/assets/${id}`} className="tile-asset">
      <div className="picture">
        <TilePicture asset={asset} />
        {durationMs === undefined ? null : <span className="length number">{showLength(durationMs)}</span>}
      </div>
      <div className="words">
        <strong className="cut" dir="auto">
          {titleOf(asset)}
        </strong>
        <span className="quiet tile-facts">
          <span className="cut">{state.path}</span>
          {bytes === undefined ? null : <span className="nowrap number">{showBytes(bytes)}</span>}
        </span>
        <AssetMarks asset={asset} />
      </div>
    </Link>
  );
}

function TilePicture({ asset }: { readonly asset: Asset }) {
  const [broken, setBroken] = useState(false);
  const { id, state } = asset;
  const source = broken ? null : pictureOf(asset, 'medium');
  const focus = state.focusPoint;
  if (source !== null)
    return (
      <Picture
        src={source}
        loading="lazy"
        draggable={false}
        onError={() => setBroken(true)}
        style={focus === undefined ? undefined : { objectPosition: `${focus.x * 100}% ${focus.y * 100}%` }}
      />
    );
  if (state.kind === 'video' && state.file?.bytes !== undefined && !broken)
    return <Still src={fetched(`/v1/assets/${id}/content`)} onError={() => setBroken(true)} />;
  return <KindIcon kind={state.kind} size={34} />;
}

function AssetTable({ items, more, choosing }: ShownProps) {
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
          ...(choosing === null
            ? []
            : [
                {
                  name: <Heard>{words.many.bar}</Heard>,
                  kind: 'fit' as const,
                  cell: (asset: Asset) => <Choose asset={asset} choosing={choosing} />,
                },
              ]),
          { name: <Heard>{words.asset.preview}</Heard>, kind: 'fit', cell: (asset) => <Thumb asset={asset} /> },
          {
            name: words.assets.name,
            cell: (asset) => (
              <>
                <Link href={`/assets/${asset.id}`} className="cut">
                  <span dir="auto">{titleOf(asset)}</span>
                </Link>
                <AssetMarks asset={asset} />
              </>
            ),
          },
          {
            name: words.assets.folder,
            wide: true,
            cell: ({ state }) => <span className="cut quiet">{state.path}</span>,
          },
          { name: words.assets.kind, kind: 'fit', wide: true, cell: ({ state }) => state.file?.mimeType ?? state.kind },
          {
            name: words.assets.size,
            kind: 'number',
            wide: true,
            cell: ({ state }) => (state.file?.bytes === undefined ? '' : showBytes(state.file.bytes)),
          },
          { name: words.assets.changed, kind: 'fit', cell: ({ updatedAtMs }) => <Ago atMs={updatedAtMs} /> },
        ]}
      />
    </Card>
  );
}
