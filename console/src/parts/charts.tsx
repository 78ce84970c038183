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
export function Chart(props: ChartProps) {
  const heightPx = props.heightPx ?? 180;
  return (
    <div className="stack tight">
      {props.series.length > 1 ? (
        <div className="legend" aria-hidden>
          {props.series.map(({ label, colour }) => (
            <span key={label} style={{ '--swatch': `var(${colour})` } as React.CSSProperties}>
              {label}
            </span>
          ))}
        </div>
      ) : null}
      <Suspense fallback={<div className="skeleton" style={{ height: heightPx }} />}>
        <Drawn {...props} heightPx={heightPx} />
      </Suspense>
    </div>
  );
}
