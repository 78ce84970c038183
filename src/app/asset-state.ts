/** Full asset states out of what a DAM says of them: every field there and of its type, whatever was left out. */
import { type AssetFile, type AssetKind, type AssetState, assetKinds, unavailabilities } from '../core/asset.ts';
import type { Problem } from '../core/errors.ts';
import { typeOfNames } from '../core/file-type.ts';
import { normalFolderPath, readFolderPath } from '../core/folder-path.ts';
import { isList, isObject } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { defaultLibrary, isLibraryKey } from '../core/library.ts';
import { isVersionOwed } from '../core/version-owed.ts';
import { composed } from '../core/spelling.ts';
import { filesProblem, withOwnBytes } from './named-files.ts';
import { unfit } from './refusals.ts';

type Test = (value: JsonValue) => boolean;

const texts: Test = (value) => isList(value) && value.every((item) => typeof item === 'string');
const objects: Test = (value) => isList(value) && value.every((item) => isObject(item));
const text: Test = (value) => typeof value === 'string';
const isFraction = (value: JsonValue | undefined): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const time: Test = (value) => typeof value === 'number' && Number.isFinite(value);

/** What each known field must be. Fields not named here are kept as they come. */
const fields: { readonly [field: string]: readonly [test: Test, wanted: string] } = {
  kind: [(value) => (assetKinds as readonly JsonValue[]).includes(value), `one of ${assetKinds.join(', ')}`],
  name: [text, 'a text'],
  path: [text, 'a folder path'],
  file: [isObject, 'an object'],
  versions: [objects, 'a list of objects'],
  renditions: [objects, 'a list of objects'],
  info: [isObject, 'an object'],
  metadata: [isObject, 'an object'],
  embedded: [isObject, 'an object'],
  tags: [texts, 'a list of texts'],
  labels: [texts, 'a list of texts'],
  collections: [texts, 'a list of texts'],
  library: [(value) => typeof value === 'string' && isLibraryKey(value), 'the key of a library'],
  archived: [(value) => typeof value === 'boolean', 'true or false'],
  archivedAtMs: [time, 'unix milliseconds'],
  archivedBy: [text, 'a text'],
  archiveAtMs: [time, 'unix milliseconds'],
  archiveNoticeAtMs: [time, 'unix milliseconds'],
  publishAtMs: [time, 'unix milliseconds'],
  expiresAtMs: [time, 'unix milliseconds'],
  availability: [
    (value) => (unavailabilities as readonly JsonValue[]).includes(value),
    `one of ${unavailabilities.join(', ')}`,
  ],
  checkedOutBy: [text, 'a text'],
  checkedOutByName: [text, 'a text'],
  checkedOutAtMs: [time, 'unix milliseconds'],
  focusPoint: [
    (value) => isObject(value) && isFraction(value['x']) && isFraction(value['y']),
    'x and y, fractions of width and height from 0 to 1',
  ],
  inspection: [isObject, 'an object'],
  derivation: [isObject, 'an object'],
  createdAtMs: [time, 'unix milliseconds'],
  modifiedAtMs: [time, 'unix milliseconds'],
  createdBy: [text, 'a text'],
  createdByName: [text, 'a text'],
  aliases: [
    (value) => isObject(value) && Object.values(value).every((alias) => typeof alias === 'string'),
    'texts by dialect',
  ],
  sourceVersion: [(value) => typeof value === 'number' || typeof value === 'string', 'a number or a text'],
};

/** Fields that must be left out rather than null. */
const optional = new Set([
  ...['file', 'library', 'derivation', 'focusPoint', 'createdBy', 'createdByName', 'sourceVersion'],
  ...['archivedAtMs', 'archivedBy', 'archiveAtMs', 'archiveNoticeAtMs', 'publishAtMs', 'expiresAtMs', 'availability'],
  ...['checkedOutBy', 'checkedOutByName', 'checkedOutAtMs'],
]);

/** What does not fit in a snapshot of an asset. `at` names where the snapshot lies. */
export function assetProblems(given: JsonObject, at: string): readonly Problem[] | null {
  let problems: Problem[] | null = null;
  for (const field in given) {
    const rule = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const value = given[field];
    if (rule === undefined || value === undefined || (value === null && optional.has(field))) continue;
    const problem = rule[0](value)
      ? field === 'path' && typeof value === 'string'
        ? pathProblem(value, at)
        : filesProblem(field, value, `${at}/${field}`)
      : { at: `${at}/${field}`, wanted: rule[1], found: value === null ? 'null' : typeof value };
    if (problem === null) continue;
    problems ??= [];
    problems.push(problem);
  }
  return problems;
}

