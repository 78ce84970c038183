/** A small line of how something went, for a row of a table: its words are in `label`. */
export function Spark({
  values,
  bad,
  label,
}: {
  readonly values: readonly number[];
  readonly bad?: readonly number[];
  readonly label: string;
}) {
  const top = Math.max(1, ...values);
  const step = 120 / Math.max(1, values.length);
  return (
    <svg className="spark" viewBox="0 0 120 26" preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((value, at) => {
        const height = value === 0 ? 1 : Math.max(2, (value / top) * 25);
        const wrong = value === 0 ? 0 : Math.min(1, (bad?.[at] ?? 0) / value) * height;
        return (
          <g key={at}>
            <rect
              x={at * step}
              y={26 - height}
              width={Math.max(0.6, step - 1)}
              height={height}
              fill={value === 0 ? 'var(--line)' : 'var(--chart-1)'}
            />
            {wrong > 0 ? (
              <rect x={at * step} y={26 - wrong} width={Math.max(0.6, step - 1)} height={wrong} fill="var(--chart-2)" />
            ) : null}
          </g>
        );
      })}
    </svg>
  );
}
