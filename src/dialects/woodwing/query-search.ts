/**
 * A query as what our own search means by it, with the vendor's field names put into ours. What search has no word for (a
 * wildcard at the beginning or in the middle of a word) is answered by null: conditions of webhooks look at the values
 * themselves then, and a search refuses it by name.
 */
import { decodeId } from '../../core/id-encoding.ts';
import { normalFolderPath } from '../../core/folder-path.ts';
import type { SearchExpression } from '../../core/search-expression.ts';
import { foldText, wordsOf } from '../../core/search-words.ts';
import { type Bound, boundValue, type QueryLeaf, type QueryNode } from './query-tree.ts';

/** The conditions that search cannot answer are told to `refuse`, and stand for nothing. */
export function searchExpression(node: QueryNode, refuse: (leaf: QueryLeaf) => void): SearchExpression {
  if (node.kind === 'and') return { op: 'all', of: node.of.map((part) => searchExpression(part, refuse)) };
  if (node.kind === 'or') return { op: 'any', of: node.of.map((part) => searchExpression(part, refuse)) };
  if (node.kind === 'not') return { op: 'not', of: searchExpression(node.of, refuse) };
  const found = leafExpression(node);
  if (found !== null) return found;
  refuse(node);
  return nothing;
}

const nothing: SearchExpression = { op: 'any', of: [] };
const everything: SearchExpression = { op: 'all', of: [] };

/** Null where search cannot say it. */
export function leafExpression(leaf: QueryLeaf): SearchExpression | null {
  switch (leaf.kind) {
    case 'all':
      return everything;
    case 'exists':
      return existing(leaf.field);
    case 'text':
      return leaf.field === null ? wordsOrNothing(leaf.text) : valued(leaf.field, leaf.text);
    case 'range':
      return ranged(leaf);
    case 'pattern':
      return patterned(leaf);
    default:
      return leaf satisfies never;
  }
}

/** The vendor's kinds of files, and ours. */
const kinds: { readonly [domain: string]: readonly string[] } = {
  image: ['image'],
  video: ['video', 'broadcast'],
  audio: ['audio'],
  document: ['document', 'presentation', 'pdf'],
  pdf: ['document'],
  generic: ['other'],
  container: [],
};

/** Fields with words in them, by the vendor's names. */
const wordFields: { readonly [field: string]: readonly string[] } = {
  filename: ['name'],
  name: ['name'],
  tags: ['tags'],
  labels: ['labels'],
  mimeType: ['type'],
  assetCreator: ['createdBy'],
  checkedOutBy: ['checkedOutByName', 'checkedOutBy'],
};

/** Numbers and times, by the vendor's names. */
const numberFields: { readonly [field: string]: string } = {
  fileSize: 'size',
  width: 'width',
  height: 'height',
  assetCreated: 'created',
  assetModified: 'modified',
  fileModified: 'modified',
  created: 'created',
  versionNumber: 'versions',
  numberOfPages: 'pages',
  duration: 'duration',
};

/** Ours that a field of the vendor's may stand for: its own field by name, also kept as `{value: …}`; title and the like by `info`. */
function fieldsOf(field: string): readonly string[] {
  return Object.hasOwn(wordFields, field)
    ? (wordFields[field] ?? [])
    : [`metadata.${field}`, `metadata.${field}.value`, `info.${field}`];
}

function numberFieldsOf(field: string): readonly string[] {
  const known = Object.hasOwn(numberFields, field) ? numberFields[field] : undefined;
  return known === undefined ? [`metadata.${field}`, `metadata.${field}.value`, `info.${field}`] : [known];
}

function anyOf(of: readonly SearchExpression[]): SearchExpression {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { op: 'any', of };
}

function existing(field: string): SearchExpression {
  if (field === 'id' || Object.hasOwn(places, field) || field === 'assetDomain') return everything;
  if (Object.hasOwn(numberFields, field)) return { op: 'exists', field: numberFields[field] ?? field };
  return anyOf(fieldsOf(field).map((one) => ({ op: 'exists', field: one })));
}

/** Where an asset lies: the folder itself, or the folder with all below it. */
const places: { readonly [field: string]: 'exact' | 'below' } = {
  folderPath: 'exact',
  ancestorPaths: 'below',
  parentPath: 'exact',
};

