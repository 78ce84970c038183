import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Rendered, RenderInput } from '../contract/message.ts';
import { broadcastUuid, imageUuid } from './ids.ts';
import { broadcastPayload, imagePayload, type Presented } from './payload.ts';

/** `{action, collection, payload, eventId}` in this order, serialised once. */
export function render({ change, notification, messageId, links }: RenderInput): Rendered {
  const [collection = '', action = ''] = notification.event.split('.');
  const { subject, workspaceId, acceptedAtMs } = change;
  const presented: Presented = {
    id: subject.id,
    externalId: subject.externalId,
    workspaceId,
    state: change.after ?? change.before ?? {},
    links: links.at?.(acceptedAtMs) ?? links,
    atMs: acceptedAtMs,
  };
  const body = { action, collection, payload: payloadOf(collection, action, presented), eventId: messageId };
  return { body: Buffer.from(JSON.stringify(body)), contentType: 'application/json', headers: [] };
}

function payloadOf(collection: string, action: string, presented: Presented): JsonObject {
  const { id, externalId, state } = presented;
  if (collection === 'image') return action === 'remove' ? { id: imageUuid(id, state) } : imagePayload(presented);
  if (action === 'remove') return { id: broadcastUuid(id, externalId) };
  if (action === 'extract') return { id: broadcastUuid(id, externalId), status: statusOf(state) };
  return broadcastPayload(presented);
}

function statusOf(state: JsonObject): string {
  const status = ownValue(state, 'status');
  return typeof status === 'string' ? status : 'error';
}
