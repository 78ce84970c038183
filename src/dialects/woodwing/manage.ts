/**
 * The vendor's REST for webhooks: register, query, update, enable, disable, new token, unregister. Pure: a request becomes
 * one of our commands or an answer, a result becomes the vendor's object. The api sees to it that a key reaches only the
 * webhooks of its own workspace and of this dialect.
 */
import { decodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorError, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { readRegistration, readUpdate } from './manage-input.ts';
import { assetRoutes } from './manage-assets.ts';
import { failure, presentWebhook } from './manage-output.ts';
import { sessionRoutes } from './manage-session.ts';

const base = '/services/admin/webhook';
/** The vendor's page writes the path of a new token without a slash before its last part. */
const joinedToken = /^([A-Za-z0-9_-]{22})generate-token$/;

/** Who may only look needs `webhooks:read`; the vendor's super user is a key with both and `secrets:reveal`. */
const read = 'webhooks:read';
const write = 'webhooks:write';

type Parse = (id: string, request: VendorRequest) => VendorCommand | VendorAnswer;
type Present = (result: JsonObject) => VendorAnswer;

/** The vendor allows a list without events; that nothing will come is told beside its object, which has no place for it. */
function warned(answer: VendorAnswer, webhook: JsonObject): VendorAnswer {
  const events = ownValue(webhook, 'events');
  if (!isList(events) || events.length > 0) return answer;
  return { ...answer, headers: { warning: '199 - "eventTypes is empty: this webhook is sent nothing"' } };
}

const shown: Present = (result) =>
  warned({ status: 200, body: presentWebhook(result, ownValue(result, 'secret')) }, result);

/** A new token is shown in full: the answer is the webhook with it. */
const shownWithToken: Present = (result) => {
  const webhook = ownValue(result, 'webhook');
  return { status: 200, body: presentWebhook(isObject(webhook) ? webhook : {}, ownValue(result, 'secret')) };
};

const rotate: Parse = (id) => ({ command: 'webhooks.rotateSecret', input: { id } });

const update: Parse = (id, { body }) => {
  const patch = readUpdate(body);
  return 'refused' in patch
    ? failure(400, patch.refused)
    : { command: 'webhooks.amend', input: { id, patch: patch.webhook, reveal: true } };
};

const routes: readonly VendorRoute[] = [
  {
    method: 'POST',
    path: base,
    scope: write,
    parse: ({ body }) => {
      const registration = readRegistration(body);
      return 'refused' in registration
        ? failure(400, registration.refused)
        : { command: 'webhooks.create', input: registration.webhook };
    },
    present: shown,
  },
  {
    method: 'GET',
    path: base,
    scope: read,
    parse: () => ({ command: 'webhooks.all', input: {} }),
    present: (result) => {
      const items = ownValue(result, 'items');
      return {
        status: 200,
        body: isList(items) ? items.filter(isObject).map((item) => presentWebhook(item, ownValue(item, 'secret'))) : [],
      };
    },
  },
  one({
    method: 'GET',
    scope: read,
    parse: (id) => ({ command: 'webhooks.getWithSecret', input: { id } }),
  }),
  {
    method: 'POST',
    path: `${base}/:id`,
    scope: write,
    parse: (request) => {
      const joined = joinedToken.exec(request.parameters['id'] ?? '')?.[1];
      if (joined === undefined) return withId(request, update);
      return withId({ ...request, parameters: { id: joined } }, rotate);
    },
    present: (result) => (ownValue(result, 'webhook') === undefined ? shown(result) : shownWithToken(result)),
  },
  one({ method: 'PUT', scope: write, parse: update }),
  one({
    method: 'PUT',
    tail: '/enable',
    scope: write,
    body: 'ignored',
    parse: (id) => ({ command: 'webhooks.enable', input: { id, options: {}, reveal: true } }),
  }),
  one({
    method: 'PUT',
    tail: '/disable',
    scope: write,
    body: 'ignored',
    parse: (id) => ({ command: 'webhooks.disable', input: { id, reveal: true } }),
  }),
  one({
    method: 'POST',
    tail: '/generate-token',
    scope: write,
    body: 'ignored',
    parse: rotate,
    present: shownWithToken,
  }),
  one({
    method: 'DELETE',
    scope: write,
    parse: (id) => ({ command: 'webhooks.remove', input: { id } }),
    present: () => ({ status: 204, body: null }),
  }),
];

/** Clients of the vendor's write some paths with a slash at the end: both are the same. */
export const manage: readonly VendorRoute[] = [
  ...[...routes, ...sessionRoutes].flatMap((route) => [route, { ...route, path: `${route.path}/` }]),
  ...assetRoutes,
];

type OneRoute = Pick<VendorRoute, 'method' | 'scope' | 'body'> & {
  /** Behind the id. */
  readonly tail?: string;
  readonly parse: Parse;
  readonly present?: Present;
};

/** A route about one webhook. */
function one({ tail = '', parse, present = shown, ...route }: OneRoute): VendorRoute {
  return { ...route, path: `${base}/:id${tail}`, parse: (request) => withId(request, parse), present };
}

/** The vendor's ids are ours in 22 characters; anything else names nothing. */
function withId(request: VendorRequest, parse: Parse): VendorCommand | VendorAnswer {
  const id = decodeId('webhook', 'base64url', request.parameters['id'] ?? '');
  return id === null ? failure(404, 'There is no webhook with this id') : parse(id, request);
}

/** The vendor words an error as `{errorcode, message}`; its 400 is what our 422 means. */
export function presentError({ status, detail }: VendorError): VendorAnswer {
  return failure(status === 422 ? 400 : status, detail);
}
