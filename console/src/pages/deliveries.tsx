import { IconDownload, IconFilter, IconRepeat } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAsk, useChange, useDialects, useList, useMay, useWebhooks } from '../api/queries.ts';
import { useLive } from '../api/live.ts';
import type { Asset, DeliveryState, DeliverySummary } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { showDuration } from '../parts/format.ts';
import { LiveButtons, LiveState } from '../parts/live-bar.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { isSample, Thumb } from '../parts/thumb.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { deliveryFilterNames, type DeliveryFilters, queryOf, spanOf } from './delivery-filters.ts';
import { ExportDialog } from './export-dialog.tsx';
import { outcomeOf, StateBadge } from './delivery-words.tsx';
import { localMinute, ReplayDialog } from './replay-dialog.tsx';

const ownTime = 'own';
/** What never was answered in one, and then each outcome by itself. */
const outcomeChoices: readonly (readonly [value: string, label: string])[] = [
  [
    Object.keys(words.outcomes)
      .filter((kind) => kind !== 'response')
      .join(','),
    words.deliveries.unanswered,
  ],
  ...Object.entries(words.outcomes),
];
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
  const [open, setOpen] = useState(false);
  return (
    <div className="filters" role="search" data-open={open}>
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
      <span className="only-narrow">
        <Button small icon={<IconFilter size={15} aria-hidden />} aria-expanded={open} onClick={() => setOpen(!open)}>
          {words.deliveries.moreFilters}
        </Button>
      </span>
      <select
        className="input more-filter"
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
        className="input more-filter"
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
      <Times filters={filters} onChange={onChange} />
      <Typed label={words.deliveries.eventHint} value={filters.event} onChange={(event) => onChange({ event })} />
      <Typed
        label={words.deliveries.statusHint}
        value={filters.status}
        numeric
        onChange={(status) => onChange({ status })}
      />
      <select
        className="input more-filter"
        aria-label={words.deliveries.outcomeHint}
        value={filters.outcomes}
        onChange={(event) => onChange({ outcomes: event.target.value })}
      >
        <option value="">{words.deliveries.anyOutcome}</option>
        {outcomeChoices.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
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

/** A time that goes back from now, or one with a beginning and an end of its own. */
function Times({
  filters,
  onChange,
}: {
  readonly filters: DeliveryFilters;
  readonly onChange: (patch: Partial<DeliveryFilters>) => void;
}) {
  const [own, setOwn] = useState(false);
  const between = own || filters.from !== '' || filters.to !== '';
  const choose = (value: string) => {
    setOwn(value === ownTime);
    onChange({ since: value === ownTime ? '' : value, from: '', to: '' });
  };
  const moment = (name: 'from' | 'to', label: string) => (
    <input
      className="input more-filter"
      type="datetime-local"
      aria-label={label}
      title={label}
      value={filters[name] === '' ? '' : localMinute(Number(filters[name]))}
      onChange={(event) =>
        onChange({ [name]: event.target.value === '' ? '' : String(Date.parse(event.target.value)) })
      }
    />
  );
  return (
    <>
      <select
        className="input more-filter"
        aria-label={words.deliveries.when}
        value={between ? ownTime : filters.since}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">{words.deliveries.anyTime}</option>
        {Object.entries(words.deliveries.times).map(([ms, label]) => (
          <option key={ms} value={ms}>
            {label}
          </option>
        ))}
        <option value={ownTime}>{words.deliveries.ownTime}</option>
      </select>
      {between ? (
        <>
          {moment('from', words.deliveries.replayFrom)}
          {moment('to', words.deliveries.replayTo)}
        </>
      ) : null}
    </>
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
      className="input more-filter"
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
  const [openedMs] = useState(() => Date.now());
  const query = useMemo(() => ({ limit: 100, ...queryOf(filters, openedMs) }), [filters, openedMs]);
  const list = useList<DeliverySummary>('/v1/deliveries', query, { steady: true });
  const { data: webhooks } = useWebhooks();
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

  if (list.error !== null) return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <div ref={live.frame} className="live-frame">
      <Card flush title={<LiveState of={live} />} actions={<LiveButtons of={live} />}>
        {list.items === undefined ? (
          <div style={{ padding: 16 }}>
            <Loading lines={8} />
          </div>
        ) : items.length === 0 ? (
          <Empty
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
              { name: words.deliveries.when, kind: 'fit', cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} /> },
            ]}
          />
        )}
      </Card>
    </div>
  );
}

/** What a delivery or change is about: an asset by its picture and name, anything else by its id. */
export function Subject({ of }: { readonly of: string }) {
  const [type, id = ''] = splitSubject(of);
  if (type === 'asset' && isSample(id)) return <span className="cut quiet">{words.deliveries.sample}</span>;
  if (type !== 'asset') return <span className="mono cut">{of}</span>;
  return <AssetSubject id={id} />;
}

function AssetSubject({ id }: { readonly id: string }) {
  // Rows are drawn only where they are seen, and what was asked once is kept: a few questions for a page of rows.
  const { data: asset } = useAsk<Asset>(`/v1/assets/${encodeURIComponent(id)}`, {}, { lingering: true });
  return (
    <Link href={`/assets/${encodeURIComponent(id)}`} className="row subject" title={id}>
      <Thumb asset={asset} size={26} />
      <span className={asset === undefined ? 'mono cut' : 'cut'}>{asset === undefined ? id : asset.state.name}</span>
    </Link>
  );
}

export function splitSubject(subject: string): readonly [type: string, id: string] {
  const colon = subject.indexOf(':');
  return colon < 0 ? ['', subject] : [subject.slice(0, colon), subject.slice(colon + 1)];
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
