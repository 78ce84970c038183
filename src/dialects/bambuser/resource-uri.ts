/**
 * The signed address of a broadcast, in the vendor's Delegation API: `da_*` parameters and an HMAC-SHA256 over `GET ` and the
 * whole address before the signature. To receivers it is opaque; here it is read back and checked when it is fetched.
 */
import type { Links } from '../contract/message.ts';
import type { VendorRecording, VendorRequest } from '../contract/vendor-route.ts';
import { ownId } from './ids.ts';

export type Addressed = {
  readonly links: Links;
  readonly workspaceId: string;
  /** In the vendor's form, and ours. */
  readonly uuid: string;
  readonly ownUuid: string;
  /** From here on it is good for `links.lifetimeMs`. */
  readonly signedAtMs: number;
};

const method = 'HMAC-SHA256';

/** Parameters in the order of the vendor's example. `da_static=1`: it may be fetched more than once. */
export function resourceUri({ links, workspaceId, uuid, ownUuid, signedAtMs }: Addressed): string {
  const path = placeOf(workspaceId, ownUuid);
  const query = parameters({
    id: uuid,
    timestamp: Math.floor(signedAtMs / 1_000),
    ttl: Math.floor((links.lifetimeMs ?? 0) / 1_000),
  });
  return `${links.dialect(path)}?${query}&da_signature=${links.signature?.(signedText(path, query)) ?? ''}`;
}

function placeOf(workspaceId: string, ownUuid: string): string {
  return `/cdn/${encodeURIComponent(workspaceId)}/broadcasts/${ownUuid}`;
}

function parameters({ id, timestamp, ttl }: { readonly id: string; readonly timestamp: number; readonly ttl: number }) {
  return `da_signature_method=${method}&da_id=${id}&da_timestamp=${timestamp}&da_static=1&da_ttl=${ttl}`;
}

/** Host and mount are left out: a server that gets another name goes on honouring its links. */
function signedText(path: string, query: string): string {
  return `GET ${path}?${query}`;
}

/** As it was signed: of a number there is one spelling. */
const whole = /^(?:0|[1-9]\d{0,11})$/;

/** What a fetched address says; null where it is none of ours by its form alone. */
export function readResourceUri({ parameters: named, query }: VendorRequest): VendorRecording | null {
  const workspaceId = named['workspace'] ?? '';
  const ownUuid = named['id'] ?? '';
  const broadcastId = ownId('broadcast', ownUuid);
  const { da_signature_method, da_id = '', da_timestamp = '', da_static, da_ttl = '', da_signature = '' } = query;
  const isOurs = da_signature_method === method && da_static === '1' && Object.keys(query).length === 6;
  if (broadcastId === null || !isOurs || !whole.test(da_timestamp) || !whole.test(da_ttl)) return null;
  const [timestamp, ttl] = [Number(da_timestamp), Number(da_ttl)];
  const text = signedText(placeOf(workspaceId, ownUuid), parameters({ id: da_id, timestamp, ttl }));
  // 0, as in the vendor's example: it does not expire.
  const expiresAtMs = ttl === 0 ? null : (timestamp + ttl) * 1_000;
  return { recording: { workspaceId, broadcastId, text, signature: da_signature, expiresAtMs } };
}
