import { IconArrowsExchange } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';
import { useList } from '../api/queries.ts';
import { useLive } from '../api/live.ts';
import type { Change } from '../api/types.ts';
import { LinkButton } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { Empty } from '../parts/state.tsx';
import { Heard } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { ChangeThumb, nameOf } from './change-parts.tsx';

/** What happens, as it happens. */
export function Changes() {
  const list = useList<Change>('/v1/changes', { order: 'newest', limit: 100 });
  const [, navigate] = useLocation();
  const live = useLive<Change>({ path: '/v1/changes/stream', event: 'change' }, list.items);
  return (
    <Page title={words.changes.title} lead={words.changes.lead}>
      <div ref={live.frame} className="live-frame">
        <ListCard
          list={list}
          items={live.items}
          title={<LiveState of={live} />}
          actions={<LiveButtons of={live} />}
          empty={
            <Empty
              icon={<IconArrowsExchange size={22} stroke={1.6} aria-hidden />}
              title={words.changes.empty}
              action={
                <LinkButton href="/assets" look="primary">
                  {words.changes.toAssets}
                </LinkButton>
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
      </div>
    </Page>
  );
}
