/** Longer names are no slips of the pen, and comparing them would cost by the product of the lengths. */
const nameCharactersMax = 80;
const charactersPerSlip = 3;
const slipsMax = 3;

/**
 * The known name that was probably meant: at most one slip per three characters of the longer name, three in all, case
 * aside; undefined where none is near. For messages: it is a guess and decides nothing.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > nameCharactersMax) return undefined;
  let best: string | undefined;
  let bestDistance = slipsMax + 1;
  for (const candidate of known) {
    const longer = Math.max(name.length, candidate.length);
    const slips = Math.min(slipsMax, Math.floor(longer / charactersPerSlip), bestDistance - 1);
    if (Math.abs(candidate.length - name.length) > slips || candidate.length > nameCharactersMax) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance > slips) continue;
    // A name of which every character would have to be another is not near.
    if (distance >= candidate.length) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Insertions, deletions, replacements and neighbours changed round (optimal string alignment). */
export function editDistance(left: string, right: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let distance = Math.min(
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
      );
      const turned =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (turned) distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
