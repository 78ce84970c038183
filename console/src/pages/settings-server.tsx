import { useState } from 'react';
import type { SettingsView } from '../api/people.ts';
import { useAsk, useCaller, useChange } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { setSignedOut } from '../app/signed-out.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Empty, Loaded } from '../parts/state.tsx';
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
          <Card title={words.settings.serverFacts}>
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
          {process.length === 0 ? null : <ProcessSettings of={process} />}
          {caller?.actor.id.startsWith('usr_') === true ? <ChangePassword /> : null}
        </>
      )}
    </Loaded>
  );
}

/** What the process was started with, found by name; what differs from its default stands out. */
function ProcessSettings({ of }: { readonly of: SettingsView['process'] }) {
  const [{ q, set }, setFilters] = useFilters(['q', 'set']);
  const wanted = q.toLowerCase();
  const items = of.filter(
    ({ variable, value, source }) =>
      (set === '' || source !== 'default') && `${variable} ${value}`.toLowerCase().includes(wanted),
  );
  return (
    <Card flush title={words.settings.serverTitle}>
      <p className="quiet card-lead">{words.settings.serverLead}</p>
      <div className="filters card-filters" role="search">
        <input
          className="input search"
          type="search"
          aria-label={words.settings.findSetting}
          placeholder={words.settings.findSetting}
          value={q}
          onChange={(event) => setFilters({ q: event.target.value })}
        />
        <CheckField
          label={words.settings.onlySet}
          checked={set !== ''}
          onChange={(on) => setFilters({ set: on ? 'yes' : '' })}
        />
      </div>
      {items.length === 0 ? (
        <Empty title={words.settings.noSetting}>{words.settings.noSettingLead}</Empty>
      ) : (
        <Table
          label={words.settings.parts.server}
          items={items}
          idOf={({ name }) => name}
          columns={[
            { name: words.settings.setting, cell: ({ variable }) => <span className="mono">{variable}</span> },
            {
              name: words.settings.value,
              cell: ({ value }) =>
                value === '' ? (
                  <span className="quiet">{words.settings.unset}</span>
                ) : (
                  <span className="mono wrap">{value}</span>
                ),
            },
            {
              name: words.settings.source,
              kind: 'fit',
              cell: ({ source }) =>
                source === 'default' ? (
                  <span className="quiet">{words.settings.sources[source]}</span>
                ) : (
                  <Badge bare tone="info">
                    {words.settings.sources[source] ?? source}
                  </Badge>
                ),
            },
          ]}
        />
      )}
    </Card>
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
        {save.error === null ? null : <FormFailure error={save.error} />}
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
