import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ask, Problem } from '../api/ask.ts';
import { refresh, useChange, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Webhook } from '../api/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { TextField, problemAt, WordsField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Notice } from '../parts/state.tsx';
import { tell, tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { type Draft, untouched } from './webhook-draft.ts';
import { CredentialsForm, EventsForm, HeadersForm } from './webhook-form.tsx';
import { SettingsFields } from './webhook-setting-fields.tsx';
import { TargetForm } from './webhook-target-form.tsx';
import { TlsForm, tlsToSend } from './webhook-tls.tsx';

type Both = { readonly webhook: Webhook; readonly manifest: Manifest };

/** The settings, while others may change them too: what one writes stays, and is not saved over theirs unseen. */
export function SettingsForm({ webhook, manifest }: Both) {
  const [base, setBase] = useState(webhook);
  const [touched, setTouched] = useState(false);
  const newer = webhook.revision > base.revision;
  const anew = (from: Webhook) => {
    setTouched(false);
    setBase(from);
  };
  useEffect(() => {
    if (newer && !touched) setBase(webhook);
  }, [newer, touched, webhook]);
  return (
    <>
      {newer && touched ? (
        <Notice
          tone="warn"
          action={
            <Button small onClick={() => anew(webhook)}>
              {words.asset.staleShow}
            </Button>
          }
        >
          <span role="alert">{words.asset.staleTitle}</span>
        </Notice>
      ) : null}
      <Form key={base.revision} webhook={base} manifest={manifest} onTouched={() => setTouched(true)} onSaved={anew} />
    </>
  );
}

function Form({
  webhook,
  manifest,
  onTouched,
  onSaved,
}: Both & { readonly onTouched: () => void; readonly onSaved: (webhook: Webhook) => void }) {
  const may = useMay('webhooks:write');
  const { secretFields } = manifest.configuration;
  const [draft, setDraft] = useState<Draft>(() => ({
    name: webhook.name,
    target: webhook.target,
    events: webhook.events,
    // Masked secrets are left out: what is not sent stays.
    settings: Object.fromEntries(Object.entries(webhook.settings).filter(([name]) => !secretFields.includes(name))),
    headers: webhook.headers,
    credentials: null,
    tls: webhook.tls === undefined ? {} : 'kept',
    contacts: webhook.contacts,
    secret: '',
  }));
  const path = `/v1/webhooks/${webhook.id}`;
  const client = useQueryClient();
  const save = useChange<Webhook>([path, '/v1/webhooks'], {
    quiet: true,
    onDone: (saved) => {
      tell(words.webhook.saved);
      onSaved(saved);
    },
  });
  const [refused, setRefused] = useState<Draft | null>(null);
  const problems = save.error instanceof Problem ? untouched(save.error.problems, refused, draft) : [];
  const change = (patch: Partial<Draft>) => {
    onTouched();
    setDraft((before) => ({ ...before, ...patch }));
  };
  /** Looks first whether it is still what was changed here. */
  const submit = async () => {
    const now = await ask<Webhook>('GET', path);
    if (now.revision === webhook.revision) send();
    else await refresh(client, path);
  };
  const send = () => {
    const { name, target, events, settings, headers, contacts, credentials, tls } = draft;
    setRefused(draft);
    save.mutate({
      method: 'PATCH',
      path,
      body: {
        name,
        events,
        settings,
        contacts,
        ...(manifest.capabilities.targetEditable ? { target } : {}),
        ...(manifest.capabilities.customHeaders && !same(headers, webhook.headers) ? { headers } : {}),
        ...(credentials === null ? {} : { credentials }),
        ...tlsToSend(tls),
      },
    });
  };
  const parts = { manifest, draft, onChange: change, problems };
  const kept = webhook.credentials['kind'];
  return (
    <form
      className="stack"
      style={{ maxWidth: 820 }}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit().catch(tellProblem);
      }}
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <fieldset disabled={!may} className="stack" style={{ border: 0, padding: 0, margin: 0 }}>
        <Card title={words.wizard.steps.destination}>
          <div className="stack">
            <TextField
              label={words.wizard.name}
              required
              problem={problemAt(problems, '/name')}
              value={draft.name}
              onChange={(name) => change({ name })}
            />
            <TargetForm {...parts} fixed={!manifest.capabilities.targetEditable} />
            <CredentialsForm {...parts} {...(typeof kept === 'string' ? { kept } : {})} />
            <TlsForm {...parts} kept={webhook.tls} folded={webhook.tls === undefined} />
          </div>
        </Card>
        <Card title={words.wizard.steps.events}>
          <div data-titled={words.wizard.steps.events}>
            <EventsForm {...parts} />
          </div>
        </Card>
        <Card title={words.wizard.steps.settings}>
          <div className="stack">
            <SettingsFields
              manifest={manifest}
              schema={manifest.configuration.schema}
              value={draft.settings}
              onChange={(settings) => change({ settings })}
              context={{ problems, at: '/settings', secret: secretFields, kept: true }}
            />
            <HeadersForm {...parts} />
            <WordsField
              label={words.wizard.contacts}
              hint={words.wizard.contactsHint}
              values={draft.contacts}
              onChange={(contacts) => change({ contacts })}
            />
          </div>
        </Card>
        <div className="actions">
          <Button type="submit" look="primary" busy={save.isPending} disabled={!may}>
            {words.common.save}
          </Button>
        </div>
      </fieldset>
    </form>
  );
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
