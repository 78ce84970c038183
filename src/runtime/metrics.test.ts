import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createMetrics } from './metrics.ts';
import { createCounter, createHistogram, prometheusText } from './prometheus-text.ts';

function metricsOf(t: TestContext): ReturnType<typeof createMetrics> {
  const metrics = createMetrics();
  t.after(() => metrics.stop());
  return metrics;
}

test('what was counted is there in the Prometheus form', async (t) => {
  const metrics = metricsOf(t);
  metrics.accepted('default', 3);
  metrics.attempted('standard', 'response', 12);
  metrics.attempted('standard', 'response', 12);
  metrics.attempted('standard', 'timeout', 15_000);
  metrics.ended({ dialect: 'standard', state: 'dead', workspaceId: 'default' });
  metrics.retrying('standard');
  metrics.attempted('standard', 'blocked-address', 0);
  metrics.acceptedToFirstByte(4);
  const text = await metrics.text();
  for (const line of [
    'assetwire_changes_accepted_total 3',
    'assetwire_attempts_total{dialect="standard",outcome="response"} 2',
    'assetwire_attempts_total{dialect="standard",outcome="timeout"} 1',
    'assetwire_deliveries_ended_total{dialect="standard",state="dead"} 1',
    'assetwire_retries_scheduled_total{dialect="standard"} 1',
    'assetwire_attempts_blocked_total{dialect="standard",outcome="blocked-address"} 1',
    'assetwire_accepted_to_first_byte_seconds_bucket{le="0.005"} 1',
    'assetwire_accepted_to_first_byte_seconds_count 1',
  ]) {
    assert.equal(text.includes(line), true, line);
  }
  assert.equal(
    (await metrics.text()).includes('assetwire_changes_accepted_total 3'),
    true,
    'a second scrape does not count twice',
  );
  assert.match(text, /^process_cpu_seconds_total \d/m);
  assert.match(text, /^nodejs_eventloop_lag_max_seconds \d/m);
});

test('gauges are read when somebody looks, and a reader that fails leaves only its own out', async (t) => {
  const metrics = metricsOf(t);
  metrics.onScrape(() => ({ pending: 5, oldestPendingMs: 2_500, storageState: 'full' }));
  metrics.onScrape(async () => Promise.reject(new Error('store is gone')));
  metrics.onScrape(() => ({ lanes: 2 }));
  const text = await metrics.text();
  assert.match(text, /assetwire_deliveries_pending 5/);
  assert.match(text, /assetwire_oldest_pending_seconds 2\.5/);
  assert.match(text, /assetwire_storage_state\{state="full"\} 1/);
  assert.match(text, /assetwire_storage_state\{state="ok"\} 0/);
  assert.match(text, /assetwire_lanes 2/);
});

test('labels are bounded whatever comes in', async (t) => {
  const metrics = metricsOf(t);
  for (let index = 0; index < 10_000; index += 1) metrics.attempted(`dialect${index}`, 'response', 1);
  const text = await metrics.text();
  assert.ok(text.split('\n').filter((line) => line.startsWith('assetwire_attempts_total{')).length <= 65);
  assert.match(text, /dialect="other",outcome="other"\} \d{4}/);
});

test('the page is what Prometheus reads: help, type, escaped labels, cumulative buckets', () => {
  const counter = createCounter({ name: 'a_total', help: 'Two\nlines \\', labelNames: ['x'] });
  counter.add(['quote " slash \\ line \n'], 2);
  const histogram = createHistogram({ name: 'h_seconds', help: 'H' }, [0.5, 1]);
  for (const value of [0.5, 0.6, 7]) histogram.observe(value);
  assert.equal(
    prometheusText([counter.read(), histogram.read()]),
    [
      '# HELP a_total Two\\nlines \\\\',
      '# TYPE a_total counter',
      'a_total{x="quote \\" slash \\\\ line \\n"} 2',
      '# HELP h_seconds H',
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{le="0.5"} 1',
      'h_seconds_bucket{le="1"} 2',
      'h_seconds_bucket{le="+Inf"} 3',
      'h_seconds_sum 8.1',
      'h_seconds_count 3',
      '',
    ].join('\n'),
  );
});

test('TN-21 workspaces are told apart only where that is asked for, and by name only up to a bound', async (t) => {
  const metrics = metricsOf(t);
  for (let index = 0; index < 5_000; index += 1) {
    metrics.accepted(`workspace-${index}`, 1);
    metrics.ended({ dialect: 'standard', state: 'delivered', workspaceId: `workspace-${index}` });
  }
  const byWorkspace = Array.from({ length: 300 }, (_, index) => ({
    workspaceId: `workspace-${index}`,
    pending: index,
    oldestPendingMs: index * 1_000,
  }));
  metrics.onScrape(() => ({ byWorkspace }));
  assert.doesNotMatch(await metrics.text(), /workspace/);
  const text = await metrics.text({ byWorkspace: true });
  const named = (family: string): number => text.split('\n').filter((line) => line.startsWith(`${family}{`)).length;
  assert.ok(named('assetwire_workspace_changes_accepted_total') <= 101);
  assert.match(text, /assetwire_workspace_changes_accepted_total\{workspace="other"\} 4900/);
  assert.equal(named('assetwire_workspace_deliveries_pending'), 101);
  assert.match(text, /assetwire_workspace_deliveries_pending\{workspace="workspace-299"\} 299/);
  assert.match(text, /assetwire_workspace_oldest_pending_seconds\{workspace="other"\} 199/);
});
