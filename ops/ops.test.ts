import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { createMetrics } from '../src/runtime/metrics.ts';
import { environmentName, settingRows } from '../src/runtime/settings-table.ts';

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
  metrics.overQuota('default');
  metrics.attempted('standard', 'blocked-address', 1);
  metrics.retrying('standard');
  metrics.ended({ dialect: 'standard', state: 'dead', workspaceId: 'default' });
  metrics.apiRequest('2xx', 1);
  metrics.onScrape(() => ({
    ...{ pending: 1, oldestPendingMs: 1, storageWaiting: 1, storageState: 'ok', lanes: 1, lanesActive: 1, inFlight: 1 },
    ...{ filesFailingMs: 1_000, waitingInMemory: 1, connectionsOpen: 1, logLinesDropped: 0 },
    ...{ databaseTransactionIdsShare: 0, databaseWalKeptBytes: 0, databaseWalUsualBytes: 1 },
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

  it('every alert has a section that says what to do about it, and no section is about an alert that there is not', () => {
    const guide = read('../docs/guides/when-an-alert-fires.md');
    const sections = [...guide.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      sections,
      rules.map(({ alert }) => alert),
    );
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

const text = { type: 'string', minLength: 1 };
const listOf = (items: object) => ({ type: 'array', items });
const dictionary = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } };
const duration = { type: 'string', pattern: '^([0-9]+(us|ms|s|m|h))+$' };
/** The parts of the compose specification (https://github.com/compose-spec/compose-spec) that are used here; it allows no others. */
const composeSchema = {
  type: 'object',
  required: ['services'],
  additionalProperties: false,
  patternProperties: {
    '^x-': {},
    '^name$': { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    '^volumes$': { type: 'object', additionalProperties: { type: 'object', maxProperties: 0 } },
    '^secrets$': {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['file'],
        additionalProperties: false,
        properties: { file: text },
      },
    },
    '^services$': {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^[a-zA-Z0-9._-]+$' },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: {
          image: text,
          build: { type: 'object', additionalProperties: false, properties: { context: text, dockerfile: text } },
          command: listOf(text),
          environment: dictionary,
          ports: listOf({ type: 'string', pattern: '^[0-9]+:[0-9]+$' }),
          volumes: listOf({ type: 'string', pattern: '^[^:]+:/[^:]*$' }),
          secrets: listOf(text),
          restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
          stop_grace_period: duration,
          depends_on: {
            type: 'object',
            additionalProperties: {
              type: 'object',
              required: ['condition'],
              additionalProperties: false,
              properties: {
                condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] },
              },
            },
          },
          healthcheck: {
            type: 'object',
            additionalProperties: false,
            properties: {
              test: listOf(text),
              interval: duration,
              timeout: duration,
              start_period: duration,
              retries: { type: 'number' },
            },
          },
        },
      },
    },
  },
};

describe('the unit for systemd', () => {
  const unit = read('assetwire.service');
  const guide = read('../docs/guides/run-in-production.md');

  it('SC-09 it takes away what the server does not need, leaves it what it needs, and is the one of the guide', () => {
    const lines = new Map<string, string>();
    for (const [, name = '', value = ''] of unit.matchAll(/^(\w+)=(.*)$/gm)) lines.set(name, value);
    const wanted = {
      User: 'assetwire',
      UMask: '0077',
      StateDirectoryMode: '0700',
      CapabilityBoundingSet: '',
      NoNewPrivileges: 'yes',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
      PrivateTmp: 'yes',
      PrivateDevices: 'yes',
      SystemCallFilter: '@system-service',
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(lines.get(name), value, name);
    // Node compiles while it runs; those who look into files make namespaces of their own.
    for (const name of ['MemoryDenyWriteExecute', 'RestrictNamespaces']) assert.ok(!lines.has(name), name);
    const known = new Set(settingRows.flatMap(({ name }) => [environmentName(name), `${environmentName(name)}_FILE`]));
    for (const [name] of unit.matchAll(/ASSETWIRE_[A-Z_]+/g)) assert.ok(known.has(name), name);
    const shown = /```ini\n(\[Unit\][\s\S]*?)```/.exec(guide)?.[1] ?? '';
    assert.equal(shown, unit.slice(unit.indexOf('[Unit]')));
  });
});

describe('the container files', () => {
  type Service = {
    image: string;
    command?: string[];
    environment?: Record<string, string>;
    secrets?: string[];
    volumes?: string[];
  };
  type Compose = {
    services: Record<string, Service>;
    volumes: Record<string, unknown>;
    secrets: Record<string, { file: string }>;
  };
  const compose = parse(read('compose.yaml'), { merge: true }) as Compose;
  const dockerfile = read('Dockerfile');

  it('the compose file has what the specification of compose files knows, and nothing else', () => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(composeSchema);
    const written = parse(read('compose.yaml'), { merge: true }) as Record<string, unknown>;
    assert.equal(validate(written), true, JSON.stringify(validate.errors, null, 2));
    assert.equal(
      validate({ ...written, services: { one: { image: 'x', comand: [] } } }),
      false,
      'the schema can refuse',
    );
  });

  it('two processes take requests, three deliver, each on a volume of its own, with settings and keys that there are', () => {
    const roles = Object.values(compose.services).filter(({ image }) => image === 'assetwire');
    assert.deepEqual(roles.map(({ command }) => command?.join(' ')).toSorted(), [
      'serve --no-engine',
      'serve --no-engine',
      'worker',
      'worker',
      'worker',
    ]);
    const own = roles.map(({ volumes = [] }) => volumes.find((volume) => volume.endsWith(':/data')));
    assert.equal(new Set(own).size, 5);
    const known = new Set(settingRows.flatMap(({ name }) => [environmentName(name), `${environmentName(name)}_FILE`]));
    for (const { environment = {}, secrets = [], volumes = [] } of roles) {
      for (const name of Object.keys(environment)) assert.ok(known.has(name), name);
      for (const value of Object.values(environment)) {
        const secret = /^\/run\/secrets\/(.*)$/.exec(value)?.[1];
        if (secret !== undefined) assert.ok(secrets.includes(secret), secret);
      }
      for (const volume of volumes) assert.ok((volume.split(':')[0] ?? '') in compose.volumes, volume);
      for (const secret of secrets) assert.ok(secret in compose.secrets, secret);
    }
  });

  it('the image starts the program that is there, as nobody special, with settings that there are', () => {
    assert.match(dockerfile, /^USER node$/m);
    assert.match(dockerfile, /^ENTRYPOINT \["node", "bin\/assetwire\.js"\]$/m);
    const known = new Set(settingRows.map(({ name }) => environmentName(name)));
    for (const [name] of dockerfile.matchAll(/ASSETWIRE_[A-Z_]+/g)) assert.ok(known.has(name), name);
    for (const [, path = ''] of dockerfile.matchAll(
      /^COPY (?:--from=build \/build\/)?(bin|docs|media|packages|package\.json)\b/gm,
    ))
      assert.ok(existsSync(new URL(`../${path}`, import.meta.url)), path);
  });
});
