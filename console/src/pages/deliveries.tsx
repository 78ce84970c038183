import { IconDownload, IconPlayerPause, IconPlayerPlay, IconRepeat } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAsk, useChange, useDialects, useList, useMay, useWebhooks } from '../api/queries.ts';
import { useStream } from '../api/stream.ts';
import type { Asset, DeliveryState, DeliverySummary } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { showDuration } from '../parts/format.ts';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { deliveryFilterNames, type DeliveryFilters, queryOf } from './delivery-filters.ts';
import { ExportDialog } from './export-dialog.tsx';
import { outcomeOf, StateBadge } from './delivery-words.tsx';
import { ReplayDialog } from './replay-dialog.tsx';

const states: readonly DeliveryState[] = ['pending', 'held', 'delivered', 'rejected', 'dead', 'cancelled'];

export function Deliveries() {
  const [filters, setFilters] = useFilters(deliveryFilterNames);
  const [open, setOpen] = useState<'replay' | 'export' | null>(null);
  const mayWrite = useMay('deliveries:write');
  return (
    <Page
      title={words.deliveries.title}
      lead={words.deliveries.lead}
      actions={
        <>
          <Button icon={<IconDownload size={16} aria-hidden />} onClick={() => setOpen('export')}>
            {words.deliveries.export}
          </Button>
          {mayWrite ? (
            <Button icon={<IconRepeat size={16} aria-hidden />} onClick={() => setOpen('replay')}>
              {words.deliveries.replay}
            </Button>
          ) : null}
        </>
      }
    >
      <Filters filters={filters} onChange={setFilters} />
      <DeliveryList filters={filters} />
      {open === 'replay' ? <ReplayDialog filters={filters} onClose={() => setOpen(null)} /> : null}
      {open === 'export' ? <ExportDialog filters={filters} onClose={() => setOpen(null)} /> : null}
    </Page>
  );
}

