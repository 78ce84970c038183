/**
 * One spelling per text that things are found and compared by: names, tags, labels, keys of collections. `é` is one
 * character or two (a Mac writes file names with two); people see no difference, so there is none.
 */

const plain = /^[\x00-\x7f]*$/;

/** With letters and their accents composed (Unicode NFC), as folder paths are. */
export function composed(text: string): string {
  return plain.test(text) ? text : text.normalize('NFC');
}

/** Nothing that a person could see: blanks, and characters of no width. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cf}]*$/u.test(text);
}

/** A list that is a set: each member once, in its one spelling, where it first stood. */
export function members(given: readonly string[] | undefined): readonly string[] {
  return given === undefined ? [] : [...new Set(given.map(composed))];
}
