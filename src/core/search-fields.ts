/** The fields that a search may name, and what a value means in each. */
import { readFolderPath } from './folder-path.ts';
import { assetKinds } from './asset.ts';
import { nearestName } from './nearest-name.ts';
import { numberFields } from './search-document.ts';
import type { SearchExpression, ValueField } from './search-expression.ts';
import { SearchFault } from './search-fault.ts';
import { rangeOf, readBounds } from './search-ranges.ts';
import { type SearchToken, unescaped } from './search-tokens.ts';
import { foldText, wordsOf } from './search-words.ts';

export type SearchField = { readonly name: string; readonly meaning: Meaning };
type Meaning =
  | { readonly kind: 'words' }
  | { readonly kind: 'value'; readonly field: ValueField }
  | { readonly kind: 'number'; readonly unit: 'bytes' | 'plain' | 'time' }
  /** A field that people define: words, numbers, or dates. */
  | { readonly kind: 'any' }
  | { readonly kind: 'folder'; readonly exact: boolean }
  | { readonly kind: 'id' };

const words: Meaning = { kind: 'words' };
const value = (field: ValueField): Meaning => ({ kind: 'value', field });
const time: Meaning = { kind: 'number', unit: 'time' };

/** What each name stands for: the field of the asset, and how its values are meant. */
const known: { readonly [name: string]: readonly [field: string, meaning: Meaning] } = {
  name: ['name', words],
  filename: ['name', words],
  type: ['type', words],
  title: ['info.title', words],
  description: ['info.description', words],
  copyright: ['info.copyright', words],
  createdBy: ['createdBy', words],
  checkedOutBy: ['checkedOutBy', words],
  availability: ['availability', words],
  source: ['source', words],
  library: ['library', words],
  tag: ['tags', value('tags')],
  tags: ['tags', value('tags')],
  label: ['labels', value('labels')],
  labels: ['labels', value('labels')],
  collection: ['collections', value('collections')],
  collections: ['collections', value('collections')],
  kind: ['kind', value('kind')],
  archived: ['archived', value('archived')],
  externalId: ['externalId', value('externalId')],
  extension: ['extension', value('extension')],
  folder: ['folder', { kind: 'folder', exact: false }],
  path: ['folder', { kind: 'folder', exact: true }],
  id: ['id', { kind: 'id' }],
  ...Object.fromEntries(numberFields.map((name) => [name, [name, { kind: 'number', unit: 'plain' }]] as const)),
  size: ['size', { kind: 'number', unit: 'bytes' }],
  ...Object.fromEntries(
    ['created', 'updated', 'modified', 'publish', 'expires', 'archive', 'checkedOut'].map((name) => [
      name,
      [name, time],
    ]),
  ),
};

/** Every name, for the manual and its test. */
export const searchFieldNames: readonly string[] = Object.keys(known);

const groupForm = /^(?:info|metadata|embedded)\../s;

/** The field that a token names. */
export function readField({ text, at }: SearchToken): SearchField {
  const own = Object.hasOwn(known, text) ? known[text] : undefined;
  if (own !== undefined) return { name: own[0], meaning: own[1] };
  if (groupForm.test(text)) return { name: text, meaning: { kind: 'any' } };
  const near = nearestName(text, searchFieldNames);
  throw new SearchFault(at, {
    wanted: 'a field that assets have',
    found: `"${text}"`,
    mend: `Write ${near === undefined ? '' : `${near}: or `}metadata.${text}: for a field of your own; put the text into quotes where the colon belongs to it`,
  });
}

/** A word or phrase without a field. */
export function plainCondition(token: SearchToken): SearchExpression {
  if (token.kind === 'text' && token.text === '*') return { op: 'all', of: [] };
  return wordsCondition(token, undefined);
}

