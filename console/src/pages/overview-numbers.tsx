/** The numbers of the overview: tiles of what is so now, charts of how it came to be. */
import { useMemo } from 'react';
import { useAsk } from '../api/queries.ts';
import type { Stats } from '../api/stats.ts';
import { Card, Tile } from '../parts/card.tsx';
import { Chart } from '../parts/charts.tsx';
import { showCount, showDuration, showShare } from '../parts/format.ts';
import { Loaded } from '../parts/state.tsx';
import { useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { useBacklogAges } from './backlog-ages.ts';

export const ranges: { readonly [range: string]: { readonly spanMs: number; readonly bucketMs: number } } = {
  '1h': { spanMs: 3_600_000, bucketMs: 60_000 },
  '24h': { spanMs: 86_400_000, bucketMs: 900_000 },
  '7d': { spanMs: 7 * 86_400_000, bucketMs: 3_600_000 },
};

/** Height of the three charts that stand beside each other, in pixels. */
const smallPx = 120;

/** Numbers and charts of a range of time, kept up to date. */
export function Numbers({ range }: { readonly range: string }) {
  const { spanMs, bucketMs } = ranges[range] ?? { spanMs: 3_600_000, bucketMs: 60_000 };
  const now = useNow();
  // To the next ten seconds, so that what is asked for does not change with every look.
  const toMs = Math.ceil(now / 10_000) * 10_000;
  const stats = useAsk<Stats>('/v1/stats', { fromMs: toMs - spanMs, toMs, bucketMs }, { steady: true });
  const answeredAtMs = stats.isPlaceholderData ? 0 : stats.dataUpdatedAt;
  return (
    <Loaded of={stats}>
      {(shown) => (
        <>
          <Tiles stats={shown} spanMs={spanMs} nowMs={now} />
          <Charts stats={shown} />
          <SmallCharts stats={shown} answeredAtMs={answeredAtMs} />
        </>
      )}
    </Loaded>
  );
}

/** How often something happens, in the unit of time in which it is a number one can think of. */
function showPace(count: number, spanMs: number): string {
  const perSecond = count / (spanMs / 1_000);
  if (perSecond >= 1) return words.overview.perSecond(showRate(perSecond));
  if (perSecond * 60 >= 1) return words.overview.perMinute(showRate(perSecond * 60));
  return words.overview.perHour(showRate(perSecond * 3_600));
}

const showRate = (value: number) =>
  value === 0 ? '0' : value < 10 ? value.toPrecision(2) : showCount(Math.round(value));

/** When the oldest of what waits was made; null where nothing waits. */
const oldestOf = ({ backlog }: Stats): number | null =>
  backlog.length === 0 ? null : Math.min(...backlog.map(({ oldestAtMs }) => oldestAtMs));

type TilesProps = { readonly stats: Stats; readonly spanMs: number; readonly nowMs: number };

function Tiles({ stats, spanMs, nowMs }: TilesProps) {
  const { totals, backlog } = stats;
  const ended = totals.delivered + totals.failed;
  const waiting = backlog.reduce((sum, { pending }) => sum + pending, 0);
  const oldest = oldestOf(stats);
  return (
    <div className="tiles">
      <Tile
        label={words.overview.delivered}
        value={showCount(totals.delivered)}
        unit={showPace(totals.delivered, spanMs)}
      />
      <Tile
        label={words.overview.successRate}
        value={ended === 0 ? '–' : showShare(totals.delivered / ended)}
        unit={words.overview.ofAttempts(ended)}
        {...(ended > 0 && totals.delivered / ended < 0.95 ? { tone: 'warn' as const } : {})}
      />
      <Tile
        label={words.overview.latency}
        value={totals.firstAttemptMs.p95 === null ? '–' : showDuration(totals.firstAttemptMs.p95)}
        unit="p95"
      />
      <Tile
        label={words.overview.answer}
        value={totals.durationMs.p95 === null ? '–' : showDuration(totals.durationMs.p95)}
        unit="p95"
      />
      <Tile
        label={words.overview.backlog}
        value={showCount(waiting)}
        {...(oldest === null ? {} : { unit: words.overview.oldest(showDuration(Math.max(0, nowMs - oldest))) })}
      />
      <Tile
        label={words.overview.dead}
        value={showCount(totals.dead)}
        {...(totals.dead > 0 ? { tone: 'bad' as const } : {})}
      />
    </div>
  );
}

/** The totals know: what is not told by the minute any more stands at the beginning of its hour, which may lie before the chart. */
const emptyOf = ({ totals }: Stats) =>
  totals.delivered + totals.failed === 0 ? { empty: words.overview.nothingSent } : {};

function Charts({ stats }: { readonly stats: Stats }) {
  const lines = useMemo(() => linesOf(stats), [stats]);
  return (
    <div className="columns">
      <Card title={words.overview.rate}>
        <Chart
          name={words.overview.rate}
          atMs={lines.atMs}
          show={showRate}
          {...emptyOf(stats)}
          series={[
            { label: words.overview.rateDelivered, colour: '--chart-1', values: lines.delivered, fill: true },
            { label: words.overview.rateFailed, colour: '--chart-2', values: lines.failed, dash: 'dashed' },
          ]}
        />
      </Card>
      <Card title={words.overview.times}>
        <Chart
          name={words.overview.times}
          atMs={lines.atMs}
          show={showDuration}
          axis={{ steps: 'time' }}
          {...emptyOf(stats)}
          series={[
            { label: 'p50', colour: '--chart-1', values: lines.p50 },
            { label: 'p95', colour: '--chart-3', values: lines.p95, dash: 'dashed' },
            { label: 'p99', colour: '--chart-2', values: lines.p99, dash: 'dotted' },
          ]}
        />
      </Card>
    </div>
  );
}

function SmallCharts({ stats, answeredAtMs }: { readonly stats: Stats; readonly answeredAtMs: number }) {
  const lines = useMemo(() => linesOf(stats), [stats]);
  const backlog = useBacklogAges({ atMs: answeredAtMs, oldestAtMs: oldestOf(stats) });
  return (
    <div className="columns three">
      <SmallChart
        name={words.overview.successRate}
        line={{ colour: '--chart-1', values: lines.success }}
        atMs={lines.atMs}
        show={showShare}
        axis={{ most: 1 }}
        {...emptyOf(stats)}
        caption={words.overview.successRateCaption}
      />
      <SmallChart
        name={words.overview.backlogAge}
        line={{ colour: '--chart-3', values: backlog.ages }}
        atMs={backlog.atMs}
        show={showDuration}
        axis={{ least: 10_000, steps: 'time' }}
        empty={words.overview.nothingWaits}
        caption={words.overview.backlogAgeCaption}
      />
      <SmallChart
        name={words.overview.dead}
        line={{ colour: '--chart-2', values: lines.dead }}
        atMs={lines.atMs}
        show={showCount}
        axis={{ least: 4, steps: 'whole' }}
        empty={words.overview.nothingDead}
        caption={words.overview.deadCaption}
      />
    </div>
  );
}

/** One line, filled, under its name. */
function SmallChart({
  line,
  ...chart
}: Omit<Parameters<typeof Chart>[0], 'series' | 'heightPx'> & {
  readonly line: Pick<Parameters<typeof Chart>[0]['series'][number], 'colour' | 'values'>;
}) {
  return (
    <Card title={chart.name}>
      <Chart {...chart} heightPx={smallPx} series={[{ label: chart.name, ...line, fill: true }]} />
    </Card>
  );
}

/** Every bucket of the time asked for, those in which nothing happened too. */
function linesOf({ fromMs, toMs, bucketMs, points }: Stats) {
  const byTime = new Map(points.map((point) => [point.atMs, point]));
  const atMs: number[] = [];
  for (let at = Math.ceil(fromMs / bucketMs) * bucketMs; at < toMs; at += bucketMs) atMs.push(at);
  const found = atMs.map((at) => byTime.get(at));
  const perSecond = (count: number) => count / (bucketMs / 1_000);
  return {
    atMs,
    delivered: found.map((point) => perSecond(point?.delivered ?? 0)),
    failed: found.map((point) => perSecond(point?.failed ?? 0)),
    success: found.map((point) => {
      const ended = (point?.delivered ?? 0) + (point?.failed ?? 0);
      return ended === 0 ? null : (point?.delivered ?? 0) / ended;
    }),
    dead: found.map((point) => point?.dead ?? 0),
    p50: found.map((point) => point?.durationMs.p50 ?? null),
    p95: found.map((point) => point?.durationMs.p95 ?? null),
    p99: found.map((point) => point?.durationMs.p99 ?? null),
  };
}
