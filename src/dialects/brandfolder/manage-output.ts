/** The vendor's objects and errors. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer } from '../contract/vendor-route.ts';
import { webhookKey } from './render.ts';
import { resourceKeyOf } from './settings.ts';

/** The texts of the vendor's page, letter by letter. */
export const titles = {
  invalidPayload: 'Invalid Payload Provided',
  invalidHeader: 'Invalid Header Provided',
  invalidHeaderInList: 'Invalid header provided',
  permissionDenied: 'Permission Denied for Provided Resource',
  noResource: 'Provided Resource Does Not Exist',
  exists: 'Subscription Already Exists',
  noWebhook: 'The Requested Webhook Does Not Exist',
  notOwned: 'Could Not Determine This Webhook Exists or the Requester Does Not Own the Webhook',
  noAsset: 'The Requested Asset Does Not Exist',
} as const;

/** Titles of what the vendor's page does not list. */
export function titleOf(status: number): string {
  return plainTitles[status] ?? `Error ${status}`;
}

const plainTitles: { readonly [status: number]: string } = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  422: 'Bad Request',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

export type Failure = { readonly status: number; readonly title: string; readonly detail: string };

/** JSON:API's form of an error: the vendor's text as title, what to do about it as detail. */
export function failure({ status, title, detail }: Failure): VendorAnswer {
  return { status, body: { errors: [{ status: String(status), title, detail }] } };
}

/** A subscription as the vendor shows it. */
export function presentWebhook(webhook: JsonObject): JsonObject {
  const target = ownValue(webhook, 'target');
  const events = ownValue(webhook, 'events');
  const settings = ownValue(webhook, 'settings');
  const id = ownValue(webhook, 'id');
  return {
    id: webhookKey(typeof id === 'string' ? id : ''),
    attributes: {
      resource_key: resourceKeyOf(isObject(settings) ? settings : {}),
      resource_type: 'brandfolder',
      event_type: isList(events) ? (events[0] ?? '') : '',
      callback_url: isObject(target) ? (ownValue(target, 'url') ?? '') : '',
    },
  };
}
