import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { chosenWorkspace, Problem } from '../api/ask.ts';
import { useAll, useAsk, useCaller, useChange, useIsAdmin, useMay } from '../api/queries.ts';
import type { Workspace } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { problemAt, SelectField, TextField, WordsField } from '../parts/field.tsx';
import { showBytes, showCount } from '../parts/format.ts';
import { Failure, Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import type { SettingsView } from './settings-server.tsx';

const days = ['noticeDays', 'auditDays', 'trashDays', 'archiveNoticeDays'] as const;
const severities = ['info', 'warning', 'error', 'none'];

export function WorkspaceSettings() {
  const settings = useAsk<SettingsView>('/v1/settings');
  const admin = useIsAdmin();
  return (
    <Loaded of={settings} lines={8}>
      {({ workspace, process }) => (
        <>
          <Form key={JSON.stringify(workspace)} present={workspace} />
          <Holds retentionDays={process.find(({ name }) => name === 'retentionDays')?.value} />
          {admin ? <Environments /> : null}
        </>
      )}
    </Loaded>
  );
}

function Form({ present }: { readonly present: SettingsView['workspace'] }) {
  const may = useMay('settings:write');
  const [values, setValues] = useState<{ readonly [name: string]: unknown }>({});
  const save = useChange(['/v1/settings'], { quiet: true, onDone: () => tell(words.common.saved) });
  const problems = save.error instanceof Problem ? save.error.problems : [];
  const now = { ...present, ...values };
  const contacts = Array.isArray(now['contacts']) ? (now['contacts'] as readonly string[]) : [];
  const mailFrom = typeof now['mailFrom'] === 'string' ? now['mailFrom'] : 'none';
  return (
    <Card title={words.settings.workspace}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ method: 'PATCH', path: '/v1/settings', body: values });
        }}
      >
        {save.error === null ? null : <Failure error={save.error} />}
        <fieldset disabled={!may} className="stack" style={{ border: 0, margin: 0, padding: 0 }}>
          <WordsField
            label={words.settings.contacts}
            hint={words.settings.contactsHint}
            problem={problemAt(problems, '/contacts')}
            values={contacts}
            onChange={(changed) => setValues({ ...values, contacts: changed })}
          />
          <SelectField
            label={words.settings.mailFrom}
            value={mailFrom}
            choices={[...new Set([mailFrom, ...severities])].map((value) => ({ value, label: value }))}
            onChange={(changed) => setValues({ ...values, mailFrom: changed })}
          />
          <div className="columns">
            {days.map((name) =>
              now[name] === undefined ? null : (
                <TextField
                  key={name}
                  label={words.settings[name]}
                  type="number"
                  problem={problemAt(problems, `/${name}`)}
                  value={JSON.stringify(now[name])}
                  onChange={(text) => setValues({ ...values, [name]: Number(text) })}
                />
              ),
            )}
          </div>
          <div>
            <Button
              type="submit"
              look="primary"
              busy={save.isPending}
              disabled={!may || Object.keys(values).length === 0}
            >
              {words.common.save}
            </Button>
          </div>
        </fieldset>
      </form>
    </Card>
  );
}

/** How much it holds, of how much it may, and for how long what happened is kept. */
function Holds({ retentionDays }: { readonly retentionDays: string | undefined }) {
  const { data: caller } = useCaller();
  const id = chosenWorkspace() ?? caller?.workspaceId;
  const workspace = useAsk<Workspace>(id === undefined ? null : `/v1/workspaces/${encodeURIComponent(id)}`);
  const { usage, quota } = workspace.data ?? {};
  if (usage === undefined && retentionDays === undefined) return null;
  const of = (used: string, most: string | undefined) =>
    most === undefined ? used : words.settings.heldOf(used, most);
  const bytesMax = quota?.bytesMax ?? null;
  const filesMax = quota?.filesMax ?? null;
  return (
    <Card title={words.settings.holds}>
      <Facts
        of={[
          [
            words.settings.heldBytes,
            usage === undefined
              ? undefined
              : of(showBytes(usage.bytes), bytesMax === null ? undefined : showBytes(bytesMax)),
          ],
          [
            words.settings.heldFiles,
            usage === undefined
              ? undefined
              : of(showCount(usage.files), filesMax === null ? undefined : showCount(filesMax)),
          ],
          [
            words.settings.retention,
            retentionDays === undefined ? undefined : words.settings.retentionFor(retentionDays),
          ],
        ]}
      />
    </Card>
  );
}

function Environments() {
  const workspaces = useAll<Workspace & { readonly createdAtMs: number; readonly state: string }>('/v1/workspaces');
  const [open, setOpen] = useState(false);
  return (
    <Card
      flush
      title={words.settings.environments}
      actions={
        <Button small icon={<IconPlus size={15} aria-hidden />} onClick={() => setOpen(true)}>
          {words.settings.newWorkspace}
        </Button>
      }
    >
      <p className="quiet" style={{ padding: '14px 16px' }}>
        {words.settings.environmentsLead}
      </p>
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
                  <a href={`/?workspace=${encodeURIComponent(id)}`}>{name === id ? name : `${name} (${id})`}</a>
                ),
              },
              {
                name: words.settings.parent,
                cell: ({ parent }) => parent ?? <span className="quiet">{words.settings.noParent}</span>,
              },
              { name: words.common.state, kind: 'fit', cell: ({ state }) => state },
              { name: words.common.created, kind: 'fit', cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} /> },
            ]}
          />
        )}
      </Loaded>
      {open ? <NewWorkspace workspaces={workspaces.data ?? []} onClose={() => setOpen(false)} /> : null}
    </Card>
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
