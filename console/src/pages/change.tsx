import { Link } from 'wouter';
import { useAsk, useList, useWebhooks } from '../api/queries.ts';
import type { Change } from '../api/changes.ts';
import type { DeliverySummary } from '../api/deliveries.ts';
import { LinkButton } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { Difference } from '../parts/difference.tsx';
import { Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { isSample } from '../parts/thumb.tsx';
import { Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { ChangeThumb, kindText, nameOf } from './change-parts.tsx';
import { outcomeOf, StateBadge } from './delivery-words.tsx';
import { isMissing, Missing } from './missing.tsx';

/** One change, what differs, and everything it caused. */
export function ChangePage({ id }: { readonly id: string }) {
  const change = useAsk<Change>(`/v1/changes/${encodeURIComponent(id)}`);
  if (isMissing(change)) return <Missing what="change" id={id} />;
  return (
    <Page
      title={change.data === undefined ? words.changes.one : kindText(change.data)}
      {...(change.data === undefined ? {} : { lead: <span dir="auto">{nameOf(change.data)}</span> })}
      back={{ href: '/changes', label: words.changes.title }}
      actions={
        change.data?.subject.type === 'asset' && !isSample(change.data.subject.id) ? (
          <LinkButton href={`/assets/${change.data.subject.id}`}>{words.changes.toAsset}</LinkButton>
        ) : null
      }
    >
      <Loaded of={change} lines={10}>
        {(data) => <Shown change={data} />}
      </Loaded>
    </Page>
  );
}

function Shown({ change }: { readonly change: Change }) {
  return (
    <div className="split">
      <div className="stack">
        <Card>
          <div className="row" style={{ alignItems: 'flex-start', flexWrap: 'nowrap', gap: 16 }}>
            <ChangeThumb change={change} size={84} />
            <Facts
              of={[
                [
                  words.changes.kind,
                  <span key="kind" className="mono">
                    {change.kind}
                  </span>,
                ],
                [words.changes.actor, change.actor.name ?? change.actor.id],
                [words.changes.occurred, <Moment key="occurred" atMs={change.occurredAtMs} />],
                [words.changes.accepted, <Moment key="accepted" atMs={change.acceptedAtMs} />],
                [words.changes.version, String(change.subjectVersion)],
                [
                  words.common.id,
                  <span key="id" className="mono">
                    {change.id}
                  </span>,
                ],
              ]}
            />
          </div>
        </Card>
        <Card title={words.changes.difference}>
          {change.changed.length === 0 ? <p className="quiet">{words.changes.noDifference}</p> : null}
          <Difference before={change.before} after={change.after} changed={change.changed} />
        </Card>
        <Caused changeId={change.id} />
      </div>
      <Card title={words.changes.states}>
        <div className="stack">
          {change.before === null ? null : (
            <div className="stack tight">
              <h3>{words.changes.before}</h3>
              <Code text={JSON.stringify(change.before)} name={words.changes.before} json />
            </div>
          )}
          {change.after === null ? null : (
            <div className="stack tight">
              <h3>{words.changes.after}</h3>
              <Code text={JSON.stringify(change.after)} name={words.changes.after} json />
            </div>
          )}
        </div>
      </Card>
    </div>
  );
}

function Caused({ changeId }: { readonly changeId: string }) {
  const deliveries = useList<DeliverySummary>('/v1/deliveries', { changeId }, { everyMs: 10_000 });
  const { data: webhooks } = useWebhooks();
  const items = deliveries.items ?? [];
  return (
    <Card title={words.changes.caused} flush>
      {deliveries.items !== undefined && items.length === 0 ? (
        <p className="quiet" style={{ padding: 16 }}>
          {words.changes.causedNone}
        </p>
      ) : (
        <Table
          label={words.changes.caused}
          items={items}
          idOf={({ id }) => id}
          columns={[
            { name: words.deliveries.state, kind: 'fit', cell: ({ state }) => <StateBadge state={state} /> },
            { name: words.deliveries.event, cell: ({ id, event }) => <Link href={`/deliveries/${id}`}>{event}</Link> },
            {
              name: words.deliveries.webhook,
              cell: ({ webhookId }) => (
                <Link href={`/webhooks/${webhookId}`} className="cut">
                  {webhooks?.find(({ id }) => id === webhookId)?.name ?? webhookId}
                </Link>
              ),
            },
            {
              name: words.deliveries.outcome,
              kind: 'fit',
              wide: true,
              cell: (delivery) => <span className="mono">{outcomeOf(delivery)}</span>,
            },
          ]}
        />
      )}
    </Card>
  );
}
