import { useState } from 'react';
import type { SettingsView } from '../api/people.ts';
import { useAsk, useCaller, useChange } from '../api/queries.ts';
import { setSignedOut } from '../app/signed-out.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { TextField } from '../parts/field.tsx';
import { Failure, Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

export function Server() {
  const settings = useAsk<SettingsView>('/v1/settings');
  const { data: caller } = useCaller();
  return (
    <Loaded of={settings} lines={8}>
      {({ version, startedAtMs, publicUrl, process, films }) => (
        <>
          <Card title={words.settings.parts.server}>
            <Facts
              of={[
                [words.settings.version, version],
                [words.settings.running, <Moment key="since" atMs={startedAtMs} />],
                [
                  words.settings.publicUrl,
                  <span key="url" className="mono">
                    {publicUrl}
                  </span>,
                ],
                [words.settings.films, films?.detail],
              ]}
            />
          </Card>
          {process.length === 0 ? null : (
            <Card flush title={words.settings.serverLead}>
              <Table
                label={words.settings.parts.server}
                items={process}
                idOf={({ name }) => name}
                columns={[
                  { name: words.settings.setting, cell: ({ variable }) => <span className="mono">{variable}</span> },
                  { name: words.settings.value, cell: ({ value }) => <span className="mono cut">{value}</span> },
                  { name: words.settings.source, kind: 'fit', cell: ({ source }) => source },
                ]}
              />
            </Card>
          )}
          {caller?.actor.id.startsWith('usr_') === true ? <ChangePassword /> : null}
        </>
      )}
    </Loaded>
  );
}

function ChangePassword() {
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const save = useChange([], {
    quiet: true,
    onDone: () => {
      tell(words.settings.passwordDone);
      setSignedOut(true);
    },
  });
  return (
    <Card title={words.settings.password}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ method: 'POST', path: '/v1/sessions/current/password', body: { present, password: next } });
        }}
      >
        {save.error === null ? null : <Failure error={save.error} />}
        <TextField label={words.settings.passwordPresent} type="password" value={present} onChange={setPresent} />
        <TextField
          label={words.settings.passwordNew}
          hint={words.settings.passwordHint}
          type="password"
          value={next}
          onChange={setNext}
        />
        <div>
          <Button type="submit" look="primary" busy={save.isPending}>
            {words.common.save}
          </Button>
        </div>
      </form>
    </Card>
  );
}
