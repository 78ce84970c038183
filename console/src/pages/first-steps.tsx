import { IconCheck, IconPhotoPlus } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ask, sendFile } from '../api/ask.ts';
import type { Manifest } from '../api/manifest.ts';
import { refresh, useAsk, useDialects } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import type { Inbox, InboxRequest } from '../api/inboxes.ts';
import type { Webhook } from '../api/webhooks.ts';
import { Button, CopyButton, LinkButton } from '../parts/button.tsx';
import { Failure, Loading } from '../parts/state.tsx';
import { pictureOf, Thumb } from '../parts/thumb.tsx';
import { words } from '../words/words.ts';
import { Arrivals, type Made, type Told } from './first-arrivals.tsx';

/** The first minute, on the left what one does, on the right what arrives: an inbox, a webhook, something to tell. */
export function FirstSteps() {
  const [made, setMade] = useState<Made | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [requests, setRequests] = useState<readonly InboxRequest[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const client = useQueryClient();

  const run = (work: () => Promise<void>) => {
    setError(null);
    setBusy(true);
    work()
      .catch(setError)
      .finally(() => setBusy(false));
  };
  const makeInbox = () =>
    run(async () => setMade({ inbox: await ask<Inbox>('POST', '/v1/inboxes', { body: {} }), webhook: null }));
  const makeWebhook = (dialect: Manifest) =>
    run(async () => {
      if (made === null) return;
      setMade({ ...made, webhook: await webhookTo(made.inbox, dialect) });
      await refresh(client, '/v1/webhooks');
    });
  const tell = (work: () => Promise<Asset | null>) =>
    run(async () => {
      const atMs = Date.now();
      setTold({ atMs, asset: null });
      setTold({ atMs, asset: await work() });
    });
  const upload = (file: File) =>
    tell(() => sendFile({ path: '/v1/assets', file }, () => undefined).done as Promise<Asset>);
  const webhook = made?.webhook ?? null;
  return (
    <div className="first-steps">
      <div className="stack">
        {error === null ? null : <Failure error={error} />}
        <Step number={1} title={words.start.inbox} lead={words.start.inboxLead} state={made === null ? 'now' : 'done'}>
          {made === null ? (
            <div>
              <Button look="primary" busy={busy} onClick={makeInbox}>
                {words.start.makeInbox}
              </Button>
            </div>
          ) : (
            <p className="step-result">
              <code className="cut">{made.inbox.url}</code>
              <CopyButton text={made.inbox.url} />
            </p>
          )}
        </Step>
        <Step
          number={2}
          title={words.start.webhook}
          lead={words.start.webhookLead}
          state={made === null ? 'later' : webhook === null ? 'now' : 'done'}
        >
          {webhook === null ? (
            <Dialects disabled={busy} onChoose={makeWebhook} />
          ) : (
            <p>
              <span className="quiet">{words.start.webhookDone}</span> <DialectName id={webhook.dialect} />
            </p>
          )}
        </Step>
        <Step
          number={3}
          title={words.start.picture}
          lead={words.start.pictureLead}
          state={webhook === null ? 'later' : requests.length > 0 ? 'done' : 'now'}
        >
          {told?.asset == null ? null : <FirstPicture asset={told.asset} />}
          <Drop onFile={upload} busy={busy} onSample={() => tell(reportSample)} />
        </Step>
      </div>
      <Arrivals made={made} told={told} requests={requests} onRequests={setRequests} />
    </div>
  );
}

async function webhookTo(inbox: Inbox, { id, title, capabilities }: Manifest): Promise<Webhook> {
  return ask<Webhook>('POST', '/v1/webhooks', {
    body: {
      name: words.start.webhookName(title),
      dialect: id,
      events: ['*'],
      target: { transport: 'http', url: capabilities.plainHttp ? inbox.url : inbox.tlsUrl },
    },
  });
}

/** A change of an asset that is kept elsewhere: nothing has to be uploaded for a message. */
async function reportSample(): Promise<null> {
  await ask('POST', '/v1/changes', {
    body: {
      changes: [
        {
          kind: 'asset.created',
          subject: { type: 'asset', externalId: `sample-${Date.now()}` },
          after: { name: 'harbour-at-dawn.jpg', path: '/', info: { title: 'Harbour at dawn' } },
        },
      ],
    },
  });
  return null;
}

function Step({
  number,
  title,
  lead,
  state,
  children,
}: {
  readonly number: number;
  readonly title: string;
  /** Why, while it is being done or still ahead. */
  readonly lead: string;
  readonly state: 'now' | 'done' | 'later';
  /** What one does; not yet there while an earlier step is to be done. */
  readonly children: ReactNode;
}) {
  return (
    <section className="step" data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <span className="number-mark" aria-hidden>
        {state === 'done' ? <IconCheck size={16} /> : number}
      </span>
      <div className="stack tight">
        <div>
          <h2>{title}</h2>
          {state === 'done' ? null : <p className="quiet">{lead}</p>}
        </div>
        {state === 'later' ? null : children}
      </div>
    </section>
  );
}

/** The dialects whose messages come without a consent before. */
function Dialects({
  disabled,
  onChoose,
}: {
  readonly disabled: boolean;
  readonly onChoose: (dialect: Manifest) => void;
}) {
  const { data: dialects } = useDialects();
  if (dialects === undefined) return <Loading lines={3} />;
  return (
    <div className="choices">
      {dialects
        .filter(
          ({ transports, capabilities: { singleEvent, handshake } }) =>
            transports.includes('http') && !singleEvent && !handshake,
        )
        .map((dialect) => (
          <button
            key={dialect.id}
            type="button"
            className="choice"
            disabled={disabled}
            onClick={() => onChoose(dialect)}
          >
            <strong>{dialect.title}</strong>
            <span className="quiet">{dialect.summary}</span>
          </button>
        ))}
    </div>
  );
}

function DialectName({ id }: { readonly id: string }) {
  const { data: dialects } = useDialects();
  return <strong>{dialects?.find((dialect) => dialect.id === id)?.title ?? id}</strong>;
}

const pictureLookMs = 600;

/** The picture that was dropped, which appears here as soon as the server has made it smaller. */
function FirstPicture({ asset }: { readonly asset: Asset }) {
  const [drawn, setDrawn] = useState(false);
  const { data: now = asset } = useAsk<Asset>(
    `/v1/assets/${encodeURIComponent(asset.id)}`,
    {},
    drawn ? {} : { everyMs: pictureLookMs },
  );
  const isDrawn = pictureOf(now, 'small') !== null || now.state.kind !== 'image';
  useEffect(() => setDrawn(isDrawn), [isDrawn]);
  return (
    <p className="step-result">
      <Thumb asset={now} size={44} />
      <span className="cut" dir="auto">
        {now.state.name}
      </span>
      <LinkButton small href={`/assets/${asset.id}`}>
        {words.changes.toAsset}
      </LinkButton>
    </p>
  );
}

function Drop({
  onFile,
  onSample,
  busy,
}: {
  readonly onFile: (file: File) => void;
  readonly onSample: () => void;
  readonly busy: boolean;
}) {
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
      <IconPhotoPlus size={26} stroke={1.5} aria-hidden />
      <p>{words.start.drop}</p>
      <div className="row">
        <Button look="primary" busy={busy} onClick={() => input.current?.click()}>
          {words.start.choose}
        </Button>
        <Button disabled={busy} onClick={onSample}>
          {words.start.sample}
        </Button>
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
