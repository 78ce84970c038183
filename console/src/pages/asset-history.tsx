import { Link } from 'wouter';
import { useAsk, useDialects, useList, useMay, useWebhooks } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Change } from '../api/changes.ts';
import type { DeliverySummary } from '../api/deliveries.ts';
import type { Page as PageOf } from '../api/json.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Difference } from '../parts/difference.tsx';
import { Failure, Loading } from '../parts/state.tsx';
import { Ago } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { kindText } from './change-parts.tsx';
import { StateBadge } from './delivery-words.tsx';

/** What happened to the asset, what differs, and who was told. */
export function AssetHistory({ asset: { id } }: { readonly asset: Asset }) {
  const changes = useList<Change>(`/v1/assets/${id}/changes`, { limit: 20 }, { everyMs: 10_000 });
  if (changes.error !== null) return <Failure error={changes.error} />;
  if (changes.items === undefined) return <Loading />;
  return (
    <Card title={words.asset.history}>
      {changes.items.length === 0 ? <p className="quiet">{words.asset.historyNone}</p> : null}
      <ol className="timeline">
        {changes.items.map((change) => (
          <li key={change.id} className="past">
            <div className="row between">
              <Link href={`/changes/${change.id}`} title={change.kind}>
                {kindText(change)}
              </Link>
              <span className="quiet">
                {change.actor.name ?? change.actor.id} · <Ago atMs={change.occurredAtMs} />
              </span>
            </div>
            <Difference before={change.before} after={change.after} changed={change.changed} />
            <ToldTo changeId={change.id} />
          </li>
        ))}
      </ol>
      {changes.hasNextPage ? (
        <Button small busy={changes.isFetchingNextPage} onClick={() => void changes.fetchNextPage()}>
          {words.common.more}
        </Button>
      ) : null}
    </Card>
  );
}

/** Which webhooks were told of a change, and how it went. */
export function ToldTo({ changeId }: { readonly changeId: string }) {
  const may = useMay('deliveries:read');
  const told = useAsk<PageOf<DeliverySummary>>(may ? '/v1/deliveries' : null, { changeId, limit: 50 });
  const { data: webhooks } = useWebhooks();
  const { data: dialects } = useDialects();
  if (told.data === undefined) return null;
  if (told.data.data.length === 0) return <p className="quiet">{words.asset.toldNobody}</p>;
  return (
    <ul className="chips" aria-label={words.asset.toldTo}>
      {told.data.data.map(({ id, webhookId, event, state }) => {
        const webhook = webhooks?.find((known) => known.id === webhookId);
        const dialect = dialects?.find((known) => known.id === webhook?.dialect);
        return (
          <li key={id}>
            <Link href={`/deliveries/${id}`} className="chip told" title={dialect?.title}>
              <StateBadge state={state} />
              <span>
                {webhook?.name ?? webhookId} <span className="quiet">{event}</span>
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
