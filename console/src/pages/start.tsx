import { IconCheck, IconUpload } from '@tabler/icons-react';
import { type ReactNode, useRef, useState } from 'react';
import { ask, sendFile } from '../api/ask.ts';
import { refresh, useDialects, useMay } from '../api/queries.ts';
import { useStream } from '../api/stream.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Inbox, InboxRequest, Webhook } from '../api/types.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { showDuration } from '../parts/format.ts';
import { Badge, Failure, Loading, Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { RequestInside, verificationTones } from './inbox-parts.tsx';
import { useQueryClient } from '@tanstack/react-query';

type Made = { readonly inbox: Inbox; readonly webhook: Webhook | null };

/** The first minute: an inbox, a webhook, something to tell, and what arrives. */
export function Start() {
  const may = useMay('webhooks:write');
  const [made, setMade] = useState<Made | null>(null);
  const [toldAtMs, setToldAtMs] = useState<number | null>(null);
  const [requests, setRequests] = useState<readonly InboxRequest[]>([]);
  const [error, setError] = useState<unknown>(null);
  const client = useQueryClient();
  const { data: dialects } = useDialects();

  const run = (work: () => Promise<void>) => {
    setError(null);
    work().catch(setError);
  };
  const makeInbox = () =>
    run(async () => {
      const inbox = await ask<Inbox>('POST', '/v1/inboxes', { body: {} });
      setMade({ inbox, webhook: null });
    });
  const makeWebhook = (dialect: Manifest) =>
    run(async () => {
      if (made === null) return;
      const { inbox } = made;
      const url = dialect.capabilities.plainHttp ? inbox.url : inbox.tlsUrl;
      const webhook = await ask<Webhook>('POST', '/v1/webhooks', {
        body: {
          name: `${dialect.title}, to the inbox`,
          dialect: dialect.id,
          events: ['*'],
          target: { transport: 'http', url },
        },
      });
      setMade({ inbox, webhook });
      await refresh(client, '/v1/webhooks');
    });
  const tell = (work: () => Promise<unknown>) =>
    run(async () => {
      setToldAtMs(Date.now());
      await work();
    });
  const sample = () =>
    tell(() =>
      ask('POST', '/v1/changes', {
        body: {
          changes: [
            {
              kind: 'asset.created',
              subject: { type: 'asset', externalId: `sample-${Date.now()}` },
              after: { name: 'harbour-at-dawn.jpg', path: '/', info: { title: 'Harbour at dawn' } },
            },
          ],
        },
      }),
    );
  const upload = (file: File) => tell(() => sendFile({ path: '/v1/assets', file }, () => undefined).done);

  if (!may) return <Page title={words.start.title}>{<Notice tone="warn">{words.common.readOnly}</Notice>}</Page>;
  return (
    <Page title={words.start.title} lead={words.start.lead}>
      {error === null ? null : <Failure error={error} />}
      {made === null || made.webhook === null ? null : (
        <Listening
          inboxId={made.inbox.id}
          onRequests={(arrived) => setRequests((before) => [...arrived.toReversed(), ...before].slice(0, 20))}
        />
      )}
      <div className="steps">
        <Step number={1} title={words.start.inbox} state={made === null ? 'now' : 'done'}>
          {made === null ? (
            <div>
              <Button look="primary" onClick={makeInbox}>
                {words.start.makeInbox}
              </Button>
            </div>
          ) : (
            <p>
              {words.start.inboxDone} <code>{made.inbox.url}</code>
            </p>
          )}
        </Step>
        <Step
          number={2}
          title={words.start.webhook}
          state={made === null ? 'later' : made.webhook === null ? 'now' : 'done'}
        >
          {made === null ? null : made.webhook === null ? (
            <>
              <p className="quiet">{words.start.webhookLead}</p>
              {dialects === undefined ? <Loading lines={2} /> : null}
              <div className="choices">
                {(dialects ?? [])
                  .filter(
                    ({ transports, capabilities }) =>
                      transports.includes('http') && !capabilities.singleEvent && !capabilities.handshake,
                  )
                  .map((dialect) => (
                    <button key={dialect.id} type="button" className="choice" onClick={() => makeWebhook(dialect)}>
                      <strong>{dialect.title}</strong>
                      <span className="quiet">{dialect.summary}</span>
                    </button>
                  ))}
              </div>
            </>
          ) : (
            <p>
              {words.start.webhookDone}{' '}
              {dialects?.find(({ id }) => id === made.webhook?.dialect)?.title ?? made.webhook.dialect}
            </p>
          )}
        </Step>
        <Step
          number={3}
          title={words.start.picture}
          state={made?.webhook == null ? 'later' : requests.length > 0 ? 'done' : 'now'}
        >
          {made?.webhook == null ? null : <Drop onFile={upload} onSample={sample} />}
        </Step>
      </div>
      {made?.webhook == null ? null : (
        <Card title={words.start.arrived} flush>
          {requests.length === 0 ? (
            <p className="quiet" style={{ padding: 16 }}>
              {words.start.waiting}
            </p>
          ) : null}
          <ul className="requests">
            {requests.map((request, at) => (
              <li key={request.id} className="arriving">
                <div className="line" style={{ cursor: 'default' }}>
                  <Badge tone={verificationTones[request.verification.result]}>
                    {words.inboxes.verification[request.verification.result]}
                  </Badge>
                  <span className="cut">{eventOf(request)}</span>
                  {at === requests.length - 1 && toldAtMs !== null ? (
                    <span className="quiet">
                      {words.start.arrivedIn(showDuration(Math.max(1, request.atMs - toldAtMs)))}
                    </span>
                  ) : null}
                </div>
                {at === 0 ? <RequestInside request={request} /> : null}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {requests.length === 0 || made === null ? null : (
        <Notice
          tone="good"
          action={
            <div className="row">
              <LinkButton href={`/inboxes/${made.inbox.id}`}>{words.start.toInbox}</LinkButton>
              <LinkButton href="/webhooks/new" look="primary">
                {words.start.toWebhook}
              </LinkButton>
            </div>
          }
        >
          <strong>{words.start.finished}</strong>
          <p className="quiet">{words.start.finishedLead}</p>
        </Notice>
      )}
    </Page>
  );
}

function Listening({
  inboxId,
  onRequests,
}: {
  readonly inboxId: string;
  readonly onRequests: (requests: readonly InboxRequest[]) => void;
}) {
  useStream<InboxRequest>({ path: `/v1/inboxes/${inboxId}/stream`, event: 'request' }, onRequests);
  return null;
}

function Step({
  number,
  title,
  state,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly state: 'now' | 'done' | 'later';
  readonly children: ReactNode;
}) {
  return (
    <section className="step" data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <span className="number-mark" aria-hidden>
        {state === 'done' ? <IconCheck size={17} /> : number}
      </span>
      <div className="stack tight">
        <h2 style={{ paddingTop: 4 }}>{title}</h2>
        {children}
      </div>
    </section>
  );
}

function Drop({ onFile, onSample }: { readonly onFile: (file: File) => void; readonly onSample: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      className="drop"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const [file] = event.dataTransfer.files;
        if (file !== undefined) onFile(file);
      }}
    >
      <IconUpload size={26} stroke={1.5} aria-hidden />
      <p>{words.start.drop}</p>
      <div className="row">
        <Button look="primary" onClick={() => input.current?.click()}>
          {words.start.choose}
        </Button>
        <Button onClick={onSample}>{words.start.sample}</Button>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={words.start.choose}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file !== undefined) onFile(file);
          event.target.value = '';
        }}
      />
    </div>
  );
}

/** What a message says it is, as far as one can see without knowing whose it is. */
export function eventOf({ headers, bodyBase64, method, path }: InboxRequest): string {
  const body = readJson(bodyBase64);
  for (const name of ['type', 'event', 'Subject', 'event_type', 'eventType', 'trigger']) {
    const value = body?.[name];
    if (typeof value === 'string') return value;
  }
  const named = headers.find(([name]) => name === 'ce-type');
  return named?.[1] ?? `${method} ${path}`;
}

function readJson(base64: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(atob(base64));
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : null;
  } catch {
    return null;
  }
}
