import { changeKinds } from '../../core/change.ts';
import { type EventTable, eventsOf, notSupported } from '../../core/event-table.ts';
import { judgeByPolicy } from '../../core/judge.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Dialect } from '../dialect.ts';
import { describeEvent } from '../event-examples.ts';

/** The least a dialect can be: two events, no signature. It exists so that the suite can be seen to fail. */
const events = Object.fromEntries(
  changeKinds.map((kind) => [kind, notSupported('The fake dialect knows two events only')]),
) as unknown as EventTable;

const table: EventTable = { ...events, 'asset.renamed': ['renamed'], 'asset.deleted': ['gone'] };

const schema: JsonObject = {
  type: 'object',
  required: ['event', 'id'],
  additionalProperties: false,
  properties: { event: { type: 'string' }, id: { type: 'string' } },
};

function event(name: string, kind: 'asset.renamed' | 'asset.deleted'): Manifest['events'][number] {
  const example = { event: name, id: sampleChange(kind).subject.id };
  return describeEvent(
    { name, summary: name, fires: `When an asset is ${name}`, changeKinds: [kind] },
    { schema: () => schema, example: () => example },
  );
}

export const fakeDialect: Dialect = {
  manifest: {
    id: 'fake',
    title: 'Fake',
    summary: 'For tests of the suite',
    sources: [{ url: 'https://fake.example/docs', readOn: '2026-11-22' }],
    events: [event('renamed', 'asset.renamed'), event('gone', 'asset.deleted')],
    transports: ['http'],
    configuration: {
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: {
          apiToken: { type: 'string', title: 'Token', description: 'What the receiver asks for' },
          loud: { type: 'boolean', title: 'Loud', description: 'In capitals', default: false },
        },
      },
      secretFields: ['apiToken'],
      generated: [],
    },
    capabilities: {
      targetEditable: true,
      singleEvent: false,
      handshake: false,
      plainHttp: false,
      customHeaders: true,
      credentials: ['none'],
    },
    limits: { webhooksMax: 10, customHeadersMax: 5, payloadBytesMax: 1_000 },
    policy: {
      timeoutMs: 15_000,
      success: [200],
      rejected: [[400, 499]],
      schedule: { delaysMs: [1_000], jitter: 0, ageMaxMs: 60_000 },
      retryAfter: null,
      concurrencyMax: 1,
      requestsPerSecondMax: null,
      bytesPerSecondMax: null,
      order: 'none',
      onDead: 'skip',
      breaker: null,
      disable: [],
      onEnable: { held: 'send', missed: 'skip' },
    },
    signing: { summary: 'Not signed', headers: [] },
    reservedHeaders: [],
  },
  events: table,
  notify: (change) => eventsOf(table, change.kind).map((name) => ({ event: name })),
  render: ({ change, notification }) => ({
    body: new TextEncoder().encode(JSON.stringify({ event: notification.event, id: change.subject.id })),
    contentType: 'application/json',
    headers: [],
  }),
  sign: () => [],
  judge: judgeByPolicy,
  manage: [
    {
      method: 'GET',
      path: '/hooks/:id',
      scope: 'webhooks:read',
      parse: ({ parameters }) => ({ command: 'webhooks.get', input: { id: parameters['id'] ?? '' } }),
      present: (result) => ({ status: 200, body: result }),
    },
  ],
  presentError: ({ status, detail }) => ({ status, body: { oops: detail } }),
};
