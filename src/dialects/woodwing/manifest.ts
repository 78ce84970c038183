import { type ChangeKind, changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { EventDescription, Links, Manifest } from '../dialect.ts';
import { eventRows, events } from './events.ts';
import { policy } from './policy.ts';
import { properties } from './properties.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';
import { configuration } from './settings.ts';
import { signatureHeader } from './verify.ts';

const exampleLinks: Links = { content: () => '', rendition: () => '', dialect: () => '' };

const webhook = exampleWebhook({
  name: 'Image recognition',
  dialect: 'woodwing',
  target: { transport: 'http', url: 'https://receiver.example/' },
  settings: { metadataToReturn: ['filename', 'status'] },
});

/** What is most often meant by an event stands first: examples and test sends are made of it. */
const usual: ReadonlySet<ChangeKind> = new Set(['asset.metadata_changed', 'asset.version_activated']);

function kindsOf(event: string): readonly ChangeKind[] {
  const kinds = changeKinds.filter((kind) => eventsOf(events, kind).includes(event));
  return [...kinds.filter((kind) => usual.has(kind)), ...kinds.filter((kind) => !usual.has(kind))];
}

function exampleOf(event: string, kind: ChangeKind): JsonObject {
  const change = sampleChange(kind);
  const { body } = render({
    change,
    webhook,
    notification: { event },
    messageId: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    createdAtMs: change.acceptedAtMs,
    links: exampleLinks,
  });
  return JSON.parse(new TextDecoder().decode(body instanceof Uint8Array ? body : new Uint8Array())) as JsonObject;
}

function describeEvents(): readonly EventDescription[] {
  return eventRows.map((row) => {
    const kinds = kindsOf(row.name);
    return {
      name: row.name,
      summary: row.fires,
      fires: row.fires,
      changeKinds: kinds,
      schema: bodySchema(row),
      example: exampleOf(row.name, kinds[0] ?? 'asset.ready'),
    };
  });
}

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'woodwing',
  title: 'WoodWing Assets',
  summary: 'What Assets Server (formerly Elvis) sends: {timestamp, type, assetId, metadata, changedMetadata}',
  sources: [
    {
      url: 'https://helpcenter.woodwing.com/hc/en-us/articles/360041901972-Working-with-Webhooks-in-Assets-Server',
      readOn,
    },
    {
      url: 'https://helpcenter.woodwing.com/hc/en-us/articles/360042320351-Overview-of-a-Webhook-and-its-payloads-and-events-in-Assets-Server',
      readOn,
    },
    {
      url: 'https://helpcenter.woodwing.com/hc/en-us/articles/360042320331-Assets-Server-API-Managing-Webhooks',
      readOn,
    },
    { url: 'https://github.com/WoodWing/elvis-simple-webhooks-sample', readOn },
  ],
  events: describeEvents(),
  transports: ['http'],
  configuration,
  capabilities: {
    targetEditable: true,
    singleEvent: false,
    // The vendor's list of event types "may be empty, but not null".
    noEvents: true,
    handshake: false,
    // The vendor's own example is http://localhost:8081/.
    plainHttp: true,
    customHeaders: true,
    credentials: ['none', 'basic', 'bearer'],
  },
  limits: {
    webhooksMax: limits.webhooksPerWorkspaceMax,
    customHeadersMax: 10,
    // Former and present values of a change that is itself limited, and the frame around them.
    payloadBytesMax: 2 * limits.changeBytesMax + 16 * 1024,
  },
  policy,
  properties,
  signing: {
    summary: 'HMAC-SHA256 over the body with the characters of the secret token as the key, in lower-case hex',
    headers: [signatureHeader],
    required: true,
  },
  reservedHeaders: [signatureHeader],
};
