/** Things that exist, learnt from answers, so that calls get further than "there is no such thing". */
import { encodeId } from '../../src/core/id-encoding.ts';
import { isJson } from '../support/answer-check.ts';

const perKindMax = 60;
const idPattern = /\b([a-z]{2,4})_[0-9a-z]{26}\b/g;
/** A vendor's form of an id: 22 characters of base64url. */
const vendorIdPattern = /"id":"([A-Za-z0-9_-]{22})"/g;
const vendorKind = 'vend';
/** The same as a UUID. */
const vendorUuidPattern = /"id":"([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})"/g;
const vendorUuidKind = 'vuid';
/** An asset, as vendors name it. */
const vendorAssetKind = 'vast';
/** The same in the form 8-4-4-16. */
const vendorMediaKind = 'vmed';
/** The document's example of a cursor, for which a real one is put in: of this list, of another, or of a neighbour's. */
const cursorPlaceholder = 'eyJhIjoxfQ';
/** The document's example of a link's token. */
const tokenPlaceholder = 'example-token';
const tokenPattern = /\/content\/([\w.~-]{20,})/g;
const tokenKind = 'token';
/** The same of a share link. */
const sharePlaceholder = 'example-share';
const sharePattern = /\/share\/([\w-]{20,})/g;
const shareKind = 'share';
const cursorPattern = /"nextCursor":"([!-~]+?)"/g;
const cursorKind = 'cursor';
const placeholderEnd = '_01m93k7q5v8x2c4r6t8w0y1z3b';
const placeholderPattern = /\b([a-z]{2,4})_01m93k7q5v8x2c4r6t8w0y1z3b\b/g;

export type KnownThings = {
  /** Takes the ids out of an answer. */
  learn(text: string): void;
  /** There is nothing at this path any more. */
  forget(path: string): void;
  /** The value with every example id replaced by one that exists here, at times by one of another workspace, or none. */
  filled(value: unknown, choice: number): unknown;
  filledText(text: string, choice: number): string;
};

export type KnownOptions = {
  /** Ids that are never used: the key the calls are made with. */
  readonly never: readonly string[];
  /** Ids of another workspace. */
  readonly foreign: readonly string[];
  /** Cursors of its lists. */
  readonly foreignCursors?: readonly string[];
};

export function createKnownThings({ never, foreign, foreignCursors = [] }: KnownOptions): KnownThings {
  const own = new Map<string, string[]>();
  const others = new Map<string, string[]>();
  for (const id of foreign) keep(others, id);
  for (const cursor of foreignCursors) keep(others, cursor, cursorKind);

  const filledText = (text: string, choice: number): string => {
    if (text === tokenPlaceholder) return pick(present(own.get(tokenKind), text), choice);
    if (text === sharePlaceholder) return pick(present(own.get(shareKind), text), choice);
    if (text === cursorPlaceholder)
      return pick(present((choice % 5 === 0 ? others : own).get(cursorKind), text), choice);
    return text.replaceAll(placeholderPattern, (example, prefix: string) => {
      if (prefix === 'ast' && choice % 23 === 0)
        return pick(
          ['external:external-1', 'external:ü', "external:a'b", 'alias:bynder:x', 'alias:woodwing:ü:y'],
          choice,
        );
      const list = choice % 11 === 0 ? others.get(prefix) : own.get(prefix);
      return list === undefined || list.length === 0 || choice % 13 === 0 ? example : pick(list, choice);
    });
  };

  const filled = (value: unknown, choice: number): unknown => {
    if (typeof value === 'string') return filledText(value, choice);
    if (Buffer.isBuffer(value) || !isJson(value)) return value;
    if (Array.isArray(value)) return value.map((item) => filled(item, choice));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, choice)]));
  };

  return {
    learn(text) {
      for (const [id] of text.matchAll(idPattern))
        if (!never.includes(id) && !foreign.includes(id) && !id.endsWith(placeholderEnd)) {
          keep(own, id);
          if (!id.startsWith('ast_')) continue;
          keep(own, encodeId(id, 'base64url'), vendorAssetKind);
          keep(own, encodeId(id, 'hex-8-4-4-16'), vendorMediaKind);
        }
      for (const [, id = ''] of text.matchAll(vendorIdPattern)) keep(own, id, vendorKind);
      for (const [, id = ''] of text.matchAll(vendorUuidPattern)) keep(own, id, vendorUuidKind);
      for (const [, token = ''] of text.matchAll(tokenPattern)) keep(own, token, tokenKind);
      for (const [, token = ''] of text.matchAll(sharePattern)) keep(own, token, shareKind);
      for (const [, cursor = ''] of text.matchAll(cursorPattern)) keep(own, cursor, cursorKind);
    },
    forget(path) {
      for (const list of own.values()) {
        const at = list.findIndex((id) => path.includes(id));
        if (at >= 0) list.splice(at, 1);
      }
    },
    filled,
    filledText,
  };
}

/** The newest push out the oldest: what was deleted long ago is not asked for for ever. */
function keep(things: Map<string, string[]>, id: string, prefix = id.slice(0, id.indexOf('_'))): void {
  const list = things.get(prefix) ?? [];
  if (list.includes(id)) return;
  list.push(id);
  if (list.length > perKindMax) list.shift();
  things.set(prefix, list);
}

/** What is known, or the example where nothing is, or nothing any more. */
function present(known: readonly string[] | undefined, example: string): readonly string[] {
  return known === undefined || known.length === 0 ? [example] : known;
}

function pick<T>(items: readonly T[], choice: number): T {
  return items[choice % items.length] as T;
}
