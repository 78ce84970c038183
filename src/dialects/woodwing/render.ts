import type { Change } from '../../core/change.ts';
import { idBytes } from '../../core/id-encoding.ts';
import { ownValue, sameJson } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { aliasIn } from '../asset-fields.ts';
import type { Rendered, RenderInput } from '../contract/message.ts';
import { changedFieldNames, fieldValue } from './fields.ts';
import { type Wishes, wishesOf } from './settings.ts';

const contentType = 'application/json';
const noHeaders: Rendered['headers'] = [];

/**
 * `{timestamp, type, assetId, metadata, changedMetadata}`, compact, in this order: receivers of this vendor verify what
 * `JSON.stringify` makes of the parsed body, so the bytes are those of `JSON.stringify` and nothing else. `changedMetadata`
 * is an object on every asset event, because the vendor's own sample reads it without looking.
 */
export function render({ change, webhook, notification }: RenderInput): Rendered {
  const frame = { timestamp: change.occurredAtMs, type: notification.event };
  const body = { ...frame, ...bodyOf(change, wishesOf(webhook)) };
  return { body: Buffer.from(JSON.stringify(body)), contentType, headers: noHeaders };
}

function bodyOf(change: Change, wishes: Wishes): JsonObject {
  const state = change.after ?? change.before ?? {};
  switch (change.subject.type) {
    case 'folder':
      return { folderPath: textOr(ownValue(state, 'path'), ''), metadata: metadataOf(state, wishes) };
    case 'share_link':
      return { authKey: vendorId(change.subject.id) };
    default:
      return {
        assetId: assetIdOf(change, state),
        metadata: metadataOf(state, wishes),
        changedMetadata: changedMetadataOf(change, wishes.changedMetadataToReturn),
      };
  }
}

/** The fields that were asked for, in the order asked; one without a value is left out. */
function metadataOf(state: JsonObject, { metadataToReturn }: Wishes): JsonObject {
  const found: [string, JsonValue][] = [];
  for (const name of metadataToReturn) {
    const value = fieldValue(state, name);
    if (value !== undefined) found.push([name, value]);
  }
  return Object.fromEntries(found);
}

/**
 * Old and new value of every field that differs, null for one that had or has no value. Empty where nothing was before or
 * nothing is left: a new asset did not change, nor did one that was still being looked into.
 */
export function changedMetadataOf(
  { kind, before, after, changed }: Pick<Change, 'kind' | 'before' | 'after' | 'changed'>,
  only: ReadonlySet<string> | null,
): JsonObject {
  if (before === null || after === null || kind === 'asset.ready') return {};
  const found: [string, JsonValue][] = [];
  for (const name of changedFieldNames(changed)) {
    if (only !== null && !only.has(name)) continue;
    const oldValue = fieldValue(before, name) ?? null;
    const newValue = fieldValue(after, name) ?? null;
    if (!sameJson(oldValue, newValue)) found.push([name, { oldValue, newValue }]);
  }
  return Object.fromEntries(found);
}

/** The id that a receiver already stored in its former life, otherwise ours in the vendor's form. */
function assetIdOf({ subject }: Change, state: JsonObject): string {
  return aliasIn(state, 'woodwing') ?? vendorId(subject.id);
}

/** 22 URL-safe characters, as the vendor's ids are; they are another spelling of the same 128 bits. */
function vendorId(id: string): string {
  return Buffer.from(idBytes(id)).toString('base64url');
}

function textOr(value: JsonValue | undefined, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}
