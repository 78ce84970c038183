/**
 * Examples of named schemas that tell one story: an asset called harbour-at-dawn.jpg, a webhook of a web shop, one delivery
 * that arrived. Laid over what is made from the schema, so that a new field is there by itself; `undefined` takes an
 * optional field away that would not belong.
 */
import { assetExample } from './example-values.ts';

const id = (prefix: string): string => `${prefix}_01m93k7q5v8x2c4r6t8w0y1z3b`;
const atMs = 1_795_339_800_000;
const file = {
  name: assetExample.name,
  bytes: 482_113,
  mimeType: 'image/jpeg',
  sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  widthPx: 4_000,
  heightPx: 3_000,
};

type Overlay = { readonly [field: string]: unknown };

const deliverySummary: Overlay = {
  redeliveryOf: undefined,
  dueAtMs: undefined,
  reason: undefined,
  state: 'delivered',
  endedAtMs: atMs + 38,
};

const key: Overlay = {
  id: id('key'),
  name: 'DAM connector',
  scopes: ['assets:read', 'assets:write'],
  expiresAtMs: null,
};

export const componentExamples: { readonly [component: string]: Overlay } = {
  AssetState: {
    ...assetExample,
    labels: ['approved'],
    collections: [],
    file: { ...file },
    versions: [{ number: 1, active: true, createdAtMs: atMs, file }],
    renditions: [
      { name: 'small', mimeType: 'image/webp', widthPx: 250, heightPx: 188, bytes: 9_120 },
      { name: 'medium', mimeType: 'image/webp', widthPx: 750, heightPx: 563, bytes: 48_222 },
    ],
    embedded: { 'EXIF:Model': 'X-T5' },
    checkedOutBy: undefined,
    aliases: undefined,
    sourceVersion: undefined,
    inspection: { state: 'done' },
    derivation: { state: 'done' },
    focusPoint: { x: 0.5, y: 0.4 },
    createdBy: id('key'),
  },
  AssetFile: { ...file },
  Asset: { metadataProblems: undefined },
  PushedAsset: { metadataProblems: undefined },
  AssetVersion: { active: true, createdBy: id('key') },
  MetadataField: {
    label: 'Season',
    description: 'The season that the picture is for',
    type: 'select',
    default: 'spring',
    validation: undefined,
  },
  Change: {
    kind: 'asset.metadata_changed',
    subject: { type: 'asset', id: id('ast'), externalId: 'dam-4711' },
    actor: { type: 'source', id: 'u-17', name: 'Ada' },
    subjectVersion: 2,
    before: { name: assetExample.name, info: { title: 'Harbour' } },
    after: { name: assetExample.name, info: { title: 'Harbour at dawn' } },
    changed: ['info.title'],
    beforeDiffers: undefined,
  },
  AppliedReport: {
    changes: [{ id: id('chg'), kind: 'asset.metadata_changed' }],
    subject: { type: 'asset', id: id('ast'), externalId: 'dam-4711' },
    metadataProblems: undefined,
  },
  UnchangedReport: { subject: { type: 'asset', id: id('ast'), externalId: 'dam-4711' } },
  RejectedReport: {
    code: 'invalid_request',
    detail: 'Check /subject, wanted one of id and externalId: neither',
    problems: undefined,
  },
  Webhook: webhook(),
  CreatedWebhook: webhook(),
  Filter: { folder: ['/campaigns'] },
  Manifest: {
    id: 'standard',
    title: 'Standard Webhooks',
    events: [{ name: 'asset.created', fires: 'An asset is there, with what was found out about its file' }],
  },
  HttpTarget: { method: undefined },
  EmailTarget: { address: 'dam-team@example.com' },
  Attempt: { reason: undefined, nextAtMs: undefined, tlsMs: 9 },
  DeliverySummary: deliverySummary,
  Delivery: deliverySummary,
  Replay: {
    id: id('rpl'),
    state: 'running',
    count: 12,
    done: 5,
    input: { webhookId: id('wh'), states: ['dead'], fromMs: atMs - 86_400_000, toMs: atMs },
  },
  Inbox: {
    url: `http://127.0.0.1:8484/inbox/${id('inb')}`,
    tlsUrl: `https://127.0.0.1:8485/inbox/${id('inb')}`,
    answer: { status: 200, delayMs: 0, body: 'ok' },
  },
  InboxRequest: {
    id: id('req'),
    path: `/inbox/${id('inb')}`,
    headers: [
      ['content-type', 'application/json'],
      ['webhook-id', 'msg_01m93k7q5v8x2c4r6t8w0y1z3b'],
    ],
    verification: { result: 'verified', detail: 'The signature fits the secret of the webhook', webhookId: id('wh') },
  },
  Stats: {
    bucketMs: 3_600_000,
    durationBoundsMs: [10, 50, 100, 500, 1_000, 5_000],
    firstAttemptBoundsMs: [10, 50, 100, 500, 1_000, 5_000],
    totals: {
      accepted: 120,
      attempts: 122,
      delivered: 118,
      failed: 4,
      retrying: 1,
      rejected: 0,
      dead: 1,
      cancelled: 0,
      tests: 2,
      durationMs: { p50: 41, p95: 180, p99: 412 },
      durations: [0, 71, 38, 8, 4, 1],
      firstAttemptMs: { p50: 4, p95: 11, p99: 38 },
      firstAttempts: [112, 8, 0, 0, 0, 0],
    },
  },
  StatsPoint: {
    webhookId: id('wh'),
    accepted: 12,
    attempts: 12,
    delivered: 12,
    failed: 0,
    retrying: 0,
    rejected: 0,
    dead: 0,
    cancelled: 0,
    tests: 0,
    durationMs: { p50: 41, p95: 90, p99: 120 },
    durations: [0, 9, 3, 0, 0, 0],
    firstAttemptMs: { p50: 4, p95: 9, p99: 9 },
    firstAttempts: [12, 0, 0, 0, 0, 0],
  },
  Backlog: { webhookId: id('wh') },
  DryRun: {
    state: 'enabled',
    examined: 200,
    matched: 1,
    results: [
      {
        changeId: id('chg'),
        kind: 'asset.created',
        subject: `asset:${id('ast')}`,
        acceptedAtMs: atMs,
        matches: true,
        events: ['asset.created'],
      },
    ],
  },
  RenderedMessage: { refused: undefined, fieldsMissing: undefined },
  Workspace: { id: 'acme', name: 'Acme', parent: undefined, erasure: undefined },
  User: { name: 'Ada', email: 'ada@example.com', roles: ['editor'], state: 'active' },
  CreatedUser: {
    name: 'Ada',
    email: 'ada@example.com',
    roles: ['editor'],
    state: 'invited',
    passwordSetAtMs: null,
    lastSignInAtMs: null,
  },
  PasswordLink: { url: 'http://127.0.0.1:8484/#password=example-token' },
  Role: { id: 'editor', name: 'Editor', scopes: ['assets:read', 'assets:write'], builtIn: true },
  Grant: { principal: `user:${id('usr')}`, scopes: ['assets:read', 'assets:write'] },
  Key: key,
  CreatedKey: key,
  RotatedKey: { ...key, replaces: id('key') },
  Caller: {
    actor: { type: 'key', id: id('key'), name: 'DAM connector' },
    scopes: ['assets:read', 'assets:write'],
    grants: undefined,
  },
  EndedSessions: { ended: 2 },
  Session: { holder: `user:${id('usr')}`, name: 'Ada', userAgent: 'Mozilla/5.0', current: true },
  Notice: {
    kind: 'webhook.disabled',
    severity: 'warning',
    subject: `webhook:${id('wh')}`,
    text: 'The webhook "Web shop" was disabled: 5 failures in a row',
    acknowledgedAtMs: undefined,
    acknowledgedBy: undefined,
    mail: undefined,
  },
  AuditEntry: {
    actor: { type: 'key', id: id('key'), name: 'DAM connector' },
    keyId: id('key'),
    from: { address: '127.0.0.1', userAgent: 'curl/8.5.0' },
    action: 'webhook.secret_rotated',
    target: id('wh'),
    before: undefined,
    after: undefined,
  },
  ProcessSetting: { name: 'retentionDays', variable: 'ASSETWIRE_RETENTION_DAYS', value: '30', source: 'default' },
};

function webhook(): Overlay {
  return {
    name: 'Web shop',
    state: 'enabled',
    stateReason: undefined,
    projection: undefined,
    headers: [],
    policy: {},
    ownerKeyId: id('key'),
    secrets: [{ name: 'signing', masked: '…4f9c', createdAtMs: atMs, expiresAtMs: null }],
  };
}
