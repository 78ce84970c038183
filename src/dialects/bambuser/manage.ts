/**
 * What is asked of us in the vendor's ways: an event by its id (how receivers verify), the address of a recording, and the
 * part of its API by which applications look at broadcasts and images, cut clips and remove.
 */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorError, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { broadcastUuid, isUuid, ownId } from './ids.ts';
import { broadcastPayload, imagePayload, type Presented } from './payload.ts';
import { readResourceUri } from './resource-uri.ts';

const eventIdForm = /^[0-9a-f]{16}$/;
const resultsDefault = 50;
const resultsMax = 100;

function refusal(status: number, error: string): VendorAnswer {
  return { status, body: { error } };
}

const nothing = refusal(404, 'There is none of this id');

export function presentError({ status, detail }: VendorError): VendorAnswer {
  return refusal(status, detail);
}

const ok = (body: JsonObject): VendorAnswer => ({ status: 200, body });
const empty = (): VendorAnswer => ({ status: 204, body: null });

/** The document as it was sent, to the byte. */
const event: VendorRoute = {
  method: 'GET',
  path: '/events/:eventId',
  scope: 'public',
  guessable: 'id',
  parse: ({ parameters }) => {
    const messageId = parameters['eventId'] ?? '';
    return { command: 'deliveries.ofMessage', input: { messageId: eventIdForm.test(messageId) ? messageId : '-' } };
  },
  present: (result) => ({
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: textOf(result, 'body'),
  }),
};

const recording: VendorRoute = {
  method: 'GET',
  path: '/cdn/:workspace/broadcasts/:id',
  scope: 'public',
  parse: (request) => readResourceUri(request) ?? nothing,
  present: ok,
};

type Things = 'broadcasts' | 'images';
const kinds = { broadcasts: 'broadcast', images: 'asset' } as const;

/** By the id it has here, in its UUID; or the one that it had elsewhere. */
function named(things: Things, name: 'get' | 'remove') {
  return ({ parameters }: VendorRequest): VendorCommand | VendorAnswer => {
    const id = parameters['id'] ?? '';
    const own = ownId(kinds[things], id);
    if (things === 'broadcasts' && !isUuid(id)) return nothing;
    return { command: `${things}.${name}`, input: { id, ...(own === null ? {} : { ownId: own }) } };
  };
}

/** Filters of the vendor's list that there are here; others are refused rather than passed over. */
const filters = new Set(['after', 'limit', 'titleContains', 'createdAfter', 'createdBefore', 'byAuthors']);

function listed(things: Things) {
  return ({ query }: VendorRequest): VendorCommand | VendorAnswer => {
    // Its own client sends `after` empty for the first page.
    const given = Object.entries(query).filter(([, value]) => value !== '');
    const unknown = given.find(([name]) => !filters.has(name) || (things === 'images' && name === 'byAuthors'));
    if (unknown !== undefined) return refusal(400, `The filter ${unknown[0].slice(0, 60)} is not known here`);
    const {
      after,
      limit = String(resultsDefault),
      titleContains,
      createdAfter,
      createdBefore,
      byAuthors,
    } = Object.fromEntries(given) as { readonly [name: string]: string | undefined };
    const bad = [limit, createdAfter, createdBefore].find((value) => value !== undefined && !/^\d{1,11}$/.test(value));
    if (bad !== undefined) return refusal(400, 'limit, createdAfter and createdBefore are whole numbers');
    return {
      command: `${things}.list`,
      input: {
        limit: Math.min(resultsMax, Math.max(1, Number(limit))),
        ...(after === undefined ? {} : { cursor: after }),
        ...(titleContains === undefined ? {} : { titleContains }),
        ...(createdAfter === undefined ? {} : { fromMs: Number(createdAfter) * 1_000 }),
        ...(createdBefore === undefined ? {} : { toMs: Number(createdBefore) * 1_000 }),
        ...(byAuthors === undefined ? {} : { author: byAuthors }),
      },
    };
  };
}