function valued(field: string, text: string): SearchExpression | null {
  const place = Object.hasOwn(places, field) ? places[field] : undefined;
  if (place !== undefined) {
    const path = normalFolderPath(text.startsWith('/') ? text : `/${text}`);
    return { op: 'folder', path, ...(place === 'exact' ? { exact: true } : {}) };
  }
  if (field === 'assetPath') {
    const cut = text.lastIndexOf('/');
    const name = wordsOrNothing(text.slice(cut + 1), 'name');
    return { op: 'all', of: [{ op: 'folder', path: normalFolderPath(text.slice(0, cut) || '/'), exact: true }, name] };
  }
  if (field === 'id') return byId(text);
  if (field === 'assetDomain') {
    const wanted = Object.hasOwn(kinds, text.toLowerCase()) ? (kinds[text.toLowerCase()] ?? []) : [];
    return anyOf(wanted.map((value) => ({ op: 'value', field: 'kind', value, match: 'exact' })));
  }
  if (field === 'extension') return { op: 'value', field: 'extension', value: foldText(text), match: 'folded' };
  if (Object.hasOwn(numberFields, field)) return numbered(numberFieldsOf(field), text);
  const number = boundValue(text);
  const words = anyOf(fieldsOf(field).map((one) => wordsOrNothing(text, one)));
  // A number that is stored as one has no words.
  if (number === null || Object.hasOwn(wordFields, field)) return words;
  return anyOf([words, ...(isDate(text) ? [] : [numbered(numberFieldsOf(field), text)])]);
}

/** Exactly this number; of a date, any moment of the day. */
function numbered(fields: readonly string[], text: string): SearchExpression {
  const from = boundValue(text);
  if (from === null) return nothing;
  return anyOf(fields.map((field) => ({ op: 'range', field, from, to: lastMoment(text, from) })));
}

/** Our own id in the vendor's form, in ours, or what another DAM knows it by. */
function byId(text: string): SearchExpression {
  const ours = decodeId('asset', 'base64url', text);
  return anyOf([
    ...[ours, text].filter((id) => id !== null).map((id): SearchExpression => ({ op: 'id', id })),
    { op: 'value', field: 'externalId', value: text, match: 'exact' },
  ]);
}

function wordsOrNothing(text: string, field?: string, prefix = false): SearchExpression {
  const words = wordsOf(text);
  if (words.length === 0) return nothing;
  return { op: 'words', words, ...(field === undefined ? {} : { field }), ...(prefix ? { prefix } : {}) };
}

function ranged({ field, from, to }: Extract<QueryLeaf, { kind: 'range' }>): SearchExpression {
  const low = from === null ? null : lowerBound(from);
  const high = to === null ? null : upperBound(to);
  return anyOf(
    numberFieldsOf(field).map((one) => ({
      op: 'range',
      field: one,
      ...(low === null ? {} : { from: low.value, ...(low.open ? { fromOpen: true } : {}) }),
      ...(high === null ? {} : { to: high.value, ...(high.open ? { toOpen: true } : {}) }),
    })),
  );
}

/** Behind a whole day where a date is left out. */
function lowerBound({ text, included }: Bound): { readonly value: number; readonly open: boolean } {
  const first = boundValue(text) ?? Number.NaN;
  return { value: included ? first : lastMoment(text, first), open: !included };
}

/** A date that is included is the whole day. */
function upperBound({ text, included }: Bound): { readonly value: number; readonly open: boolean } {
  const first = boundValue(text) ?? Number.NaN;
  return { value: included ? lastMoment(text, first) : first, open: !included };
}

const dayMs = 86_400_000;

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}/.test(text);
}

function lastMoment(text: string, first: number): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? first + dayMs - 1 : first;
}

/** `flow*` and `red flow*` are searched for; of the name any part is. */
function patterned({ field, parts }: Extract<QueryLeaf, { kind: 'pattern' }>): SearchExpression | null {
  const [first, second, third] = parts;
  if (parts.length === 2 && typeof first === 'string' && typeof second === 'object' && second.any === 'characters') {
    if (field !== null && (Object.hasOwn(places, field) || field === 'assetPath' || field === 'id')) return null;
    if (field === 'extension') return { op: 'value', field, value: foldText(first), match: 'prefix' };
    if (field === 'assetDomain' || (field !== null && Object.hasOwn(numberFields, field))) return null;
    // What ends with a separator begins no word of its own.
    if (wordsOf(`${first}x`).length !== wordsOf(first).length) return null;
    return field === null
      ? wordsOrNothing(first, undefined, true)
      : anyOf(fieldsOf(field).map((one) => wordsOrNothing(first, one, true)));
  }
  // `filename:*.jpg` is what is asked most.
  const extension = typeof first === 'object' && parts.length === 2 && typeof second === 'string' ? second : '';
  if ((field === 'filename' || field === 'name') && first !== undefined && /^\.[^.\s]+$/.test(extension))
    return (first as { readonly any?: string }).any === 'characters'
      ? { op: 'value', field: 'extension', value: foldText(extension.slice(1)), match: 'folded' }
      : null;
  const around = typeof first === 'object' && typeof third === 'object' && parts.length === 3;
  if (around && typeof second === 'string' && (field === 'filename' || field === 'name')) {
    const both = first.any === 'characters' && third.any === 'characters';
    return both ? { op: 'nameContains', text: second } : null;
  }
  return null;
}
