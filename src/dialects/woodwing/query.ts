/**
 * The part of the vendor's query language that is understood here, read into a tree. It is the language of its search field
 * and of `foldersAndQuery`, in the manner of Lucene:
 *
 * - `word`, `"some words"`, `flow*`, `fl?wer`, `field:word`, `field:"some words"`, `field:(a OR b)`, `field:*`, `*:*`
 * - `field:[1 TO 5]`, `field:{1 TO 5}` without its ends, `*` for an open one; numbers and ISO dates
 * - `AND`, `OR`, `NOT`, `&&`, `||`, `!`, `-` and `+` in front, parentheses; `\` takes the next character as it is
 *
 * Two conditions side by side mean AND; AND binds closer than OR. What else Lucene has (`~`, `^`, `/…/`, `NOW-1DAY`) is
 * refused by name. The vendor does not specify the language beyond examples.
 */
import {
  boundValue,
  conditionsMax,
  nestingMax,
  type ParsedQuery,
  type PatternPart,
  queryCharactersMax,
  type QueryLeaf,
  type QueryNode,
  type QueryProblem,
} from './query-tree.ts';

/** An empty query stands for everything. */
export function parseQuery(query: string): ParsedQuery {
  if (query.length > queryCharactersMax) {
    return {
      problem: { at: queryCharactersMax + 1, wanted: `at most ${queryCharactersMax} characters`, found: 'more' },
    };
  }
  const parser = new Parser(query);
  try {
    return { node: parser.whole() };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.problem };
    throw error;
  }
}

/** What is wrong with a query, in one sentence; null where it can be read. */
export function queryProblem(query: string): string | null {
  const parsed = parseQuery(query);
  if ('node' in parsed) return null;
  const { at, wanted, found } = parsed.problem;
  return `at character ${at} wanted ${wanted}, found ${found}`;
}

class Unreadable extends Error {
  readonly problem: QueryProblem;
  constructor(problem: QueryProblem) {
    super(problem.wanted);
    this.problem = problem;
  }
}

