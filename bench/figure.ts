/** One figure of a run: what was wanted, what was measured, and whether that is enough. */
export type Figure = {
  readonly name: string;
  readonly target: string;
  readonly measured: string;
  /** Null: measured for information, nothing is promised. */
  readonly met: boolean | null;
  readonly details?: Readonly<Record<string, unknown>>;
};

export type BenchContext = {
  /** How many assets there are, where that is asked for. */
  readonly rows?: number;
  /** Fewer events and rounds: shows that it works, not how fast it is. */
  readonly quick: boolean;
  /** Progress, for the person who waits. */
  readonly log: (text: string) => void;
};

export type BenchCase = {
  readonly name: string;
  readonly title: string;
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
};

export function atMost(
  name: string,
  limit: number,
  value: number,
  extra: { unit?: string; details?: object } = {},
): Figure {
  const unit = extra.unit ?? '';
  return {
    name,
    target: `≤ ${limit}${unit}`,
    measured: `${round(value)}${unit}`,
    met: value <= limit,
    ...(extra.details === undefined ? {} : { details: { ...extra.details } }),
  };
}

export function atLeast(
  name: string,
  limit: number,
  value: number,
  extra: { unit?: string; details?: object } = {},
): Figure {
  const unit = extra.unit ?? '';
  return {
    name,
    target: `≥ ${limit}${unit}`,
    measured: `${round(value)}${unit}`,
    met: value >= limit,
    ...(extra.details === undefined ? {} : { details: { ...extra.details } }),
  };
}

/** Three significant digits are all that a measurement here can bear. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
