import { useMemo } from 'react';
import { Link } from 'wouter';
import { useAsk, useMay } from '../api/queries.ts';
import { type Manifest, policyFor } from '../api/manifest.ts';
import type { JsonObject } from '../api/json.ts';
import type { Stats } from '../api/stats.ts';
import type { Webhook } from '../api/webhooks.ts';
import { Card, Facts } from '../parts/card.tsx';
import { Chart } from '../parts/charts.tsx';
import { showBytes, showCount, showDuration } from '../parts/format.ts';
import { Loaded } from '../parts/state.tsx';
import { Moment, useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { PolicyTimeline } from './policy-timeline.tsx';
import { SetupSteps } from './setup-steps.tsx';
import { targetOf, WebhookBadge } from './webhook-parts.tsx';
import { CertificateLine } from './webhook-tls.tsx';

type Both = { readonly webhook: Webhook; readonly manifest: Manifest };

const dayMs = 86_400_000;

export function Overview({ webhook, manifest }: Both) {
  const now = useNow();
  const toMs = Math.ceil(now / 30_000) * 30_000;
  const may = useMay('webhooks:read');
  const query = { fromMs: toMs - dayMs, toMs, bucketMs: 900_000 };
  const stats = useAsk<Stats>(may ? `/v1/webhooks/${webhook.id}/stats` : null, query, { steady: true });
  const lines = useMemo(() => (stats.data === undefined ? null : linesOf(stats.data)), [stats.data]);
  const policy = webhook.policyInForce ?? { ...policyFor(manifest, webhook.target.transport), ...webhook.policy };
  return (
    <>
      {lines === null ? (
        may ? (
          <Loaded of={stats} lines={6}>
            {() => null}
          </Loaded>
        ) : null
      ) : (
        <div className="columns">
          <Card title={words.webhook.rate}>
            <Chart
              name={words.webhook.rate}
              atMs={lines.atMs}
              show={(value) => showCount(Math.round(value))}
              axis={{ steps: 'whole' }}
              {...lines.empty}
              series={[
                { label: words.webhook.delivered, colour: '--chart-1', values: lines.delivered, fill: true },
                { label: words.webhook.failed, colour: '--chart-2', values: lines.failed, dash: 'dashed' },
              ]}
            />
          </Card>
          <Card title={words.webhook.latency}>
            <Chart
              name={words.webhook.latency}
              atMs={lines.atMs}
              show={showDuration}
              axis={{ steps: 'time' }}
              {...lines.empty}
              series={[
                { label: 'p50', colour: '--chart-1', values: lines.p50 },
                { label: 'p95', colour: '--chart-3', values: lines.p95, dash: 'dashed' },
              ]}
            />
          </Card>
        </div>
      )}
      <div className="columns">
        <Card title={words.webhook.facts}>
          <Facts
            of={[
              [words.common.state, <WebhookBadge key="state" webhook={webhook} />],
              [
                words.webhooks.dialect,
                <Link key="dialect" href={`/events?dialect=${manifest.id}`}>
                  {manifest.title}
                </Link>,
              ],
              [
                words.webhook.destination,
                <span key="target" className="mono">
                  {targetOf(webhook.target)}
                </span>,
              ],
              [
                words.webhook.events,
                webhook.events.includes('*') ? (
                  words.webhook.everyEvent
                ) : (
                  <span key="events" className="chips">
                    {webhook.events.map((event) => (
                      <span key={event} className="chip mono">
                        {event}
                      </span>
                    ))}
                  </span>
                ),
              ],
              [
                words.webhook.filter,
                webhook.filter === undefined ? undefined : <code key="filter">{JSON.stringify(webhook.filter)}</code>,
              ],
              ...settingFacts(webhook.settings, manifest),
              [words.webhook.credentials, credentialWords(webhook.credentials)],
              ...tlsFacts(webhook),
              [words.webhook.headers, webhook.headers.map(([name]) => name).join(', ')],
              [words.webhook.contacts, webhook.contacts.join(', ')],
              [words.webhook.revision, String(webhook.revision)],
              [words.common.created, <Moment key="created" atMs={webhook.createdAtMs} />],
              [
                words.common.id,
                <span key="id" className="mono">
                  {webhook.id}
                </span>,
              ],
            ]}
          />
        </Card>
        <div className="stack">
          <SetupSteps dialect={manifest.id} target={webhook.target} />
          <Card title={words.webhook.schedule}>
            <PolicyTimeline policy={policy} />
          </Card>
          <Card title={words.webhook.limits}>
            <Facts
              of={[
                [words.webhook.timeout, showDuration(policy.timeoutMs)],
                [words.webhook.concurrency, String(policy.concurrencyMax)],
                [words.webhook.payload, showBytes(manifest.limits.payloadBytesMax)],
                [
                  words.webhook.success,
                  policy.success.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', '),
                ],
              ]}
            />
          </Card>
        </div>
      </div>
    </>
  );
}

function settingFacts(settings: JsonObject, { configuration }: Manifest) {
  return Object.entries(settings).map(([name, value]) => {
    const title = configuration.schema.properties?.[name]?.title ?? name;
    return [title, <span key={name}>{typeof value === 'string' ? value : JSON.stringify(value)}</span>] as const;
  });
}

function tlsFacts({ tls = {} }: Webhook) {
  return (['certificate', 'authority'] as const).flatMap((name) => {
    const of = tls[name];
    return of === undefined ? [] : [[words.tls[name], <CertificateLine key={name} of={of} />] as const];
  });
}

function credentialWords({ kind }: JsonObject): string {
  const known: { readonly [kind: string]: string } = words.wizard.credentialKinds;
  return typeof kind === 'string' ? (known[kind] ?? kind) : '';
}

function linesOf({ fromMs, toMs, bucketMs, points }: Stats) {
  const byTime = new Map(points.map((point) => [point.atMs, point]));
  const atMs: number[] = [];
  for (let at = Math.ceil(fromMs / bucketMs) * bucketMs; at < toMs; at += bucketMs) atMs.push(at);
  const found = atMs.map((at) => byTime.get(at));
  return {
    atMs,
    empty: points.every(({ attempts }) => attempts === 0) ? { empty: words.overview.nothingSent } : {},
    delivered: found.map((point) => point?.delivered ?? 0),
    failed: found.map((point) => point?.failed ?? 0),
    p50: found.map((point) => point?.durationMs.p50 ?? null),
    p95: found.map((point) => point?.durationMs.p95 ?? null),
  };
}
