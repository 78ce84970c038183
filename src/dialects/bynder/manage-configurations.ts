/**
 * Bynder's API for webhook configurations ("Webhooks API 1.0.0"). Pure: a request becomes one of our commands or an answer,
 * a result becomes the vendor's object. Who has the role "View Webhooks configurations" and the scope
 * `webhooks.config:read` there has `webhooks:read` here; "Manage" and `webhooks.config:write` are `webhooks:write`.
 */
import { decodeId, encodeId } from '../../core/id-encoding.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Target } from '../../core/webhook.ts';
import { listIn, objectIn, objectsIn, textIn } from '../json-fields.ts';
import type { VendorAnswer, VendorCommand, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { eventNames } from './events.ts';
import { configurationsPath as base, failure, presentConfigurationError } from './manage-errors.ts';
import { type Read, readConfiguration, readEventsUpdate, readStatusUpdate } from './manage-input.ts';
import { noticeDaysDefault } from './pre-archive.ts';
import { protocolOf } from './settings.ts';

const read = 'webhooks:read';
const write = 'webhooks:write';
const empty: VendorAnswer = { status: 200, body: null };

const create = {
  method: 'POST',
  scope: write,
  parse: ({ body }: VendorRequest) =>
    asked(readConfiguration(body), (input) => ({ command: 'webhooks.create', input })),
  present: (result: JsonObject) => ({ status: 201, body: { id: encodeId(textIn(result, 'id'), 'uuid') } }),
} as const;

const routes: readonly VendorRoute[] = [
  { ...create, path: base },
  // The published path of creation carries an id, which is a slip: the id is always the server's.
  { ...create, path: `${base}/:id` },
  {
    method: 'GET',
    path: base,
    scope: read,
    parse: () => ({ command: 'webhooks.all', input: {} }),
    present: (result) => {
      return { status: 200, body: objectsIn(result, 'items').map(presentConfiguration) };
    },
  },
  {
    method: 'GET',
    path: `${base}/:id`,
    scope: read,
    parse: (request) => withId(request, (id) => ({ command: 'webhooks.get', input: { id } })),
    present: (result) => ({ status: 200, body: presentConfiguration(result) }),
  },
  {
    method: 'PUT',
    path: `${base}/:id`,
    scope: write,
    parse: (request) => withId(request, (id) => asked(readEventsUpdate(request.body), (patch) => amend(id, patch))),
    present: () => empty,
  },
  {
    method: 'PATCH',
    path: `${base}/:id`,
    scope: write,
    parse: (request) => withId(request, (id) => asked(readStatusUpdate(request.body), (patch) => amend(id, patch))),
    present: () => empty,
  },
  {
    method: 'DELETE',
    path: `${base}/:id`,
    scope: write,
    parse: (request) => withId(request, (id) => ({ command: 'webhooks.remove', input: { id } })),
    present: () => ({ status: 204, body: null }),
  },
];

/** Clients write paths with and without a slash at their end. */
export const configurationRoutes: readonly VendorRoute[] = routes.flatMap((route) => {
  const worded: VendorRoute = { ...route, presentError: presentConfigurationError };
  return [worded, { ...worded, path: `${route.path}/` }];
});

function amend(id: string, patch: JsonObject): VendorCommand {
  return { command: 'webhooks.amend', input: { id, patch } };
}

function asked(found: Read, command: (webhook: JsonObject) => VendorCommand): VendorCommand | VendorAnswer {
  return 'refused' in found ? failure(400, found.refused) : command(found.webhook);
}

/** The vendor's ids are UUIDs, another spelling of ours; anything else is no id. */
function withId(
  request: VendorRequest,
  then: (id: string) => VendorCommand | VendorAnswer,
): VendorCommand | VendorAnswer {
  const id = decodeId('webhook', 'uuid', request.parameters['id'] ?? '');
  return id === null ? failure(400, 'The id must be a UUID, as the list of configurations shows it') : then(id);
}

/** The documented fields of a configuration, and beside them its protocol and status, which its page shows. */
export function presentConfiguration(webhook: JsonObject): JsonObject {
  const target = objectIn(webhook, 'target');
  const settings = objectIn(webhook, 'settings');
  const events = listIn(webhook, 'events');
  const named = events.includes('*') ? eventNames : events;
  const days = ownValue(settings, 'preArchivedNotificationDays');
  return {
    configId: encodeId(textIn(webhook, 'id'), 'uuid'),
    name: textIn(webhook, 'name'),
    protocol: protocolOf({ target: target as unknown as Target, settings }),
    endpoint: textIn(target, 'url') || textIn(target, 'queue') || textIn(target, 'address'),
    events: named,
    status: textIn(webhook, 'state') === 'disabled' ? 0 : 1,
    confirmed: isConfirmed(webhook),
    antivirusEnabled: named.includes('antivirus.scan.failed'),
    preArchivedNotificationDays: typeof days === 'number' ? days : noticeDaysDefault,
    is_legacy: false,
    migratedSubscriptions: [],
  };
}

/** One that is switched off stays confirmed. */
function isConfirmed(webhook: JsonObject): boolean {
  return textIn(objectIn(webhook, 'confirmation'), 'state') === 'confirmed';
}
