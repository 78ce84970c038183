import { IconPlus, IconInbox } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';
import { useChange, useList, useMay } from '../api/queries.ts';
import type { Inbox } from '../api/inboxes.ts';
import { Button, CopyButton } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { showCount } from '../parts/format.ts';
import { Empty } from '../parts/state.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';

export function Inboxes() {
  const list = useList<Inbox>('/v1/inboxes', {}, { everyMs: 5_000 });
  const may = useMay('webhooks:write');
  const [, navigate] = useLocation();
  const make = useChange<Inbox>(['/v1/inboxes'], { onDone: ({ id }) => navigate(`/inboxes/${id}`) });
  const button = may ? (
    <Button
      look="primary"
      icon={<IconPlus size={16} aria-hidden />}
      busy={make.isPending}
      onClick={() => make.mutate({ method: 'POST', path: '/v1/inboxes', body: {} })}
    >
      {words.inboxes.make}
    </Button>
  ) : null;
  return (
    <Page title={words.inboxes.title} lead={words.inboxes.lead} actions={button}>
      <ListCard
        list={list}
        empty={
          <Empty icon={<IconInbox size={22} stroke={1.6} aria-hidden />} title={words.inboxes.empty} action={button}>
            {words.inboxes.emptyLead}
          </Empty>
        }
        label={words.inboxes.title}
        idOf={({ id }) => id}
        onOpen={({ id }) => navigate(`/inboxes/${id}`)}
        columns={[
          {
            name: words.inboxes.url,
            cell: ({ id, url }) => (
              <span className="row" style={{ flexWrap: 'nowrap' }}>
                <Link href={`/inboxes/${id}`} className="mono cut">
                  {url}
                </Link>
                <CopyButton text={url} />
              </span>
            ),
          },
          { name: words.inboxes.received, kind: 'number', cell: ({ received }) => showCount(received) },
          {
            name: words.inboxes.answers,
            kind: 'fit',
            wide: true,
            cell: ({ answer }) => <span className="mono">{answer.status}</span>,
          },
          {
            name: words.common.created,
            kind: 'fit',
            wide: true,
            cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} />,
          },
          { name: words.inboxes.expires, kind: 'fit', cell: ({ expiresAtMs }) => <Ago atMs={expiresAtMs} /> },
        ]}
      />
    </Page>
  );
}
