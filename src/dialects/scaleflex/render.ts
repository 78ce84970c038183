import type { Rendered, RenderInput } from '../contract/message.ts';
import { fileObject } from './file-object.ts';
import { wishesOf } from './settings.ts';

const contentType = 'application/json';
const noHeaders: Rendered['headers'] = [];

/** `{event, file}`: the trigger, and the asset as it is after the change; of a deleted one, as it was. */
export function render({ change, webhook, notification, links }: RenderInput): Rendered {
  const { after, before } = change;
  const subject = { assetId: change.subject.id, state: after ?? before ?? {}, links: after === null ? null : links };
  const body = { event: notification.event, file: fileObject(subject, wishesOf(webhook).selection) };
  return { body: Buffer.from(JSON.stringify(body)), contentType, headers: noHeaders };
}
