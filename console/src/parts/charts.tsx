import { lazy, Suspense } from 'react';
import type { ChartProps } from './chart.tsx';

const Drawn = lazy(async () => {
  nameKnownLanguage();
  const { Chart: Found } = await import('./chart.tsx');
  return { default: Found };
});

/** The chart library asks `Intl` for the browser's language as it is loaded, and fails where `Intl` does not know it. */
function nameKnownLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
}

/** A chart with what its lines mean; its place is kept while the drawing is fetched. */
export function Chart({
  empty,
  caption,
  ...props
}: ChartProps & {
  /** Said in its place where there is no value other than zero. */
  readonly empty?: string;
  readonly caption?: string;
}) {
  const heightPx = props.heightPx ?? 180;
  const isEmpty = props.series.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <div className="stack tight">
      {props.series.length > 1 ? (
        <div className="legend" aria-hidden>
          {props.series.map(({ label, colour, dash }) => (
            <span
              key={label}
              className="legend-line"
              data-dash={dash}
              style={{ '--swatch': `var(${colour})` } as React.CSSProperties}
            >
              {label}
            </span>
          ))}
        </div>
      ) : null}
      <div className="chart-place">
        <Suspense fallback={<div className="skeleton" style={{ height: heightPx }} />}>
          <Drawn {...props} heightPx={heightPx} />
        </Suspense>
        {isEmpty && empty !== undefined ? (
          <p className="chart-empty">
            <span>{empty}</span>
          </p>
        ) : null}
      </div>
      {caption === undefined ? null : <p className="chart-caption">{caption}</p>}
    </div>
  );
}
