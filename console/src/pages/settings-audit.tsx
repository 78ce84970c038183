import { IconDownload } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useAll, useList, useMay } from '../api/queries.ts';
import type { AuditEntry, Key, User } from '../api/people.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Difference } from '../parts/difference.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { Times } from './delivery-filter-bar.tsx';
import { spanOf } from './delivery-filters.ts';
import { ExportDialog } from './export-dialog.tsx';
import { PartHead } from './settings-parts.tsx';

const filterNames = ['action', 'target', 'actor', 'since', 'from', 'to'] as const;

type AuditFilters = { readonly [name in (typeof filterNames)[number]]: string };

/** Who did what, found by time, by whom, what was done and to what; one entry with what was before and after. */
export function AuditLog() {
  const [filters, setFilters] = useFilters(filterNames);
  const { since, from, to, action, target, actor } = filters;
  // A span that goes back from now stays what it was when it was asked for.
  const span = useMemo(() => spanOf({ since, from, to }, Date.now()), [since, from, to]);
  const list = useList<AuditEntry>('/v1/audit', { action, target, actor, ...span }, { steady: true });
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const [exporting, setExporting] = useState(false);
  const filtered = Object.values(filters).some((value) => value !== '');
  const only = (patch: Partial<AuditFilters>) => {
    setFilters(patch);
    setOpen(null);
  };
  return (
    <>
      <PartHead
        lead={words.settings.auditLead}
        action={
          <Button icon={<IconDownload size={16} aria-hidden />} onClick={() => setExporting(true)}>
            {words.audit.export}
          </Button>
        }
      />
      <div className="filters" role="search">
        <Times filters={filters} label={words.changes.when} more={words.audit.more} onChange={setFilters} />
        <ActorFilter value={actor} seen={list.items ?? []} onChange={(value) => setFilters({ actor: value })} />
        <SelectFilter
          label={words.settings.action}
          value={action}
          any={words.settings.anyAction}
          choices={actionChoices(action)}
          onChange={(value) => setFilters({ action: value })}
        />
        <input
          key={target}
          className="input"
          type="search"
          aria-label={words.audit.target}
          placeholder={words.audit.targetHint}
          defaultValue={target}
          onBlur={(event) => setFilters({ target: event.target.value.trim() })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') event.currentTarget.blur();
          }}
        />
        {filtered ? (
          <Button
            small
            look="plain"
            onClick={() => setFilters(Object.fromEntries(filterNames.map((name) => [name, ''])))}
          >
            {words.common.clear}
          </Button>
        ) : null}
      </div>
      {list.error === null ? null : <Failure error={list.error} />}
      {list.items === undefined ? (
        list.error === null ? (
          <Loading />
        ) : null
      ) : (
        <Card flush>
          {list.items.length === 0 ? (
            <Empty title={filtered ? words.settings.auditNoneFits : words.settings.auditNone}>
              {words.settings.auditNoneLead}
            </Empty>
          ) : (
            <Table
              label={words.settings.parts.audit}
              items={list.items}
              idOf={({ id }) => id}
              onOpen={setOpen}
              more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
              columns={[
                { name: words.changes.when, kind: 'fit', cell: ({ atMs }) => <Ago atMs={atMs} /> },
                {
                  name: words.settings.who,
                  cell: ({ actor }) => <span className="cut">{actor.name ?? actor.id}</span>,
                },
                {
                  name: words.settings.action,
                  cell: (entry) => (
                    <button type="button" className="link" onClick={() => setOpen(entry)}>
                      {actionText(entry.action)}
                    </button>
                  ),
                },
                {
                  name: words.settings.target,
                  wide: true,
                  cell: ({ target }) => <span className="mono cut">{target}</span>,
                },
                {
                  name: words.settings.from,
                  kind: 'fit',
                  wide: true,
                  cell: ({ from }) => <span className="mono">{from?.address ?? ''}</span>,
                },
              ]}
            />
          )}
        </Card>
      )}
      {open === null ? null : <Entry entry={open} onOnly={only} onClose={() => setOpen(null)} />}
      {exporting ? (
        <ExportDialog
          title={words.audit.exportTitle}
          lead={words.audit.exportLead}
          what={() => ({ of: 'audit', ...given({ action, target, actor }), ...spanOf(filters, Date.now()) })}
          onClose={() => setExporting(false)}
        />
      ) : null}
    </>
  );
}

