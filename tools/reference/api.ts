import { createRoutes } from '../../src/api/routes/all.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/api.md';

const areaTitles: Readonly<Record<string, string>> = {
  assets: 'Assets',
  changes: 'Changes',
  webhooks: 'Webhooks',
  deliveries: 'Deliveries and replays',
  inboxes: 'Inboxes',
  people: 'Workspaces, keys, sessions, audit',
  operation: 'Operation',
};

/** Every route by area, from the table that serves them. */
async function drawRoutes(): Promise<string> {
  const routes = createRoutes({
    settings: { host: '127.0.0.1', port: 0, version: '0', uploadBytesMax: 1 },
    admission: { assertNotGuessing: () => undefined, failed: () => undefined },
    https: false,
    metrics: createMetrics(),
  });
  const areas = [...new Set(routes.map(({ area }) => area))];
  return areas
    .map((area) => {
      const rows = routes
        .filter((route) => route.area === area)
        .map(({ method, path, scope, summary, idempotent }) => [
          `\`${method} ${path}\``,
          scope === 'open' ? 'none' : scope,
          `${summary}${idempotent === true ? ' †' : ''}`,
        ]);
      return `### ${areaTitles[area] ?? area}\n\n${table(['route', 'needs', 'what it does'], rows)}`;
    })
    .join('\n\n');
}

export const apiSections: readonly DrawnSection[] = [{ page, name: 'routes', draw: drawRoutes }];
