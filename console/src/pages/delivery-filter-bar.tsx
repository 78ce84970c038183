import { IconFilter } from '@tabler/icons-react';
import { useState } from 'react';
import { useDialects, useWebhooks } from '../api/queries.ts';
import type { DeliveryState } from '../api/deliveries.ts';
import { Button } from '../parts/button.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { words } from '../words/words.ts';
import { deliveryFilterNames, type DeliveryFilters } from './delivery-filters.ts';
import { localMinute } from './replay-dialog.tsx';

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

/** What one looks for among deliveries; it all stands in the address. */
export function DeliveryFilterBar({
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
      <div className="segments" role="group" aria-label={words.deliveries.state}>
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
      <SelectFilter
        className="more-filter"
        label={words.deliveries.webhook}
        value={filters.webhookId}
        any={words.deliveries.anyWebhook}
        choices={(webhooks ?? []).map(({ id, name }) => [id, name] as const)}
        onChange={(value) => onChange({ webhookId: value })}
      />
      <SelectFilter
        className="more-filter"
        label={words.deliveries.dialect}
        value={filters.dialect}
        any={words.deliveries.anyDialect}
        choices={(dialects ?? []).map(({ id, title }) => [id, title] as const)}
        onChange={(value) => onChange({ dialect: value })}
      />
      <Times filters={filters} onChange={onChange} />
      <Typed label={words.deliveries.eventHint} value={filters.event} onChange={(event) => onChange({ event })} />
      <Typed
        label={words.deliveries.statusHint}
        value={filters.status}
        numeric
        onChange={(status) => onChange({ status })}
      />
      <SelectFilter
        className="more-filter"
        label={words.deliveries.outcomeHint}
        value={filters.outcomes}
        any={words.deliveries.anyOutcome}
        choices={outcomeChoices}
        onChange={(value) => onChange({ outcomes: value })}
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

/** A time that goes back from now, or one with a beginning and an end of its own. */
export function Times({
  filters,
  label = words.deliveries.when,
  more = {},
  onChange,
}: {
  readonly filters: Pick<DeliveryFilters, 'since' | 'from' | 'to'>;
  readonly label?: string;
  /** Spans beside the usual ones, in milliseconds. */
  readonly more?: { readonly [ms: string]: string };
  readonly onChange: (patch: { readonly since?: string; readonly from?: string; readonly to?: string }) => void;
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
      <SelectFilter
        className="more-filter"
        label={label}
        value={between ? ownTime : filters.since}
        any={words.deliveries.anyTime}
        choices={[...Object.entries({ ...words.deliveries.times, ...more }), [ownTime, words.deliveries.ownTime]]}
        onChange={(value) => choose(value)}
      />
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
