import type { Rendered, RenderInput } from '../contract/message.ts';
import { isoTime, neutralData } from '../neutral-data.ts';

const contentType = 'application/json';
const noHeaders: Rendered['headers'] = [];

/** `{type, timestamp, data}` as Standard Webhooks recommends; what is in `data` is our own design (README.md). Serialised once. */
export function render({ change, webhook, notification, links }: RenderInput): Rendered {
  const body = {
    type: notification.event,
    timestamp: isoTime(change),
    data: neutralData(change, webhook, links),
  };
  return { body: Buffer.from(JSON.stringify(body)), contentType, headers: noHeaders };
}
