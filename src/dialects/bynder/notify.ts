import type { Change } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import { isToldWhenReady } from '../../core/version-owed.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { NotifyContext } from '../dialect.ts';
import { events, isMetadata } from './events.ts';
import { wantsNotice } from './pre-archive.ts';
import { signingKeyName } from './sign.ts';

const nothing: readonly Notification[] = [];

/** One message per event of the change. Its id, time and signing key are fixed here: they are the same on every attempt. */
export function notify(change: Change, webhook: Webhook, context: NotifyContext): readonly Notification[] {
  const found = eventsOf(events, change.kind);
  if (found.length === 0) return nothing;
  if (change.kind === 'asset.pre_archive' && !wantsNotice(change, webhook.settings)) return nothing;
  if (change.kind === 'asset.info_changed' && !isMetadata(change.changed)) return nothing;
  if (isToldWhenReady(change)) return nothing;
  const key = context.signingKeyId?.(signingKeyName);
  return found.map((event) => ({
    event,
    messageId: randomUuid(context.draw(16)),
    frozen: { atMs: context.nowMs, ...(key === undefined ? {} : { key }) },
  }));
}

/** RFC 9562, version 4. */
function randomUuid(bytes: Uint8Array): string {
  const drawn = Buffer.from(bytes);
  drawn[6] = ((drawn[6] ?? 0) & 0x0f) | 0x40;
  drawn[8] = ((drawn[8] ?? 0) & 0x3f) | 0x80;
  const hex = drawn.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
