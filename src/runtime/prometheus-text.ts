/**
 * The Prometheus text form (version 0.0.4) of plain numbers. Written here because the usual library costs 50 ms and
 * 20 MB at every start, for what is a page of text.
 */

/** One family of samples. `labels` are in the order of the family's label names. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
};

export type Sample = {
  /** Added to the family's name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels?: readonly (readonly [name: string, value: string])[];
  readonly value: number;
};

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The page: one HELP and TYPE line and the samples of each family. */
export function prometheusText(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    lines.push(`# HELP ${name} ${help.replace(/[\\\n]/g, escapeHelp)}`, `# TYPE ${name} ${type}`);
    for (const { suffix = '', labels = [], value } of samples) {
      const pairs = labels.map(([label, text]) => `${label}="${text.replace(/[\\\n"]/g, escapeLabel)}"`).join(',');
      lines.push(`${name}${suffix}${pairs === '' ? '' : `{${pairs}}`} ${numberText(value)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function escapeHelp(character: string): string {
  return character === '\n' ? '\\n' : '\\\\';
}

function escapeLabel(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

export interface CountFamily {
  add(labels: readonly string[], count: number): void;
  read(): Family;
}

export type FamilyText = {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** More distinct label values than this become `other`: a bug or an attack must not grow the page. Default 64. */
  readonly rowsMax?: number;
};

/** A counter of plain numbers in a map; labels are joined to a key on the way, and nothing else is made. */
export function createCounter({ name, help, labelNames = [], rowsMax = 64 }: FamilyText): CountFamily {
  const rows = new Map<string, { readonly labels: readonly string[]; count: number }>();
  const other = labelNames.map(() => 'other');
  if (labelNames.length === 0) rows.set('', { labels: [], count: 0 });
  const rowOf = (labels: readonly string[]): { count: number } => {
    const key = labels.join('\0');
    const row = rows.get(key);
    if (row !== undefined) return row;
    if (rows.size >= rowsMax && labels !== other) return rowOf(other);
    const fresh = { labels: [...labels], count: 0 };
    rows.set(key, fresh);
    return fresh;
  };
  return {
    add(labels, count) {
      rowOf(labels).count += count;
    },
    read: () => ({
      name,
      help,
      type: 'counter',
      samples: [...rows.values()].map(({ labels, count }) => ({
        labels: labelNames.map((label, index) => [label, labels[index] ?? ''] as const),
        value: count,
      })),
    }),
  };
}

export interface HistogramFamily {
  observe(value: number): void;
  read(): Family;
}

/** A histogram with fixed upper bounds; one increment per observation, summed up when read. */
export function createHistogram({ name, help }: FamilyText, bounds: readonly number[]): HistogramFamily {
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  return {
    observe(value) {
      let at = 0;
      while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1;
      counts[at] = (counts[at] ?? 0) + 1;
      sum += value;
    },
    read() {
      let below = 0;
      const buckets = [...counts].map((count, index): Sample => {
        below += count;
        return {
          suffix: '_bucket',
          labels: [['le', numberText(bounds[index] ?? Number.POSITIVE_INFINITY)]],
          value: below,
        };
      });
      return {
        name,
        help,
        type: 'histogram',
        samples: [...buckets, { suffix: '_sum', value: sum }, { suffix: '_count', value: below }],
      };
    },
  };
}
