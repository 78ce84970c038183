import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { createMetrics } from '../src/runtime/metrics.ts';

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
};
type Panel = {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
};

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const rules = (parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

/** Names and label names of every sample that a server can tell, and `up`, which Prometheus adds. */
async function toldByTheServer(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const metrics = createMetrics();
  metrics.accepted('default', 1);
  metrics.refused('storage_busy');
  metrics.attempted('standard', 'blocked-address', 1);
  metrics.retrying('standard');
  metrics.ended({ dialect: 'standard', state: 'dead', workspaceId: 'default' });
  metrics.apiRequest('2xx', 1);
  metrics.onScrape(() => ({
    ...{ pending: 1, oldestPendingMs: 1, storageWaiting: 1, storageState: 'ok', lanes: 1, lanesActive: 1, inFlight: 1 },
    ...{ waitingInMemory: 1, connectionsOpen: 1, logLinesDropped: 0 },
    byWorkspace: [{ workspaceId: 'default', pending: 1, oldestPendingMs: 1 }],
  }));
  const text = await metrics.text({ byWorkspace: true });
  metrics.stop();
  const told = new Map<string, Set<string>>([['up', new Set()]]);
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z]\w*)(?:\{([^}]*)\})? /gm)) {
    const known = told.get(name) ?? new Set(['job', 'instance']);
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    told.set(name, known);
  }
  told.get('up')?.add('job');
  return told;
}

type Names = {
  readonly metrics: string[];
  /** Labels that a metric is chosen by, and those that results are grouped by. */
  readonly matched: { readonly metric: string; readonly label: string }[];
  readonly grouped: string[];
  errors: number;
};

/** What an expression names, by Prometheus's own grammar; `errors` are the places it could not read. */
function namesIn(expression: string): Names {
  // Grafana puts these in before Prometheus sees them.
  const text = expression.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*');
  const found: Names = { metrics: [], matched: [], grouped: [], errors: 0 };
  parser.parse(text).iterate({
    enter({ type, name, from, to, node }) {
      if (type.isError) found.errors += 1;
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(text.slice(from, to));
      if (name !== 'LabelName') return;
      const label = text.slice(from, to);
      const metric = found.metrics.at(-1) ?? '';
      if (node.parent?.name === 'UnquotedLabelMatcher') found.matched.push({ metric, label });
      else found.grouped.push(label);
    },
  });
  return found;
}

describe('alert rules and dashboard', () => {
  for (const { where, expr } of expressions) {
    it(`${where}: ${expr.trim().slice(0, 60)} is PromQL over metrics and labels that the server tells`, async () => {
      const told = await toldByTheServer();
      const { metrics, matched, grouped, errors } = namesIn(expr);
      assert.equal(errors, 0, 'Prometheus could not read it');
      assert.ok(metrics.length > 0);
      for (const metric of metrics) assert.ok(told.has(metric), metric);
      for (const { metric, label } of matched) assert.ok(told.get(metric)?.has(label), `${metric} has no ${label}`);
      for (const label of grouped) {
        assert.ok(label === 'le' || metrics.some((metric) => told.get(metric)?.has(label)), `nothing has ${label}`);
      }
    });
  }

  it('the check can fail: a metric, a label or a grammar that nobody knows', async () => {
    const told = await toldByTheServer();
    assert.ok(!told.has(namesIn('rate(assetwire_nothing_total[5m])').metrics[0] ?? ''));
    const { matched, grouped } = namesIn('sum by (webhook) (up{job="a",dialect="b"})');
    assert.deepEqual(matched, [
      { metric: 'up', label: 'job' },
      { metric: 'up', label: 'dialect' },
    ]);
    assert.deepEqual(grouped, ['webhook']);
    assert.ok(!told.get('up')?.has('dialect'));
    assert.notEqual(namesIn('sum(rate(assetwire_attempts_total[5m])').errors, 0);
  });

  it('every alert has a name of its own, a severity, and says what to do', () => {
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const rule of rules) {
      assert.match(rule.labels.severity, /^(warning|critical)$/, rule.alert);
      assert.ok(rule.annotations.summary.length > 10 && rule.annotations.description.length > 20, rule.alert);
      if (rule.for !== undefined) assert.match(rule.for, /^\d+[smh]$/);
    }
  });

  it('panels have ids of their own, lie within 24 columns and do not overlap', () => {
    const taken = new Set<string>();
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
    for (const { title, gridPos } of dashboard.panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.ok(!taken.has(`${x},${y}`), title);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});
