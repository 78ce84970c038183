import type { SettingsView } from '../api/people.ts';
import { useAsk } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { Card, Facts } from '../parts/card.tsx';
import { CheckField } from '../parts/field.tsx';
import { Badge, Empty, Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';

export function Server() {
  const settings = useAsk<SettingsView>('/v1/settings');
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
