import { useState } from 'react';
import { chosenWorkspace, Problem } from '../api/ask.ts';
import { useAsk, useCaller, useChange, useIsAdmin, useMay } from '../api/queries.ts';
import type { SettingsView, Workspace } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { problemAt, SelectField, TextField, WordsField } from '../parts/field.tsx';
import { showBytes, showCount } from '../parts/format.ts';
import { FormFailure } from '../parts/form-failure.tsx';
import { Loaded } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { Environments } from './settings-environments.tsx';

const days = ['noticeDays', 'auditDays', 'trashDays'] as const;
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
  const noticeDays = Array.isArray(now['archiveNoticeDays']) ? (now['archiveNoticeDays'] as readonly number[]) : [];
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
        {save.error === null ? null : <FormFailure error={save.error} />}
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
            choices={[...new Set([...severities, mailFrom])].map((value) => ({
              value,
              label: words.settings.mailedFrom[value] ?? value,
            }))}
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
          <WordsField
            label={words.settings.archiveNoticeDays}
            hint={words.settings.archiveNoticeHint}
            problem={problemAt(problems, '/archiveNoticeDays')}
            values={noticeDays.map(String)}
            onChange={(changed) =>
              setValues({ ...values, archiveNoticeDays: changed.map(Number).filter((count) => !Number.isNaN(count)) })
            }
          />
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
