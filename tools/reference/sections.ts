/**
 * Parts of reference pages that are drawn from the source. In a page such a part stands between two comments,
 * `<!-- drawn: NAME -->` and `<!-- end: NAME -->`; what is around them is written by hand.
 */
export type DrawnSection = {
  /** The page, from the root of the repository. */
  readonly page: string;
  readonly name: string;
  /** The Markdown between the two comments, without blank lines around it. */
  readonly draw: (root: string) => Promise<string>;
};

function markers(name: string): readonly [begin: string, end: string] {
  return [`<!-- drawn: ${name} -->`, `<!-- end: ${name} -->`];
}

/** The page with the section replaced by what was drawn. Throws where the page has no place for it. */
export function withSection(markdown: string, name: string, drawn: string): string {
  const [begin, end] = markers(name);
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no place for "${name}": ${begin} … ${end}`);
  return `${markdown.slice(0, from + begin.length)}\n\n${drawn.trim()}\n\n${markdown.slice(to)}`;
}

/** A cell of a Markdown table: one line, bars escaped. */
export function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
