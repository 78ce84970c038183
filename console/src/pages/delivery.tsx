import { IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAsk, useChange, useMay, useWebhooks } from '../api/queries.ts';
import { useStream } from '../api/stream.ts';
import type { Attempt, Delivery, DeliverySummary } from '../api/deliveries.ts';
import { useShortcuts } from '../app/shortcuts.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { Code, HeaderTable } from '../parts/code.tsx';
import { showBytes, showDuration, textOfBase64 } from '../parts/format.ts';
import { Badge, Loaded, Notice } from '../parts/state.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { Curl } from './delivery-curl.tsx';
import { outcomeOf, StateBadge, reasonOf } from './delivery-words.tsx';
import { isMissing, Missing } from './missing.tsx';
import { Subject } from './subject.tsx';

/** One delivery with everything that happened to it. */
export function DeliveryPage({ id }: { readonly id: string }) {
  const delivery = useAsk<Delivery>(`/v1/deliveries/${encodeURIComponent(id)}`);
  // What the stream says of this delivery makes the page ask anew: attempts appear as they are made.
  useStream<DeliverySummary>({ path: '/v1/deliveries/stream', event: 'delivery' }, (arrived) => {
    if (arrived.some((changed) => changed.id === id)) void delivery.refetch();
  });
  if (isMissing(delivery)) return <Missing what="delivery" id={id} />;
  return (
    <Page
      title={delivery.data?.event ?? words.deliveries.one}
      lead={delivery.data === undefined ? undefined : <Head of={delivery.data} />}
      back={{ href: '/deliveries', label: words.deliveries.title }}
      actions={delivery.data === undefined ? null : <SendAgain delivery={delivery.data} />}
    >
      <Loaded of={delivery} lines={10}>
        {(data) => <Shown delivery={data} />}
      </Loaded>
    </Page>
  );
}

const Head = ({ of: { state, subject } }: { readonly of: Delivery }) => (
  <span className="row head-facts">
    <StateBadge state={state} />
    <Subject of={subject} />
  </span>
);

function SendAgain({ delivery }: { readonly delivery: Delivery }) {
  const [, navigate] = useLocation();
  const may = useMay('deliveries:write');
  const waiting = delivery.state === 'pending' || delivery.state === 'held';
  const change = useChange<{ readonly deliveryId: string }>(['/v1/deliveries'], {
    onDone: ({ deliveryId }) => {
      tell(words.deliveries.sent);
      if (deliveryId !== delivery.id) navigate(`/deliveries/${deliveryId}`);
    },
  });
  const send = () => change.mutate({ method: 'POST', path: `/v1/deliveries/${delivery.id}/redeliver` });
  useShortcuts(may ? { r: send } : {});
  if (!may) return null;
  return (
    <Button look="primary" icon={<IconSend size={16} aria-hidden />} busy={change.isPending} onClick={send}>
      {waiting ? words.deliveries.hasten : words.deliveries.send}
    </Button>
  );
}

function Shown({ delivery }: { readonly delivery: Delivery }) {
  const { data: webhooks } = useWebhooks();
  const attempts = delivery.attemptRecords.toReversed();
  const webhook = webhooks?.find(({ id }) => id === delivery.webhookId);
  return (
    <>
      {delivery.reason === undefined ? null : (
        <Notice tone={delivery.state === 'delivered' ? 'good' : 'warn'}>{reasonOf(delivery.reason)}</Notice>
      )}
      <div className="split">
        <div className="stack">
          <Card>
            <Facts
              of={[
                [
                  words.deliveries.webhook,
                  <Link key="webhook" href={`/webhooks/${delivery.webhookId}`}>
                    {webhook?.name ?? delivery.webhookId}
                  </Link>,
                ],
                [
                  words.deliveries.change,
                  <Link key="change" className="mono" href={`/changes/${delivery.changeId}`}>
                    {delivery.changeId}
                  </Link>,
                ],
                [words.deliveries.when, <Moment key="made" atMs={delivery.createdAtMs} />],
                [words.deliveries.origin, originOf(delivery)],
                [
                  words.deliveries.next,
                  delivery.dueAtMs === undefined ? undefined : <Ago key="due" atMs={delivery.dueAtMs} />,
                ],
                [
                  words.deliveries.messageId,
                  <span key="message" className="mono">
                    {delivery.messageId}
                  </span>,
                ],
                [
                  words.common.id,
                  <span key="id" className="mono">
                    {delivery.id}
                  </span>,
                ],
              ]}
            />
          </Card>
          <Body delivery={delivery} />
          <Curl delivery={delivery} />
        </div>
        <Card title={words.deliveries.attempts}>
          {attempts.length === 0 ? <p className="quiet">{words.deliveries.attemptsNone}</p> : null}
          <ol className="timeline">
            {attempts.map((attempt, at) => (
              <AttemptShown key={attempt.number} attempt={attempt} opened={at === 0} />
            ))}
          </ol>
        </Card>
      </div>
    </>
  );
}

function originOf({ origin, redeliveryOf }: Delivery) {
  const text = words.deliveries.origins[origin] ?? origin;
  return redeliveryOf === undefined ? (
    text
  ) : (
    <>
      {text}{' '}
      <Link className="mono" href={`/deliveries/${redeliveryOf}`}>
        {redeliveryOf}
      </Link>
    </>
  );
}

