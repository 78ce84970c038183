/** Two texts line by line: which lines of the one are not in the other, laid beside each other. */

export type LinePair = {
  /** Absent where the other side has a line that is not here. */
  readonly one?: string;
  readonly other?: string;
  readonly same: boolean;
};

/** Beyond it the middle is shown as changed as a whole: a table of so many steps would hold the page up. */
const stepsMax = 1_000_000;

export function lineDifference(one: string, other: string): readonly LinePair[] {
  const [left, right] = [one.split('\n'), other.split('\n')];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const same = (line: string): LinePair => ({ one: line, other: line, same: true });
  const middle = [left.slice(start, left.length - end), right.slice(start, right.length - end)] as const;
  return [
    ...left.slice(0, start).map(same),
    ...(middle[0].length * middle[1].length > stepsMax ? beside(...middle) : longestCommon(...middle)),
    ...left.slice(left.length - end).map(same),
  ];
}

/** What changed, line against line. */
function beside(left: readonly string[], right: readonly string[]): readonly LinePair[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => ({
    ...(at < left.length ? { one: left[at] ?? '' } : {}),
    ...(at < right.length ? { other: right[at] ?? '' } : {}),
    same: false,
  }));
}

/** The longest sequence that both have in common stays; runs of what differs lie beside each other. */
function longestCommon(left: readonly string[], right: readonly string[]): readonly LinePair[] {
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        left[row] === right[column]
          ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(lengths[(row + 1) * width + column] ?? 0, lengths[row * width + column + 1] ?? 0);
    }
  }
  const pairs: LinePair[] = [];
  let [gone, came]: [string[], string[]] = [[], []];
  let [row, column] = [0, 0];
  const flush = () => {
    pairs.push(...beside(gone, came));
    [gone, came] = [[], []];
  };
  while (row < left.length || column < right.length) {
    const [one, other] = [left[row], right[column]];
    if (one !== undefined && one === other) {
      flush();
      pairs.push({ one, other, same: true });
      row++;
      column++;
    } else if (
      one !== undefined &&
      (other === undefined || (lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0))
    ) {
      gone.push(one);
      row++;
    } else {
      came.push(other ?? '');
      column++;
    }
  }
  flush();
  return pairs;
}
