import { IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useAsk, useChange, useDialects, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Webhook } from '../api/webhooks.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { type Choice, SelectField } from '../parts/field.tsx';
import { useCurrentInSight } from '../parts/current-in-sight.ts';
import { Loaded, Notice } from '../parts/state.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { reasonOf } from './delivery-words.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { noDeliveryFilters } from './delivery-filters.ts';
import { isMissing, Missing } from './missing.tsx';
import { manifestOf, standingOf, targetOf, WebhookBadge } from './webhook-parts.tsx';
import { Overview } from './webhook-overview.tsx';
import { Secrets } from './webhook-secrets.tsx';
import { SettingsForm } from './webhook-settings.tsx';
import { DryRuns, TestSend } from './webhook-trials.tsx';

const tabs = ['overview', 'deliveries', 'settings', 'secret', 'test', 'dryRun'] as const;
type Tab = (typeof tabs)[number];

export function WebhookPage({ id }: { readonly id: string }) {
  const webhook = useAsk<Webhook>(`/v1/webhooks/${encodeURIComponent(id)}`, {}, { everyMs: 15_000 });
  const { data: dialects } = useDialects();
  const [{ tab: named }, setFilters] = useFilters(['tab']);
  const tab: Tab = tabs.find((known) => known === named) ?? 'overview';
  const row = useCurrentInSight(webhook.data === undefined ? undefined : tab);
  if (isMissing(webhook)) return <Missing what="webhook" id={id} />;
  return (
    <Page
      title={webhook.data?.name ?? words.places.webhooks}
      back={{ href: '/webhooks', label: words.webhooks.title }}
      {...(webhook.data === undefined
        ? {}
        : {
            lead: (
              <span className="row head-facts">
                <WebhookBadge webhook={webhook.data} />
                <span>{manifestOf(dialects, webhook.data.dialect)?.title ?? webhook.data.dialect}</span>
                <span className="mono cut">{targetOf(webhook.data.target)}</span>
              </span>
            ),
          })}
      actions={
        webhook.data === undefined ? null : (
          <Switches webhook={webhook.data} manifest={manifestOf(dialects, webhook.data.dialect)} />
        )
      }
    >
      <Loaded of={webhook} lines={10}>
        {(data) => {
          const manifest = manifestOf(dialects, data.dialect);
          return (
            <>
              <StateBanner webhook={data} />
              <nav className="tabs" aria-label={data.name} ref={row}>
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
  const { stateReason, stateChangedAtMs, confirmation, missed, health } = webhook;
  const standing = standingOf(webhook);
  if (standing === 'enabled') return null;
  if (standing === 'warning' && health.failing !== undefined)
    return <Failing webhook={webhook} failing={health.failing} />;
  const lost = missed > 0 ? <p className="quiet">{words.webhook.missed(missed)}</p> : null;
  if (standing === 'disabled')
    return (
      <Notice tone="bad">
        <p>
          <strong>{words.webhook.disabledSince}</strong> <Moment atMs={stateChangedAtMs} />.{' '}
          {stateReason === undefined ? '' : words.webhook.disabledWhy(reasonOf(stateReason))}
        </p>
        {lost}
      </Notice>
    );
  if (standing === 'expired')
    return (
      <Notice tone="bad">
        <p>
          <strong>{words.webhook.expiredTitle}</strong> {words.webhook.expiredLead}
        </p>
        {lost}
      </Notice>
    );
  const until = confirmation?.expiresAtMs ?? null;
  return (
    <Notice tone="warn">
      <p>
        <strong>{words.webhook.pendingSince}</strong> <Moment atMs={stateChangedAtMs} />. {words.webhook.pendingLead}
      </p>
      {until === null ? null : (
        <p>
          {words.webhook.pendingLeft} <Moment atMs={until} /> (<Ago atMs={until} />
          ).
        </p>
      )}
      {lost}
    </Notice>
  );
}

/** Not disabled yet: since when it fails, and how long it may go on. */
function Failing({
  webhook: { id },
  failing: { sinceMs, failures, disablesAtMs },
}: {
  readonly webhook: Webhook;
  readonly failing: NonNullable<Webhook['health']['failing']>;
}) {
  return (
    <Notice
      tone="warn"
      action={<Link href={`/deliveries?webhookId=${id}&states=pending`}>{words.webhook.failingSee}</Link>}
    >
      <p>
        <strong>{words.webhook.failingSince}</strong> <Moment atMs={sinceMs} />: {words.webhook.failingLead(failures)}
      </p>
      {disablesAtMs === null ? null : (
        <p>
          {words.webhook.failingEnd} <Ago atMs={disablesAtMs} /> (<Moment atMs={disablesAtMs} />
          ).
        </p>
      )}
    </Notice>
  );
}

function Switches({ webhook, manifest }: { readonly webhook: Webhook; readonly manifest: Manifest | undefined }) {
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
      {open === 'enable' ? <Enable webhook={webhook} manifest={manifest} onClose={() => setOpen(null)} /> : null}
      {open === 'remove' ? (
        <Confirm
          title={words.webhook.removeTitle}
          action={words.webhook.remove}
          typed={webhook.name}
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

function Enable({
  webhook,
  manifest,
  onClose,
}: {
  readonly webhook: Webhook;
  readonly manifest: Manifest | undefined;
  readonly onClose: () => void;
}) {
  const [held, setHeld] = useState('');
  const [missed, setMissed] = useState('');
  const path = `/v1/webhooks/${webhook.id}`;
  const enable = useChange([path, '/v1/webhooks'], {
    onDone: () => {
      tell(words.webhook.enabled);
      onClose();
    },
  });
  const { pending } = webhook.health;
  const usual = { ...manifest?.policy.onEnable, ...webhook.policy.onEnable };
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
      <p className="quiet">
        {pending === 0 && webhook.missed === 0 ? words.webhook.enableNothing : words.webhook.enableLead}
      </p>
      {pending === 0 ? null : (
        <SelectField
          label={words.webhook.held(pending)}
          hint={words.webhook.heldLead}
          value={held}
          choices={choicesOf(words.webhook.heldChoices, usual.held)}
          onChange={setHeld}
        />
      )}
      {webhook.missed === 0 ? null : (
        <SelectField
          label={words.webhook.missedTitle(webhook.missed)}
          hint={words.webhook.missedLead}
          value={missed}
          choices={choicesOf(words.webhook.missedChoices, usual.missed)}
          onChange={setMissed}
        />
      )}
    </Dialog>
  );
}

/** What may be done, with what is done unless something is chosen first. */
function choicesOf<Name extends string>(
  choices: { readonly [name in Name]: string },
  usual: Name | undefined,
): readonly Choice[] {
  return [
    ...(usual === undefined ? [] : [{ value: '', label: words.webhook.byDialect(choices[usual]) }]),
    ...Object.entries<string>(choices).map(([value, label]) => ({ value, label })),
  ];
}

function Deliveries({ webhook }: { readonly webhook: Webhook }) {
  const filters = useMemo(() => ({ ...noDeliveryFilters, webhookId: webhook.id }), [webhook.id]);
  return <DeliveryList filters={filters} compact />;
}
