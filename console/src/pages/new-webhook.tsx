import { IconExternalLink } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { Problem } from '../api/ask.ts';
import { useChange, useDialects, useMay } from '../api/queries.ts';
import { type Manifest, policyFor } from '../api/manifest.ts';
import type { Webhook } from '../api/webhooks.ts';
import { useFilters } from '../app/address.ts';
import { Button, CopyButton, LinkButton } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { showBytes, showCount } from '../parts/format.ts';
import { FormFailure } from '../parts/form-failure.tsx';
import { Loaded, Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { PolicyTimeline } from './policy-timeline.tsx';
import { sourceName } from './source-name.ts';
import { SetupSteps } from './setup-steps.tsx';
import { type Draft, emptyTarget, untouched } from './webhook-draft.ts';
import { tlsToSend } from './webhook-tls.tsx';
import { WizardParts } from './wizard-parts.tsx';

/** A webhook in its dialect's own words and order: everything here is drawn from the manifest. */
export function NewWebhook() {
  const [{ dialect }, setFilters] = useFilters(['dialect']);
  const dialects = useDialects();
  const may = useMay('webhooks:write');
  return (
    <Page title={words.wizard.title} back={{ href: '/webhooks', label: words.webhooks.title }}>
      {may ? (
        <Loaded of={dialects}>
          {(manifests) => {
            const manifest = manifests.find(({ id }) => id === dialect);
            return manifest === undefined ? (
              <Card title={words.wizard.chooseTitle}>
                <div className="stack">
                  <p className="quiet">{words.wizard.chooseLead}</p>
                  <div className="choices">
                    {manifests.map(({ id, title, summary }) => (
                      <button key={id} type="button" className="choice" onClick={() => setFilters({ dialect: id })}>
                        <strong>{title}</strong>
                        <span className="quiet">{summary}</span>
                      </button>
                    ))}
                  </div>
                </div>
              </Card>
            ) : (
              <Wizard key={manifest.id} manifest={manifest} onBack={() => setFilters({ dialect: '' })} />
            );
          }}
        </Loaded>
      ) : (
        <Notice tone="warn">{words.common.readOnly}</Notice>
      )}
    </Page>
  );
}

function Wizard({ manifest, onBack }: { readonly manifest: Manifest; readonly onBack: () => void }) {
  // What needs nothing set up by the operator comes first.
  const begun = manifest.protocols?.find(({ transport }) => transport === 'http') ?? manifest.protocols?.[0];
  const [draft, setDraft] = useState<Draft>(() => ({
    name: '',
    target: emptyTarget(begun?.transport ?? manifest.transports[0] ?? 'http'),
    events: manifest.capabilities.singleEvent ? [] : ['*'],
    settings: begun?.settings ?? {},
    headers: [],
    credentials: null,
    tls: {},
    contacts: [],
    secret: '',
  }));
  const [made, setMade] = useState<Webhook | null>(null);
  const create = useChange<Webhook>(['/v1/webhooks'], { quiet: true, onDone: setMade });
  const [refused, setRefused] = useState<Draft | null>(null);
  const problems = create.error instanceof Problem ? untouched(create.error.problems, refused, draft) : [];
  const change = (patch: Partial<Draft>) => setDraft((before) => ({ ...before, ...patch }));
  if (made !== null) return <Made webhook={made} />;
  const submit = () => {
    const { secret, credentials, headers, contacts, settings, tls, ...rest } = draft;
    setRefused(draft);
    create.mutate({
      method: 'POST',
      path: '/v1/webhooks',
      body: {
        ...rest,
        dialect: manifest.id,
        ...(Object.keys(settings).length === 0 ? {} : { settings }),
        ...(headers.length === 0 ? {} : { headers }),
        ...(contacts.length === 0 ? {} : { contacts }),
        ...(secret === '' ? {} : { secret }),
        ...(credentials === null ? {} : { credentials }),
        ...tlsToSend(tls),
      },
    });
  };
  const parts = { manifest, draft, onChange: change, problems };
  return (
    <form
      className="wizard"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="stack">
        {create.error === null ? null : <FormFailure error={create.error} />}
        <WizardParts {...parts} />
        <div className="actions">
          <Button onClick={onBack}>{words.common.back}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {words.wizard.make}
          </Button>
        </div>
      </div>
      <div className="stack">
        <SetupSteps dialect={manifest.id} target={draft.target} />
        <About manifest={manifest} transport={draft.target.transport} />
      </div>
    </form>
  );
}

/** What one should know of the dialect while filling in its form. */
function About({ manifest, transport }: { readonly manifest: Manifest; readonly transport: string }) {
  return (
    <aside className="stack">
      <Card title={manifest.title}>
        <div className="stack">
          <p>{manifest.summary}</p>
          <p className="quiet">{manifest.signing.summary}</p>
          <Facts
            of={[
              [words.wizard.steps.events, showCount(manifest.events.length)],
              [words.webhook.payload, showBytes(manifest.limits.payloadBytesMax)],
            ]}
          />
          <ul className="stack tight">
            {manifest.sources.map(({ url }) => (
              <li key={url}>
                <a href={url} target="_blank" rel="noreferrer">
                  <IconExternalLink size={13} aria-hidden /> {sourceName(url)}
                </a>
              </li>
            ))}
          </ul>
        </div>
      </Card>
      <Card title={words.webhook.schedule}>
        <PolicyTimeline policy={policyFor(manifest, transport)} />
      </Card>
    </aside>
  );
}

function Made({ webhook }: { readonly webhook: Webhook }) {
  const [, navigate] = useLocation();
  const place = useRef<HTMLDivElement>(null);
  // The button that made it is gone: whoever pressed it hears here what came of it.
  useEffect(() => place.current?.focus(), []);
  return (
    <div ref={place} className="begun" tabIndex={-1}>
      <Card title={words.wizard.madeTitle}>
        <div className="stack">
          {webhook.secret === undefined ? null : (
            <>
              <Notice tone="warn">{words.wizard.secretOnce}</Notice>
              <div className="code">
                <div className="tools">
                  <CopyButton text={webhook.secret} />
                </div>
                <pre aria-label={words.wizard.secret}>{webhook.secret}</pre>
              </div>
            </>
          )}
          {webhook.state === 'pending' ? <Notice tone="info">{words.wizard.pendingLead}</Notice> : null}
          <div className="actions">
            {webhook.state === 'pending' ? null : (
              <Button onClick={() => navigate(`/webhooks/${webhook.id}?tab=test`)}>{words.wizard.testNow}</Button>
            )}
            <LinkButton href={`/webhooks/${webhook.id}`} look="primary">
              {words.wizard.toWebhook}
            </LinkButton>
          </div>
        </div>
      </Card>
    </div>
  );
}
