import { IconPhoto, IconUpload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useList } from '../api/queries.ts';
import type { Asset, AssetPage } from '../api/types.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { showBytes } from '../parts/format.ts';
import { moreOf } from '../parts/list-card.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { KindIcon, Picture, pictureOf, Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import type { AssetFilters } from './asset-filters.ts';
import { AssetMarks, isYoung, titleOf } from './asset-marks.tsx';

const pictureLookMs = 2_000;
const lookedAfterMax = 100;

/** The assets that fit, as pictures or as rows. */
export function AssetList({ filters, onUpload }: { readonly filters: AssetFilters; readonly onUpload: () => void }) {
  const { view, archived, ...rest } = filters;
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
  const filtered = Object.values(rest).some((value) => value !== '');
  if (list.error !== null) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
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
      <p className="quiet" role="status">
        {first?.total === undefined ? '' : words.assets.count(first.total.value, first.total.is)}{' '}
        {first?.complete === false ? words.assets.incomplete : ''}
      </p>
      {view === 'list' ? <AssetTable items={list.items} more={more} /> : <Grid items={list.items} more={more} />}
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
          <Picture
            src={source}
            loading="lazy"
            onError={() => setBroken(true)}
            style={focus === undefined ? undefined : { objectPosition: `${focus.x * 100}% ${focus.y * 100}%` }}
          />
        )}
      </div>
      <div className="words">
        <strong className="cut" dir="auto">
          {titleOf(asset)}
        </strong>
        <span className="quiet cut" style={{ display: 'block' }}>
          {state.path} {state.file?.bytes === undefined ? '' : `· ${showBytes(state.file.bytes)}`}
        </span>
        <AssetMarks asset={asset} />
      </div>
    </Link>
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
                  <span dir="auto">{titleOf(asset)}</span>
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
