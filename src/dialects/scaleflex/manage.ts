/**
 * An API for webhooks. The vendor has none that is public, so its routes and fields are our own design in the manner of its
 * API for files: `/v5/…`, `{"status": "success", …}`, `{"status": "error", "code", "msg"}`, UUIDs, snake_case.
 */
import { decodeId } from '../../core/id-encoding.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorError, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { fileRoutes } from './manage-files.ts';
import { readNewWebhook, readUpdate } from './manage-input.ts';
import { failure, presentWebhook, succeeded } from './manage-output.ts';

const base = '/v5/webhooks';
const read = 'webhooks:read';
const write = 'webhooks:write';

/** As long as a delivery may take. */
const testWaitMs = 15_000;

type Parse = (id: string, request: VendorRequest) => VendorCommand | VendorAnswer;

const shown = (result: JsonObject): VendorAnswer => succeeded(200, { webhook: presentWebhook(result) });

function listed(result: JsonObject): VendorAnswer {
  const items = ownValue(result, 'items');
  const webhooks = isList(items) ? items.filter(isObject).map(presentWebhook) : [];
  return succeeded(200, { webhooks, total: webhooks.length });
}

const update: Parse = (id, { body }) => {
  const patch = readUpdate(body);
  return 'refused' in patch
    ? failure(400, 'INVALID_REQUEST', patch.refused)
    : { command: 'webhooks.amend', input: { id, patch: patch.webhook } };
};

const test: Parse = (id, { body }) => {
  const trigger = body === null ? undefined : ownValue(body, 'trigger');
  if (trigger !== undefined && typeof trigger !== 'string') {
    return failure(400, 'INVALID_REQUEST', 'trigger must be the name of one: got something else');
  }
  return {
    command: 'webhooks.test',
    input: { id, waitMs: testWaitMs, ...(trigger === undefined ? {} : { event: trigger }) },
  };
};

/** What the receiver answered to the test, as far as it was waited for. */
function tested(result: JsonObject): VendorAnswer {
  const attempt = ownValue(result, 'attempt');
  const seen = isObject(attempt) ? attempt : {};
  const response = ownValue(seen, 'response');
  const status = isObject(response) ? (ownValue(response, 'status') ?? null) : null;
  return succeeded(200, {
    test: {
      delivery: ownValue(result, 'deliveryId') ?? '',
      delivered: ownValue(seen, 'verdict') === 'delivered',
      outcome: ownValue(seen, 'outcome') ?? 'pending',
      http_status: status,
      detail: ownValue(seen, 'detail') ?? ownValue(seen, 'reason') ?? '',
    },
  });
}

/** A route about one webhook. */
function one(route: Pick<VendorRoute, 'method' | 'scope' | 'present'> & { tail?: string; of: Parse }): VendorRoute {
  const { tail = '', of, ...rest } = route;
  return {
    ...rest,
    path: `${base}/:uuid${tail}`,
    parse: (request) => {
      const id = decodeId('webhook', 'uuid', request.parameters['uuid'] ?? '');
      return id === null ? failure(404, 'NOT_FOUND', 'There is no webhook with this UUID') : of(id, request);
    },
  };
}

export const manage: readonly VendorRoute[] = [
  {
    method: 'GET',
    path: base,
    scope: read,
    parse: () => ({ command: 'webhooks.all', input: {} }),
    present: listed,
  },
  {
    method: 'POST',
    path: base,
    scope: write,
    parse: ({ body }) => {
      const made = readNewWebhook(body);
      return 'refused' in made
        ? failure(400, 'INVALID_REQUEST', made.refused)
        : { command: 'webhooks.create', input: made.webhook };
    },
    present: (result) => succeeded(201, { webhook: presentWebhook(result) }),
  },
  one({ method: 'GET', scope: read, of: (id) => ({ command: 'webhooks.get', input: { id } }), present: shown }),
  one({ method: 'PUT', scope: write, of: update, present: shown }),
  one({
    method: 'DELETE',
    scope: write,
    of: (id) => ({ command: 'webhooks.remove', input: { id } }),
    present: () => succeeded(200, { msg: 'The webhook was deleted' }),
  }),
  one({ method: 'POST', tail: '/test', scope: write, of: test, present: tested }),
  ...fileRoutes,
];

/** The vendor words errors as a code in capitals and a message; our codes are kept, its status is what HTTP means by them. */
export function presentError({ code, status, detail }: VendorError): VendorAnswer {
  return failure(status === 422 ? 400 : status, code.toUpperCase(), detail);
}
