import type { ChangeKind } from '../../core/change.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import { limits } from '../../core/limits.ts';
import type { EventDescription, Manifest } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody, kindsBecoming } from '../event-examples.ts';
import { type EventName, eventNames, events, fires } from './events.ts';
import { policy } from './policy.ts';
import { properties } from './properties.ts';
import { render } from './render.ts';
import { bodySchema } from './schemas.ts';
import { configuration, organizationKeyName, resourceKeyName, resourceTypeName } from './settings.ts';

const exampleLinks: Links = { content: () => '', rendition: () => '', dialect: () => '' };

const webhook = exampleWebhook({
  name: 'Drupal',
  dialect: 'brandfolder',
  target: { transport: 'http', url: 'https://your_company.com/your_callback_url' },
  settings: { [resourceKeyName]: 'oqgiju-21olts-ce9egi', [organizationKeyName]: 'oqgkkd-fr5iv4-cocc75' },
});

const making = { render, webhook, links: exampleLinks };

/** What is most often meant by an event stands first: examples and test sends are made of it. */
const usual: ReadonlySet<ChangeKind> = new Set(['asset.created', 'asset.metadata_changed', 'asset.deleted']);

function describe(event: EventName): EventDescription {
  const kinds = kindsBecoming(events, event, usual);
  return describeEvent(
    { name: event, summary: fires[event], fires: fires[event], changeKinds: kinds },
    {
      schema: () => bodySchema(event),
      example: () => exampleBody(making, { notification: { event }, kind: kinds[0] ?? 'asset.created' }),
    },
  );
}

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'brandfolder',
  title: 'Brandfolder',
  summary: 'Skinny notifications of assets in one Brandfolder: which asset, what happened, when',
  sources: [
    { url: 'https://developers.brandfolder.com/docs/#webhooks', readOn },
    { url: 'https://developers.smartsheet.com/api/brandfolder/openapi', readOn },
    { url: 'https://github.com/orientier/drupal-brandfolder', readOn },
    { url: 'https://github.com/pratikagrawal01/springboot-gcp', readOn },
  ],
  events: eventNames.map(describe),
  transports: ['http'],
  configuration,
  library: { setting: resourceKeyName, organizationSetting: organizationKeyName },
  // As a subscription is made: what is subscribed to, the event, the callback.
  form: [
    { part: 'settings', title: 'Resource', fields: [resourceKeyName, resourceTypeName, organizationKeyName] },
    { part: 'events', title: 'Event type' },
    { part: 'target', title: 'Callback URL', hint: 'https, and reachable from the public internet' },
    { part: 'name', title: 'Name' },
  ],
  capabilities: {
    // There is no update there: another target is another subscription.
    targetEditable: false,
    singleEvent: true,
    handshake: false,
    // "An HTTPS URL", "a public domain".
    plainHttp: false,
    // Beyond the vendor, who has neither: nothing else tells a receiver who sent it.
    customHeaders: true,
    credentials: ['none', 'basic', 'bearer'],
  },
  limits: {
    webhooksMax: limits.webhooksPerWorkspaceMax,
    customHeadersMax: 10,
    payloadBytesMax: 4 * 1024,
  },
  policy,
  properties,
  signing: { summary: 'Not signed: the vendor has neither a secret nor a signature', headers: [] },
  reservedHeaders: [],
};
