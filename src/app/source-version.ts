/** Which of two versions of a reporting DAM is older. A version is a number or a text; a text may be a time. */

/**
 * Whether `given` is older than `known`. Numbers compare as numbers, also where one of the two is written as a text, times
 * as times, other texts character by character with digits as numbers; a number and any other text cannot be compared and
 * count as news.
 */
export function isOlderSource(given: number | string, known: number | string): boolean {
  if (typeof given === 'number' && typeof known === 'number') return given < known;
  if (typeof given === 'number' || typeof known === 'number') {
    // A system that writes its numbers into texts in one call and not in the next means the same numbers.
    const [one, other] = [numberOf(given), numberOf(known)];
    return one !== null && other !== null && one < other;
  }
  const givenMs = timeOf(given);
  const knownMs = timeOf(known);
  if (givenMs !== null && knownMs !== null) return givenMs < knownMs;
  return given !== known && compareNatural(given, known) < 0;
}

function numberOf(version: number | string): number | null {
  if (typeof version === 'number') return version;
  return /^-?\d+(?:\.\d+)?$/.test(version) ? Number(version) : null;
}

/** ISO 8601 dates and times only: `Date.parse` takes far more for a time than anybody means. */
function timeOf(text: string): number | null {
  if (text.length < 10 || text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

const collator = new Intl.Collator('en', { numeric: true });

function compareNatural(left: string, right: string): number {
  return collator.compare(left, right);
}
