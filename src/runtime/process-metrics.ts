/** What the process itself uses, under the names that dashboards for Node.js know. */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { Family } from './prometheus-text.ts';

export interface ProcessMetrics {
  read(): readonly Family[];
  stop(): void;
}

const resolutionMs = 20;

/** Watches the event loop and the garbage collector from now on; everything else is asked when read. */
export function createProcessMetrics(): ProcessMetrics {
  const lag = monitorEventLoopDelay({ resolution: resolutionMs });
  lag.enable();
  let collectedMs = 0;
  const collector = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) collectedMs += entry.duration;
  });
  collector.observe({ entryTypes: ['gc'] });
  const startedAtSeconds = (performance.timeOrigin ?? 0) / 1_000;
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const memory = process.memoryUsage();
      const lagOf = (nanoseconds: number): number =>
        Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3) : 0;
      const families: Family[] = [
        counter('process_cpu_seconds_total', 'Processor time used', (user + system) / 1e6),
        gauge('process_start_time_seconds', 'When the process started, in Unix seconds', startedAtSeconds),
        gauge('process_resident_memory_bytes', 'Resident memory', memory.rss),
        gauge('nodejs_heap_size_used_bytes', 'Used heap', memory.heapUsed),
        gauge('nodejs_heap_size_total_bytes', 'Heap', memory.heapTotal),
        gauge('nodejs_external_memory_bytes', 'Memory outside the heap that belongs to it', memory.external),
        counter('nodejs_gc_seconds_total', 'Time spent collecting garbage', collectedMs / 1_000),
        gauge(
          'nodejs_eventloop_lag_max_seconds',
          'Longest delay of the event loop since the last scrape',
          lagOf(lag.max),
        ),
        gauge(
          'nodejs_eventloop_lag_p99_seconds',
          '99th percentile of the event loop’s delay since the last scrape',
          lagOf(lag.percentile(99)),
        ),
      ];
      lag.reset();
      const open = openDescriptors();
      return open === null ? families : [...families, gauge('process_open_fds', 'Open file descriptors', open)];
    },
    stop() {
      lag.disable();
      collector.disconnect();
    },
  };
}

function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Family {
  return { name, help, type: 'counter', samples: [{ value }] };
}

function openDescriptors(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}
