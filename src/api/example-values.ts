/** What fields of a name hold in examples. A schema's own `examples` go first; this is for what needs no thought. */

/** 2026-11-22 09:30 UTC, and what follows from it. */
const atMs = 1_795_339_800_000;
const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

export const assetExample = {
  name: 'harbour-at-dawn.jpg',
  path: '/campaigns/spring',
  kind: 'image',
  info: { title: 'Harbour at dawn', copyright: '© 2026 Example GmbH' },
  metadata: { season: 'spring' },
  tags: ['harbour', 'dawn'],
  labels: [],
  collections: [],
  archived: false,
};

const standardBody = {
  type: 'asset.created',
  timestamp: '2026-11-22T09:30:00.000Z',
  data: { asset: { id: 'ast_01m93k7q5v8x2c4r6t8w0y1z3b', name: 'harbour-at-dawn.jpg' } },
};

const values: { readonly [name: string]: unknown } = {
  name: 'Harbour',
  title: 'Harbour at dawn',
  path: '/campaigns/spring',
  externalId: 'dam-4711',
  workspaceId: 'default',
  parent: 'default',
  dialect: 'standard',
  dialects: 'standard',
  workspaces: 'acme',
  roles: 'archivist',
  kind: 'asset.created',
  kinds: ['asset.created', 'asset.metadata_changed'],
  type: 'asset',
  event: 'asset.created',
  events: ['asset.created', 'asset.metadata_changed'],
  subject: 'asset:ast_01m93k7q5v8x2c4r6t8w0y1z3b',
  url: 'https://example.com/hooks/assets',
  tlsUrl: 'https://127.0.0.1:8485/inbox/inb_01m93k7q5v8x2c4r6t8w0y1z3b',
  publicUrl: 'http://127.0.0.1:8484',
  queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/assets',
  address: '203.0.113.7',
  email: 'dam-team@example.com',
  contacts: ['dam-team@example.com'],
  username: 'assetwire',
  masked: '…4f9c',
  prefix: 'awk_7Zk3',
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  key: 'awk_example',
  token: 'example-token',
  password: 'example-password',
  method: 'POST',
  status: 200,
  lastStatus: 200,
  attempts: 1,
  received: 1,
  count: 12,
  done: 12,
  delivered: 118,
  failed: 2,
  pending: 3,
  missed: 0,
  subjectVersion: 1,
  causationDepth: 0,
  state: assetExample,
  before: null,
  after: assetExample,
  changed: ['name', 'info.title'],
  info: assetExample.info,
  metadata: assetExample.metadata,
  tags: assetExample.tags,
  labels: ['approved'],
  collections: ['col-spring'],
  aliases: { bynder: '9F2E6C1A-7B3D-4E5F-8091A2B3C4D5E6F7' },
  actor: { type: 'user', id: 'u-17', name: 'Ada' },
  settings: {},
  headers: [['content-type', 'application/json']],
  credentials: { kind: 'none' },
  policy: { timeoutMs: 10_000 },
  health: { attempts: 120, delivered: 118, failed: 2 },
  filter: { folder: ['/campaigns'] },
  fields: ['id', 'name', 'info.title'],
  reason: 'No longer needed',
  stateReason: 'Disabled by hand',
  detail: 'The signature fits the secret of the webhook',
  outcome: 'response',
  lastOutcome: 'response',
  code: 'status_2xx',
  verdict: 'delivered',
  messageId: 'msg_01m93k7q5v8x2c4r6t8w0y1z3b',
  requestId: 'rq_01m93k7q5v8x2c4r6t8w0y1z3b',
  bodySha256: sha256,
  sha256,
  bodyBase64: 'b2s=',
  base64: Buffer.from(JSON.stringify(standardBody)).toString('base64'),
  bodyBytes: 2,
  bodyComplete: true,
  hashMatches: true,
  body: 'ok',
  version: 1,
  revision: 1,
  limit: 50,
  cursor: 'eyJhIjoxfQ',
  nextCursor: null,
  revokedAtMs: null,
  live: true,
  ready: true,
  ok: true,
  enabled: true,
  durations: [0, 4, 61, 40, 12, 1],
};

/** The value for a field of this name, undefined where none is known or it is of another type. */
export function exampleByName(name: string, type: unknown): unknown {
  const known = Object.hasOwn(values, name) ? values[name] : bySuffix(name);
  const kind = known === null ? 'null' : Array.isArray(known) ? 'array' : typeof known;
  const wanted: readonly unknown[] = Array.isArray(type) ? type : [type];
  return wanted.some((one) => one === kind || (kind === 'number' && one === 'integer')) ? known : undefined;
}

function bySuffix(name: string): unknown {
  if (/(?:duration|delay|total|dns|connect|tls|firstByte)Ms$/i.test(name)) return 12;
  if (name === 'fromMs') return atMs - 86_400_000;
  if (/expires\w*Ms$/i.test(name)) return atMs + 30 * 86_400_000;
  if (/Ms$/.test(name)) return atMs;
  if (/Url$/.test(name)) return 'https://example.com/';
  return undefined;
}
