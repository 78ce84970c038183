/** Anybody's text in one line: what ends a line, begins another header or turns reading round becomes a blank (HARDENING EM-01, EM-06, LG-02). */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
}
