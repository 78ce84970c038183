/** What a configuration may hold beside name, protocol, endpoint and events. The names are SNS's where SNS has the thing. */
import type { Problem } from '../../core/errors.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { ConfigurationSchema } from '../contract/manifest.ts';
import { deliveryPolicyProblems, deliveryPolicySchema } from './delivery-policy.ts';
import { preArchivedNotificationDaysSchema } from './pre-archive.ts';
import type { SignatureVersion } from './sns-message.ts';
import { regionDefault, topicArnForm } from './topic.ts';

/** What SNS sends over HTTP where nothing else is said; JSON bodies too. */
export const contentTypeDefault = 'text/plain; charset=UTF-8';

/** Drawn as a form, checked by the app, documented from here. Every field is optional. */
export const configuration: ConfigurationSchema = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      preArchivedNotificationDays: preArchivedNotificationDaysSchema,
      signatureVersion: {
        type: 'string',
        title: 'Signature version',
        description:
          '1: RSA with SHA-1, which every receiver knows; 2: RSA with SHA-256, to be chosen where the receiver knows it',
        enum: ['1', '2'],
        default: '1',
      },
      emailFormat: {
        type: 'string',
        title: 'Form of e-mails',
        description: 'text: to be read by people (protocol Email); json: the SNS message itself (protocol Email-JSON)',
        enum: ['text', 'json'],
        default: 'text',
      },
      rawMessageDelivery: {
        type: 'boolean',
        title: 'Raw message delivery',
        description:
          'The Message alone, without the SNS envelope and without a signature, over HTTP, HTTPS and Amazon SQS',
        default: false,
      },
      topicArn: {
        type: 'string',
        title: 'Topic ARN',
        description: `TopicArn of the messages, for receivers that compare it with the one they know; absent: one in ${regionDefault} that is the configuration's own`,
        maxLength: 400,
        pattern: topicArnForm,
      },
      deliveryPolicy: deliveryPolicySchema,
    },
  },
  secretFields: [],
  generated: [],
};

/** What the schema cannot say. `at` lies below the settings. */
export function checkSettings(settings: JsonObject): readonly Problem[] {
  const policy = ownValue(settings, 'deliveryPolicy');
  return isObject(policy)
    ? deliveryPolicyProblems(policy).map((problem) => ({ ...problem, at: `/deliveryPolicy${problem.at}` }))
    : [];
}

export function signatureVersionOf({ settings }: Pick<Webhook, 'settings'>): SignatureVersion {
  return ownValue(settings, 'signatureVersion') === '2' ? '2' : '1';
}

export function isRaw({ settings, target }: Pick<Webhook, 'settings' | 'target'>): boolean {
  return target.transport !== 'email' && ownValue(settings, 'rawMessageDelivery') === true;
}

/** `requestPolicy.headerContentType` of the delivery policy. */
export function contentTypeOf({ settings }: Pick<Webhook, 'settings'>): string {
  const policy = ownValue(settings, 'deliveryPolicy');
  const request = isObject(policy) ? ownValue(policy, 'requestPolicy') : undefined;
  const type = isObject(request) ? ownValue(request, 'headerContentType') : undefined;
  return typeof type === 'string' && type !== '' ? type : contentTypeDefault;
}

export const protocolNames = ['http', 'https', 'email', 'email-json', 'sqs'] as const;
export type Protocol = (typeof protocolNames)[number];

/** The vendor's protocol that a configuration's target and settings make. */
export function protocolOf({ target, settings }: Pick<Webhook, 'target' | 'settings'>): Protocol {
  switch (target.transport) {
    case 'http':
      return target.url.startsWith('https:') ? 'https' : 'http';
    case 'sqs':
      return 'sqs';
    case 'email':
      return isJsonMail({ settings }) ? 'email-json' : 'email';
    default:
      return target satisfies never;
  }
}

export function isJsonMail({ settings }: Pick<Webhook, 'settings'>): boolean {
  return ownValue(settings, 'emailFormat') === 'json';
}
