import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useList } from '../api/queries.ts';
import type { AuditEntry } from '../api/people.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Difference } from '../parts/difference.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

/** Who did what, found by what was done and to what; one entry with what was before and after. */
export function AuditLog() {
  const [filters, setFilters] = useFilters(['action', 'target', 'actor']);
  const list = useList<AuditEntry>('/v1/audit', filters, { steady: true });
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const filtered = Object.values(filters).some((value) => value !== '');
  // The actions that have been seen; whoever asked for one keeps it.
  const actions = new Set(
    [...(list.items ?? []).map(({ action }) => action), filters.action].filter((one) => one !== ''),
  );
  const only = (patch: Partial<typeof filters>) => {
    setFilters(patch);
    setOpen(null);
  };
  return (
    <>
      <PartHead lead={words.settings.auditLead} />
      <div className="filters" role="search">
        <select
          className="input"
          aria-label={words.settings.action}
          value={filters.action}
          onChange={(event) => setFilters({ action: event.target.value })}
        >
          <option value="">{words.settings.anyAction}</option>
          {[...actions].toSorted().map((action) => (
            <option key={action} value={action}>
              {action}
            </option>
          ))}
        </select>
        {(['target', 'actor'] as const).map((name) =>
          filters[name] === '' ? null : (
            <span key={name} className="chip">
              <span className="cut">{words.settings.auditOnly[name](filters[name])}</span>
              <button
                type="button"
                aria-label={words.common.removeWord(filters[name])}
                onClick={() => setFilters({ [name]: '' })}
              >
                <IconX size={13} aria-hidden />
              </button>
            </span>
          ),
        )}
        {filtered ? (
          <Button small look="plain" onClick={() => setFilters({ action: '', target: '', actor: '' })}>
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
                      {entry.action}
                    </button>
                  ),
                },
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
      )}
      {open === null ? null : <Entry entry={open} onOnly={only} onClose={() => setOpen(null)} />}
    </>
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
      title={action}
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
