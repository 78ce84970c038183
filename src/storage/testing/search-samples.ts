/** Assets and searches drawn at random, small enough that much is found and every form is met. */
import type { JsonObject } from '../../core/json.ts';
import type { SearchExpression } from '../../core/search-expression.ts';
import { foldText, wordsOf } from '../../core/search-words.ts';

const words = ['red', 'Blüte', 'straße', 'flower', 'flow', 'IMG', '2041', '東京', 'Ελλάς', 'x1', 'new', 'York'];
const tags = ['Spring', 'spring', 'SPRING', 'a b', '🌸', 'x'.repeat(260), 'red', 'Ä'];
const paths = ['/', '/a', '/a/b', '/a/b/c', '/ab', '/Press 2026/x', `/${'long'.repeat(60)}/b`];
const dates = ['2026-01-01', '2026-06-30', '2027-01-01T10:00:00Z', 'soon'];

export type Draw = { readonly below: (count: number) => number; readonly one: <Item>(list: readonly Item[]) => Item };

export function createDraw(fraction: () => number): Draw {
  const below = (count: number): number => Math.floor(fraction() * count);
  return {
    below,
    one: (list) => {
      const item = list[below(list.length)];
      if (item === undefined) throw new RangeError('Something must be there to be drawn');
      return item;
    },
  };
}

function some<Item>({ below, one }: Draw, list: readonly Item[], max: number): Item[] {
  return Array.from({ length: below(max + 1) }, () => one(list));
}

const textOf = (draw: Draw, max: number): string => some(draw, words, max).join(draw.one([' ', '-', '_', ', ']));

export function drawAsset(draw: Draw): JsonObject {
  const { below, one } = draw;
  return {
    kind: one(['image', 'video', 'audio']),
    name: `${textOf(draw, 3)}${one(['.jpg', '.JPG', '', '.tar.gz'])}`,
    path: one(paths),
    ...(below(3) === 0
      ? {}
      : {
          file: {
            bytes: below(2_000),
            mimeType: 'image/jpeg',
            ...(below(4) === 0 ? {} : { widthPx: below(50) * 100, durationMs: below(9_000) }),
          },
        }),
    info: {
      ...(below(2) === 0 ? { title: textOf(draw, 4) } : {}),
      ...(below(5) === 0 ? { 'a b': textOf(draw, 2), deep: { er: textOf(draw, 1), list: [1, 'new York'] } } : {}),
      ...(below(40) === 0 ? { ['k'.repeat(230)]: textOf(draw, 2) } : {}),
    },
    metadata: {
      ...(below(2) === 0 ? { status: one(['draft', 'Approved']), rating: below(6) } : {}),
      ...(below(3) === 0 ? { expires: one(dates), flag: below(2) === 0 } : {}),
      ...(below(4) === 0 ? { many: some(draw, words, 3), mixed: [one(dates), 7] } : {}),
    },
    embedded: below(3) === 0 ? { fields: { camera: one(words) } } : {},
    tags: [...new Set(some(draw, tags, 3))],
    labels: some(draw, ['hero', 'Hero'], 1),
    collections: some(draw, ['c1', 'c2'], 2),
    archived: below(4) === 0,
    ...(below(4) === 0 ? { expiresAtMs: below(100), createdBy: one(['ada', 'Ben']) } : {}),
  };
}

const fields = [
  'name',
  'info.title',
  'info.a b',
  'info.deep.er',
  'metadata.status',
  'metadata.many',
  'embedded.camera',
  'type',
];
const numbers = [
  'size',
  'width',
  'duration',
  'metadata.rating',
  'metadata.expires',
  'metadata.mixed',
  'expires',
  'created',
  'updated',
];

export function drawSearch(draw: Draw, depth = 0): SearchExpression {
  const { below, one } = draw;
  if (depth < 3 && below(3) === 0) {
    const of = Array.from({ length: below(4) }, () => drawSearch(draw, depth + 1));
    return one<SearchExpression>([
      { op: 'all', of },
      { op: 'any', of },
      { op: 'not', of: drawSearch(draw, depth + 1) },
    ]);
  }
  return drawLeaf(draw);
}

function drawLeaf(draw: Draw): SearchExpression {
  const { below, one } = draw;
  switch (below(8)) {
    case 0:
    case 1: {
      const found = wordsOf(textOf(draw, 3));
      const last = found.at(-1)?.slice(0, 1 + below(4)) ?? 'fl';
      const field = below(2) === 0 ? {} : { field: one([...fields, `info.${'k'.repeat(230)}`]) };
      return below(2) === 0 && found.length > 0
        ? { op: 'words', words: found, ...field }
        : { op: 'words', words: [...found.slice(0, -1), last], prefix: true, ...field };
    }
    case 2: {
      const field = one(['tags', 'labels', 'collections', 'archived', 'extension', 'kind', 'externalId'] as const);
      const value = one([...tags, 'hero', 'c1', 'true', 'jpg', 'gz', 'image', 'ext-3']);
      const match = one(['exact', 'folded', 'prefix'] as const);
      return {
        op: 'value',
        field,
        match,
        value: match === 'exact' ? value : foldText(value).slice(0, match === 'prefix' ? 2 : 300),
      };
    }
    case 3:
      return { op: 'folder', path: one(paths), ...(below(2) === 0 ? { exact: true } : {}) };
    case 4:
    case 5: {
      const field = one(numbers);
      const bound =
        field === 'metadata.expires' ? Date.parse(one(dates.slice(0, 3))) : below(field === 'width' ? 5_000 : 9);
      const open = below(2) === 0;
      return one<SearchExpression>([
        { op: 'range', field, from: bound, fromOpen: open },
        { op: 'range', field, to: bound, toOpen: open },
        { op: 'range', field, from: bound, to: bound + below(3_000) },
      ]);
    }
    case 6:
      return { op: 'exists', field: one([...fields, ...numbers, 'tags', 'externalId', 'info.deep', 'nothing']) };
    default:
      return { op: 'nameContains', text: one(['ow', 'flower', 'BLÜ', '.jpg', 'u\u0308', '041', 'none']) };
  }
}
