/**
 * What neutral dialects say of a change: our own vocabulary, in one form. Built as an object whose key order is fixed;
 * everything in it comes from the change and the webhook revision, so the same input yields the same bytes.
 */
import type { Change } from '../core/change.ts';
import { isList, isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { compileProjection } from '../core/projection.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Links } from './contract/message.ts';

export function neutralData(change: Change, { projection }: Pick<Webhook, 'projection'>, links: Links): JsonObject {
  const fields = projection?.fields;
  const select = fields === undefined ? publicState : projected(fields);
  // Told as created, so what was known while the file was still being looked into is nobody's former value.
  const before = change.kind === 'asset.ready' ? null : change.before;
  return {
    change: change.id,
    workspace: change.workspaceId,
    subject: { ...change.subject, version: change.subjectVersion },
    actor: change.actor,
    changed: change.changed,
    state: change.after === null ? null : select(change.after),
    before: before === null ? null : select(formerValues(change, before)),
    links: linksOf(change, links),
  };
}

/** What a reporter says is kept to milliseconds of a year that ISO 8601 can write; otherwise our own clock. */
export function isoTime({ occurredAtMs, acceptedAtMs }: Change): string {
  const date = new Date(occurredAtMs);
  return Number.isNaN(date.getTime()) ? new Date(acceptedAtMs).toISOString() : date.toISOString();
}

/**
 * The former values of the fields that changed, in the form of the state; null for a field that did not exist. Of
 * something that is gone: all that is known of it.
 */
function formerValues(change: Change, before: JsonObject): JsonObject {
  if (change.after === null) return before;
  const values: [string, JsonValue][] = [];
  const groups = new Map<string, [string, JsonValue][]>();
  for (const name of change.changed) {
    const dot = name.indexOf('.');
    if (dot < 0) {
      values.push([name, ownValue(before, name) ?? null]);
      continue;
    }
    const group = name.slice(0, dot);
    const field = name.slice(dot + 1);
    const former = ownValue(before, group);
    const value = isObject(former) ? (ownValue(former, field) ?? null) : null;
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [[field, value]]);
    else known.push([field, value]);
  }
  for (const [group, fields] of groups) values.push([group, Object.fromEntries(fields)]);
  return Object.fromEntries(values);
}

/** Without a projection: everything but embedded metadata (it can be very large) and where we keep the bytes. */
function publicState(state: JsonObject): JsonObject {
  // Reported states have none of these, and copying is what costs here.
  if (!Object.hasOwn(state, 'embedded')) return withoutBlobs(state);
  const { embedded: _large, ...rest } = state;
  return withoutBlobs(rest);
}

function projected(fields: readonly string[]): (state: JsonObject) => JsonObject {
  const keep = compileProjection(fields);
  return (state) => withoutBlobs(keep(state));
}

/** Content addresses are ours: whoever knows one must not be able to ask for it elsewhere. */
function withoutBlobs(state: JsonObject): JsonObject {
  const file = ownValue(state, 'file');
  const versions = ownValue(state, 'versions');
  const renditions = ownValue(state, 'renditions');
  if (!isObject(file) && !isList(versions) && !isList(renditions)) return state;
  return {
    ...state,
    ...(isObject(file) ? { file: withoutBlob(file) } : {}),
    ...(isList(versions) ? { versions: versions.map(versionWithoutBlob) } : {}),
    ...(isList(renditions) ? { renditions: renditions.map(withoutBlob) } : {}),
  };
}

function versionWithoutBlob(version: JsonValue): JsonValue {
  if (!isObject(version)) return version;
  const file = ownValue(version, 'file');
  return isObject(file) ? { ...version, file: withoutBlob(file) } : version;
}

function withoutBlob(file: JsonValue): JsonValue {
  if (!isObject(file) || !Object.hasOwn(file, 'blob')) return file;
  const { blob: _address, ...rest } = file;
  return rest;
}

/** Links to content that we hold ourselves; null where we hold none (a reported state names its own URLs). */
function linksOf(change: Change, links: Links): JsonObject | null {
  if (change.subject.type !== 'asset' || change.after === null) return null;
  const file = ownValue(change.after, 'file');
  if (!isObject(file) || !Object.hasOwn(file, 'blob')) return null;
  const assetId = change.subject.id;
  const version = activeVersion(change.after);
  const content = version === null ? links.content(assetId) : links.content(assetId, version);
  return { content, renditions: renditionLinks(assetId, change.after, links) };
}

function activeVersion(state: JsonObject): number | null {
  const versions = ownValue(state, 'versions');
  if (!isList(versions)) return null;
  for (const version of versions) {
    if (!isObject(version) || ownValue(version, 'active') !== true) continue;
    const number = ownValue(version, 'number');
    return typeof number === 'number' ? number : null;
  }
  return null;
}

function renditionLinks(assetId: string, state: JsonObject, links: Links): JsonObject {
  const renditions = ownValue(state, 'renditions');
  const made: [string, string][] = [];
  for (const rendition of isList(renditions) ? renditions : []) {
    if (!isObject(rendition) || !Object.hasOwn(rendition, 'blob')) continue;
    const title = ownValue(rendition, 'title');
    if (typeof title === 'string') made.push([title, links.rendition(assetId, title)]);
  }
  return Object.fromEntries(made);
}
