/** A chart over time, loaded when the first one is drawn. */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { showDay, showHour } from './format.ts';

export type Series = {
  readonly label: string;
  /** A colour of the tokens, such as `--chart-1`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly fill?: boolean;
};

export type ChartProps = {
  readonly name: string;
  /** Unix milliseconds, in order. */
  readonly atMs: readonly number[];
  readonly series: readonly Series[];
  readonly show: (value: number) => string;
  readonly heightPx?: number;
  readonly axis?: Axis;
};

/** Where the upright axis ends, which otherwise follows the values. */
export type Axis = {
  /** It reaches here at least. */
  readonly least?: number;
  /** It ends here, whatever the values: 1 for shares. */
  readonly most?: number;
  /** What its lines stand apart: whole numbers, or measures of time (the values are milliseconds). */
  readonly steps?: 'whole' | 'time';
};

export function Chart({ name, atMs, series, show, heightPx = 180, axis = follows }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const shape = series.map(({ label, colour }) => label + colour).join('|');
  const data = useRef<UPlot.AlignedData>([[]]);
  data.current = [atMs.map((ms) => ms / 1_000), ...series.map(({ values }) => [...values])] as UPlot.AlignedData;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new UPlot(optionsOf({ element, series, show, heightPx, axis }), data.current, element);
    };
    draw();
    const resized = new ResizeObserver(([entry]) => {
      if (entry !== undefined) chart.current?.setSize({ width: Math.floor(entry.contentRect.width), height: heightPx });
    });
    resized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
    // What is drawn is made anew where its lines change; new values are only handed over, below.
  }, [shape, heightPx]);

  useEffect(() => {
    chart.current?.setData(data.current);
  }, [atMs, series]);

  const last = series.map(({ label, values }) => {
    const value = values.findLast((found) => found !== null && found !== undefined);
    return `${label}: ${value === undefined || value === null ? '–' : show(value)}`;
  });
  return (
    <figure aria-label={`${name}. ${last.join(', ')}`} role="img">
      <div ref={place} style={{ height: heightPx }} />
    </figure>
  );
}

const follows: Axis = {};
const seconds = 1_000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const days = 24 * hours;
const tens = (first: number, count: number) =>
  Array.from({ length: count }, (_, power) => [1, 2, 5].map((step) => step * first * 10 ** power)).flat();
const steps = {
  whole: tens(1, 9),
  time: [
    ...tens(0.1, 5),
    ...[10, 15, 30].map((step) => step * seconds),
    ...[1, 2, 5, 10, 15, 30].map((step) => step * minutes),
    ...[1, 2, 4, 6, 12].map((step) => step * hours),
    ...tens(days, 3),
  ],
};

/** Where the upright axis ends, with a little air above the highest value. */
function endOf({ least = 0, most }: Axis, max: number): number {
  if (most !== undefined) return most * 1.04;
  const top = Math.max(max > 0 ? max * 1.1 : 0, least);
  return top > 0 ? top : 1;
}

function optionsOf({
  element,
  series,
  show,
  heightPx,
  axis: wanted,
}: Pick<ChartProps, 'series' | 'show'> & {
  readonly element: HTMLElement;
  readonly heightPx: number;
  readonly axis: Axis;
}): UPlot.Options {
  const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ink = token('--ink-3');
  const line = token('--line');
  const font = '11px "Inter Variable", system-ui, sans-serif';
  const axis = { stroke: ink, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width: Math.max(120, element.clientWidth),
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 6, 0, 0],
    scales: { y: { range: (_chart, _min, max) => [0, endOf(wanted, max)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (_chart, ticks) => {
          const apart = (ticks[1] ?? 0) - (ticks[0] ?? 0);
          return ticks.map((tick) => (apart >= 86_400 ? showDay : showHour)(tick * 1_000));
        },
      },
      {
        ...axis,
        size: 58,
        space: 34,
        ...(wanted.steps === undefined ? {} : { incrs: steps[wanted.steps] }),
        values: (_chart, ticks) => ticks.map((tick) => (tick === null ? '' : show(tick))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour, fill }) => {
        const stroke = token(colour);
        return {
          label,
          stroke,
          width: 1.6,
          spanGaps: false,
          // A value with none beside it would be no line.
          points: {
            show: (chart: UPlot, line: number) =>
              [...(chart.data[line] ?? [])].filter((value) => value !== null).length < 20,
            size: 4,
            stroke,
            fill: stroke,
          },
          ...(fill === true ? { fill: `${stroke}22` } : {}),
        };
      }),
    ],
  };
}
