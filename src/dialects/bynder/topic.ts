/** The names that SNS gives to a configuration: one topic with one subscription, the same for its whole life. */
import { createHash } from 'node:crypto';
import { decodeId, encodeId } from '../../core/id-encoding.ts';
import type { IdOf } from '../../core/ids.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { Webhook } from '../../core/webhook.ts';

/** Where nothing else is said: what most receivers are set up for. */
export const regionDefault = 'us-east-1';
export const topicArnForm = '^arn:aws(-[a-z]+)*:sns:[a-z0-9-]{3,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$';

/** The ARN that was set for it (a receiver may compare it with the one it knew), else one made of its id. */
export function topicArnOf({ id, workspaceId, settings }: Pick<Webhook, 'id' | 'workspaceId' | 'settings'>): string {
  const given = ownValue(settings, 'topicArn');
  if (typeof given === 'string' && given !== '') return given;
  return `arn:aws:sns:${regionDefault}:${accountOf(workspaceId)}:bynder-${encodeId(id, 'uuid')}`;
}

/** The topic's ARN with the configuration's id behind it. */
export function subscriptionArnOf(webhook: Pick<Webhook, 'id' | 'workspaceId' | 'settings'>): string {
  return `${topicArnOf(webhook)}:${encodeId(webhook.id, 'uuid')}`;
}

/** The configuration that a subscription's ARN names; null where it is none of ours. */
export function webhookIdOf(subscriptionArn: string): IdOf<'webhook'> | null {
  return decodeId('webhook', 'uuid', subscriptionArn.slice(subscriptionArn.lastIndexOf(':') + 1));
}

/** Accounts have twelve digits; a workspace's are those of its name's hash. */
function accountOf(workspaceId: string): string {
  const hash = createHash('sha256').update(`assetwire sns account\0${workspaceId}`).digest();
  return String(hash.readUIntBE(0, 6) % 1_000_000_000_000).padStart(12, '0');
}
