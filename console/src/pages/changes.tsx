import { Link, useLocation } from 'wouter';
import { useAsk, useList } from '../api/queries.ts';
import { useLive } from '../api/live.ts';
import type { Asset, Change } from '../api/types.ts';
import { LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { isSample, pictureOf, Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';

/** What happens, as it happens. */
export function Changes() {
  const list = useList<Change>('/v1/changes', { order: 'newest', limit: 100 });
  const [, navigate] = useLocation();
  const live = useLive<Change>({ path: '/v1/changes/stream', event: 'change' }, list.items);
  const { items } = live;
  return (
    <Page title={words.changes.title} lead={words.changes.lead}>
      {list.error === null ? null : <Failure error={list.error} onRetry={() => void list.refetch()} />}
      <div ref={live.frame} className="live-frame">
        <Card flush title={<LiveState of={live} />} actions={<LiveButtons of={live} />}>
          {list.items === undefined ? (
            <div style={{ padding: 16 }}>
              <Loading lines={8} />
            </div>
          ) : items.length === 0 ? (
            <Empty title={words.changes.empty} action={<LinkButton href="/assets">{words.assets.title}</LinkButton>}>
              {words.changes.emptyLead}
            </Empty>
          ) : (
            <Table
              label={words.changes.title}
              items={items}
              idOf={({ id }) => id}
              onOpen={({ id }) => navigate(`/changes/${id}`)}
              rowPx={53}
              more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
              columns={[
                {
                  name: <Heard>{words.asset.preview}</Heard>,
                  kind: 'fit',
                  cell: (change) => <ChangeThumb change={change} />,
                },
                { name: words.changes.kind, cell: ({ id, kind }) => <Link href={`/changes/${id}`}>{kind}</Link> },
                { name: words.changes.subject, cell: (change) => <span className="cut">{nameOf(change)}</span> },
                {
                  name: words.changes.what,
                  wide: true,
                  cell: ({ changed }) => <span className="cut quiet mono">{changed.slice(0, 6).join(', ')}</span>,
                },
                {
                  name: words.changes.actor,
                  wide: true,
                  cell: ({ actor }) => <span className="cut">{actor.name ?? actor.id}</span>,
                },
                { name: words.changes.when, kind: 'fit', cell: ({ acceptedAtMs }) => <Ago atMs={acceptedAtMs} /> },
              ]}
            />
          )}
        </Card>
      </div>
    </Page>
  );
}

const pictured: ReadonlySet<string> = new Set(['image', 'video', 'document']);
const hasPicture = (asset: Pick<Asset, 'id' | 'state'>): boolean => pictureOf(asset, 'small') !== null;

/** The picture of what a change is about. */
export function ChangeThumb({ change, size = 36 }: { readonly change: Change; readonly size?: number }) {
  const then = assetOf(change);
  // The state of a change is often older than its pictures: then the asset is shown as it is now, while it is there.
  const gone = change.kind === 'asset.deleted' || change.kind === 'asset.erased';
  const asks = then !== undefined && !gone && !isSample(then.id) && pictured.has(then.state.kind) && !hasPicture(then);
  const now = useAsk<Asset>(asks ? `/v1/assets/${encodeURIComponent(then.id)}` : null, {}, { lingering: true });
  return <Thumb asset={now.data ?? then} size={size} />;
}

export function assetOf({ subject, after, before }: Change): Pick<Asset, 'id' | 'state'> | undefined {
  const state = after ?? before;
  if (subject.type !== 'asset' || state === null) return undefined;
  return { id: subject.id, state: state as unknown as Asset['state'] };
}

export function nameOf({ subject, after, before }: Change): string {
  const name = (after ?? before)?.['name'];
  return typeof name === 'string' && name !== '' ? name : `${subject.type} ${subject.id}`;
}