const fieldName = /[A-Za-z_][A-Za-z0-9_.-]*(?=:)/y;
const space = /\s+/y;
const operator = /(?:AND|OR|NOT|TO)(?=[\s()]|$)|&&|\|\|/y;
/** What ends a word that is not quoted. */
const ending = /[\s()[\]{}"]/;
/** Of Lucene, and not of ours. */
const foreign: { readonly [character: string]: string } = {
  '~': 'a similar word (~)',
  '^': 'a weight (^)',
  '/': 'a regular expression',
};

class Parser {
  private readonly query: string;
  private at = 0;
  private conditions = 0;
  private depth = 0;

  constructor(query: string) {
    this.query = query;
  }

  whole(): QueryNode {
    this.skip();
    if (this.at === this.query.length) return { kind: 'all' };
    const node = this.any(null);
    if (this.at < this.query.length) this.fail('the end, AND, OR or a condition');
    return node;
  }

  /** `field` is that of `field:( … )`. */
  private any(field: string | null): QueryNode {
    const of = [this.every(field)];
    while (this.takes('OR', '||')) of.push(this.every(field));
    return joined('or', of);
  }

  private every(field: string | null): QueryNode {
    const of = [this.condition(field)];
    for (;;) {
      const joint = this.takes('AND', '&&');
      if (!joint && !this.begins()) return joined('and', of);
      of.push(this.condition(field));
    }
  }

  /** Whether another condition follows side by side. */
  private begins(): boolean {
    const next = this.query[this.at];
    if (next === undefined || next === ')') return false;
    return !this.sees('OR', '||');
  }

  private condition(field: string | null): QueryNode {
    if (this.takes('NOT') || this.prefixed('!') || this.prefixed('-')) {
      return { kind: 'not', of: this.nested(() => this.condition(field)) };
    }
    if (this.prefixed('+')) return this.nested(() => this.condition(field));
    if (this.query[this.at] === '(') return this.parentheses(field);
    this.conditions += 1;
    if (this.conditions > conditionsMax) this.fail(`at most ${conditionsMax} conditions`, 'another one');
    if (this.query.startsWith('*:*', this.at)) {
      this.at += 3;
      this.skip();
      return { kind: 'all' };
    }
    const named = field === null ? this.match(fieldName) : null;
    if (named === null) return this.value(field);
    this.at += 1;
    if (this.query[this.at] === '(') return this.parentheses(named);
    return this.value(named);
  }

  private parentheses(field: string | null): QueryNode {
    this.at += 1;
    this.skip();
    const node = this.nested(() => this.any(field));
    if (this.query[this.at] !== ')') this.fail(')');
    this.at += 1;
    this.skip();
    return node;
  }

  private nested(read: () => QueryNode): QueryNode {
    this.depth += 1;
    if (this.depth > nestingMax) this.fail(`at most ${nestingMax} conditions in each other`, 'one more');
    const node = read();
    this.depth -= 1;
    return node;
  }

  private value(field: string | null): QueryLeaf {
    const next = this.query[this.at];
    if (next === '"') return { kind: 'text', field, text: this.quoted() };
    if (next === '[' || next === '{') return this.range(field);
    const startedAt = this.at;
    if (next !== undefined && Object.hasOwn(foreign, next) && field === null) this.fail('a word', foreign[next]);
    if (this.sees('AND', 'OR', 'NOT', 'TO', '&&', '||')) this.fail('a condition');
    const parts = this.word();
    if (parts.length === 0) this.fail(field === null ? 'a condition' : `a value of ${field}`);
    this.skip();
    if (parts.every((part) => typeof part === 'string')) {
      const text = parts.join('');
      if (text.trim() === '') this.failAt(startedAt, 'a value', 'nothing but spaces');
      return { kind: 'text', field, text };
    }
    const only = parts.length === 1 && typeof parts[0] === 'object' ? parts[0].any : null;
    if (only === 'characters') return field === null ? { kind: 'all' } : { kind: 'exists', field };
    return { kind: 'pattern', field, parts };
  }

  /** Up to a space or a bracket; escapes are taken out, wildcards kept apart. */
  private word(): readonly PatternPart[] {
    const parts: PatternPart[] = [];
    let text = '';
    const put = (part: PatternPart): void => {
      if (text !== '') parts.push(text);
      text = '';
      parts.push(part);
    };
    for (;;) {
      const next = this.query[this.at];
      if (next === undefined || ending.test(next)) break;
      if (next === '\\') {
        this.at += 1;
        const escaped = this.query[this.at] ?? this.fail('a character behind \\');
        text += escaped;
      } else if (next === '*') {
        const before = parts.at(-1);
        // Several in a row say no more than one, and would only cost.
        if (text !== '' || typeof before !== 'object' || before.any !== 'characters') put({ any: 'characters' });
      } else if (next === '?') put({ any: 'character' });
      else if (next === '~' || next === '^') this.fail('the end of the value', foreign[next]);
      else text += next;
      this.at += 1;
    }
    if (text !== '') parts.push(text);
    return parts;
  }

  private quoted(): string {
    const startedAt = this.at;
    let text = '';
    for (this.at += 1; ; this.at += 1) {
      const next = this.query[this.at];
      if (next === undefined) this.failAt(startedAt, 'a closing quotation mark', 'none');
      if (next === '"') break;
      if (next === '\\') {
        this.at += 1;
        text += this.query[this.at] ?? '';
      } else text += next;
    }
    this.at += 1;
    if (text.trim() === '') this.failAt(startedAt, 'words between the quotation marks', 'none');
    const behind = this.query[this.at];
    if (behind === '~' || behind === '^') this.fail('the end of the value', foreign[behind]);
    this.skip();
    return text;
  }

  private range(field: string | null): QueryLeaf {
    if (field === null) return this.fail('a field and a colon before a range', 'the range alone');
    const fromIncluded = this.query[this.at] === '[';
    this.at += 1;
    this.skip();
    const from = this.bound();
    if (!this.takes('TO')) this.fail('TO between the ends of a range');
    const to = this.bound();
    const close = this.query[this.at];
    if (close !== ']' && close !== '}') return this.fail('] or }');
    this.at += 1;
    this.skip();
    if (from === null && to === null) return { kind: 'exists', field };
    return {
      kind: 'range',
      field,
      from: from === null ? null : { text: from, included: fromIncluded },
      to: to === null ? null : { text: to, included: close === ']' },
    };
  }

  /** A number or a date; null for an open end. */
  private bound(): string | null {
    const startedAt = this.at;
    const text =
      this.query[this.at] === '"'
        ? this.quoted()
        : this.word()
            .map((part) => (typeof part === 'string' ? part : '*'))
            .join('');
    this.skip();
    if (text === '*') return null;
    if (boundValue(text) === null) this.failAt(startedAt, 'a number, a date such as 2026-01-31, or *', shown(text));
    return text;
  }

  /** Reads an operator word. */
  private takes(...words: readonly string[]): boolean {
    const seen = this.seen(words);
    if (seen === null) return false;
    this.at += seen.length;
    this.skip();
    return true;
  }

  private sees(...words: readonly string[]): boolean {
    return this.seen(words) !== null;
  }

  private seen(words: readonly string[]): string | null {
    operator.lastIndex = this.at;
    const found = operator.exec(this.query)?.[0];
    return found !== undefined && words.includes(found) ? found : null;
  }

  /** `-a`, `!a`, `+a`: not where nothing stands behind. */
  private prefixed(sign: string): boolean {
    if (this.query[this.at] !== sign) return false;
    this.at += 1;
    this.skip();
    return true;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.query)?.[0];
    if (found === undefined) return null;
    this.at += found.length;
    return found;
  }

  private skip(): void {
    this.match(space);
  }

  private fail(wanted: string, found?: string): never {
    const next = this.query.slice(this.at, this.at + 12);
    return this.failAt(this.at, wanted, found ?? (next === '' ? 'the end' : shown(next)));
  }

  private failAt(at: number, wanted: string, found: string): never {
    throw new Unreadable({ at: at + 1, wanted, found });
  }
}

function joined(kind: 'and' | 'or', of: readonly QueryNode[]): QueryNode {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind, of };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