function Body({ delivery: { body, attemptRecords } }: { readonly delivery: Delivery }) {
  const text = body.source === 'unavailable' ? null : textOfBase64(body.base64);
  const hash = attemptRecords.at(-1)?.request.bodySha256;
  return (
    <Card title={words.deliveries.body}>
      <div className="stack tight">
        <p className="quiet">
          {words.deliveries.bodyKept[body.source]}
          {body.hashMatches === null
            ? ''
            : body.hashMatches
              ? `, ${words.deliveries.hashSame}`
              : `, ${words.deliveries.hashDiffers}`}
        </p>
        {body.source === 'unavailable' ? <p>{words.deliveries.noBody}</p> : null}
        {text === null ? (
          body.source === 'unavailable' ? null : (
            <p>{words.deliveries.binary}</p>
          )
        ) : (
          <Code text={text} name={words.deliveries.body} json />
        )}
        {hash === undefined ? null : (
          <Facts
            of={[
              [
                words.deliveries.bodyHash,
                <span key="hash" className="mono">
                  {hash}
                </span>,
              ],
            ]}
          />
        )}
      </div>
    </Card>
  );
}

function AttemptShown({ attempt, opened }: { readonly attempt: Attempt; readonly opened: boolean }) {
  const [open, setOpen] = useState(opened);
  const good = attempt.verdict === 'delivered';
  const answer = outcomeOf({
    ...(attempt.response === undefined ? {} : { lastStatus: attempt.response.status }),
    lastOutcome: attempt.outcome,
  });
  return (
    <li data-tone={good ? 'good' : 'bad'}>
      <button
        type="button"
        className="row between"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        style={{ width: '100%', border: 0, background: 'none', padding: 0, cursor: 'pointer', textAlign: 'left' }}
      >
        <span className="row">
          <strong>{words.deliveries.attempt(attempt.number)}</strong>
          <Badge tone={good ? 'good' : 'bad'} bare>
            {answer}
          </Badge>
        </span>
        <span className="quiet number">
          {showDuration(attempt.timing.totalMs)} · <Ago atMs={attempt.startedAtMs} />
        </span>
      </button>
      {attempt.reason === undefined ? null : <p className="quiet">{reasonOf(attempt.reason)}</p>}
      {attempt.nextAtMs === undefined ? null : (
        <p className="quiet">
          {words.deliveries.next}: <Ago atMs={attempt.nextAtMs} />
        </p>
      )}
      {open ? <AttemptInside attempt={attempt} /> : null}
    </li>
  );
}

function AttemptInside({ attempt }: { readonly attempt: Attempt }) {
  const { request, response } = attempt;
  const body = response === undefined ? null : textOfBase64(response.bodyBase64);
  return (
    <div className="stack" style={{ paddingTop: 10 }}>
      <Timing attempt={attempt} />
      <div className="stack tight">
        <h3>{words.deliveries.request}</h3>
        <p className="mono" style={{ overflowWrap: 'anywhere' }}>
          <strong>{request.method}</strong>
          {'\u00a0'}
          {request.url}
        </p>
        <HeaderTable headers={request.headers} />
      </div>
      <div className="stack tight">
        <h3>{words.deliveries.response}</h3>
        {response === undefined ? (
          <p className="quiet">
            {words.deliveries.noResponse} <span className="mono">{attempt.code}</span>
          </p>
        ) : (
          <>
            <HeaderTable headers={[['status', String(response.status)], ...response.headers]} />
            {body === null || body === '' ? null : <Code text={body} name={words.deliveries.response} json />}
            {response.bodyComplete ? null : (
              <p className="quiet">
                {words.deliveries.responseCut(
                  showBytes(Math.floor((response.bodyBase64.length * 3) / 4)),
                  showBytes(response.bodyBytes),
                )}
              </p>
            )}
          </>
        )}
      </div>
    </div>
  );
}

const colours = ['var(--chart-4)', 'var(--chart-3)', 'var(--info)', 'var(--chart-1)', 'var(--line-strong)'];

/** Where the time of an attempt went. */
function Timing({ attempt: { timing, address } }: { readonly attempt: Attempt }) {
  const { dnsMs = 0, connectMs = 0, tlsMs = 0, totalMs } = timing;
  const before = dnsMs + connectMs + tlsMs;
  const waitMs =
    timing.firstByteMs === undefined ? Math.max(0, totalMs - before) : Math.max(0, timing.firstByteMs - before);
  const readMs = Math.max(0, totalMs - before - waitMs);
  const names = words.deliveries.timingParts;
  const parts = [
    [names.dns, dnsMs],
    [names.connect, connectMs],
    [names.tls, tlsMs],
    [names.wait, waitMs],
    [names.read, readMs],
  ] as const;
  return (
    <div className="stack tight">
      <h3>
        {words.deliveries.timing} {address === undefined ? null : <span className="mono quiet">{address}</span>}
      </h3>
      <div className="timing" aria-hidden>
        {parts.map(([name, ms], at) =>
          ms > 0 ? (
            <span key={name} style={{ width: `${(ms / Math.max(totalMs, 0.001)) * 100}%`, background: colours[at] }} />
          ) : null,
        )}
      </div>
      <div className="legend">
        {parts.map(([name, ms], at) =>
          ms > 0 ? (
            <span key={name} style={{ '--swatch': colours[at] } as React.CSSProperties}>
              {name} {showDuration(ms)}
            </span>
          ) : null,
        )}
      </div>
    </div>
  );
}
