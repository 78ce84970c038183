/** What of a search cannot be read, and where: the index of the character in its text. */
export type SearchFaultText = { readonly wanted: string; readonly found: string; readonly mend?: string };

export class SearchFault extends Error {
  readonly at: number;
  readonly wanted: string;
  readonly found: string;
  readonly mend: string | undefined;

  constructor(at: number, { wanted, found, mend }: SearchFaultText) {
    super(`Wanted ${wanted}: found ${found}`);
    this.name = 'SearchFault';
    this.at = at;
    this.wanted = wanted;
    this.found = found;
    this.mend = mend;
  }
}
