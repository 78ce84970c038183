/**
 * The id of a heading, as code hosts make it, so that one link works on both: lower case, blanks become hyphens, and what
 * is neither letter, digit, hyphen nor underscore goes. A second heading of the same text gets `-1`, a third `-2`.
 */
export type Anchors = (heading: string) => string;

/** A maker of ids for one page; each page has its own. */
export function createAnchors(): Anchors {
  const used = new Map<string, number>();
  return (heading) => {
    const id = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const before = used.get(id);
    used.set(id, (before ?? 0) + 1);
    return before === undefined ? id : `${id}-${before}`;
  };
}
