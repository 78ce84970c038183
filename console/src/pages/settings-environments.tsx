import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useAll, useAsk, useChange } from '../api/queries.ts';
import type { Workspace } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { CheckField, problemAt, SelectField, TextField } from '../parts/field.tsx';
import { showBytes, showCount } from '../parts/format.ts';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Failure, Loaded, Loading } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

const tones = { active: 'good', disabled: 'warn', erasing: 'bad' } as const;
/** It can be neither disabled nor erased. */
const lasting = 'default';

/** Workspaces of the installation, for its admins: made, bounded, disabled, erased. */
export function Environments() {
  const workspaces = useAll<Workspace>('/v1/workspaces');
  const [open, setOpen] = useState<'new' | Workspace | null>(null);
  const [erasing, setErasing] = useState<Workspace | null>(null);
  return (
    <Card
      flush
      title={words.settings.environments}
      actions={
        <Button small icon={<IconPlus size={15} aria-hidden />} onClick={() => setOpen('new')}>
          {words.settings.newWorkspace}
        </Button>
      }
    >
      <p className="quiet card-lead">{words.settings.environmentsLead}</p>
      <Loaded of={workspaces}>
        {(items) => (
          <Table
            label={words.settings.environments}
            items={items}
            idOf={({ id }) => id}
            columns={[
              {
                name: words.common.name,
                cell: ({ id, name }) => (
                  <>
                    <a href={`/?workspace=${encodeURIComponent(id)}`}>{name}</a>
                    {name === id ? null : <span className="quiet mono cut">{id}</span>}
                  </>
                ),
              },
              {
                name: words.settings.parent,
                cell: ({ parent }) => parent ?? <span className="quiet">{words.settings.noParent}</span>,
              },
              {
                name: words.common.state,
                kind: 'fit',
                cell: ({ state }) => <Badge tone={tones[state]}>{words.settings.workspaceStates[state]}</Badge>,
              },
              {
                name: words.common.created,
                kind: 'fit',
                wide: true,
                cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} />,
              },
              {
                name: <Heard>{words.common.actions}</Heard>,
                kind: 'fit',
                cell: (workspace) =>
                  workspace.state === 'erasing' ? null : (
                    <Button small look="plain" onClick={() => setOpen(workspace)}>
                      {words.common.edit}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Loaded>
      {open === 'new' ? <NewWorkspace workspaces={workspaces.data ?? []} onClose={() => setOpen(null)} /> : null}
      {open !== null && open !== 'new' ? (
        <EditWorkspace
          id={open.id}
          onClose={() => setOpen(null)}
          onErase={() => {
            setErasing(open);
            setOpen(null);
          }}
        />
      ) : null}
      {erasing === null ? null : <EraseWorkspace workspace={erasing} onClose={() => setErasing(null)} />}
    </Card>
  );
}

/** The list has no usage: it is asked for by the id. */
function EditWorkspace({
  id,
  onClose,
  onErase,
}: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onErase: () => void;
}) {
  const workspace = useAsk<Workspace>(`/v1/workspaces/${encodeURIComponent(id)}`);
  if (workspace.data !== undefined) return <EditForm workspace={workspace.data} onClose={onClose} onErase={onErase} />;
  return (
    <Dialog title={id} onClose={onClose}>
      {workspace.error === null ? <Loading /> : <Failure error={workspace.error} />}
    </Dialog>
  );
}

const gigabyte = 1_000_000_000;

function EditForm({
  workspace: { id, name: present, state, usage, quota },
  onClose,
  onErase,
}: {
  readonly workspace: Workspace;
  readonly onClose: () => void;
  readonly onErase: () => void;
}) {
  const [name, setName] = useState(present);
  const [disabled, setDisabled] = useState(state === 'disabled');
  const [gigabytes, setGigabytes] = useState(textOf(quota?.bytesMax, gigabyte));
  const [files, setFiles] = useState(textOf(quota?.filesMax, 1));
  const [changes, setChanges] = useState(textOf(quota?.changesPerSecondMax, 1));
  const save = useChange(['/v1/workspaces'], {
    quiet: true,
    onDone: () => {
      tell(words.common.saved);
      onClose();
    },
  });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  return (
    <Dialog
      title={present}
      onClose={onClose}
      onSubmit={() =>
        save.mutate({
          method: 'PATCH',
          path: `/v1/workspaces/${encodeURIComponent(id)}`,
          body: {
            ...(name === present ? {} : { name }),
            ...(disabled === (state === 'disabled') ? {} : { disabled }),
            quota: {
              bytesMax: numberOf(gigabytes, gigabyte),
              filesMax: numberOf(files, 1),
              changesPerSecondMax: numberOf(changes, 1),
            },
          },
        })
      }
      footer={
        <>
          {id === lasting ? null : (
            <Button look="danger" onClick={onErase}>
              {words.settings.eraseWorkspace}
            </Button>
          )}
          <Button type="submit" look="primary" busy={save.isPending}>
            {words.common.save}
          </Button>
        </>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <TextField label={words.common.name} problem={problemAt(problems, '/name')} value={name} onChange={setName} />
      <TextField
        label={words.settings.quotaBytes}
        hint={words.settings.quotaHint}
        type="number"
        problem={problemAt(problems, '/quota/bytesMax')}
        value={gigabytes}
        onChange={setGigabytes}
      />
      <TextField
        label={words.settings.quotaFiles}
        type="number"
        problem={problemAt(problems, '/quota/filesMax')}
        value={files}
        onChange={setFiles}
      />
      <TextField
        label={words.settings.quotaChanges}
        hint={words.settings.quotaChangesHint}
        type="number"
        problem={problemAt(problems, '/quota/changesPerSecondMax')}
        value={changes}
        onChange={setChanges}
      />
      {usage === undefined ? null : (
        <Facts
          of={[
            [words.settings.heldBytes, showBytes(usage.bytes)],
            [words.settings.heldFiles, showCount(usage.files)],
          ]}
        />
      )}
      {id === lasting ? null : (
        <CheckField
          label={words.settings.disableWorkspace}
          hint={words.settings.disableWorkspaceHint}
          checked={disabled}
          onChange={setDisabled}
        />
      )}
    </Dialog>
  );
}

/** As it stands in its field: nothing where there is no bound. */
function textOf(bound: number | null | undefined, unit: number): string {
  return bound === null || bound === undefined ? '' : String(bound / unit);
}

function numberOf(text: string, unit: number): number | null {
  return text.trim() === '' ? null : Math.round(Number(text) * unit);
}

function EraseWorkspace({
  workspace: { id, name },
  onClose,
}: {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}) {
  const erase = useChange(['/v1/workspaces'], {
    quiet: true,
    onDone: () => {
      tell(words.settings.eraseBegun);
      onClose();
    },
  });
  return (
    <Confirm
      title={words.settings.eraseTitle(name)}
      action={words.settings.eraseWorkspace}
      typed={id}
      busy={erase.isPending}
      onClose={onClose}
      onConfirm={() =>
        erase.mutate({ method: 'DELETE', path: `/v1/workspaces/${encodeURIComponent(id)}`, body: { confirm: id } })
      }
    >
      {erase.error === null ? null : <Failure error={erase.error} />}
      <p>{words.settings.eraseLead}</p>
    </Confirm>
  );
}

function NewWorkspace({
  workspaces,
  onClose,
}: {
  readonly workspaces: readonly Workspace[];
  readonly onClose: () => void;
}) {
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [parent, setParent] = useState('');
  const make = useChange(['/v1/workspaces'], { quiet: true, onDone: onClose });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  return (
    <Dialog
      title={words.settings.newWorkspace}
      onClose={onClose}
      onSubmit={() =>
        make.mutate({
          method: 'POST',
          path: '/v1/workspaces',
          body: { id, name: name === '' ? id : name, ...(parent === '' ? {} : { parent }) },
        })
      }
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <Failure error={make.error} />}
      <TextField
        label={words.settings.workspaceId}
        autoFocus
        mono
        problem={problemAt(problems, '/id')}
        value={id}
        onChange={setId}
      />
      <TextField label={words.common.name} problem={problemAt(problems, '/name')} value={name} onChange={setName} />
      <SelectField
        label={words.settings.parent}
        value={parent}
        problem={problemAt(problems, '/parent')}
        choices={[
          { value: '', label: words.settings.noParent },
          ...workspaces.map((workspace) => ({ value: workspace.id, label: workspace.name })),
        ]}
        onChange={setParent}
      />
    </Dialog>
  );
}
