/** Broadcasts and images as the vendor writes them: in webhooks and in its API, the same fields in the same order. */
import { type BroadcastState, broadcastState } from '../../core/broadcast.ts';
import { encodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { objectIn } from '../json-fields.ts';
import type { Links } from '../contract/message.ts';
import { broadcastUuid, imageUuid, workspaceChannel } from './ids.ts';
import { resourceUri } from './resource-uri.ts';

export type Presented = {
  readonly id: string;
  readonly externalId?: string | undefined;
  readonly workspaceId: string;
  readonly state: JsonObject;
  readonly links: Links;
  /** When this state came to be: signatures count from here. */
  readonly atMs: number;
};

/** The order is that of the vendor's example. */
export function broadcastPayload({ id, externalId, workspaceId, state, links, atMs }: Presented): JsonObject {
  const known = broadcastState(state);
  const uuid = broadcastUuid(id, externalId);
  const preview = previewOf(known, links);
  const { position } = known;
  return {
    author: textOf(known.author),
    created: seconds(timeOf(known.startedAtMs) ?? atMs),
    customData: textOf(known.customData),
    height: wholeOf(known.heightPx),
    id: uuid,
    ingestChannel: textOf(known.ingestChannel) || workspaceChannel(workspaceId),
    lat: numberOf(position?.latitude),
    length: wholeOf(numberOf(known.durationMs) / 1_000),
    lon: numberOf(position?.longitude),
    positionAccuracy: numberOf(position?.accuracyMetres),
    positionType: textOf(position?.type),
    ...(preview === null ? {} : { preview }),
    resourceUri:
      textOf(known.resourceUrl) ||
      resourceUri({ links, workspaceId, uuid, ownUuid: encodeId(id, 'uuid'), signedAtMs: atMs }),
    tags: textsOf(known.tags).map((text) => ({ text })),
    title: textOf(known.title),
    type: known.type === 'live' ? 'live' : 'archived',
    width: wholeOf(known.widthPx),
  };
}

/** What somebody gave, else the picture that was made of the recording; an early add has none. */
function previewOf({ preview, recording, recordingPreview }: BroadcastState, links: Links): string | null {
  if (isObject(preview) && 'url' in preview) return textOf(preview.url);
  if (isObject(preview) && typeof preview['assetId'] === 'string') return links.content(preview['assetId']);
  return recordingPreview === true && typeof recording === 'string' ? links.rendition(recording, 'large') : null;
}

const sizes = ['small', 'medium', 'large'] as const;

/** The order is that of the vendor's example. */
export function imagePayload({ id, workspaceId, state, links }: Presented): JsonObject {
  const file = objectIn(state, 'file');
  const info = objectIn(state, 'info');
  const addedAtMs = timeOf(ownValue(state, 'createdAtMs')) ?? 0;
  return {
    added: seconds(addedAtMs),
    author: textOf(ownValue(info, 'author')),
    created: seconds(takenAtMs(state) ?? addedAtMs),
    customData: textOf(ownValue(info, 'customData')),
    derivatives: derivativesOf(id, state, links),
    height: wholeOf(ownValue(file, 'heightPx')),
    id: imageUuid(id, state),
    ingestChannel: textOf(ownValue(info, 'ingestChannel')) || workspaceChannel(workspaceId),
    ...place(state),
    originalFilename: textOf(ownValue(state, 'name')),
    title: textOf(ownValue(info, 'title')),
    url: textOf(ownValue(file, 'url')) || links.content(id),
    width: wholeOf(ownValue(file, 'widthPx')),
  };
}

/** Small, medium and large, those that there are; empty before they are made. */
function derivativesOf(id: string, state: JsonObject, links: Links): readonly JsonObject[] {
  const renditions = ownValue(state, 'renditions');
  if (!isList(renditions)) return [];
  return sizes.flatMap((title) => {
    const found = renditions.find((one) => isObject(one) && ownValue(one, 'title') === title);
    if (!isObject(found)) return [];
    return [
      {
        title,
        url: textOf(ownValue(found, 'url')) || links.rendition(id, title),
        width: wholeOf(ownValue(found, 'widthPx')),
        height: wholeOf(ownValue(found, 'heightPx')),
      },
    ];
  });
}

/** Where and when it was taken, as far as the file says so and the server keeps it. */
function place(state: JsonObject): { readonly lat: number; readonly lon: number } {
  const common = objectIn(objectIn(state, 'embedded'), 'fields');
  return { lat: numberOf(ownValue(common, 'latitude')), lon: numberOf(ownValue(common, 'longitude')) };
}

function takenAtMs(state: JsonObject): number | null {
  const taken = ownValue(objectIn(objectIn(state, 'embedded'), 'fields'), 'takenAt');
  const time = timeOf(taken);
  if (time !== undefined) return time;
  // Cameras write no zone; it is then taken for UTC, so that the bytes do not depend on where they are made.
  const parsed = typeof taken === 'string' ? Date.parse(zoned.test(taken) ? taken : `${taken}Z`) : Number.NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

const zoned = /(?:Z|[+-]\d\d:?\d\d)$/;

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** States that were reported by another system may hold anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function wholeOf(value: JsonValue | undefined): number {
  const whole = Math.round(numberOf(value));
  return Number.isSafeInteger(whole) ? whole : 0;
}

/** A moment that has a place in the calendar. */
function timeOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15 ? value : undefined;
}
