import { useMemo } from 'react';
import { useAsk, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Stats } from '../api/stats.ts';
import type { Target, Webhook } from '../api/webhooks.ts';
import { showCount, showDuration } from '../parts/format.ts';
import { Spark } from '../parts/spark.tsx';
import { Badge, type Tone } from '../parts/state.tsx';
import type { Column } from '../parts/table.tsx';
import { useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { reasonOf } from './delivery-words.tsx';

/** How a webhook stands, for people: beside its state, what will become of it if nobody looks. */
export type Standing = Webhook['state'] | 'warning' | 'expired';

const tones: { readonly [standing in Standing]: Tone } = {
  enabled: 'good',
  warning: 'warn',
  pending: 'warn',
  expired: 'bad',
  disabled: 'bad',
};

/** Fewer failures in a row than this happen to every receiver. */
const failuresMin = 3;

export function standingOf({
  state,
  health,
  confirmation,
}: Pick<Webhook, 'state' | 'health' | 'confirmation'>): Standing {
  if (state === 'pending' && confirmation?.state === 'expired') return 'expired';
  const { failing } = health;
  const warns = failing !== undefined && (failing.warnedPercent > 0 || failing.failures >= failuresMin);
  return state === 'enabled' && warns ? 'warning' : state;
}

export function WebhookBadge({ webhook }: { readonly webhook: Webhook }) {
  const standing = standingOf(webhook);
  const now = useNow();
  const { stateReason, confirmation, health } = webhook;
  const left = standing === 'pending' ? (confirmation?.expiresAtMs ?? null) : null;
  const title =
    standing === 'warning' && health.failing !== undefined
      ? words.webhooks.failing(showCount(health.failing.failures))
      : stateReason === undefined
        ? undefined
        : reasonOf(stateReason);
  return (
    <Badge tone={tones[standing]} {...(title === undefined ? {} : { title })}>
      {words.webhooks.states[standing]}
      {left === null ? null : (
        <span className="number">{` · ${words.webhooks.left(showDuration(Math.max(0, left - now)))}`}</span>
      )}
    </Badge>
  );
}

/** Where it goes, in one line. */
export function targetOf(target: Target): string {
  switch (target.transport) {
    case 'http':
      return target.url;
    case 'sqs':
      return target.queue;
    case 'email':
      return target.address;
  }
}

export type WebhookSpark = {
  readonly attempts: readonly number[];
  readonly failed: readonly number[];
  readonly total: number;
  readonly totalFailed: number;
};

const spanMs = 86_400_000;
const bucketMs = 3_600_000;

/** The last day of every webhook, by the hour: one question for all of them. */
export function useWebhookSparks(): ReadonlyMap<string, WebhookSpark> {
  const now = useNow();
  const toMs = Math.ceil(now / 60_000) * 60_000;
  const may = useMay('deliveries:read');
  const query = { fromMs: toMs - spanMs, toMs, bucketMs, by: 'webhook' };
  const { data } = useAsk<Stats>(may ? '/v1/stats' : null, query, { steady: true });
  return useMemo(() => {
    const sparks = new Map<string, { attempts: number[]; failed: number[]; total: number; totalFailed: number }>();
    if (data === undefined) return sparks;
    const first = Math.floor(data.fromMs / bucketMs);
    const buckets = spanMs / bucketMs + 1;
    for (const { webhookId, atMs, attempts, failed } of data.points) {
      if (webhookId === undefined) continue;
      let spark = sparks.get(webhookId);
      if (spark === undefined) {
        spark = {
          attempts: new Array<number>(buckets).fill(0),
          failed: new Array<number>(buckets).fill(0),
          total: 0,
          totalFailed: 0,
        };
        sparks.set(webhookId, spark);
      }
      const at = Math.floor(atMs / bucketMs) - first;
      if (at < 0 || at >= buckets) continue;
      spark.attempts[at] = (spark.attempts[at] ?? 0) + attempts;
      spark.failed[at] = (spark.failed[at] ?? 0) + failed;
      spark.total += attempts;
      spark.totalFailed += failed;
    }
    return sparks;
  }, [data]);
}

/** How webhooks fare, as columns of a list of them. */
export function useHealthColumns(): readonly Column<Webhook>[] {
  const sparks = useWebhookSparks();
  return [
    {
      name: words.webhooks.lastDay,
      kind: 'fit',
      wide: true,
      cell: ({ id }) => {
        const spark = sparks.get(id);
        if (spark === undefined) return <span className="quiet spark-none">{words.webhooks.nothing}</span>;
        const { attempts, failed, total, totalFailed } = spark;
        return <Spark values={attempts} bad={failed} label={words.webhooks.spark(total, totalFailed)} />;
      },
    },
    {
      name: words.webhooks.waiting,
      kind: 'number',
      cell: ({ health: { pending } }) =>
        pending === 0 ? (
          <span className="quiet">0</span>
        ) : (
          <Badge tone="warn" bare>
            {showCount(pending)}
          </Badge>
        ),
    },
  ];
}

export function manifestOf(dialects: readonly Manifest[] | undefined, id: string): Manifest | undefined {
  return dialects?.find((manifest) => manifest.id === id);
}
