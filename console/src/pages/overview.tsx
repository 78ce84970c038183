import { IconPlayerPlay } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { useAsk, useChange, useDialects, useList, useMay, useWebhooks } from '../api/queries.ts';
import type { Notice as NoticeView } from '../api/people.ts';
import type { DeliverySummary, Page as PageOf, Webhook } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button, LinkButton } from '../parts/button.tsx';
import { Card, Page } from '../parts/card.tsx';
import { showCount, showDuration, showShare } from '../parts/format.ts';
import { Spark } from '../parts/spark.tsx';
import { Badge, Empty, Failure, Loading } from '../parts/state.tsx';
import { Table } from '../parts/table.tsx';
import { Ago, useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { outcomeOf, reasonOf } from './delivery-words.tsx';
import { Numbers, ranges } from './overview-numbers.tsx';
import { type Standing, standingOf, useWebhookSparks, WebhookBadge } from './webhook-parts.tsx';

/** How deliveries go, and what needs a look. */
export function Overview() {
  const [{ range }, setFilters] = useFilters(['range']);
  const chosen = ranges[range] === undefined ? '1h' : range;
  const may = useMay('deliveries:read');
  const webhooks = useWebhooks('live');
  if (webhooks.data?.length === 0) return <FirstRun />;
  return (
    <Page
      title={words.overview.title}
      lead={words.overview.lead}
      actions={
        <div className="segments" role="group" aria-label={words.overview.range}>
          {Object.keys(ranges).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === chosen}
              onClick={() => setFilters({ range: name === '1h' ? '' : name })}
            >
              {words.overview.ranges[name]}
            </button>
          ))}
        </div>
      }
    >
      {may ? <Numbers range={chosen} /> : null}
      <Attention webhooks={webhooks.data} />
      <Card
        title={words.overview.health}
        flush
        actions={
          <LinkButton small href="/webhooks/new">
            {words.webhooks.make}
          </LinkButton>
        }
      >
        {webhooks.error === null ? null : <Failure error={webhooks.error} />}
        {webhooks.data === undefined ? (
          <div style={{ padding: 16 }}>
            <Loading />
          </div>
        ) : (
          <Health webhooks={webhooks.data} />
        )}
      </Card>
    </Page>
  );
}

function FirstRun() {
  return (
    <Page title={words.overview.title} lead={words.overview.lead}>
      <Card>
        <Empty
          title={words.overview.noWebhooks}
          action={
            <LinkButton href="/start" look="primary" icon={<IconPlayerPlay size={16} aria-hidden />}>
              {words.overview.start}
            </LinkButton>
          }
        >
          {words.overview.noWebhooksLead}
        </Empty>
      </Card>
    </Page>
  );
}

/** A test that failed has told whoever made it: nothing was lost by it. */
const inEarnest = 'change,replay,redelivery,operational';

