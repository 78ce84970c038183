import { createMetrics } from '../../src/runtime/metrics.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

/** Every metric with its type and help, as a scrape of a server at rest tells them; Node's own are left out. */
async function drawMetrics(): Promise<string> {
  const metrics = createMetrics();
  metrics.onScrape(() => ({
    pending: 0,
    oldestPendingMs: 0,
    storageWaiting: 0,
    storageState: 'ok',
    lanes: 0,
    lanesActive: 0,
    inFlight: 0,
    waitingInMemory: 0,
    connectionsOpen: 0,
    logLinesDropped: 0,
    byWorkspace: [],
  }));
  const text = await metrics.text({ byWorkspace: true });
  metrics.stop();
  const rows = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)]
    .filter(([, name]) => !/^assetwire_(nodejs|process)_/.test(name ?? ''))
    .map(([, name = '', help = '', type = '']) => [`\`${name}\``, type, help]);
  return table(['metric', 'type', 'what it is'], rows);
}

export const metricSections: readonly DrawnSection[] = [
  { page: 'docs/reference/metrics.md', name: 'metrics', draw: drawMetrics },
];