function pathProblem(path: string, at: string): Problem | null {
  const read = readFolderPath(path);
  return read.path === null ? { at: `${at}/path`, wanted: read.wanted, found: read.found } : null;
}

/**
 * A full state from what was given: fields left out are those of `base` (itself full), else empty. Null takes an
 * optional field away.
 * Give it only what `assetProblems` has nothing to say about.
 */
export function fullAsset(given: JsonObject, base: JsonObject | null, atMs: number): AssetState {
  const state: { [field: string]: unknown } = base === null ? newAsset(given, atMs) : { ...base, ...given };
  const path = given['path'];
  if (typeof path === 'string') {
    const normal = normalFolderPath(path);
    if (normal !== path) state['path'] = normal;
  }
  for (const field in given) {
    if (given[field] === null && optional.has(field)) delete state[field];
  }
  for (const field of ['tags', 'labels', 'collections'] as const) {
    const list = given[field];
    if (isList(list)) state[field] = list.map((member) => (typeof member === 'string' ? composed(member) : member));
  }
  // The default one goes without saying.
  if (state['library'] === defaultLibrary) delete state['library'];
  if (isList(given['versions'])) state['versions'] = withOwedOf(base, given['versions']);
  const files = given['file'] !== undefined || given['versions'] !== undefined || given['renditions'] !== undefined;
  return (files ? withOwnBytes(state, base) : state) as unknown as AssetState;
}

/** What is still to be told of a version is known here and nowhere else, whatever somebody says of it. */
function withOwedOf(base: JsonObject | null, versions: readonly JsonValue[]): readonly JsonValue[] {
  const known = base === null ? undefined : base['versions'];
  const owed = isList(known) ? known.filter(isVersionOwed).filter(isObject) : [];
  if (owed.length === 0 && !versions.some((version) => isObject(version) && version['inspection'] !== undefined))
    return versions;
  return versions.map((version) => {
    if (!isObject(version)) return version;
    const { inspection: _said, ...said } = version;
    const { number, file } = version;
    const same = owed.find((each) => each['number'] === number && sameBlob(each['file'], file));
    return same === undefined ? said : { ...said, inspection: same['inspection'] ?? null };
  });
}

function sameBlob(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return isObject(one) && isObject(other) && one['blob'] === other['blob'];
}

function newAsset(given: JsonObject, atMs: number): { [field: string]: unknown } {
  return {
    kind: kindOfFile(given['file'], given['name']),
    name: '',
    path: '/',
    versions: [],
    renditions: [],
    info: {},
    metadata: {},
    embedded: {},
    tags: [],
    labels: [],
    collections: [],
    archived: false,
    inspection: { state: 'done' },
    createdAtMs: atMs,
    modifiedAtMs: atMs,
    aliases: {},
    ...given,
  };
}

/** What kind of asset a type of file is. */
export function assetKindOf(mimeType: string): AssetKind {
  if (mimeType.startsWith('image/')) return 'image';
  if (mimeType.startsWith('video/')) return 'video';
  if (mimeType.startsWith('audio/')) return 'audio';
  if (mimeType.startsWith('text/') || mimeType.startsWith('application/vnd.') || documentTypes.has(mimeType))
    return 'document';
  return 'other';
}

const documentTypes = new Set(['application/pdf', 'application/msword', 'application/rtf', 'application/epub+zip']);

function kindOfFile(file: JsonValue | undefined, name: JsonValue | undefined): AssetKind {
  if (!isObject(file)) return 'other';
  const mimeType = file['mimeType'] ?? typeOfNamed(file, name);
  return typeof mimeType === 'string' ? assetKindOf(mimeType) : 'other';
}

/** By the file's own name, its address, or what the asset is called. */
function typeOfNamed({ name: own, url }: JsonObject, name: JsonValue | undefined): string | undefined {
  return typeOfNames([own, url, name].filter((each) => typeof each === 'string'));
}

/**
 * A file that a DAM names instead of sending it. A size that it does not tell is 0; a type is the one that its name or address
 * speaks of, else unknown.
 */
export function namedFile(given: JsonObject, name: string): AssetFile {
  return { name, bytes: 0, mimeType: typeOfNamed(given, name) ?? 'application/octet-stream', ...given };
}

/** A folder path in its one spelling; throws `invalid_request` with what was wanted. */
export function folderPath(given: string, at = '/path'): string {
  const read = readFolderPath(given);
  if (read.path === null) throw unfit(at, read.wanted, read.found);
  return read.path;
}