function Attention({ webhooks }: { readonly webhooks: readonly Webhook[] | undefined }) {
  const may = useMay('deliveries:read');
  const mayWrite = useMay('deliveries:write');
  const dead = useAsk<PageOf<DeliverySummary>>(
    may ? '/v1/deliveries' : null,
    { states: 'dead', origins: inEarnest, limit: 100 },
    { everyMs: 30_000 },
  );
  const notices = useList<NoticeView>('/v1/notices', { acknowledged: false, limit: 20 }, { everyMs: 30_000 });
  const change = useChange(['/v1/notices']);
  const rejected = useAsk<PageOf<DeliverySummary>>(
    may ? '/v1/deliveries' : null,
    { states: 'rejected', origins: inEarnest, fromMs: useDayAgo(), limit: 100 },
    { everyMs: 30_000, steady: true },
  );
  const causes = useMemo(
    () => causesOf([...(dead.data?.data ?? []), ...(rejected.data?.data ?? [])]),
    [dead.data, rejected.data],
  );
  const now = useNow();
  const off = (webhooks ?? []).filter((webhook) => standingOf(webhook) !== 'enabled');
  const failing = (webhooks ?? []).filter(
    (webhook) =>
      standingOf(webhook) === 'enabled' &&
      webhook.health.lastHour.attempts >= 5 &&
      webhook.health.lastHour.failed / webhook.health.lastHour.attempts > 0.2,
  );
  const open = notices.items ?? [];
  if (webhooks === undefined) return null;
  const quiet = off.length + failing.length + causes.length + open.length === 0;
  return (
    <Card title={words.overview.attention}>
      {quiet ? <p className="quiet">{words.overview.attentionNone}</p> : null}
      <ul className="timeline">
        {off.map((webhook) => (
          <li key={webhook.id} data-tone={standingTones[standingOf(webhook)]}>
            <Link href={`/webhooks/${webhook.id}`}>{saidOf(webhook, now)}</Link>{' '}
            <span className="quiet">
              <Ago atMs={webhook.stateChangedAtMs} />{' '}
              {webhook.stateReason === undefined ? '' : reasonOf(webhook.stateReason)}
            </span>
          </li>
        ))}
        {failing.map(({ id, name, health: { lastHour } }) => (
          <li key={id} data-tone="warn">
            <Link href={`/webhooks/${id}`}>
              {words.overview.failing(name, showShare(lastHour.failed / lastHour.attempts))}
            </Link>
          </li>
        ))}
        {causes.map(({ state, event, webhookId, cause, count, lastMs }) => (
          <li key={`${state}${webhookId}${event}${cause}`} data-tone="bad">
            <Link href={`/deliveries?states=${state}&webhookId=${webhookId}&event=${encodeURIComponent(event)}`}>
              {state === 'dead' ? words.overview.deadOnes(count, event) : words.overview.rejectedOnes(count, event)}
            </Link>{' '}
            <span className="quiet">
              {webhooks.find(({ id }) => id === webhookId)?.name ?? webhookId}, {words.overview.cause(cause)},{' '}
              <Ago atMs={lastMs} />
            </span>
          </li>
        ))}
        {open.map(({ id, text, severity, atMs }) => (
          <li key={id} data-tone={severity === 'info' ? undefined : severity === 'warning' ? 'warn' : 'bad'}>
            <div className="row between">
              <span className="grow">
                {text}{' '}
                <span className="quiet">
                  <Ago atMs={atMs} />
                </span>
              </span>
              {mayWrite ? (
                <Button
                  small
                  look="plain"
                  onClick={() => change.mutate({ method: 'POST', path: `/v1/notices/${id}/acknowledge` })}
                >
                  {words.overview.acknowledge}
                </Button>
              ) : null}
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const standingTones: { readonly [standing in Standing]: 'bad' | 'warn' | undefined } = {
  enabled: undefined,
  warning: 'warn',
  pending: 'warn',
  expired: 'bad',
  disabled: 'bad',
};

/** What is the matter with a webhook, and until when it can be mended without loss. */
function saidOf(webhook: Webhook, nowMs: number): string {
  const { name, confirmation, health } = webhook;
  switch (standingOf(webhook)) {
    case 'warning':
      return words.overview.warning(name, health.failing?.failures ?? 0);
    case 'expired':
      return words.overview.expired(name);
    case 'pending': {
      const untilMs = confirmation?.expiresAtMs ?? null;
      return untilMs === null
        ? words.overview.pending(name)
        : words.overview.pendingUntil(name, showDuration(Math.max(0, untilMs - nowMs)));
    }
    case 'enabled':
    case 'disabled':
      return words.overview.disabled(name);
  }
}

/** A day ago, to the quarter of an hour, so that what is asked for stays the same for a while. */
function useDayAgo(): number {
  const quarterMs = 900_000;
  return Math.floor(useNow() / quarterMs) * quarterMs - 86_400_000;
}

type Cause = {
  readonly state: string;
  readonly event: string;
  readonly webhookId: string;
  readonly cause: string;
  count: number;
  lastMs: number;
};

/** Deliveries that ended badly of the same thing, together. */
function causesOf(dead: readonly DeliverySummary[]) {
  const causes = new Map<string, Cause>();
  for (const delivery of dead) {
    const cause = outcomeOf(delivery);
    const { state, event, webhookId } = delivery;
    const key = `${state} ${delivery.webhookId} ${delivery.event} ${cause}`;
    const known = causes.get(key);
    const endedAtMs = delivery.endedAtMs ?? delivery.createdAtMs;
    if (known === undefined) causes.set(key, { state, event, webhookId, cause, count: 1, lastMs: endedAtMs });
    else {
      known.count++;
      known.lastMs = Math.max(known.lastMs, endedAtMs);
    }
  }
  return [...causes.values()].toSorted((one, other) => other.count - one.count);
}

function Health({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  const sparks = useWebhookSparks();
  const { data: dialects } = useDialects();
  const [, navigate] = useLocation();
  return (
    <Table
      label={words.overview.health}
      items={webhooks}
      idOf={({ id }) => id}
      onOpen={({ id }) => navigate(`/webhooks/${id}`)}
      columns={[
        { name: words.webhooks.name, cell: ({ id, name }) => <Link href={`/webhooks/${id}`}>{name}</Link> },
        { name: words.common.state, kind: 'fit', cell: (webhook) => <WebhookBadge webhook={webhook} /> },
        {
          name: words.webhooks.dialect,
          cell: ({ dialect }) => (
            <span className="quiet">{dialects?.find(({ id }) => id === dialect)?.title ?? dialect}</span>
          ),
        },
        {
          name: words.webhooks.lastDay,
          kind: 'fit',
          cell: ({ id }) => {
            const spark = sparks.get(id);
            return spark === undefined ? (
              <span className="quiet">{words.webhooks.nothing}</span>
            ) : (
              <Spark
                values={spark.attempts}
                bad={spark.failed}
                label={words.webhooks.spark(spark.total, spark.totalFailed)}
              />
            );
          },
        },
        {
          name: words.webhooks.waiting,
          kind: 'number',
          cell: ({ health: { pending } }) =>
            pending === 0 ? <span className="quiet">0</span> : <Badge tone="warn">{showCount(pending)}</Badge>,
        },
      ]}
    />
  );
}
