import { changeKinds } from '../../core/change.ts';
import { changeWords } from '../../core/change-words.ts';
import { eventsOf } from '../../core/event-table.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody } from '../event-examples.ts';
import { events } from './events.ts';
import { policy } from './policy.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';
import { signingSecretName } from './sign.ts';

const exampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/l/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/l/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/standard${path}`,
};

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

const webhook = exampleWebhook({ dialect: 'standard' });

const dayMs = 86_400_000;

export const manifest: Manifest = {
  id: 'standard',
  title: 'Standard Webhooks',
  summary: 'The neutral form: {type, timestamp, data}, signed by HMAC or ed25519 as standardwebhooks.com says',
  sources: [
    {
      url: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
      readOn: '2026-11-22',
    },
  ],
  events: describeEvents(),
  transports: ['http'],
  configuration: {
    schema: { type: 'object', additionalProperties: false, properties: {} },
    secretFields: [],
    generated: [{ name: signingSecretName, format: 'whsec', accepts: ['whsec', 'whsk'], overlapMs: dayMs }],
  },
  capabilities: {
    targetEditable: true,
    singleEvent: false,
    handshake: false,
    plainHttp: false,
    customHeaders: true,
    credentials: ['none', 'basic', 'bearer', 'oauth2'],
  },
  limits: {
    webhooksMax: limits.webhooksPerWorkspaceMax,
    customHeadersMax: limits.customHeadersMax,
    // State and former values of a change that is itself limited, and the frame around them.
    payloadBytesMax: 2 * limits.changeBytesMax + 16 * 1024,
  },
  policy,
  signing: {
    summary:
      'v1: HMAC-SHA256 with a whsec_ secret; v1a: ed25519 with a whsk_ secret; over webhook-id.webhook-timestamp.body',
    headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    required: true,
  },
  reservedHeaders: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
};
