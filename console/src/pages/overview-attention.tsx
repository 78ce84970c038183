/** What the overview says needs somebody: what is switched off, waits to be confirmed, fails, or ended badly. */
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import type { Notice as NoticeView } from '../api/people.ts';
import { useAsk, useChange, useList, useMay } from '../api/queries.ts';
import type { DeliverySummary } from '../api/deliveries.ts';
import type { Page as PageOf } from '../api/json.ts';
import type { Webhook } from '../api/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { showDuration, showShare } from '../parts/format.ts';
import { Ago, useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { outcomeOf, reasonOf } from './delivery-words.tsx';
import { type Standing, standingOf } from './webhook-parts.tsx';

/** A test that failed has told whoever made it: nothing was lost by it. */
const inEarnest = 'change,replay,redelivery,operational';

export function Attention({ webhooks }: { readonly webhooks: readonly Webhook[] | undefined }) {
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
    () => [dead.data, rejected.data].flatMap((page) => (page === undefined ? [] : causesOf(page))),
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
  if (off.length + failing.length + causes.length + open.length === 0)
    return (
      <p className="all-well">
        <IconCircleCheck size={17} aria-hidden /> {words.overview.attentionNone}
      </p>
    );
  return (
    <Card title={words.overview.attention} flush>
      <ul className="matters">
        {off.map((webhook) => (
          <Matter
            key={webhook.id}
            tone={standingTones[standingOf(webhook)]}
            href={`/webhooks/${webhook.id}`}
            said={saidOf(webhook, now)}
            because={webhook.stateReason === undefined ? null : reasonOf(webhook.stateReason)}
            atMs={webhook.stateChangedAtMs}
          />
        ))}
        {failing.map(({ id, name, health: { lastHour } }) => (
          <Matter
            key={id}
            tone="warn"
            href={`/webhooks/${id}`}
            said={words.overview.failing(name, showShare(lastHour.failed / lastHour.attempts))}
          />
        ))}
        {causes.map(({ state, event, webhookId, cause, count, more, lastMs }) => (
          <Matter
            key={`${state}${webhookId}${event}${cause}`}
            tone="bad"
            href={`/deliveries?states=${state}&webhookId=${webhookId}&event=${encodeURIComponent(event)}`}
            said={
              state === 'dead'
                ? words.overview.deadOnes(count, more, event)
                : words.overview.rejectedOnes(count, more, event)
            }
            because={`${webhooks.find(({ id }) => id === webhookId)?.name ?? webhookId}, ${words.overview.cause(cause)}`}
            atMs={lastMs}
          />
        ))}
        {open.map(({ id, text, severity, atMs }) => (
          <Matter
            key={id}
            tone={severity === 'info' ? undefined : severity === 'warning' ? 'warn' : 'bad'}
            said={text}
            atMs={atMs}
            action={
              mayWrite ? (
                <Button
                  small
                  look="plain"
                  onClick={() => change.mutate({ method: 'POST', path: `/v1/notices/${id}/acknowledge` })}
                >
                  {words.overview.acknowledge}
                </Button>
              ) : null
            }
          />
        ))}
      </ul>
    </Card>
  );
}

type MatterTone = 'bad' | 'warn' | undefined;
const signs = { bad: IconCircleX, warn: IconAlertTriangle, none: IconInfoCircle };

/** One thing that needs a look: what it is, why, since when, and where to mend it. */
function Matter({
  tone,
  href,
  said,
  because = null,
  atMs,
  action,
}: {
  readonly tone: MatterTone;
  readonly href?: string;
  readonly said: string;
  readonly because?: string | null;
  readonly atMs?: number;
  readonly action?: ReactNode;
}) {
  const Sign = signs[tone ?? 'none'];
  return (
    <li data-tone={tone}>
      <Sign size={17} aria-hidden />
      <div className="grow">
        {href === undefined ? said : <Link href={href}>{said}</Link>}
        {because === null ? null : <div className="quiet">{because}</div>}
      </div>
      {atMs === undefined ? null : (
        <span className="quiet nowrap">
          <Ago atMs={atMs} />
        </span>
      )}
      {action}
    </li>
  );
}

const standingTones: { readonly [standing in Standing]: MatterTone } = {
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
  /** There are more than were looked at. */
  readonly more: boolean;
  lastMs: number;
};

/** Deliveries that ended badly of the same thing, together. */
function causesOf({ data, nextCursor }: PageOf<DeliverySummary>) {
  const causes = new Map<string, Cause>();
  const more = nextCursor !== null;
  for (const delivery of data) {
    const cause = outcomeOf(delivery);
    const { state, event, webhookId } = delivery;
    const key = `${state} ${delivery.webhookId} ${delivery.event} ${cause}`;
    const known = causes.get(key);
    const endedAtMs = delivery.endedAtMs ?? delivery.createdAtMs;
    if (known === undefined) causes.set(key, { state, event, webhookId, cause, count: 1, more, lastMs: endedAtMs });
    else {
      known.count++;
      known.lastMs = Math.max(known.lastMs, endedAtMs);
    }
  }
  return [...causes.values()].toSorted((one, other) => other.count - one.count);
}
