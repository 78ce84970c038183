/** What is asked of us under this dialect's mount: the schema of an event's data, and a consent that comes later. */
import { changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { VendorAnswer, VendorCommand, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { events } from './events.ts';
import { dataSchema } from './schemas.ts';

const subjects = new Map(
  changeKinds.flatMap((kind) =>
    eventsOf(events, kind).map((event) => [event, sampleChange(kind).subject.type] as const),
  ),
);

const allowedName = 'webhook-allowed-origin';

/**
 * "A POST or GET to the callback URL with the headers of the answer" (section 4.2). A browser that opens the link sends no
 * headers: then the link itself, which only the endpoint was told, is the consent.
 */
function consent({ parameters, headers, base }: VendorRequest): VendorCommand | VendorAnswer {
  const allowed = headers[allowedName]?.trim().toLowerCase();
  // Consent to somebody else's deliveries is none to ours, as in the answer to the question.
  if (allowed !== undefined && allowed !== '*' && allowed !== originOf(base)) {
    return { status: 400, body: { error: 'WebHook-Allowed-Origin must name the origin that asked, or be *' } };
  }
  const rate = headers['webhook-allowed-rate'];
  return {
    command: 'webhooks.consent',
    input: { token: parameters['token'] ?? '', ...(rate === undefined ? {} : { perMinute: rate }) },
  };
}

function originOf(base: string): string | null {
  return URL.canParse(base) ? new URL(base).hostname.toLowerCase() : null;
}

const consented = (): VendorAnswer => ({ status: 200, body: 'Deliveries will come.\n' });

const link = {
  path: '/consent/:token',
  scope: 'public',
  guessable: 'token',
  parse: consent,
  present: consented,
} as const;

export const manage: readonly VendorRoute[] = [
  {
    method: 'GET',
    path: '/schemas/:event',
    scope: 'public',
    parse: ({ parameters }) => {
      const event = parameters['event'] ?? '';
      const subject = subjects.get(event);
      if (subject === undefined) return { status: 404, body: { error: 'There is no such event' } };
      return {
        status: 200,
        headers: { 'content-type': 'application/schema+json' },
        body: dataSchema(event, subject),
      };
    },
    present: (result) => ({ status: 200, body: result }),
  },
  { ...link, method: 'GET' },
  { ...link, method: 'POST', body: 'ignored' },
];
