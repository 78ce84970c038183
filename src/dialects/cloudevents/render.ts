import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Rendered, RenderInput } from '../contract/message.ts';
import { isoTime, neutralData } from '../neutral-data.ts';
import { validationEvent } from './events.ts';
import { isBinary, sourceOf } from './settings.ts';

const structuredType = 'application/cloudevents+json; charset=utf-8';
const dataType = 'application/json';
const specversion = '1.0';

/**
 * An event in the JSON format (structured), or its attributes as headers and the data alone (binary). `id` is that of the
 * message and the same on every attempt; with `source` it names the event for ever (CloudEvents 1.0, 3.1).
 */
export function render(input: RenderInput): Rendered {
  const { change, webhook, notification, messageId, links } = input;
  if (notification.event === validationEvent) return question(input);
  const attributes = {
    specversion,
    id: messageId,
    source: sourceOf(webhook) ?? links.dialect(`/workspaces/${webhook.workspaceId}`),
    type: notification.event,
    subject: `${change.subject.type}/${change.subject.id}`,
    time: isoTime(change),
    datacontenttype: dataType,
    dataschema: links.dialect(`/schemas/${notification.event}`),
  };
  const data = neutralData(change, webhook, links);
  const origin = originOf(links.dialect('/'));
  if (isBinary(webhook)) {
    const { datacontenttype: _, ...headers } = attributes;
    return {
      body: Buffer.from(JSON.stringify(data)),
      contentType: dataType,
      headers: [
        ...Object.entries(headers).map(([name, value]) => [`ce-${name}`, headerText(value)] as const),
        ...origin,
      ],
    };
  }
  return { body: Buffer.from(JSON.stringify({ ...attributes, data })), contentType: structuredType, headers: origin };
}

/** HTTP protocol binding, 3.1.3.2: what is not printable ASCII, quotes and percent signs are percent-encoded. */
function headerText(value: string): string {
  return value.replaceAll(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** "WebHook-Request-Origin": the DNS name of the sender, in the question and in every delivery. */
function originOf(publicUrl: string): Rendered['headers'] {
  return URL.canParse(publicUrl) ? [['WebHook-Request-Origin', new URL(publicUrl).hostname]] : [];
}

/** The validation request of the webhook specification, section 4.1: it says who asks, and how to consent later. */
function question({ webhook, notification, links }: RenderInput): Rendered {
  const frozen: JsonObject = isObject(notification.frozen) ? notification.frozen : {};
  const token = ownValue(frozen, 'token');
  const known = typeof token === 'string' ? token : '';
  const callback = links.dialect(`/consent/${known}`);
  const rate = webhook.policy.requestsPerSecondMax ?? null;
  return {
    method: 'OPTIONS',
    // Who reads it in the log could consent in the endpoint's place.
    hidden: known === '' ? [] : [known],
    body: new Uint8Array(),
    contentType: dataType,
    headers: [
      ...originOf(links.dialect('/')),
      // It "MUST use https": without it the consent can only come with the answer.
      ...(callback.startsWith('https:') ? [['WebHook-Request-Callback', callback] as const] : []),
      ...(rate === null ? [] : [['WebHook-Request-Rate', String(Math.max(1, Math.floor(rate * 60)))] as const]),
    ],
  };
}
