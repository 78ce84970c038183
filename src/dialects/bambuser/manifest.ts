import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody, kindsBecoming } from '../event-examples.ts';
import { eventRows, events } from './events.ts';
import { policy } from './policy.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';

const exampleLinks: Links = {
  content: (assetId) => `https://assetwire.example/content/${assetId}`,
  rendition: (assetId, title) => `https://assetwire.example/content/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/bambuser${path}`,
  signature: () => 'eaf4c9cb29c58b910dcbad17cf7d8a3afa4e6a963624ba4c4fd0bb5bade1cdd6',
  lifetimeMs: 30 * 24 * 3_600_000,
};
const webhook = exampleWebhook({ dialect: 'bambuser' });

function describeEvents(): readonly EventDescription[] {
  return eventRows.map((row) => {
    const kinds = kindsBecoming(events, row.name);
    const example = { notification: { event: row.name }, kind: kinds[0] ?? 'broadcast.started' } as const;
    return describeEvent(
      { name: row.name, summary: row.fires, fires: row.fires, changeKinds: kinds },
      {
        schema: () => bodySchema(row),
        example: () =>
          exampleBody({ render, webhook, links: exampleLinks }, { ...example, messageId: '93df93061a891c23' }),
      },
    );
  });
}

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'bambuser',
  title: 'Bambuser',
  summary: 'Broadcasts and images as the Bambuser video platform told them: {action, collection, payload, eventId}',
  sources: [
    { url: 'https://bambuser.com/docs/integrations/webhooks/', readOn },
    { url: 'https://bambuser.com/docs/key-concepts/resource-uri/', readOn },
    { url: 'https://bambuser.com/docs/api/', readOn },
    { url: 'https://github.com/bambuser/bambuser-api-node', readOn },
  ],
  events: describeEvents(),
  transports: ['http'],
  configuration: {
    schema: { type: 'object', additionalProperties: false, properties: {} },
    secretFields: [],
    generated: [],
  },
  // The page "Developer" has webhooks for each environment.
  form: [
    {
      part: 'environment',
      title: 'Environment',
      hint: 'Sandbox and Production are workspaces: each has webhooks of its own. Choose another one at the top of the menu.',
    },
    {
      part: 'target',
      title: 'Endpoint',
      hint: 'Must answer 200. Once the webhook is made, Test sends one notification and shows the status that came back.',
    },
    { part: 'name', title: 'Name' },
    { part: 'events', title: 'Notifications' },
  ],
  capabilities: {
    targetEditable: true,
    singleEvent: false,
    handshake: false,
    // "An endpoint which accepts POST requests on your server": the vendor does not ask for https.
    plainHttp: true,
    customHeaders: true,
    credentials: ['none', 'basic', 'bearer'],
  },
  limits: {
    webhooksMax: limits.webhooksPerWorkspaceMax,
    customHeadersMax: 10,
    payloadBytesMax: limits.changeBytesMax + 16 * 1024,
  },
  policy,
  signing: {
    summary:
      'None. Whoever doubts a notification asks for it: GET /bambuser/events/{eventId} answers the same document',
    headers: [],
  },
  reservedHeaders: [],
};
