import { useList } from '../api/queries.ts';
import type { AuditEntry } from '../api/people.ts';
import { Card } from '../parts/card.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';

export function AuditLog() {
  const list = useList<AuditEntry>('/v1/audit');
  if (list.error !== null) return <Failure error={list.error} />;
  if (list.items === undefined) return <Loading />;
  return (
    <>
      <p className="quiet">{words.settings.auditLead}</p>
      <Card flush>
        {list.items.length === 0 ? (
          <Empty title={words.settings.auditNone} />
        ) : (
          <Table
            label={words.settings.parts.audit}
            items={list.items}
            idOf={({ id }) => id}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            columns={[
              { name: words.changes.when, kind: 'fit', cell: ({ atMs }) => <Ago atMs={atMs} /> },
              { name: words.settings.who, cell: ({ actor }) => <span className="cut">{actor.name ?? actor.id}</span> },
              { name: words.settings.action, cell: ({ action }) => action },
              { name: words.settings.target, cell: ({ target }) => <span className="mono cut">{target}</span> },
              {
                name: words.settings.from,
                kind: 'fit',
                cell: ({ from }) => <span className="mono">{from?.address ?? ''}</span>,
              },
            ]}
          />
        )}
      </Card>
    </>
  );
}
