import type { ChangeKind } from '../../core/change.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody, kindsBecoming } from '../event-examples.ts';
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

const making = { render, webhook, links: exampleLinks };

/** What is most often meant by an event stands first: examples and test sends are made of it. */
const usual: ReadonlySet<ChangeKind> = new Set(['asset.metadata_changed', 'asset.version_activated']);

function describeEvents(): readonly EventDescription[] {
  return eventRows.map((row) => {
    const kinds = kindsBecoming(events, row.name, usual);
    return describeEvent(
      { name: row.name, summary: row.fires, fires: row.fires, changeKinds: kinds },
      {
        schema: () => bodySchema(row),
        example: () => exampleBody(making, { notification: { event: row.name }, kind: kinds[0] ?? 'asset.ready' }),
      },
    );
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
  // The form of the Management Console, in its order.
  form: [
    { part: 'name', title: 'Name' },
    { part: 'target', title: 'URL', hint: 'Gets a POST with the payload of each event' },
    { part: 'events', title: 'Events' },
    {
      part: 'settings',
      title: 'Metadata to return',
      fields: ['metadataToReturn', 'changedMetadataToReturn', 'triggerMetadataFields', 'foldersAndQuery'],
    },
    { part: 'secret', title: 'Secret token' },
  ],
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
  reservedHeaders: [signatureHeader.toLowerCase()],
};
