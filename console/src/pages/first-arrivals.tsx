import { IconCheck, IconMailbox } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { type StreamState, useStream } from '../api/stream.ts';
import type { Asset } from '../api/assets.ts';
import type { Inbox, InboxRequest } from '../api/inboxes.ts';
import type { Webhook } from '../api/webhooks.ts';
import { LinkButton } from '../parts/button.tsx';
import { showDuration } from '../parts/format.ts';
import { LiveState } from '../parts/live-bar.tsx';
import { Badge, Empty } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { eventOf, RequestInside, verificationTones } from './inbox-parts.tsx';

/** What the first steps have made so far. */
export type Made = { readonly inbox: Inbox; readonly webhook: Webhook | null };

/** What was done so that there is something to tell: when, and which asset came of it (none for a reported change). */
export type Told = { readonly atMs: number; readonly asset: Asset | null };

const requestsMax = 20;

/** What has arrived, the newest open; before that, what will. */
export function Arrivals({
  made,
  told,
  requests,
  onRequests,
}: {
  readonly made: Made | null;
  readonly told: Told | null;
  readonly requests: readonly InboxRequest[];
  readonly onRequests: (change: (before: readonly InboxRequest[]) => readonly InboxRequest[]) => void;
}) {
  const [state, setState] = useState<StreamState>('connecting');
  const first = requests.at(-1);
  return (
    <section className="card arrivals" data-waiting={requests.length === 0}>
      <header>
        <h2>{words.start.arrived}</h2>
        {made === null ? null : <LiveState of={{ state }} />}
      </header>
      {made === null ? null : (
        <Listening
          inboxId={made.inbox.id}
          onState={setState}
          onRequests={(arrived) => onRequests((before) => [...arrived.toReversed(), ...before].slice(0, requestsMax))}
        />
      )}
      {first === undefined ? (
        <Empty
          icon={<IconMailbox size={22} stroke={1.6} aria-hidden />}
          title={told === null ? words.start.nothingYet : words.start.waiting}
        >
          {words.start.nothingYetLead}
        </Empty>
      ) : (
        <div className="first-arrival">
          <IconCheck size={18} aria-hidden />
          <div className="grow">
            <strong>{words.start.finished}</strong>
            <p className="quiet">
              {told === null ? '' : `${words.start.arrivedIn(showDuration(Math.max(1, first.atMs - told.atMs)))} `}
              {words.start.finishedLead}
            </p>
            <div className="row">
              <LinkButton small href="/webhooks/new" look="primary">
                {words.start.toWebhook}
              </LinkButton>
              {made === null ? null : (
                <LinkButton small href={`/inboxes/${made.inbox.id}`}>
                  {words.start.toInbox}
                </LinkButton>
              )}
            </div>
          </div>
        </div>
      )}
      <ul className="requests">
        {requests.map((request, at) => (
          <li key={request.id} className="arriving">
            <div className="line">
              <Badge tone={verificationTones[request.verification.result]}>
                {words.inboxes.verification[request.verification.result]}
              </Badge>
              <span className="cut grow">{eventOf(request)}</span>
            </div>
            {at === 0 ? <RequestInside request={request} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Listening({
  inboxId,
  onState,
  onRequests,
}: {
  readonly inboxId: string;
  readonly onState: (state: StreamState) => void;
  readonly onRequests: (requests: readonly InboxRequest[]) => void;
}) {
  const state = useStream<InboxRequest>({ path: `/v1/inboxes/${inboxId}/stream`, event: 'request' }, onRequests);
  useEffect(() => onState(state), [state]);
  return null;
}
