import { IconSend } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useLive } from '../api/live.ts';
import { useChange, useList, useMay, useWebhooks } from '../api/queries.ts';
import type { DeliverySummary } from '../api/deliveries.ts';
import { LinkButton } from '../parts/button.tsx';
import { showDuration } from '../parts/format.ts';
import { ListCard } from '../parts/list-card.tsx';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { Empty } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { useNarrow } from '../parts/narrow.ts';
import { type DeliveryFilters, queryOf, spanOf } from './delivery-filters.ts';
import { outcomeOf, StateBadge } from './delivery-words.tsx';
import { Subject } from './subject.tsx';

/** Deliveries that fit, newest first; those that come in the meantime are laid on top, or counted while one reads on. */
export function DeliveryList({
  filters,
  compact = false,
}: {
  readonly filters: DeliveryFilters;
  readonly compact?: boolean;
}) {
  const [openedMs] = useState(() => Date.now());
  const query = useMemo(() => ({ limit: 100, ...queryOf(filters, openedMs) }), [filters, openedMs]);
  const list = useList<DeliverySummary>('/v1/deliveries', query, { steady: true });
  const { data: webhooks } = useWebhooks();
  const narrow = useNarrow();
  const [, navigate] = useLocation();
  const mayWrite = useMay('deliveries:write');
  const redeliver = useChange<{ readonly deliveryId: string }>(['/v1/deliveries'], {
    onDone: () => tell(words.deliveries.sent),
  });
  const fits = useMemo(() => fitsOf(filters, webhooks, openedMs), [filters, webhooks, openedMs]);
  const live = useLive<DeliverySummary>({ path: '/v1/deliveries/stream', event: 'delivery', fits }, list.items);
  const items = useMemo(() => live.items.toSorted(newestFirst), [live.items]);
  const nameOf = (id: string) => webhooks?.find((webhook) => webhook.id === id)?.name ?? id;
  const filtered = Object.values(filters).some((value) => value !== '');

  return (
    <div ref={live.frame} className="live-frame">
      <ListCard
        list={list}
        items={list.items === undefined ? undefined : items}
        title={<LiveState of={live} />}
        actions={<LiveButtons of={live} />}
        empty={
          <Empty
            icon={<IconSend size={22} stroke={1.6} aria-hidden />}
            title={filtered && !compact ? words.deliveries.emptyFiltered : words.deliveries.empty}
            action={
              webhooks?.length === 0 && mayWrite ? (
                <LinkButton href="/start" look="primary">
                  {words.overview.start}
                </LinkButton>
              ) : null
            }
          >
            {words.deliveries.emptyLead}
          </Empty>
        }
        label={words.deliveries.title}
        // Where it is narrow the time stands below the event.
        rowPx={narrow ? 59 : 45}
        idOf={({ id }) => id}
        onOpen={({ id }) => navigate(`/deliveries/${id}`)}
        {...(mayWrite
          ? {
              keys: {
                r: ({ id }: DeliverySummary) =>
                  redeliver.mutate({ method: 'POST', path: `/v1/deliveries/${id}/redeliver` }),
              },
            }
          : {})}
        columns={[
          { name: words.deliveries.state, kind: 'fit', cell: ({ state: shown }) => <StateBadge state={shown} /> },
          {
            name: words.deliveries.event,
            cell: ({ id, event, origin, createdAtMs }) => (
              <span className="cut">
                <Link href={`/deliveries/${id}`}>{event}</Link>{' '}
                {origin === 'change' ? null : (
                  <span className="quiet">{words.deliveries.origins[origin] ?? origin}</span>
                )}
                <span className="narrow-only quiet">
                  <Ago atMs={createdAtMs} />
                </span>
              </span>
            ),
          },
          ...(compact
            ? []
            : [
                {
                  name: words.deliveries.webhook,
                  wide: true,
                  cell: ({ webhookId }: DeliverySummary) => <span className="cut">{nameOf(webhookId)}</span>,
                },
              ]),
          { name: words.deliveries.subject, cell: ({ subject }) => <Subject of={subject} /> },
          {
            name: words.deliveries.outcome,
            kind: 'fit',
            wide: true,
            cell: (delivery) => <span className="mono">{outcomeOf(delivery)}</span>,
          },
          { name: words.deliveries.attempts, kind: 'number', wide: true, cell: ({ attempts }) => attempts },
          {
            name: words.deliveries.took,
            kind: 'number',
            wide: true,
            cell: ({ lastDurationMs }) => (lastDurationMs === undefined ? '' : showDuration(lastDurationMs)),
          },
          {
            name: words.deliveries.when,
            kind: 'fit',
            wide: true,
            cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} />,
          },
        ]}
      />
    </div>
  );
}

const newestFirst = (one: DeliverySummary, other: DeliverySummary): number =>
  other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1);

/** The filters as the server takes them, for what the stream brings. */
function fitsOf(
  filters: DeliveryFilters,
  webhooks: readonly { readonly id: string; readonly dialect: string }[] | undefined,
  openedMs: number,
): (delivery: DeliverySummary) => boolean {
  const { fromMs, toMs } = spanOf(filters, openedMs);
  return (delivery) =>
    (filters.states === '' || filters.states.split(',').includes(delivery.state)) &&
    (filters.webhookId === '' || delivery.webhookId === filters.webhookId) &&
    (filters.event === '' || delivery.event === filters.event) &&
    (filters.subject === '' || delivery.subject === filters.subject) &&
    (filters.changeId === '' || delivery.changeId === filters.changeId) &&
    (filters.status === '' || String(delivery.lastStatus ?? '') === filters.status) &&
    (filters.outcomes === '' || filters.outcomes.split(',').includes(delivery.lastOutcome ?? '')) &&
    (filters.dialect === '' || webhooks?.find(({ id }) => id === delivery.webhookId)?.dialect === filters.dialect) &&
    (fromMs === undefined || delivery.createdAtMs >= fromMs) &&
    (toMs === undefined || delivery.createdAtMs < toMs);
}
