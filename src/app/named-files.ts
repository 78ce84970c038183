/**
 * Files as other systems name them in what they push or report. Content addresses (`blob`) are ours: one that the asset
 * does not hold already is left out, or whoever learnt an address could have another asset's bytes handed out.
 */
import type { Problem } from '../core/errors.ts';
import { isList, isObject } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

/** What each known field of a file must be; those not named here are kept as they come. */
const fields: { readonly [field: string]: 'string' | 'number' } = {
  name: 'string',
  title: 'string',
  mimeType: 'string',
  sha256: 'string',
  sha1: 'string',
  md5: 'string',
  blob: 'string',
  url: 'string',
  bytes: 'number',
  widthPx: 'number',
  heightPx: 'number',
  durationMs: 'number',
  bitRate: 'number',
};

/** Receivers and pages make links of it: what a browser would run is no place where a file lies. */
const placeOfFile = /^(?:https?|s3|gs|ftps?|sftp|file):\/\//;

/** What is wrong with the files of a snapshot, in the field `file`, `versions` or `renditions`; null for any other. */
export function filesProblem(field: string, value: JsonValue | undefined, at: string): Problem | null {
  if (field === 'file' && isObject(value)) return fileProblem(value, at);
  if ((field !== 'versions' && field !== 'renditions') || !isList(value)) return null;
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) continue;
    const place = `${at}/${index}`;
    const problem = field === 'renditions' ? fileProblem(item, place) : versionProblem(item, place);
    if (problem !== null) return problem;
  }
  return null;
}

function versionProblem({ number, active, file }: JsonObject, at: string): Problem | null {
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1)
    return { at: `${at}/number`, wanted: 'a whole number from 1', found: found(number) };
  if (typeof active !== 'boolean') return { at: `${at}/active`, wanted: 'true or false', found: found(active) };
  return isObject(file)
    ? fileProblem(file, `${at}/file`)
    : { at: `${at}/file`, wanted: 'an object', found: found(file) };
}

function fileProblem(file: JsonObject, at: string): Problem | null {
  for (const name in file) {
    const wanted = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const value = file[name];
    if (wanted === undefined || value === undefined) continue;
    const fits = wanted === 'string' ? typeof value === 'string' : typeof value === 'number' && value >= 0;
    if (fits && name === 'url' && !placeOfFile.test(value as string))
      return {
        at: `${at}/url`,
        wanted: 'an address that begins with http:// or https://, or names a store',
        found: 'another',
      };
    if (fits) continue;
    return { at: `${at}/${name}`, wanted: wanted === 'string' ? 'a text' : 'a number from 0', found: found(value) };
  }
  return null;
}

function found(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isList(value) ? 'a list' : typeof value;
}

/** A state whose files name only bytes that `held` names too; the same object where they do. */
export function withOwnBytes<State extends object>(state: State, held: JsonObject | null): State {
  const foreign = [...blobsOf(state as JsonObject)].filter((blob) => held === null || !blobsOf(held).has(blob));
  if (foreign.length === 0) return state;
  const strange = new Set<JsonValue | undefined>(foreign);
  const clean = (value: JsonValue | undefined): JsonValue | undefined => {
    if (isList(value)) return value.map((item) => clean(item) ?? null);
    if (!isObject(value)) return value;
    const kept = Object.entries(value).filter(([name, each]) => name !== 'blob' || !strange.has(each));
    return Object.fromEntries(kept.map(([name, each]) => [name, name === 'file' ? (clean(each) ?? null) : each]));
  };
  const { file, versions, renditions } = state as JsonObject;
  return {
    ...state,
    ...(file === undefined ? {} : { file: clean(file) }),
    versions: clean(versions),
    renditions: clean(renditions),
  };
}

const none: ReadonlySet<string> = new Set();

/** Content addresses that the files of a state name. Nothing is built where there is none. */
function blobsOf({ file, versions, renditions }: JsonObject): ReadonlySet<string> {
  let blobs: Set<string> | null = null;
  const note = (value: JsonValue | undefined): void => {
    const blob = isObject(value) ? value['blob'] : undefined;
    if (typeof blob === 'string') (blobs ??= new Set()).add(blob);
  };
  note(file);
  if (isList(renditions)) for (const rendition of renditions) note(rendition);
  if (isList(versions)) for (const version of versions) note(isObject(version) ? version['file'] : undefined);
  return blobs ?? none;
}
