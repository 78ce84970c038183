import { IconPlus, IconTrash, IconChecklist } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useChange, useList, useMay } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { problemAt, TextField, WordsField } from '../parts/field.tsx';
import { Badge, Empty, Failure } from '../parts/state.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { Heard } from '../parts/table.tsx';
import { Ago, useNow } from '../parts/time.tsx';
import { SelectFilter } from '../parts/select-filter.tsx';
import { words } from '../words/words.ts';
import { AssetSubject } from './subject.tsx';

type Status = keyof typeof words.jobs.statuses;
type Job = {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly status: Status;
  readonly deadlineAtMs?: number;
  readonly preset?: string;
  readonly accountable?: string;
  readonly assets: readonly string[];
};

const statuses = Object.keys(words.jobs.statuses) as readonly Status[];

/** What is to be done with assets. */
export function Jobs() {
  const [{ status }, setFilters] = useFilters(['status']);
  const may = useMay('assets:write');
  const list = useList<Job>('/v1/jobs', { status });
  const [open, setOpen] = useState<'new' | Job | null>(null);
  const now = useNow();
  const change = useChange(['/v1/jobs', '/v1/changes']);
  const remove = useChange(['/v1/jobs'], { onDone: () => setOpen(null) });
  const make = may ? (
    <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>
      {words.jobs.make}
    </Button>
  ) : null;
  return (
    <Page title={words.jobs.title} lead={words.jobs.lead} actions={make}>
      <div className="filters" role="search">
        <SelectFilter
          label={words.jobs.status}
          value={status}
          any={words.jobs.anyStatus}
          choices={Object.entries(words.jobs.statuses)}
          onChange={(chosen) => setFilters({ status: chosen })}
        />
      </div>
      <ListCard
        list={list}
        empty={
          <Empty icon={<IconChecklist size={22} stroke={1.6} aria-hidden />} title={words.jobs.empty} action={make}>
            {words.jobs.emptyLead}
          </Empty>
        }
        label={words.jobs.title}
        idOf={({ id }) => id}
        columns={[
          {
            name: words.jobs.name,
            cell: ({ name, description, deadlineAtMs }) => (
              <>
                <strong className="cut">{name}</strong>
                <span className="quiet cut">{description ?? ''}</span>
                {deadlineAtMs === undefined ? null : (
                  <span className="quiet narrow-only">
                    {words.jobs.deadline} <Ago atMs={deadlineAtMs} />
                  </span>
                )}
              </>
            ),
          },
          {
            name: words.jobs.status,
            kind: 'fit',
            cell: ({ id, name, status: present }) => (
              <select
                className="input"
                aria-label={`${words.jobs.status}: ${name}`}
                value={present}
                disabled={!may}
                onChange={(event) =>
                  change.mutate({ method: 'PATCH', path: `/v1/jobs/${id}`, body: { status: event.target.value } })
                }
              >
                {statuses.map((known) => (
                  <option key={known} value={known}>
                    {words.jobs.statuses[known]}
                  </option>
                ))}
              </select>
            ),
          },
          {
            name: words.jobs.deadline,
            kind: 'fit',
            wide: true,
            cell: ({ deadlineAtMs, status: present }) =>
              deadlineAtMs === undefined ? null : (
                <>
                  <Ago atMs={deadlineAtMs} />{' '}
                  {deadlineAtMs < now && present !== 'done' && present !== 'cancelled' ? (
                    <Badge tone="warn">{words.jobs.late}</Badge>
                  ) : null}
                </>
              ),
          },
          { name: words.jobs.accountable, wide: true, cell: ({ accountable }) => accountable ?? '' },
          {
            name: words.jobs.assets,
            wide: true,
            cell: ({ assets }) => (
              <span className="stack tight">
                {assets.slice(0, 3).map((id) => (
                  <AssetSubject key={id} id={id} />
                ))}
                {assets.length > 3 ? <span className="quiet">{words.jobs.assetCount(assets.length)}</span> : null}
              </span>
            ),
          },
          {
            name: <Heard>{words.common.actions}</Heard>,
            kind: 'fit',
            cell: (job) =>
              may ? (
                <Button
                  small
                  look="plain"
                  label={`${words.common.delete}: ${job.name}`}
                  icon={<IconTrash size={15} aria-hidden />}
                  onClick={() => setOpen(job)}
                />
              ) : null,
          },
        ]}
      />
      {open === 'new' ? <NewJob onClose={() => setOpen(null)} /> : null}
      {open !== null && open !== 'new' ? (
        <Confirm
          title={words.jobs.removeTitle}
          action={words.common.delete}
          busy={remove.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() => remove.mutate({ method: 'DELETE', path: `/v1/jobs/${open.id}` })}
        >
          <p>
            <strong>{open.name}</strong>: {words.jobs.removeLead}
          </p>
        </Confirm>
      ) : null}
    </Page>
  );
}

function NewJob({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [deadline, setDeadline] = useState('');
  const [preset, setPreset] = useState('');
  const [accountable, setAccountable] = useState('');
  const [assets, setAssets] = useState<readonly string[]>([]);
  const make = useChange(['/v1/jobs', '/v1/changes'], { quiet: true, onDone: onClose });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  const submit = () =>
    make.mutate({
      method: 'POST',
      path: '/v1/jobs',
      body: {
        name,
        ...(description === '' ? {} : { description }),
        ...(deadline === '' ? {} : { deadlineAtMs: new Date(deadline).getTime() }),
        ...(preset === '' ? {} : { preset }),
        ...(accountable === '' ? {} : { accountable }),
        ...(assets.length === 0 ? {} : { assets }),
      },
    });
  return (
    <Dialog
      title={words.jobs.make}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <Failure error={make.error} />}
      <TextField
        label={words.jobs.name}
        autoFocus
        problem={problemAt(problems, '/name')}
        value={name}
        onChange={setName}
      />
      <TextField label={words.jobs.description} lines={3} value={description} onChange={setDescription} />
      <TextField label={words.jobs.deadline} type="datetime-local" value={deadline} onChange={setDeadline} />
      <TextField label={words.jobs.preset} value={preset} onChange={setPreset} />
      <TextField label={words.jobs.accountable} value={accountable} onChange={setAccountable} />
      <WordsField
        label={words.jobs.assets}
        hint={words.jobs.assetsHint}
        problem={problemAt(problems, '/assets')}
        values={assets}
        onChange={setAssets}
      />
    </Dialog>
  );
}
