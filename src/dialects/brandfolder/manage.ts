/**
 * The vendor's API for subscriptions: create, list, show, delete, test. Pure: a request becomes one of our commands or an answer,
 * a result becomes the vendor's object. 400 is judged before anything else: the two headers, then the payload, then
 * the key.
 */
import { decodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type {
  PresentError,
  VendorAnswer,
  VendorCommand,
  VendorError,
  VendorRequest,
  VendorRoute,
} from '../contract/vendor-route.ts';
import { resourceRoutes } from './manage-assets.ts';
import { headerFault, readSubscription, type Subscription } from './manage-input.ts';
import { failure, presentWebhook, titleOf, titles } from './manage-output.ts';
import { webhookKey } from './render.ts';
import { organizationKeyName, resourceKeyName, resourceTypeName } from './settings.ts';

const base = '/api/v1/webhooks';

/** Any key may come: what it may do is judged for each resource, after the payload. */
const scope = 'signed-in';

type Parsed = VendorCommand | VendorAnswer;

const badHeader = (title: string, detail: string): VendorAnswer => failure({ status: 400, title, detail });

/** A call with a payload. */
function subscribing(
  overrides: boolean,
  run: (subscription: Subscription) => VendorCommand,
): (request: VendorRequest) => Parsed {
  return (request) => {
    const header = headerFault(request);
    if (header !== null) return failure({ status: 400, title: titles.invalidPayload, detail: header });
    const read = readSubscription(request.body, overrides);
    if ('fault' in read) return failure({ status: 400, title: titles.invalidPayload, detail: read.fault });
    return run(read.subscription);
  };
}

function webhookOf({ eventType, resourceKey, callbackUrl, organizationKey }: Subscription): JsonObject {
  return {
    name: `${eventType} of ${resourceKey}`,
    target: { transport: 'http', url: callbackUrl },
    events: [eventType],
    settings: {
      [resourceKeyName]: resourceKey,
      [resourceTypeName]: 'brandfolder',
      ...(organizationKey === undefined ? {} : { [organizationKeyName]: organizationKey }),
    },
  };
}

/** A call about one subscription: what is no id of one names nothing. */
function withId(command: 'webhooks.ownOne' | 'webhooks.removeOwn', title: string) {
  return (request: VendorRequest): Parsed => {
    const header = headerFault(request);
    if (header !== null) return badHeader(titles.invalidHeader, header);
    const id = decodeId('webhook', 'uuid', request.parameters['id'] ?? '');
    return id === null
      ? failure({ status: 404, title, detail: 'There is no subscription of this id: GET /api/v1/webhooks lists yours' })
      : { command, input: { id } };
  };
}

/** Errors of calls with a payload. */
function presentPayloadError(error: VendorError, request: VendorRequest): VendorAnswer {
  const header = headerFault(request);
  if (header !== null) return failure({ status: 400, title: titles.invalidPayload, detail: header });
  return failure({ ...payloadWords(error), detail: inTheirIds(error.detail) });
}

/** Subscriptions by the ids that a client has seen. */
function inTheirIds(detail: string): string {
  return detail.replace(/\bwh_[0-9a-z]{26}\b/g, webhookKey);
}

function payloadWords({ code, status }: VendorError): { readonly status: number; readonly title: string } {
  switch (status) {
    case 401:
    case 403:
      return { status: 403, title: titles.permissionDenied };
    case 404:
      return { status: 404, title: titles.noResource };
    case 409:
      // Too many of them, or somebody was faster: not what the vendor means.
      return { status: 409, title: code === 'already_exists' ? titles.exists : 'Subscription Not Possible Now' };
    case 413:
    case 415:
    case 422:
    case 400:
      return { status: 400, title: titles.invalidPayload };
    default:
      return { status, title: titleOf(status) };
  }
}

/**
 * Errors of calls without a payload, which the vendor answers with 400 and 404 only: a key that nobody knows owns nothing.
 * `unknown` answers it.
 */
function presentPlainError(header: string, missing: string, unknown: (detail: string) => VendorAnswer): PresentError {
  return (error, request) => {
    const fault = headerFault(request);
    if (fault !== null) return badHeader(header, fault);
    if (error.status === 401 || error.status === 403) return unknown(error.detail);
    if (error.status === 404 || error.status === 410)
      return failure({ status: 404, title: missing, detail: error.detail });
    if (error.status === 429) return failure({ status: 429, title: titleOf(429), detail: error.detail });
    return badHeader(header, error.detail);
  };
}

const keyWarning = '199 - "This API key is not known, or has ended: it owns no webhooks"';

const routes: readonly VendorRoute[] = [
  {
    method: 'POST',
    path: base,
    scope,
    presentError: presentPayloadError,
    parse: subscribing(false, (subscription) => ({ command: 'webhooks.create', input: webhookOf(subscription) })),
    present: (result) => ({ status: 200, body: { data: presentWebhook(result) } }),
  },
  {
    method: 'POST',
    path: `${base}/send`,
    scope,
    presentError: presentPayloadError,
    parse: subscribing(true, (subscription) => ({
      command: 'webhooks.trial',
      input: {
        webhook: {
          ...webhookOf(subscription),
          name: `Test of ${subscription.eventType} of ${subscription.resourceKey}`,
        },
        ...(subscription.assetKey === undefined ? {} : { assetKey: subscription.assetKey }),
      },
    })),
    present: () => ({ status: 202, body: { message: 'Added demo webhook to queue', status: 'ok' } }),
  },
  {
    method: 'GET',
    path: base,
    scope,
    presentError: presentPlainError(titles.invalidHeaderInList, titles.noWebhook, () => ({
      status: 200,
      headers: { warning: keyWarning },
      body: { data: [] },
    })),
    parse: (request) => {
      const header = headerFault(request);
      return header === null ? { command: 'webhooks.own', input: {} } : badHeader(titles.invalidHeaderInList, header);
    },
    present: (result) => {
      const items = ownValue(result, 'items');
      return { status: 200, body: { data: isList(items) ? items.filter(isObject).map(presentWebhook) : [] } };
    },
  },
  {
    method: 'GET',
    path: `${base}/:id`,
    scope,
    presentError: presentPlainError(titles.invalidHeader, titles.noWebhook, (detail) =>
      failure({ status: 404, title: titles.noWebhook, detail }),
    ),
    parse: withId('webhooks.ownOne', titles.noWebhook),
    present: (result) => ({ status: 200, body: { data: presentWebhook(result) } }),
  },
  {
    method: 'DELETE',
    path: `${base}/:id`,
    scope,
    presentError: presentPlainError(titles.invalidHeader, titles.notOwned, (detail) =>
      failure({ status: 404, title: titles.notOwned, detail }),
    ),
    parse: withId('webhooks.removeOwn', titles.notOwned),
    present: () => ({ status: 200, body: {} }),
  },
];

/** With a slash at the end as well. */
export const manage: readonly VendorRoute[] = [...routes, ...resourceRoutes].flatMap((route) => [
  route,
  { ...route, path: `${route.path}/` },
]);

/** Where no route of ours has words of its own. */
export function presentError({ status, detail }: VendorError): VendorAnswer {
  return failure({
    status: status === 422 ? 400 : status,
    title: titleOf(status),
    detail,
  });
}
