import { IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk, useChange, useDialects, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Webhook } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { SelectField } from '../parts/field.tsx';
import { showCount } from '../parts/format.ts';
import { Loaded, Notice } from '../parts/state.tsx';
import { Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { DeliveryList } from './deliveries.tsx';
import { noDeliveryFilters } from './delivery-filters.ts';
import { manifestOf } from './webhook-parts.tsx';
import { Overview } from './webhook-overview.tsx';
import { Secrets } from './webhook-secrets.tsx';
import { SettingsForm } from './webhook-settings.tsx';
import { DryRuns, TestSend } from './webhook-trials.tsx';

const tabs = ['overview', 'deliveries', 'settings', 'secret', 'test', 'dryRun'] as const;
type Tab = (typeof tabs)[number];

export function WebhookPage({ id }: { readonly id: string }) {
  const webhook = useAsk<Webhook>(`/v1/webhooks/${encodeURIComponent(id)}`);
  const { data: dialects } = useDialects();
  const [{ tab: named }, setFilters] = useFilters(['tab']);
  const tab: Tab = tabs.find((known) => known === named) ?? 'overview';
  return (
    <Page
      title={webhook.data?.name ?? words.places.webhooks}
      back={{ href: '/webhooks', label: words.webhooks.title }}
      actions={webhook.data === undefined ? null : <Switches webhook={webhook.data} />}
    >
      <Loaded of={webhook} lines={10}>
        {(data) => {
          const manifest = manifestOf(dialects, data.dialect);
          return (
            <>
              <StateBanner webhook={data} />
              <nav className="tabs" aria-label={data.name}>
                {tabs.map((name) => (
                  <button
                    key={name}
                    type="button"
                    aria-current={name === tab ? 'page' : undefined}
                    onClick={() => setFilters({ tab: name === 'overview' ? '' : name })}
                  >
                    {words.webhook.tabs[name]}
                  </button>
                ))}
              </nav>
              {manifest === undefined ? null : <Part tab={tab} webhook={data} manifest={manifest} />}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

type Both = { readonly webhook: Webhook; readonly manifest: Manifest };

function Part({ tab, webhook, manifest }: Both & { readonly tab: Tab }) {
  switch (tab) {
    case 'overview':
      return <Overview webhook={webhook} manifest={manifest} />;
    case 'deliveries':
      return <Deliveries webhook={webhook} />;
    case 'settings':
      return <SettingsForm webhook={webhook} manifest={manifest} />;
    case 'secret':
      return <Secrets webhook={webhook} manifest={manifest} />;
    case 'test':
      return <TestSend webhook={webhook} manifest={manifest} />;
    case 'dryRun':
      return <DryRuns webhook={webhook} />;
  }
}

function StateBanner({ webhook }: { readonly webhook: Webhook }) {
  if (webhook.state === 'enabled') return null;
  const off = webhook.state === 'disabled';
  return (
    <Notice tone={off ? 'bad' : 'warn'}>
      <p>
        <strong>{off ? words.webhook.disabledSince : words.webhook.pendingSince}</strong>{' '}
        <Moment atMs={webhook.stateChangedAtMs} />.{' '}
        {webhook.stateReason === undefined
          ? off
            ? ''
            : words.webhook.pendingLead
          : words.webhook.disabledWhy(webhook.stateReason)}
      </p>
      {webhook.missed > 0 ? <p className="quiet">{words.webhook.missed(webhook.missed)}</p> : null}
    </Notice>
  );
}

function Switches({ webhook }: { readonly webhook: Webhook }) {
  const may = useMay('webhooks:write');
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<'enable' | 'remove' | null>(null);
  const path = `/v1/webhooks/${webhook.id}`;
  const disable = useChange([path, '/v1/webhooks'], { onDone: () => tell(words.webhook.disabled) });
  const remove = useChange(['/v1/webhooks'], {
    onDone: () => {
      tell(words.webhook.removed);
      navigate('/webhooks');
    },
  });
  if (!may) return null;
  return (
    <>
      {webhook.state === 'enabled' ? (
        <Button
          icon={<IconPlayerPause size={16} aria-hidden />}
          busy={disable.isPending}
          onClick={() => disable.mutate({ method: 'POST', path: `${path}/disable`, body: {} })}
        >
          {words.webhook.disable}
        </Button>
      ) : null}
      {webhook.state === 'disabled' ? (
        <Button look="primary" icon={<IconPlayerPlay size={16} aria-hidden />} onClick={() => setOpen('enable')}>
          {words.webhook.enable}
        </Button>
      ) : null}
      <Button look="danger" icon={<IconTrash size={16} aria-hidden />} onClick={() => setOpen('remove')}>
        {words.webhook.remove}
      </Button>
      {open === 'enable' ? <Enable webhook={webhook} onClose={() => setOpen(null)} /> : null}
      {open === 'remove' ? (
        <Confirm
          title={words.webhook.removeTitle}
          action={words.webhook.remove}
          busy={remove.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() => remove.mutate({ method: 'DELETE', path })}
        >
          <p>{words.webhook.removeLead}</p>
        </Confirm>
      ) : null}
    </>
  );
}

function Enable({ webhook, onClose }: { readonly webhook: Webhook; readonly onClose: () => void }) {
  const [held, setHeld] = useState('');
  const [missed, setMissed] = useState('');
  const path = `/v1/webhooks/${webhook.id}`;
  const enable = useChange([path, '/v1/webhooks'], {
    onDone: () => {
      tell(words.webhook.enabled);
      onClose();
    },
  });
  return (
    <Dialog
      title={words.webhook.enableTitle}
      onClose={onClose}
      onSubmit={() =>
        enable.mutate({
          method: 'POST',
          path: `${path}/enable`,
          body: { ...(held === '' ? {} : { held }), ...(missed === '' ? {} : { missed }) },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button type="submit" look="primary" busy={enable.isPending}>
            {words.webhook.enable}
          </Button>
        </>
      }
    >
      <SelectField
        label={`${words.webhook.held} (${showCount(webhook.health.pending)})`}
        value={held}
        choices={[
          { value: '', label: words.webhook.byDialect },
          ...Object.entries(words.webhook.heldChoices).map(([value, label]) => ({ value, label })),
        ]}
        onChange={setHeld}
      />
      <SelectField
        label={`${words.webhook.missedTitle} (${showCount(webhook.missed)})`}
        value={missed}
        choices={[
          { value: '', label: words.webhook.byDialect },
          ...Object.entries(words.webhook.missedChoices).map(([value, label]) => ({ value, label })),
        ]}
        onChange={setMissed}
      />
    </Dialog>
  );
}

function Deliveries({ webhook }: { readonly webhook: Webhook }) {
  const filters = useMemo(() => ({ ...noDeliveryFilters, webhookId: webhook.id }), [webhook.id]);
  return <DeliveryList filters={filters} compact />;
}