export function fieldCondition(field: SearchField, token: SearchToken): SearchExpression {
  const { name, meaning } = field;
  const any = token.kind === 'text' && token.text === '*';
  switch (meaning.kind) {
    case 'folder':
      return folderCondition(token, meaning.exact);
    case 'id':
      return { op: 'id', id: plainText(token) };
    case 'value':
      return any && name !== 'kind' && name !== 'archived'
        ? { op: 'exists', field: name }
        : valueCondition(meaning.field, token);
    case 'number':
      return any ? { op: 'exists', field: name } : rangeOf(name, readBounds(token, meaning.unit));
    case 'words':
      return any ? { op: 'exists', field: name } : wordsCondition(token, name);
    case 'any':
      if (any) return { op: 'exists', field: name };
      return looksLikeRange(token) ? rangeOf(name, readBounds(token, 'any')) : wordsCondition(token, name);
    default:
      return meaning satisfies never;
  }
}

function looksLikeRange({ kind, text }: SearchToken): boolean {
  return kind === 'span' || (kind === 'text' && (/^[<>]/.test(text) || /^[\d.:TZ+-]*\.\.[\d.:TZ+-]*$/.test(text)));
}

/** Without its escapes; what stands in quotes has none left. */
function plainText({ kind, text }: SearchToken): string {
  return kind === 'text' ? unescaped(text) : text;
}

type Wild = { readonly text: string; readonly prefix: boolean };

/** A star at the end makes it a beginning; anywhere else, and for a question mark, there is no index. */
function readWild(token: SearchToken): Wild {
  if (token.kind === 'span') throw noRange(token);
  if (token.kind === 'phrase') return { text: token.text, prefix: false };
  const bare = token.text.replaceAll(/\\./gsu, '  ');
  const star = bare.search(/[*?]/);
  if (star < 0) return { text: unescaped(token.text), prefix: false };
  if (star === bare.length - 1 && bare.endsWith('*')) return { text: unescaped(token.text.slice(0, -1)), prefix: true };
  throw new SearchFault(token.at + star, {
    wanted: 'a * only at the end of a word',
    found: `"${token.text}"`,
    mend: 'Write the beginning and a *, or the words themselves; name:*part* finds a part of the name; \\* is the character itself',
  });
}

function noRange(token: SearchToken): SearchFault {
  return new SearchFault(token.at, {
    wanted: 'a word or a "phrase" in a field of words',
    found: `"${token.text}"`,
    mend: 'Ranges are for numbers and times: created, updated, size, width, height, duration, metadata.…',
  });
}

function wordsCondition(token: SearchToken, field: string | undefined): SearchExpression {
  const part = field === 'name' && token.kind === 'text' ? /^\*([^*?\\]+)\*?$/.exec(token.text)?.[1] : undefined;
  if (part !== undefined) return { op: 'nameContains', text: part };
  const { text, prefix } = readWild(token);
  const found = wordsOf(text);
  if (found.length === 0)
    throw new SearchFault(token.at, {
      wanted: 'letters or digits to search for',
      found: `"${token.text}"`,
      mend: 'Punctuation and pictures are no words; tag:"🌸" finds a tag as it is written',
    });
  return { op: 'words', words: found, ...(field === undefined ? {} : { field }), ...(prefix ? { prefix } : {}) };
}

function valueCondition(field: ValueField, token: SearchToken): SearchExpression {
  const { text, prefix } = readWild(token);
  const folded = foldText(text);
  if (field === 'kind' && !prefix && !assetKinds.some((kind) => kind === folded))
    throw new SearchFault(token.at, { wanted: `one of ${assetKinds.join(', ')}`, found: `"${text}"` });
  if (field === 'archived' && folded !== 'true' && folded !== 'false')
    throw new SearchFault(token.at, { wanted: 'true or false', found: `"${text}"` });
  if (field === 'externalId' && !prefix) return { op: 'value', field, value: text, match: 'exact' };
  return { op: 'value', field, value: folded, match: prefix ? 'prefix' : 'folded' };
}

function folderCondition(token: SearchToken, exact: boolean): SearchExpression {
  const given = plainText(token);
  const trimmed = given.endsWith('/*') ? given.slice(0, -1) : given;
  const read = readFolderPath(trimmed.startsWith('/') ? trimmed : `/${trimmed}`);
  if (read.path === null)
    throw new SearchFault(token.at, {
      wanted: read.wanted,
      found: read.found,
      mend: 'Write folder:/campaigns/spring, in quotes where it has blanks: folder:"/press/autumn 2026"',
    });
  return { op: 'folder', path: read.path, ...(exact ? { exact } : {}) };
}
