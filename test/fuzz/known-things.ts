/** Things that exist, learnt from answers, so that calls get further than "there is no such thing". */
import { encodeId } from '../../src/core/id-encoding.ts';
import { isJson } from '../support/answer-check.ts';

const perKindMax = 60;
const idPattern = /\b([a-z]{2,4})_[0-9a-z]{26}\b/g;
/** A vendor's form of an id: 22 characters of base64url. */
const vendorIdPattern = /"id":"([A-Za-z0-9_-]{22})"/g;
const vendorKind = 'vend';
/** The same as a UUID, of a webhook of one vendor: `vbyn`, `vsca` … by the first letters of whose API answered with it. */
const vendorUuidPattern = /"(?:id|uuid|configId)":"([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})"/g;
const vendorWebhookPath = /^\/([a-z]{3})[a-z]*\/.*(?:webhooks|subscriptions)/;
/** How else vendors name what has an id of ours. */
const spellings = [
  ['ast', 'vast', 'base64url'],
  ['ast', 'vmed', 'hex-8-4-4-16'],
  ['ast', 'vuas', 'uuid'],
  ['brc', 'vubr', 'uuid'],
] as const;
/** What only some things of a kind can be asked for: their kind, by the paths that ask. */
const narrower: readonly (readonly [path: RegExp, of: string, kind: string])[] = [
  [/^\/v1\/trash\//, 'ast', 'trash'],
  [/^\/v1\/assets\/\{reference\}\/clips/, 'ast', 'film'],
  [/^\/v1\/assets\/\{reference\}\/renditions\//, 'ast', 'picture'],
  [/^\/v1\/assets\/\{reference\}\/(?:versions\/\{number\}\/)?xmp$/, 'ast', 'picture'],
  [/^\/v1\/broadcasts\/\{reference\}\/(?:content|clips)/, 'brc', 'recorded'],
];
/** Stands for a text that no call had before. */
const freshPlaceholder = 'fresh-7d1';
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
  /** Takes the ids out of an answer; the path that was called tells what they are ids of. */
  learn(text: string, path?: string): void;
  /** The thing at this path can do more than others of its kind: it is a `film`, it is in the `trash` … */
  note(kind: string, id: string): void;
  /** What is at this path was deleted by a call. */
  deleted(path: string): void;
  /** There is nothing at this path any more. What a thing lacks below it says nothing of the thing. */
  forget(path: string): void;
  /** The values of a path's parameters, a part together with what it is a part of. */
  filledPath(template: string, values: readonly string[], choice: number): readonly string[];
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

  const parents = new Map<string, string>();
  let fresh = 0;

  const drop = (id: string): void => {
    for (const list of own.values()) {
      const at = list.indexOf(id);
      if (at >= 0) list.splice(at, 1);
    }
    // A path may name what no answer ever held.
    if (!/^[a-z]{2,4}_[0-9a-z]{26}$/.test(id)) return;
    for (const [prefix, , form] of spellings) if (id.startsWith(`${prefix}_`)) drop(encodeId(id, form));
  };

  const keepSpellings = (id: string): void => {
    for (const [prefix, kind, form] of spellings) if (id.startsWith(`${prefix}_`)) keep(own, encodeId(id, form), kind);
  };

  const toTrash = (id: string): void => {
    drop(id);
    keep(own, id, 'trash');
  };

  const lastOf = (path: string): string => /[^/]+(?=\/?$)/.exec(path.split('?')[0] ?? '')?.[0] ?? '';

  const filledText = (text: string, choice: number): string => {
    if (text.includes(freshPlaceholder)) return text.replaceAll(freshPlaceholder, `fresh-${++fresh}`);
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
    learn(text, path = '') {
      const inTrash = /^\/v1\/trash(?:\?|$)/.test(path);
      const [, parent] = /^\/v1\/assets\/([^/]+)\/comments/.exec(path) ?? [];
      for (const [id] of text.matchAll(idPattern))
        if (!never.includes(id) && !foreign.includes(id) && !id.endsWith(placeholderEnd)) {
          if (inTrash && id.startsWith('ast_')) toTrash(id);
          if (inTrash) continue;
          keep(own, id);
          if (id.startsWith('cmt_') && parent !== undefined) parents.set(id, decodeURIComponent(parent));
          keepSpellings(id);
        }
      for (const [, id = ''] of text.matchAll(vendorIdPattern)) keep(own, id, vendorKind);
      const [, vendor] = vendorWebhookPath.exec(path) ?? [];
      if (vendor !== undefined) for (const [, id = ''] of text.matchAll(vendorUuidPattern)) keep(own, id, `v${vendor}`);
      for (const [, token = ''] of text.matchAll(tokenPattern)) keep(own, token, tokenKind);
      for (const [, token = ''] of text.matchAll(sharePattern)) keep(own, token, shareKind);
      for (const [, cursor = ''] of text.matchAll(cursorPattern)) keep(own, cursor, cursorKind);
    },
    note: (kind, id) => keep(own, id, kind),
    deleted(path) {
      const id = lastOf(path);
      if (/^\/v1\/assets\/ast_[0-9a-z]{26}$/.test(path)) toTrash(id);
      else if (id === 'trash') own.delete('trash');
      else drop(id);
    },
    forget: (path) => drop(lastOf(path)),
    filledPath(template, values, choice) {
      const [, of, kind] = narrower.find(([path]) => path.test(template)) ?? [];
      const known = kind === undefined ? undefined : own.get(kind);
      const filledOnes = values.map((value) =>
        known !== undefined && known.length > 0 && value === `${of}${placeholderEnd}` && choice % 13 !== 0
          ? pick(known, choice)
          : filledText(value, choice),
      );
      const parent = parents.get(filledOnes.at(-1) ?? '');
      return parent === undefined || choice % 17 === 0 ? filledOnes : [parent, ...filledOnes.slice(1)];
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