function presentList(things: Things) {
  return (result: JsonObject, request: VendorRequest): VendorAnswer => {
    const items = ownValue(result, 'items');
    const results = isList(items)
      ? items.flatMap((item) => (isObject(item) ? [presented(things, item, request)] : []))
      : [];
    return ok({ results, next: ownValue(result, 'nextCursor') ?? null });
  };
}

/** As it was told last: the same fields, and signatures that count from the same moment while those are good. */
function presented(things: Things, view: JsonObject, { links, nowMs }: VendorRequest): JsonObject {
  const updatedAtMs = numberIn(view, 'updatedAtMs');
  const atMs = nowMs - updatedAtMs < (links.lifetimeMs ?? 0) / 2 ? updatedAtMs : nowMs;
  const state = ownValue(view, 'state');
  const externalId = ownValue(view, 'externalId');
  const shown: Presented = {
    id: textOf(view, 'id'),
    externalId: typeof externalId === 'string' ? externalId : undefined,
    workspaceId: textOf(view, 'workspaceId'),
    state: isObject(state) ? state : {},
    links: links.at?.(atMs) ?? links,
    atMs,
  };
  return things === 'images' ? imagePayload(shown) : broadcastPayload(shown);
}

/** `{"source": {"broadcastId", "start", "end"}}`, in seconds. */
function clip({ body }: VendorRequest): VendorCommand | VendorAnswer {
  const source = ownValue(body ?? {}, 'source');
  if (!isObject(source))
    return refusal(400, 'Send {"source": {"broadcastId": "…", "start": 0, "end": 10}}, in seconds');
  const id = textOf(source, 'broadcastId');
  const [start, end] = [ownValue(source, 'start'), ownValue(source, 'end')];
  if (!isUuid(id)) return refusal(400, 'source.broadcastId is the id of a broadcast');
  if (typeof start !== 'number' || typeof end !== 'number' || start < 0 || end <= start || end > 1e7)
    return refusal(400, 'source.start and source.end are seconds, the end behind the start');
  const own = ownId('broadcast', id);
  return {
    command: 'broadcasts.clip',
    input: {
      id,
      ...(own === null ? {} : { ownId: own }),
      clip: { fromMs: Math.round(start * 1_000), toMs: Math.round(end * 1_000) },
    },
  };
}

function presentClip(result: JsonObject): VendorAnswer {
  return { status: 201, body: { newBroadcastId: broadcastUuid(textOf(result, 'id'), undefined) } };
}

const present = (things: Things) => (result: JsonObject, request: VendorRequest) =>
  ok(presented(things, result, request));

export const manage: readonly VendorRoute[] = [
  event,
  recording,
  {
    method: 'GET',
    path: '/broadcasts',
    scope: 'assets:read',
    parse: listed('broadcasts'),
    present: presentList('broadcasts'),
  },
  { method: 'POST', path: '/broadcasts', scope: 'assets:write', parse: clip, present: presentClip },
  {
    method: 'GET',
    path: '/broadcasts/:id',
    scope: 'assets:read',
    parse: named('broadcasts', 'get'),
    present: present('broadcasts'),
  },
  {
    method: 'DELETE',
    path: '/broadcasts/:id',
    scope: 'assets:write',
    parse: named('broadcasts', 'remove'),
    present: empty,
  },
  { method: 'GET', path: '/images', scope: 'assets:read', parse: listed('images'), present: presentList('images') },
  {
    method: 'GET',
    path: '/images/:id',
    scope: 'assets:read',
    parse: named('images', 'get'),
    present: present('images'),
  },
  { method: 'DELETE', path: '/images/:id', scope: 'assets:write', parse: named('images', 'remove'), present: empty },
];

function textOf(value: JsonObject, name: string): string {
  const found: JsonValue | undefined = ownValue(value, name);
  return typeof found === 'string' ? found : '';
}

function numberIn(value: JsonObject, name: string): number {
  const found = ownValue(value, name);
  return typeof found === 'number' ? found : 0;
}
