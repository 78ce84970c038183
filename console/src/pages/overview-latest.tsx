import { Link } from 'wouter';
import { useLive } from '../api/live.ts';
import { useList } from '../api/queries.ts';
import type { Change } from '../api/changes.ts';
import { LinkButton } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { LiveState } from '../parts/live-bar.tsx';
import { Failure, Loading } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { ChangeThumb, kindText, nameOf } from './change-parts.tsx';

const shownMax = 8;

/** What has happened to assets just now, with their pictures; new ones come in at the top. */
export function Latest() {
  const list = useList<Change>('/v1/changes', { order: 'newest', limit: shownMax });
  const live = useLive<Change>({ path: '/v1/changes/stream', event: 'change' }, list.items);
  return (
    <Card
      title={
        <>
          {words.overview.latest} <LiveState of={live} />
        </>
      }
      flush
      actions={
        <LinkButton small href="/changes">
          {words.overview.allChanges}
        </LinkButton>
      }
    >
      {list.error === null ? null : <Failure error={list.error} />}
      {list.items === undefined ? (
        <div style={{ padding: 16 }}>
          <Loading lines={shownMax} />
        </div>
      ) : null}
      {live.items.length === 0 && list.items !== undefined ? (
        <p className="quiet card-lead">{words.changes.emptyLead}</p>
      ) : null}
      <ul className="latest">
        {live.items.slice(0, shownMax).map((change) => (
          <li key={change.id}>
            <ChangeThumb change={change} />
            <div className="grow">
              <Link href={`/changes/${change.id}`} className="cut">
                <span dir="auto">{nameOf(change)}</span>
              </Link>
              <span className="quiet cut" title={change.kind}>
                {kindText(change)}
              </span>
            </div>
            <span className="quiet nowrap">
              <Ago atMs={change.acceptedAtMs} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
