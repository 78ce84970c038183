import type { ChangeKind } from '../../core/change.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody, kindsBecoming } from '../event-examples.ts';
import { events, triggers } from './events.ts';
import { projectionFields } from './fields.ts';
import { policy } from './policy.ts';
import { properties, webhooksMax, webhooksMaxName } from './properties.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';
import { configuration } from './settings.ts';

const exampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/content/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/content/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/scaleflex${path}`,
};

const webhook = exampleWebhook({ name: 'Shop', dialect: 'scaleflex' });

const making = { render, webhook, links: exampleLinks };

/** What is most often meant by a trigger stands first: examples and test sends are made of it. */
const usual: ReadonlySet<ChangeKind> = new Set(['asset.ready', 'asset.info_changed']);

function describeEvents(): readonly EventDescription[] {
  return triggers.map((row) => {
    const kinds = kindsBecoming(events, row.name, usual);
    return describeEvent(
      {
        name: row.name,
        summary: `${row.title}: ${row.fires.charAt(0).toLowerCase()}${row.fires.slice(1)}`,
        fires: row.fires,
        changeKinds: kinds,
      },
      {
        schema: () => bodySchema(row),
        example: () => exampleBody(making, { notification: { event: row.name }, kind: kinds[0] ?? 'asset.ready' }),
      },
    );
  });
}

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'scaleflex',
  title: 'Scaleflex DAM',
  summary: 'What Scaleflex DAM (Filerobot) sends: {event, file}, the file with the details that were chosen',
  sources: [
    { url: 'https://docs.scaleflex.com/', readOn },
    { url: 'https://docs.filerobot.com/go/filerobot-documentation/en/dam-api/file-api/get-file-details', readOn },
    { url: 'https://github.com/scaleflex/asset-picker', readOn },
  ],
  events: describeEvents(),
  transports: ['http'],
  configuration,
  // The fields of "Webhooks" below Settings, in its order.
  form: [
    { part: 'name', title: 'Name' },
    { part: 'target', title: 'Webhook URL', split: ['Hostname', 'Path'] },
    { part: 'credentials', title: 'Authentication' },
    { part: 'headers', title: 'Additional headers' },
    { part: 'events', title: 'Triggers' },
    { part: 'settings', title: 'Conditions', fields: ['changeMeta'] },
    { part: 'settings', title: 'Asset details to send', fields: ['fields'] },
  ],
  capabilities: {
    targetEditable: true,
    singleEvent: false,
    handshake: false,
    plainHttp: false,
    customHeaders: true,
    credentials: ['none', 'basic', 'oauth2', 'bearer'],
  },
  limits: {
    webhooksMax,
    webhooksMaxProperty: webhooksMaxName,
    customHeadersMax: 10,
    // Every asset that may exist fits: its state is limited, and some of it is said twice.
    payloadBytesMax: 2 * limits.changeBytesMax + 16 * 1024,
  },
  policy,
  properties,
  signing: {
    summary: 'Not signed: a receiver knows its caller by Basic authentication, a bearer token or a header',
    headers: [],
  },
  reservedHeaders: [],
  projectionFields,
};
