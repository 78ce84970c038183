/** A chart over time, loaded when the first one is drawn. */
import { type CSSProperties, useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { showDay, showHour, showMoment } from './format.ts';

export type Series = {
  readonly label: string;
  /** A colour of the tokens, such as `--chart-1`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly fill?: boolean;
  /** Colour is not all that tells lines apart. */
  readonly dash?: Dash;
};

export type Dash = 'dashed' | 'dotted';

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
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const shape = series.map(({ label, colour }) => label + colour).join('|');
  const data = useRef<UPlot.AlignedData>([[]]);
  data.current = [atMs.map((ms) => ms / 1_000), ...series.map(({ values }) => [...values])] as UPlot.AlignedData;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new UPlot(
        optionsOf({ element, series, show, heightPx, axis, onPoint: setPointed }),
        data.current,
        element,
      );
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
      {pointed === null ? null : <Told at={pointed} atMs={atMs} series={series} show={show} />}
    </figure>
  );
}

/** Where the pointer rests: which of the moments, and how far from the left, in pixels and as a share of the chart. */
type Pointed = { readonly index: number; readonly leftPx: number; readonly share: number };

/** What every line says of the moment that is pointed at; on the side where there is room. */
function Told({
  at: { index, leftPx, share },
  atMs,
  series,
  show,
}: Pick<ChartProps, 'atMs' | 'series' | 'show'> & { readonly at: Pointed }) {
  const moment = atMs[index];
  if (moment === undefined) return null;
  return (
    <div className="chart-told" data-side={share > 0.6 ? 'left' : 'right'} style={{ left: leftPx }} aria-hidden>
      <div className="quiet">{showMoment(moment)}</div>
      {series.map(({ label, colour, dash, values }) => {
        const value = values[index];
        return (
          <div
            key={label}
            className="legend-line"
            data-dash={dash}
            style={{ '--swatch': `var(${colour})` } as CSSProperties}
          >
            <span>{label}</span>
            <strong className="number">{value === null || value === undefined ? '–' : show(value)}</strong>
          </div>
        );
      })}
    </div>
  );
}

const dashes = { dashed: [7, 4], dotted: [2, 3] };
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
  onPoint,
}: Pick<ChartProps, 'series' | 'show'> & {
  readonly onPoint: (pointed: Pointed | null) => void;
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
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    hooks: {
      setCursor: [
        ({ cursor: { idx, left }, over }) => {
          const { offsetLeft, offsetWidth } = over;
          const out = idx === null || idx === undefined || left === undefined || left < 0;
          onPoint(out ? null : { index: idx, leftPx: offsetLeft + left, share: left / Math.max(1, offsetWidth) });
        },
      ],
    },
    padding: [8, 22, 0, 0],
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
      ...series.map(({ label, colour, fill, dash }) => {
        const stroke = token(colour);
        return {
          label,
          stroke,
          width: 1.6,
          spanGaps: false,
          ...(dash === undefined ? {} : { dash: dashes[dash] }),
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
