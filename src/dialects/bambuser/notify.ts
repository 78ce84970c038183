import type { Change } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { NotifyContext } from '../dialect.ts';
import type { Webhook } from '../../core/webhook.ts';
import { events } from './events.ts';

/** 64 bits, as long as the vendor's; from a CSPRNG, because whoever knows one may read the event. */
const eventIdBytes = 8;

/** One notification at most; of assets, for pictures only. */
export function notify(change: Change, _webhook: Webhook, { draw }: NotifyContext): readonly Notification[] {
  if (change.subject.type === 'asset' && !isImage(change)) return [];
  return eventsOf(events, change.kind).map((event) => ({
    event,
    messageId: Buffer.from(draw(eventIdBytes)).toString('hex'),
  }));
}

function isImage({ before, after }: Change): boolean {
  return ownValue(after ?? before ?? {}, 'kind') === 'image';
}
