/** What a link below the SNS URL is about, and what it says: shared by SNS's actions and by the pages behind links in mails. */
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { VendorRequest } from '../contract/vendor-route.ts';

/** What a link is about: the result of the `consents` commands, where they found something. */
export type Found = {
  readonly webhook: Pick<Webhook, 'id' | 'workspaceId' | 'settings' | 'name'> & { readonly dialect: string };
  readonly confirmation: { readonly state: 'pending' | 'confirmed' | 'expired' | 'unsubscribed' };
  readonly expired: boolean;
  readonly guarded: boolean;
  readonly neverAsked: boolean;
};

/** Null where nothing was found, or what is another dialect's. */
export function foundIn(result: JsonObject): Found | null {
  const webhook = ownValue(result, 'webhook');
  if (!isObject(webhook) || ownValue(webhook, 'dialect') !== 'bynder') return null;
  return result as unknown as Found;
}

/** A parameter of an action, from the query or from a form. */
export function parameter({ query, body }: VendorRequest, name: string): string {
  const value = (body === null ? undefined : ownValue(body, name)) ?? query[name];
  return typeof value === 'string' ? value : '';
}
