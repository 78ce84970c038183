import { IconArrowsExchange } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { useList } from '../api/queries.ts';
import { useLive } from '../api/live.ts';
import type { Change } from '../api/changes.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { useFilters } from '../app/address.ts';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { Empty } from '../parts/state.tsx';
import { Heard } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { ChangeThumb, kindText, nameOf } from './change-parts.tsx';

/** What happens, as it happens. */
export function Changes() {
  const [{ kind: wanted }, setFilters] = useFilters(['kind']);
  const list = useList<Change>('/v1/changes', { order: 'newest', limit: 100, kinds: wanted }, { steady: true });
  const [, navigate] = useLocation();
  const fits = useMemo(() => (change: Change) => wanted === '' || change.kind === wanted, [wanted]);
  const live = useLive<Change>({ path: '/v1/changes/stream', event: 'change', fits }, list.items);
  return (
    <Page title={words.changes.title} lead={words.changes.lead}>
      <div className="filters" role="search">
        <SelectFilter
          label={words.changes.kind}
          value={wanted}
          any={words.changes.anyKind}
          choices={Object.entries(words.kinds)}
          onChange={(kind) => setFilters({ kind })}
        />
      </div>
      <div ref={live.frame} className="live-frame">
        <ListCard
          list={list}
          items={live.items}
          title={<LiveState of={live} />}
          actions={<LiveButtons of={live} />}
          empty={
            <Empty
              icon={<IconArrowsExchange size={22} stroke={1.6} aria-hidden />}
              title={wanted === '' ? words.changes.empty : words.changes.emptyFiltered}
              action={
                wanted === '' ? (
                  <LinkButton href="/assets" look="primary">
                    {words.changes.toAssets}
                  </LinkButton>
                ) : (
                  <Button onClick={() => setFilters({ kind: '' })}>{words.common.clear}</Button>
                )
              }
            >
              {words.changes.emptyLead}
            </Empty>
          }
          label={words.changes.title}
          idOf={({ id }) => id}
          onOpen={({ id }) => navigate(`/changes/${id}`)}
          rowPx={53}
          columns={[
            {
              name: <Heard>{words.asset.preview}</Heard>,
              kind: 'fit',
              cell: (change) => <ChangeThumb change={change} />,
            },
            {
              name: words.changes.kind,
              cell: ({ id, kind }) => (
                <>
                  <Link href={`/changes/${id}`} className="cut">
                    {kindText({ kind })}
                  </Link>
                  <span className="quiet mono cut wide-only">{kind}</span>
                </>
              ),
            },
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
      </div>
    </Page>
  );
}
