import { changeKinds } from '../../core/change.ts';
import { changeWords } from '../../core/change-words.ts';
import { eventsOf } from '../../core/event-table.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody } from '../event-examples.ts';
import { events, validationEvent } from './events.ts';
import { handshakeTimes, policy } from './policy.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';
import { configuration } from './settings.ts';

const exampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/l/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/l/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/cloudevents${path}`,
};
const webhook = exampleWebhook({ dialect: 'cloudevents' });

/** Each event once, in the order of the change kinds it comes from. */
function describeEvents(): readonly EventDescription[] {
  return changeKinds.flatMap((kind) =>
    eventsOf(events, kind).map((name) =>
      describeEvent(
        { name, summary: changeWords[kind], fires: changeWords[kind], changeKinds: [kind] },
        {
          schema: () => bodySchema(name, sampleChange(kind).subject.type),
          example: () => exampleBody({ render, webhook, links: exampleLinks }, { notification: { event: name }, kind }),
        },
      ),
    ),
  );
}

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'cloudevents',
  title: 'CloudEvents',
  summary: 'The neutral form of the CNCF: CloudEvents 1.0 over HTTP, after the endpoint has consented',
  sources: [
    { url: 'https://github.com/cloudevents/spec/blob/main/cloudevents/spec.md', readOn },
    { url: 'https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md', readOn },
    { url: 'https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md', readOn },
  ],
  events: describeEvents(),
  transports: ['http'],
  configuration,
  capabilities: {
    targetEditable: true,
    singleEvent: false,
    handshake: true,
    // "Delivery requests MUST use TLS."
    plainHttp: false,
    customHeaders: true,
    credentials: ['none', 'basic', 'bearer'],
    tokenInQuery: true,
  },
  limits: {
    webhooksMax: limits.webhooksPerWorkspaceMax,
    customHeadersMax: limits.customHeadersMax,
    payloadBytesMax: 2 * limits.changeBytesMax + 16 * 1024,
  },
  policy,
  handshake: { event: validationEvent, ...handshakeTimes },
  signing: {
    summary: 'None: an endpoint consents before anything is sent, and knows us by a bearer token',
    headers: [],
  },
  reservedHeaders: ['webhook-request-origin', 'webhook-request-callback', 'webhook-request-rate'],
};
