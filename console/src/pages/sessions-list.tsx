import { useState } from 'react';
import type { Session } from '../api/people.ts';
import { useAll, useChange, useMay } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Badge, Loaded } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { readUserAgent } from '../parts/user-agent.ts';
import { words } from '../words/words.ts';

/** Open sessions, one's own or (`of`) somebody's, with the ending of one and of all (but the one that asks). */
export function SessionsList({ of }: { readonly of?: { readonly holder: string; readonly name: string } }) {
  const sessions = useAll<Session>('/v1/sessions', of === undefined ? { own: 'true' } : { holder: of.holder });
  const may = useMay('keys:write') || of === undefined;
  const [asked, setAsked] = useState(false);
  const end = useChange(['/v1/sessions'], { onDone: () => tell(words.sessions.ended) });
  const endAll = useChange<{ readonly ended: number }>(['/v1/sessions'], {
    onDone: ({ ended }) => {
      tell(words.sessions.endedMany(ended));
      setAsked(false);
    },
  });
  const others = (sessions.data ?? []).filter(({ current }) => !current);
  const all = of === undefined ? words.sessions.endOthers : words.sessions.endAll;
  return (
    <Card
      flush
      title={of === undefined ? words.sessions.title : words.sessions.titleOf}
      actions={
        may && others.length > 0 ? (
          <Button small look="danger" onClick={() => setAsked(true)}>
            {all}
          </Button>
        ) : null
      }
    >
      {of === undefined ? <p className="quiet card-lead">{words.sessions.lead}</p> : null}
      <Loaded of={sessions} lines={2}>
        {(items) =>
          items.length === 0 ? (
            <p className="quiet card-lead">{words.sessions.none}</p>
          ) : (
            <Table
              label={of === undefined ? words.sessions.title : words.sessions.titleOf}
              items={items}
              idOf={({ id }) => id}
              columns={[
                {
                  name: words.sessions.browser,
                  cell: (session) => (
                    <span title={session.userAgent ?? undefined}>
                      {deviceOf(session)} {session.current ? <Badge tone="good">{words.sessions.current}</Badge> : null}
                    </span>
                  ),
                },
                {
                  name: words.sessions.from,
                  kind: 'fit',
                  wide: true,
                  cell: ({ address }) => <span className="mono">{address ?? ''}</span>,
                },
                {
                  name: words.sessions.since,
                  kind: 'fit',
                  wide: true,
                  cell: ({ createdAtMs }) => <Ago atMs={createdAtMs} />,
                },
                {
                  name: words.sessions.lastSeen,
                  kind: 'fit',
                  cell: ({ lastSeenAtMs, current }) => <Ago atMs={current ? Date.now() : lastSeenAtMs} />,
                },
                {
                  name: words.sessions.ends,
                  kind: 'fit',
                  wide: true,
                  cell: ({ expiresAtMs }) => <Moment atMs={expiresAtMs} />,
                },
                {
                  name: <Heard>{words.common.actions}</Heard>,
                  kind: 'fit',
                  cell: (session) =>
                    may && !session.current ? (
                      <Button
                        small
                        label={words.sessions.endLabel(deviceOf(session))}
                        onClick={() => end.mutate({ method: 'DELETE', path: `/v1/sessions/${session.id}` })}
                      >
                        {words.sessions.end}
                      </Button>
                    ) : null,
                },
              ]}
            />
          )
        }
      </Loaded>
      {asked ? (
        <Confirm
          title={of === undefined ? words.sessions.endOthersTitle : words.sessions.endAllTitle(of.name)}
          action={all}
          busy={endAll.isPending}
          onClose={() => setAsked(false)}
          onConfirm={() =>
            endAll.mutate({
              method: 'DELETE',
              path: '/v1/sessions',
              ...(of === undefined ? {} : { query: { holder: of.holder } }),
            })
          }
        >
          <p>{of === undefined ? words.sessions.endOthersLead(others.length) : words.sessions.endAllLead}</p>
        </Confirm>
      ) : null}
    </Card>
  );
}

function deviceOf({ userAgent }: Session): string {
  const { browser, system } = readUserAgent(userAgent);
  if (browser !== null && system !== null) return words.sessions.onDevice(browser, system);
  return browser ?? system ?? userAgent ?? words.sessions.unknownBrowser;
}
