import { IconDownload, IconExternalLink, IconSend } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { ask } from '../api/ask.ts';
import { useDialects, useMay } from '../api/queries.ts';
import type { EventDescription, Manifest } from '../api/manifest.ts';
import type { Inbox } from '../api/inboxes.ts';
import type { TestSent, Webhook } from '../api/webhooks.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { showBytes, showDate } from '../parts/format.ts';
import { useCurrentInSight } from '../parts/current-in-sight.ts';
import { Empty, Loaded } from '../parts/state.tsx';
import { tell, tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { sourceName } from './source-name.ts';

/** What each dialect tells, and how it looks. */
export function Events() {
  const dialects = useDialects();
  const [{ dialect, event, q }, setFilters] = useFilters(['dialect', 'event', 'q']);
  const row = useCurrentInSight(dialects.data === undefined ? undefined : dialect);
  return (
    <Page title={words.events.title} lead={words.events.lead}>
      <Loaded of={dialects} lines={10}>
        {(manifests) => {
          const manifest = manifests.find(({ id }) => id === dialect) ?? manifests[0];
          if (manifest === undefined) return null;
          const wanted = q.toLowerCase();
          const events = manifest.events.filter(
            ({ name, summary }) => wanted === '' || `${name} ${summary}`.toLowerCase().includes(wanted),
          );
          const shown = events.find(({ name }) => name === event) ?? events[0];
          return (
            <>
              <nav className="tabs" aria-label={words.events.dialect} ref={row}>
                {manifests.map(({ id, title }) => (
                  <button
                    key={id}
                    type="button"
                    aria-current={id === manifest.id ? 'page' : undefined}
                    onClick={() => setFilters({ dialect: id, event: '' })}
                  >
                    {title}
                  </button>
                ))}
              </nav>
              <About manifest={manifest} />
              <div className="catalogue">
                <nav className="stack tight" aria-label={words.events.count(events.length)}>
                  <input
                    className="input"
                    type="search"
                    aria-label={words.events.find}
                    placeholder={words.events.find}
                    value={q}
                    onChange={(typed) => setFilters({ q: typed.target.value })}
                  />
                  <div className="tree">
                    {events.map(({ name }) => (
                      <button
                        key={name}
                        type="button"
                        aria-pressed={name === shown?.name}
                        onClick={() => setFilters({ event: name })}
                      >
                        <span className="cut mono">{name}</span>
                      </button>
                    ))}
                  </div>
                </nav>
                {shown === undefined ? (
                  <Empty title={words.shell.nothingFound} />
                ) : (
                  <EventShown manifest={manifest} event={shown} />
                )}
              </div>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function About({ manifest }: { readonly manifest: Manifest }) {
  return (
    <Card>
      <div className="stack">
        <p>{manifest.summary}</p>
        <Facts
          of={[
            [words.events.signing, manifest.signing.summary],
            [words.webhook.payload, showBytes(manifest.limits.payloadBytesMax)],
            [
              words.events.sources,
              <ul key="sources">
                {manifest.sources.map(({ url, readOn }) => (
                  <li key={url}>
                    <a href={url} title={url} target="_blank" rel="noreferrer">
                      {sourceName(url)} <IconExternalLink size={12} aria-hidden />
                    </a>{' '}
                    <span className="quiet">{words.events.read(showDate(Date.parse(readOn)))}</span>
                  </li>
                ))}
              </ul>,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

function EventShown({ manifest, event }: { readonly manifest: Manifest; readonly event: EventDescription }) {
  const may = useMay('webhooks:write');
  const schema = JSON.stringify(event.schema);
  return (
    <div className="stack">
      <Card
        title={<span className="mono">{event.name}</span>}
        actions={
          <>
            <a
              className="button small"
              href={`/v1/dialects/${manifest.id}/schemas/${encodeURIComponent(event.name)}`}
              download={`${event.name}.schema.json`}
            >
              <IconDownload size={15} aria-hidden /> {words.events.download}
            </a>
            {may && manifest.transports.includes('http') && !manifest.capabilities.handshake ? (
              <SendNow manifest={manifest} event={event} />
            ) : null}
          </>
        }
      >
        <Facts
          of={[
            [words.events.tells, event.summary === event.fires ? undefined : event.summary],
            [words.events.fires, event.fires],
            [
              words.events.kinds,
              <span key="kinds" className="chips">
                {event.changeKinds.map((kind) => (
                  <span key={kind} className="chip mono">
                    {kind}
                  </span>
                ))}
              </span>,
            ],
          ]}
        />
      </Card>
      <Card title={words.events.example}>
        <Code text={JSON.stringify(event.example)} name={words.events.example} json />
      </Card>
      <Card title={words.events.schema}>
        <Code text={schema} name={words.events.schema} json />
      </Card>
    </div>
  );
}

/** Sends the event to an inbox of one's own, through a webhook that is there for a moment. */
function SendNow({ manifest, event }: { readonly manifest: Manifest; readonly event: EventDescription }) {
  const [busy, setBusy] = useState(false);
  const [, navigate] = useLocation();
  const send = async () => {
    const page = await ask<{ readonly data: readonly Inbox[] }>('GET', '/v1/inboxes', { query: { limit: 1 } });
    const inbox = page.data[0] ?? (await ask<Inbox>('POST', '/v1/inboxes', { body: {} }));
    const webhook = await ask<Webhook>('POST', '/v1/webhooks', {
      body: {
        name: `${words.events.sendNow}: ${event.name}`,
        dialect: manifest.id,
        events: [event.name],
        enabled: false,
        target: { transport: 'http', url: manifest.capabilities.plainHttp ? inbox.url : inbox.tlsUrl },
      },
    });
    try {
      await ask<TestSent>('POST', `/v1/webhooks/${webhook.id}/test`, {
        query: { wait: 20 },
        body: { event: event.name },
      });
    } finally {
      await ask('DELETE', `/v1/webhooks/${webhook.id}`);
    }
    tell(words.events.sent);
    navigate(`/inboxes/${inbox.id}`);
  };
  return (
    <Button
      small
      busy={busy}
      icon={<IconSend size={15} aria-hidden />}
      onClick={() => {
        setBusy(true);
        send()
          .catch(tellProblem)
          .finally(() => setBusy(false));
      }}
    >
      {words.events.sendNow}
    </Button>
  );
}
