import type { ChangeKind } from '../../core/change.ts';
import { exampleWebhook } from '../../core/example-webhook.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { EventDescription, Handshake, Manifest, ProtocolDescription } from '../contract/manifest.ts';
import type { Links } from '../contract/message.ts';
import { describeEvent, exampleBody, kindsBecoming } from '../event-examples.ts';
import { eventRows, events } from './events.ts';
import { configurationsMax } from './manage-errors.ts';
import { properties } from './modules.ts';
import { handshakeTimes, policy } from './policy.ts';
import { confirmationEvent, render, unsubscribedEvent } from './render.ts';
import { controlSchema, envelopeSchema } from './schemas.ts';
import { configuration } from './settings.ts';
import { signingKeyName } from './sign.ts';
import { certificatePath } from './sns-links.ts';
import { transportPolicies } from './transport-policies.ts';

const exampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/content/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/content/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/bynder${path}`,
};
const webhook = exampleWebhook({ dialect: 'bynder', name: 'Product pages' });

/** What is most often meant by an event stands first: examples and test sends are made of it. */
const usual: ReadonlySet<ChangeKind> = new Set(['asset.ready', 'asset.version_ready', 'asset.metadata_changed']);

/** With noughts for a signature: nobody's key made it. */
function exampleOf(event: string, kind: ChangeKind, beside: JsonObject = {}): JsonObject {
  const frozen = { atMs: sampleChange(kind).acceptedAtMs, key: 'sgk_01kan4c4q0edkxrmnr6dgk2vfx', ...beside };
  const example = { notification: { event, frozen }, kind, messageId: '0b2c8f1e-6a55-4c1f-9a35-3f1f5a0b7c11' };
  return exampleBody({ render, webhook, links: exampleLinks }, example);
}

function describeEvents(): readonly EventDescription[] {
  return eventRows.map(({ name, fires }) => {
    const kinds = kindsBecoming(events, name, usual);
    return describeEvent(
      { name, summary: fires, fires, changeKinds: kinds },
      { schema: () => envelopeSchema(name), example: () => exampleOf(name, kinds[0] ?? 'asset.ready') },
    );
  });
}

function controlMessages(): NonNullable<Handshake['messages']> {
  const described = [
    [
      confirmationEvent,
      'Asks the endpoint; nothing else is sent before it visits SubscribeURL',
      'A configuration is made',
    ],
    [
      unsubscribedEvent,
      'Tells that the subscription ended; SubscribeURL restores it',
      'The endpoint ends the subscription',
    ],
  ] as const;
  return described.map(([name, summary, fires]) => ({
    name,
    summary,
    fires,
    schema: controlSchema(name),
    example: exampleOf(name, 'webhook.confirmation_requested', { token: 'ab'.repeat(112) }),
  }));
}

/** In the order of the vendor's page. */
const protocols: readonly ProtocolDescription[] = [
  {
    name: 'email',
    title: 'Email',
    transport: 'email',
    endpoint: {
      title: 'E-mail address',
      description: 'Gets mails that people can read, once it has confirmed',
      example: 'dam-team@example.com',
    },
    settings: { emailFormat: 'text' },
  },
  {
    name: 'email-json',
    title: 'Email-JSON',
    transport: 'email',
    endpoint: {
      title: 'E-mail address',
      description: 'Gets mails that hold the SNS message in JSON, once it has confirmed',
      example: 'dam-robot@example.com',
    },
    settings: { emailFormat: 'json' },
  },
  {
    name: 'http',
    title: 'HTTP',
    transport: 'http',
    endpoint: {
      title: 'URL',
      description: 'Gets a POST for each message, once it has visited the SubscribeURL of the first one',
      example: 'http://receiver.example/bynder',
    },
  },
  {
    name: 'https',
    title: 'HTTPS',
    transport: 'http',
    endpoint: {
      title: 'URL',
      description: 'As HTTP, encrypted; https://user:password@… proves us by Basic authentication',
      example: 'https://receiver.example/bynder',
    },
  },
  {
    name: 'sqs',
    title: 'Amazon SQS',
    transport: 'sqs',
    endpoint: {
      title: 'Queue ARN',
      description: 'A standard queue whose policy lets us send to it; FIFO queues are not supported',
      example: 'arn:aws:sqs:eu-central-1:123456789012:bynder',
    },
  },
];

const readOn = '2026-11-22';

export const manifest: Manifest = {
  id: 'bynder',
  title: 'Bynder',
  summary: 'What Bynder sends by way of Amazon SNS: a signed SNS envelope whose Message holds {media_id, media}',
  sources: [
    { url: 'https://support.bynder.com/hc/en-us/articles/360013875360-Configure-Webhook-Notifications', readOn },
    { url: 'https://api.bynder.com/reference/getwebhookconfigurations', readOn },
    { url: 'https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html', readOn },
    { url: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html', readOn },
    { url: 'https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html', readOn },
    { url: 'https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html', readOn },
  ],
  events: describeEvents(),
  transports: ['http', 'email', 'sqs'],
  protocols,
  configuration,
  // As the page "Configure Webhook Notifications" asks, in its order.
  form: [
    { part: 'name', title: 'Name', hint: 'Of the configuration' },
    {
      part: 'target',
      title: 'Endpoint',
      hint: 'It cannot be edited afterwards: another endpoint is another configuration',
    },
    { part: 'events', title: 'Events', hint: 'The endpoint is told of these once it has confirmed.' },
    { part: 'settings', title: 'Days before archiving', fields: ['preArchivedNotificationDays'] },
  ],
  capabilities: {
    // "You cannot edit the endpoints": another endpoint is another configuration.
    targetEditable: false,
    singleEvent: false,
    handshake: true,
    plainHttp: true,
    customHeaders: false,
    credentials: ['none', 'basic', 'aws'],
    credentialsInUrl: true,
  },
  limits: {
    // "You can create up to 10 webhook configurations as a default setting."
    webhooksMax: 10,
    webhooksMaxProperty: configurationsMax,
    customHeadersMax: 0,
    // SNS takes 256 KiB, of which an envelope in UTF-8 needs some.
    payloadBytesMax: 2 * limits.changeBytesMax + 16 * 1024,
  },
  policy,
  policyByTransport: transportPolicies,
  properties: [
    {
      type: 'integer',
      name: configurationsMax,
      title: 'Webhook configurations',
      description: 'How many there may be; the vendor raises it case by case',
      min: 1,
      max: limits.webhooksPerWorkspaceMax,
      default: 10,
    },
    ...properties,
  ],
  handshake: {
    event: confirmationEvent,
    ...handshakeTimes,
    lasting: true,
    farewell: { event: unsubscribedEvent, transports: ['http', 'email'] },
    // As long as SNS's own.
    token: { bytes: 112, encoding: 'hex' },
    messages: controlMessages(),
  },
  signing: {
    summary:
      'Inside the body: RSA over the fields of the message (SHA-1 in SignatureVersion 1, SHA-256 in 2), with the certificate at SigningCertURL',
    headers: [],
  },
  signingKeys: [
    { name: signingKeyName, algorithm: 'rsa-2048', certificate: true, certificatePath: certificatePath('{key}') },
  ],
  reservedHeaders: [],
};
