import { useAsk } from '../api/queries.ts';
import type { Space } from '../api/people.ts';
import { Card, Facts } from '../parts/card.tsx';
import { showBytes, showCount, showShare } from '../parts/format.ts';
import { Empty, Loaded } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

/** What is kept, since when, and what it takes: to choose how long. For admins of the installation. */
export function SpaceTaken() {
  const space = useAsk<Space>('/v1/space', {}, { everyMs: 60_000 });
  return (
    <>
      <PartHead lead={words.space.lead} />
      <Loaded of={space} lines={8}>
        {(data) => <Kinds space={data} />}
      </Loaded>
    </>
  );
}

/** Kinds that are counted in rows. */
const uncounted: ReadonlySet<string> = new Set(['search', 'free']);

function Kinds({ space: { kinds, files, keptForDays, measured, measuredAtMs } }: { readonly space: Space }) {
  const all = kinds.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <>
      <Card title={words.space.title}>
        <div className="stack">
          <div className="share-bar" role="img" aria-label={words.space.bar}>
            {kinds.map(({ kind, bytes }) =>
              bytes === 0 ? null : <span key={kind} data-kind={kind} style={{ flexGrow: bytes }} />,
            )}
          </div>
          <Facts
            of={[
              [words.space.database, showBytes(all)],
              [words.space.files, words.space.filesOf(files.count, showBytes(files.bytes))],
              [words.space.kept, keptForDays === null ? undefined : words.settings.retentionFor(String(keptForDays))],
              [words.space.looked, <Ago key="at" atMs={measuredAtMs} />],
            ]}
          />
        </div>
      </Card>
      <Card flush>
        {kinds.length === 0 ? (
          <Empty title={words.settings.auditNone} />
        ) : (
          <Table
            label={words.space.title}
            items={kinds}
            idOf={({ kind }) => kind}
            columns={[
              {
                name: words.space.kind,
                cell: ({ kind }) => (
                  <span className="row" style={{ flexWrap: 'nowrap' }}>
                    <span className="share-key" data-kind={kind} aria-hidden />
                    <span>
                      {words.space.kinds[kind]}
                      <span className="quiet cut kind-lead">{words.space.kindLeads[kind]}</span>
                    </span>
                  </span>
                ),
              },
              {
                name: words.space.rows,
                kind: 'number',
                cell: ({ kind, rows }) => (uncounted.has(kind) ? '' : showCount(rows)),
              },
              { name: words.space.bytes, kind: 'number', cell: ({ bytes }) => showBytes(bytes) },
              {
                name: words.space.share,
                kind: 'number',
                cell: ({ bytes }) => showShare(all === 0 ? 0 : bytes / all),
              },
              {
                name: words.space.since,
                kind: 'fit',
                wide: true,
                cell: ({ sinceMs }) => (sinceMs === null ? '' : <Ago atMs={sinceMs} />),
              },
            ]}
          />
        )}
      </Card>
      <p className="quiet">{measured ? words.space.measured : words.space.sampled}</p>
    </>
  );
}
