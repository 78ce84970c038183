/** The parts that a written search consists of. Linear: every character is looked at a few times at most. */
import { limits } from './limits.ts';
import { SearchFault } from './search-fault.ts';

export type SearchToken = {
  /**
   * `text`: anything without blanks; `phrase`: what stood in quotes; `span`: `from TO to` with its brackets; `field`: what
   * stands before a colon.
   */
  readonly kind: 'open' | 'close' | 'operator' | 'not' | 'field' | 'text' | 'phrase' | 'span';
  readonly text: string;
  /** Where it begins and where it has ended. */
  readonly at: number;
  readonly end: number;
};

const blank = /\s/;
/** Names of fields: letters with their marks, digits, dots, hyphens and underscores; blanks and the rest by a backslash before them. */
const fieldForm = /^(?:[\p{L}\p{M}\p{N}_.-]|\\.)+$/u;

export function readTokens(text: string): readonly SearchToken[] {
  const tokens: SearchToken[] = [];
  /** Tokens are bounded as they are made: terms, and as many parentheses and operators around them. */
  const tokensMax = limits.searchTermsMax * 10;
  let at = 0;
  const push = (kind: SearchToken['kind'], value: string, end: number): void => {
    if (tokens.length >= tokensMax)
      throw new SearchFault(at, {
        wanted: `at most ${limits.searchTermsMax} words and conditions`,
        found: 'more',
        mend: 'Search for less at a time',
      });
    tokens.push({ kind, text: value, at, end });
    at = end;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    const behindField = tokens.at(-1)?.kind === 'field' && tokens.at(-1)?.end === at;
    if (blank.test(character)) at += 1;
    else if (character === '(') push('open', '(', at + 1);
    else if (character === ')') push('close', ')', at + 1);
    else if (character === '"') readPhrase(text, at, push);
    else if (behindField && (character === '[' || character === '{')) readSpan(text, at, push);
    else if ((character === '-' || character === '!') && !behindField && startsSomething(text, at + 1))
      push('not', character, at + 1);
    else readText(text, { at, behindField }, push);
  }
  return tokens;
}

type Push = (kind: SearchToken['kind'], value: string, end: number) => void;

/** A minus is a NOT only in front of something. */
function startsSomething(text: string, at: number): boolean {
  return at < text.length && !/[\s)]/.test(text.charAt(at));
}

function readPhrase(text: string, at: number, push: Push): void {
  let value = '';
  for (let end = at + 1; end < text.length; end += 1) {
    const character = text.charAt(end);
    if (character === '"') {
      push('phrase', value, end + 1);
      return;
    }
    if (character === '\\' && end + 1 < text.length) {
      end += 1;
      value += text.charAt(end);
    } else value += character;
  }
  throw new SearchFault(at, {
    wanted: 'a " at the end of the phrase',
    found: 'the end of the search',
    mend: 'Close the quotes, or write \\" for the character itself',
  });
}

function readSpan(text: string, at: number, push: Push): void {
  const length = text.slice(at).search(/[\]}]/);
  if (length < 0)
    throw new SearchFault(at, { wanted: 'a ] or } at the end of the range', found: 'the end of the search' });
  push('span', text.slice(at, at + length + 1), at + length + 1);
}

const operators: { readonly [text: string]: string } = { AND: 'AND', OR: 'OR', '&&': 'AND', '||': 'OR' };

/** Until a blank, a parenthesis, a quote, or the colon behind the name of a field. */
function readText(text: string, { at, behindField }: { at: number; behindField: boolean }, push: Push): void {
  let end = at;
  while (end < text.length && !/[\s()"]/.test(text.charAt(end))) {
    if (text.charAt(end) === '\\' && end + 1 < text.length) end += 2;
    else if (text.charAt(end) === ':' && !behindField && fieldForm.test(text.slice(at, end))) {
      push('field', unescaped(text.slice(at, end)), end + 1);
      return;
    } else end += 1;
  }
  end = Math.min(end, text.length);
  const value = text.slice(at, end);
  if (!behindField) {
    if (Object.hasOwn(operators, value)) return push('operator', operators[value] ?? value, end);
    if (value === 'NOT') return push('not', 'NOT', end);
  }
  // Escapes stay: a star behind a backslash is a star and no wildcard.
  push('text', value, end);
}

export function unescaped(text: string): string {
  return text.replace(/\\(.)/gu, '$1');
}
