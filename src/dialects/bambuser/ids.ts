/** The vendor's ids: UUIDs. One that came with a broadcast or image from its former life stands in for ours. */
import { createHash } from 'node:crypto';
import { decodeId, encodeId } from '../../core/id-encoding.ts';
import type { JsonObject } from '../../core/json.ts';
import { aliasIn } from '../asset-fields.ts';

/** In either letter case: an id of a former life stays as receivers have stored it. */
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

/** A broadcast's: the id by which another system knows it where that is a UUID, else ours. */
export function broadcastUuid(id: string, externalId: string | undefined): string {
  return externalId !== undefined && isUuid(externalId) ? externalId : encodeId(id, 'uuid');
}

/** An image's: its alias in this dialect, else ours. */
export function imageUuid(id: string, state: JsonObject): string {
  return aliasIn(state, 'bambuser') ?? encodeId(id, 'uuid');
}

/** Our id of this kind that a UUID spells; null where it spells none. */
export function ownId(kind: 'asset' | 'broadcast', uuid: string): string | null {
  return decodeId(kind, 'uuid', uuid);
}

/** The ingest channel of what names none: one per workspace, always the same. */
export function workspaceChannel(workspaceId: string): string {
  const bytes = createHash('sha256').update(`assetwire ingest channel\0${workspaceId}`).digest().subarray(0, 16);
  // Version 8 of RFC 9562: made by a rule of its own.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
