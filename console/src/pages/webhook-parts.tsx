import { useMemo } from 'react';
import { useAsk, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Stats, Target, Webhook } from '../api/types.ts';
import { Badge, type Tone } from '../parts/state.tsx';
import { useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';

const tones: { readonly [state in Webhook['state']]: Tone } = { enabled: 'good', pending: 'warn', disabled: 'bad' };

export function WebhookBadge({
  webhook: { state, stateReason },
}: {
  readonly webhook: Pick<Webhook, 'state' | 'stateReason'>;
}) {
  return (
    <Badge tone={tones[state]} {...(stateReason === undefined ? {} : { title: stateReason })}>
      {words.webhooks.states[state]}
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

export function manifestOf(dialects: readonly Manifest[] | undefined, id: string): Manifest | undefined {
  return dialects?.find((manifest) => manifest.id === id);
}