function given(filters: { readonly [name: string]: string }): object {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
}

function actionText(action: string): string {
  return words.audit.actions[action] ?? action;
}

/** Every action there are words for, and the one of the address whatever it is. */
function actionChoices(chosen: string): readonly (readonly [string, string])[] {
  const known = Object.entries(words.audit.actions).toSorted(([, left], [, right]) => left.localeCompare(right));
  return chosen === '' || words.audit.actions[chosen] !== undefined ? known : [...known, [chosen, chosen]];
}

/** Who did it: people and keys of the workspace as far as one may see them, and whoever else has been seen in the log. */
function ActorFilter({
  value,
  seen,
  onChange,
}: {
  readonly value: string;
  readonly seen: readonly AuditEntry[];
  readonly onChange: (actor: string) => void;
}) {
  const may = useMay('keys:read');
  const users = useAll<User>(may ? '/v1/users' : null);
  const keys = useAll<Key>(may ? '/v1/keys' : null);
  const people = (users.data ?? []).map(({ id, name }) => [`user:${id}`, name] as const);
  const programs = (keys.data ?? []).map(({ id, name }) => [`key:${id}`, name] as const);
  const known = new Set<string>([...people, ...programs].map(([actor]) => actor));
  const others = new Map<string, string>(
    seen
      .map(({ actor }) => [`${actor.type}:${actor.id}`, actor.name ?? `${actor.type}:${actor.id}`] as const)
      .filter(([actor]) => !known.has(actor)),
  );
  if (value !== '' && !known.has(value) && !others.has(value)) others.set(value, value);
  const groups = [
    [words.audit.people, people],
    [words.audit.keys, programs],
    [words.audit.others, [...others]],
  ] as const;
  return (
    <select
      className="input"
      aria-label={words.settings.who}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{words.audit.anybody}</option>
      {groups
        .filter(([, choices]) => choices.length > 0)
        .map(([label, choices]) => (
          <optgroup key={label} label={label}>
            {choices.map(([actor, name]) => (
              <option key={actor} value={actor}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
    </select>
  );
}

function Entry({
  entry: { id, atMs, actor, action, target, from, before, after },
  onOnly,
  onClose,
}: {
  readonly entry: AuditEntry;
  readonly onOnly: (patch: { readonly actor?: string; readonly target?: string }) => void;
  readonly onClose: () => void;
}) {
  const who = `${actor.type}:${actor.id}`;
  return (
    <Dialog
      wide
      title={actionText(action)}
      onClose={onClose}
      footer={
        <>
          <Button onClick={() => onOnly({ actor: who })}>{words.settings.auditSameActor}</Button>
          <Button onClick={() => onOnly({ target })}>{words.settings.auditSameTarget}</Button>
        </>
      }
    >
      <Facts
        of={[
          [words.changes.when, <Moment key="at" atMs={atMs} />],
          [
            words.settings.who,
            <span key="who">
              {actor.name} <code>{who}</code>
            </span>,
          ],
          [words.settings.action, <code key="action">{action}</code>],
          [words.settings.target, <code key="target">{target}</code>],
          [words.settings.from, from === undefined ? undefined : `${from.address} ${from.userAgent ?? ''}`.trim()],
          [words.common.id, <code key="id">{id}</code>],
        ]}
      />
      <Difference
        before={before ?? null}
        after={after ?? null}
        changed={[...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]}
      />
    </Dialog>
  );
}
