import { encodeId, parseId } from '../../core/id-encoding.ts';
import type { Change } from '../../core/change.ts';
import type { JsonObject } from '../../core/json.ts';
import { aliasIn } from '../asset-fields.ts';
import type { Rendered, RenderInput } from '../contract/message.ts';
import { organizationKeyOf, resourceKeyOf } from './settings.ts';

const encoder = new TextEncoder();

/**
 * The skinny payload, exactly: a receiver that maps it onto a record of its own refuses a property more. What else there is
 * to say (delivery, attempt) stands in headers.
 */
export function render({ change, webhook, notification }: RenderInput): Rendered {
  const body = JSON.stringify({
    data: {
      attributes: {
        key: assetKey(change),
        event_time: eventTime(change.occurredAtMs, notification.event),
        event_type: notification.event,
        brandfolder_key: resourceKeyOf(webhook.settings),
        organization_key: organizationKeyOf(webhook.settings, change.workspaceId),
      },
      webhook_id: webhookKey(webhook.id),
    },
  });
  return { body: encoder.encode(body), contentType: 'application/json', headers: [] };
}

/** Subscriptions have UUIDs there. */
export function webhookKey(id: string): string {
  return parseId('webhook', id) === null ? id : encodeId(id, 'uuid');
}

/** The key that a receiver finds the asset by: its id of a former Brandfolder, else ours in 22 characters. */
export function assetKeyOf(id: string, state: JsonObject | null): string {
  return aliasIn(state, 'brandfolder') ?? (parseId('asset', id) === null ? id : encodeId(id, 'base64url'));
}

function assetKey({ subject, before, after }: Change): string {
  return assetKeyOf(subject.id, after ?? before);
}

/** Our clock has milliseconds. What begins an asset comes before its edits of the same millisecond, what ends it after them. */
const withinMs: { readonly [event: string]: string } = {
  'asset.create': '000',
  'asset.update': '001',
  'asset.delete': '002',
};

/** `2024-11-14 17:18:45.123000`: six decimals, no zone, UTC. */
export function eventTime(atMs: number, event: string): string {
  const iso = new Date(atMs).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${withinMs[event] ?? '000'}`;
}