function Filters({
  filters,
  onChange,
}: {
  readonly filters: DeliveryFilters;
  readonly onChange: (patch: Partial<DeliveryFilters>) => void;
}) {
  const { data: webhooks } = useWebhooks();
  const { data: dialects } = useDialects();
  const filtered = Object.values(filters).some((value) => value !== '');
  return (
    <div className="filters" role="search">
      <div className="segments" role="group" aria-label={words.deliveries.state} style={{ flexWrap: 'wrap' }}>
        <button type="button" aria-pressed={filters.states === ''} onClick={() => onChange({ states: '' })}>
          {words.common.all}
        </button>
        {states.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={filters.states === state}
            title={words.deliveries.about[state]}
            onClick={() => onChange({ states: filters.states === state ? '' : state })}
          >
            {words.deliveries.states[state]}
          </button>
        ))}
      </div>
      <select
        className="input"
        aria-label={words.deliveries.webhook}
        value={filters.webhookId}
        onChange={(event) => onChange({ webhookId: event.target.value })}
      >
        <option value="">{words.deliveries.anyWebhook}</option>
        {(webhooks ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label={words.deliveries.dialect}
        value={filters.dialect}
        onChange={(event) => onChange({ dialect: event.target.value })}
      >
        <option value="">{words.deliveries.anyDialect}</option>
        {(dialects ?? []).map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label={words.deliveries.when}
        value={filters.since}
        onChange={(event) => onChange({ since: event.target.value })}
      >
        <option value="">{words.deliveries.anyTime}</option>
        {Object.entries(words.deliveries.times).map(([ms, label]) => (
          <option key={ms} value={ms}>
            {label}
          </option>
        ))}
      </select>
      <Typed label={words.deliveries.eventHint} value={filters.event} onChange={(event) => onChange({ event })} />
      <Typed
        label={words.deliveries.statusHint}
        value={filters.status}
        numeric
        onChange={(status) => onChange({ status })}
      />
      <Typed
        label={words.deliveries.subjectHint}
        search
        value={filters.subject}
        onChange={(subject) => onChange({ subject: subject.startsWith('ast_') ? `asset:${subject}` : subject })}
      />
      {filtered ? (
        <Button
          small
          look="plain"
          onClick={() => onChange(Object.fromEntries(deliveryFilterNames.map((name) => [name, ''])))}
        >
          {words.common.clear}
        </Button>
      ) : null}
    </div>
  );
}

/** A filter that is typed: it counts once it is left or Enter is pressed, so that half a word asks nothing. */
function Typed({
  label,
  value,
  onChange,
  numeric = false,
  search = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly numeric?: boolean;
  readonly search?: boolean;
}) {
  return (
    <input
      key={value}
      className="input"
      type={search ? 'search' : 'text'}
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      inputMode={numeric ? 'numeric' : 'text'}
      style={{ width: numeric ? 84 : 170 }}
      onBlur={(event) => {
        const typed = event.target.value.trim();
        if (typed !== value) onChange(numeric ? typed.replaceAll(/\D/g, '').slice(0, 3) : typed);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}

/** Deliveries that fit, newest first; those that come in the meantime are laid on top, or counted while one reads on. */
export function DeliveryList({
  filters,
  compact = false,
}: {
  readonly filters: DeliveryFilters;
  readonly compact?: boolean;
}) {
  const [paused, setPaused] = useState(false);
  const [live, setLive] = useState<ReadonlyMap<string, DeliverySummary>>(new Map());
  const [openedMs] = useState(() => Date.now());
  const query = useMemo(() => queryOf(filters, openedMs), [filters, openedMs]);
  const list = useList<DeliverySummary>('/v1/deliveries', query);
  const { data: webhooks } = useWebhooks();
  const [, navigate] = useLocation();
  const mayWrite = useMay('deliveries:write');
  const redeliver = useChange<{ readonly deliveryId: string }>(['/v1/deliveries'], {
    onDone: () => tell(words.deliveries.sent),
  });
  const state = useStream<DeliverySummary>(
    { path: '/v1/deliveries/stream', event: 'delivery', on: !paused },
    (arrived) => {
      setLive((before) => {
        const next = new Map(before);
        for (const delivery of arrived) {
          next.delete(delivery.id);
          next.set(delivery.id, delivery);
        }
        // Only the newest are laid on top; the list has the others once it is asked again.
        return next.size <= 400 ? next : new Map([...next].slice(-300));
      });
    },
  );
  const items = useMemo(
    () => merged(list.items ?? [], live, { filters, webhooks }),
    [list.items, live, filters, webhooks],
  );
  const nameOf = (id: string) => webhooks?.find((webhook) => webhook.id === id)?.name ?? id;
  const filtered = Object.values(filters).some((value) => value !== '');

  if (list.error !== null) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <Card
      flush
      title={
        <span className="live" data-state={state} role="status">
          {words.common.live[state]}
        </span>
      }
      actions={
        <Button
          small
          look="plain"
          icon={paused ? <IconPlayerPlay size={15} aria-hidden /> : <IconPlayerPause size={15} aria-hidden />}
          onClick={() => setPaused(!paused)}
        >
          {paused ? words.common.resume : words.common.pause}
        </Button>
      }
    >
      {list.items === undefined ? (
        <div style={{ padding: 16 }}>
          <Loading lines={8} />
        </div>
      ) : items.length === 0 ? (
        <Empty title={filtered && !compact ? words.deliveries.emptyFiltered : words.deliveries.empty}>
          {words.deliveries.emptyLead}
        </Empty>
      ) : (
        <Table
          label={words.deliveries.title}
          items={items}
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
          more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
          columns={[
            { name: words.deliveries.state, kind: 'fit', cell: ({ state: shown }) => <StateBadge state={shown} /> },
            {
              name: words.deliveries.event,
              cell: ({ id, event, origin }) => (
                <span className="cut">
                  <Link href={`/deliveries/${id}`}>{event}</Link>{' '}
                  {origin === 'change' ? null : (
                    <span className="quiet">{words.deliveries.origins[origin] ?? origin}</span>
                  )}
                </span>
              ),
            },
            ...(compact
              ? []
              : [
                  {
                    name: words.deliveries.webhook,
                    cell: ({ webhookId }: DeliverySummary) => <span className="cut">{nameOf(webhookId)}</span>,
                  },
                ]),
            { name: words.deliveries.subject, cell: ({ subject }) => <Subject of={subject} /> },
            {
              name: words.deliveries.outcome,
              kind: 'fit',
              cell: (delivery) => <span className="mono">{outcomeOf(delivery)}</span>,
            },
            { name: words.deliveries.attempts, kind: 'number', cell: ({ attempts }) => attempts },
            {
              name: words.deliveries.took,
              kind: 'number',
              cell: ({ lastDurationMs }) => (lastDurationMs === undefined ? '' : showDuration(lastDurationMs)),
            },
            { name: words.deliveries.when, kind: 'fit', cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} /> },
          ]}
        />
      )}
    </Card>
  );
}

/** What a delivery or change is about: an asset by its picture and name, anything else by its id. */
export function Subject({ of }: { readonly of: string }) {
  const [type, id = ''] = splitSubject(of);
  if (type !== 'asset') return <span className="mono cut">{of}</span>;
  return <AssetSubject id={id} />;
}

function AssetSubject({ id }: { readonly id: string }) {
  // Rows are drawn only where they are seen, and what was asked once is kept: a few questions for a page of rows.
  const { data: asset } = useAsk<Asset>(`/v1/assets/${encodeURIComponent(id)}`);
  return (
    <Link href={`/assets/${encodeURIComponent(id)}`} className="row" style={{ flexWrap: 'nowrap' }} title={id}>
      <Thumb asset={asset} size={26} />
      <span className={asset === undefined ? 'mono cut' : 'cut'}>{asset === undefined ? id : asset.state.name}</span>
    </Link>
  );
}

export function splitSubject(subject: string): readonly [type: string, id: string] {
  const colon = subject.indexOf(':');
  return colon < 0 ? ['', subject] : [subject.slice(0, colon), subject.slice(colon + 1)];
}

function merged(
  items: readonly DeliverySummary[],
  live: ReadonlyMap<string, DeliverySummary>,
  {
    filters,
    webhooks,
  }: {
    readonly filters: DeliveryFilters;
    readonly webhooks: readonly { readonly id: string; readonly dialect: string }[] | undefined;
  },
): readonly DeliverySummary[] {
  const fits = (delivery: DeliverySummary): boolean =>
    (filters.states === '' || filters.states.split(',').includes(delivery.state)) &&
    (filters.webhookId === '' || delivery.webhookId === filters.webhookId) &&
    (filters.event === '' || delivery.event === filters.event) &&
    (filters.subject === '' || delivery.subject === filters.subject) &&
    (filters.changeId === '' || delivery.changeId === filters.changeId) &&
    (filters.status === '' || String(delivery.lastStatus ?? '') === filters.status) &&
    (filters.dialect === '' || webhooks?.find(({ id }) => id === delivery.webhookId)?.dialect === filters.dialect);
  const known = new Set(items.map(({ id }) => id));
  const fresh = [...live.values()].filter((delivery) => !known.has(delivery.id) && fits(delivery));
  const updated = items.map((delivery) => live.get(delivery.id) ?? delivery).filter(fits);
  return [...fresh, ...updated].toSorted(
    (one, other) => other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1),
  );
}
