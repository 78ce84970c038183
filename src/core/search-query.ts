/**
 * The query language: words, "phrases", beginnings*, field:value, ranges, AND OR NOT and parentheses. Read once from left
 * to right; what cannot be read is told with its place and how to mend it. docs/reference/search.md is its manual.
 *
 *   query   := all (OR all)*
 *   all     := one ([AND] one)*
 *   one     := (NOT | -) one | ( query ) | [field:] value | field:( query )
 *   value   := word | word* | "phrase" | * | from..to | >n | >=n | <n | <=n | [from TO to] | {from TO to}
 */
import { AssetwireError } from './errors.ts';
import { limits } from './limits.ts';
import type { SearchExpression } from './search-expression.ts';
import { fieldCondition, plainCondition, readField, type SearchField } from './search-fields.ts';
import { SearchFault } from './search-fault.ts';
import { readTokens, type SearchToken } from './search-tokens.ts';

/** Reads a query. Throws `invalid_search`, which names the character where it goes wrong. */
export function readSearch(text: string): SearchExpression {
  try {
    if (text.length > limits.searchCharactersMax)
      throw new SearchFault(limits.searchCharactersMax, {
        wanted: `at most ${limits.searchCharactersMax} characters`,
        found: `${text.length}`,
        mend: 'Ask for less at a time, or by the filters of the list',
      });
    const reader = createReader(readTokens(text), text.length);
    const expression = reader.query(null, 0);
    reader.end();
    return expression;
  } catch (error) {
    if (error instanceof SearchFault) throw refused(error);
    throw error;
  }
}

function refused({ at, wanted, found, mend }: SearchFault): AssetwireError {
  return new AssetwireError('invalid_search', {
    detail: `The search must be readable: at character ${at + 1} wanted ${wanted}: found ${found}`,
    ...(mend === undefined ? {} : { mend }),
    problems: [{ at: `/q/${at}`, wanted, found, ...(mend === undefined ? {} : { mend }) }],
  });
}

type Reader = {
  query(field: SearchField | null, depth: number): SearchExpression;
  end(): void;
};

function createReader(tokens: readonly SearchToken[], length: number): Reader {
  let next = 0;
  let terms = 0;
  const peek = (): SearchToken | undefined => tokens[next];
  const placeOf = (token: SearchToken | undefined): number => token?.at ?? length;

  const deeper = (token: SearchToken, depth: number): number => {
    if (depth >= limits.searchDepthMax)
      throw new SearchFault(token.at, {
        wanted: `at most ${limits.searchDepthMax} parentheses and NOTs in each other`,
        found: `${depth + 1}`,
        mend: 'Write it with fewer levels',
      });
    return depth + 1;
  };
  const counted = (token: SearchToken): void => {
    terms += 1;
    if (terms > limits.searchTermsMax)
      throw new SearchFault(token.at, {
        wanted: `at most ${limits.searchTermsMax} words and conditions`,
        found: 'more',
        mend: 'Search for less at a time',
      });
  };
  const nothing = (token: SearchToken | undefined): SearchFault =>
    new SearchFault(placeOf(token), {
      wanted: 'a word, a "phrase" or field:value',
      found: token === undefined ? 'the end' : `"${token.text}"`,
      ...(token?.kind === 'operator'
        ? {
            mend: `Write ${token.text} between two things to search for, or "${token.text.toLowerCase()}" for the word`,
          }
        : {}),
    });

  const inParentheses = (open: SearchToken, field: SearchField | null, depth: number): SearchExpression => {
    const inner = query(field, deeper(open, depth));
    const close = peek();
    if (close?.kind !== 'close')
      throw new SearchFault(placeOf(close), {
        wanted: 'a ) for the ( before',
        found: close === undefined ? 'the end' : `"${close.text}"`,
      });
    next += 1;
    return inner;
  };
  const one = (field: SearchField | null, depth: number): SearchExpression => {
    const token = peek();
    if (token === undefined) throw nothing(token);
    next += 1;
    if (token.kind === 'not') return { op: 'not', of: one(field, deeper(token, depth)) };
    if (token.kind === 'open') return inParentheses(token, field, depth);
    if (token.kind === 'field') {
      if (field !== null)
        throw new SearchFault(token.at, {
          wanted: 'values only within field:( )',
          found: `"${token.text}:"`,
          mend: 'Close the parentheses first, or put the text into quotes where the colon belongs to it',
        });
      const named = readField(token);
      const value = peek();
      if (value?.kind === 'open') {
        next += 1;
        return inParentheses(value, named, depth);
      }
      if (value === undefined || value.at !== token.end || !isValue(value))
        throw new SearchFault(token.end, {
          wanted: `a value behind ${token.text}:`,
          found: value === undefined ? 'the end' : `"${value.text}"`,
          mend: `Write ${token.text}:value without a blank, or ${token.text}:* where it may be any`,
        });
      next += 1;
      counted(value);
      return fieldCondition(named, value);
    }
    if (!isValue(token)) throw nothing(token);
    counted(token);
    return field === null ? plainCondition(token) : fieldCondition(field, token);
  };
  const all = (field: SearchField | null, depth: number): SearchExpression => {
    const parts = [one(field, depth)];
    for (let token = peek(); token !== undefined && token.kind !== 'close'; token = peek()) {
      if (token.kind === 'operator') {
        if (token.text === 'OR') break;
        next += 1;
      }
      parts.push(one(field, depth));
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'all', of: parts };
  };
  const query = (field: SearchField | null, depth: number): SearchExpression => {
    const parts = [all(field, depth)];
    for (let token = peek(); token?.kind === 'operator' && token.text === 'OR'; token = peek()) {
      next += 1;
      parts.push(all(field, depth));
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'any', of: parts };
  };
  return {
    query,
    end() {
      const token = peek();
      if (token === undefined) return;
      throw new SearchFault(token.at, {
        wanted: 'an end, or a ( before',
        found: `"${token.text}"`,
        mend: 'Take the parenthesis away, or put it into quotes',
      });
    },
  };
}

function isValue({ kind }: SearchToken): boolean {
  return kind === 'text' || kind === 'phrase' || kind === 'span';
}
