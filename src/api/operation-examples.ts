/**
 * Examples of requests that read well and belong together: what a caller would really send. A route that is not here gets
 * one made from its schemas (`example.ts`). A test sends them to a server.
 */
import { assetExample } from './example-values.ts';
import { exampleId } from './example.ts';

export type OperationExample = {
  /** Body of the request; for a form its JSON part. */
  readonly request?: unknown;
  /** Laid over the example made from the answer's schema. */
  readonly answer?: { readonly [field: string]: unknown };
};

const { name, path, info, metadata, tags } = assetExample;
const target = { transport: 'http', url: 'https://example.com/hooks/assets' };

export const operationExamples: { readonly [operation: string]: OperationExample } = {
  uploadAsset: { request: { path, info: { title: info.title }, tags } },
  pushAsset: {
    request: {
      name,
      path,
      info,
      metadata,
      tags,
      file: { name, mimeType: 'image/jpeg', bytes: 482_133, url: 'https://dam.example.com/files/4711' },
      sourceVersion: 12,
    },
    answer: { result: 'changed' },
  },
  pushAssets: {
    request: {
      assets: [
        { externalId: 'dam-4711', name, path, tags, sourceVersion: 12 },
        { externalId: 'dam-4712', name: 'quay.jpg', path, sourceVersion: 3 },
      ],
    },
  },
  addNeverAsked: { request: { address: 'ada@example.com' } },
  checkEmail: { request: { to: 'ada@example.com' } },
  checkSqs: { request: { queue: 'arn:aws:sqs:eu-central-1:123456789012:dam-events' } },
  rotateSigningKey: { request: { name: 'sns' } },
  fetchAssets: { request: { url: 'https://dam.example.com/files/4711.jpg', path, tags } },
  createSync: { request: { source: 'old-dam' } },
  completeSync: { request: { vanished: 'archive', dryRun: true } },
  patchAsset: { request: { name: 'harbour-at-noon.jpg', info: { title: 'Harbour at noon' }, expectedVersion: 3 } },
  clipAsset: { request: { fromMs: 1_000, toMs: 3_500, name: 'harbour-teaser.mp4' } },
  copyAsset: { request: { path: '/campaigns/summer', name: 'harbour-for-summer.jpg' } },
  restoreAsset: { request: { path } },
  createShareLink: { request: { assets: [exampleId('ast')], name: 'For the printer', renditions: ['original'] } },
  updateShareLink: { request: { name: 'For the printer and the press' } },
  beginErasure: { request: { person: { name: 'Ada Lovelace', email: 'ada@example.com' }, dryRun: true } },
  updateDialectProperties: { request: { values: {} } },
  createBroadcast: { request: { title: 'The launch', author: 'Ada Example', tags: ['launch'] } },
  patchBroadcast: { request: { title: 'The launch, complete', tags: ['launch', 'press'] } },
  clipBroadcast: { request: { fromMs: 0, toMs: 2_000, title: 'The beginning' } },
  createFolder: { request: { path, description: 'Pictures of the spring campaign' } },
  updateFolder: { request: { name: 'summer' } },
  createCollection: { request: { name: 'Spring 2027', key: 'spring' } },
  updateCollection: { request: { name: 'Spring and summer 2027' } },
  changeCollectionAssets: { request: { add: ['external:dam-4711'] } },
  createJob: {
    request: {
      name: 'Retouch the harbour',
      deadlineAtMs: 1_798_070_400_000,
      accountable: 'ada',
      assets: [exampleId('ast')],
    },
  },
  updateJob: { request: { status: 'in_review' } },
  createLibrary: { request: { key: 'brand', name: 'Brand', organization: 'example-corp' } },
  updateLibrary: { request: { name: 'Brand and campaigns' } },
  addComment: {
    request: { text: 'The logo needs more room above', region: { x: 0.2, y: 0.1, width: 0.25, height: 0.3 } },
  },
  updateComment: { request: { resolved: true } },
  setApproval: { request: { status: 'approved', note: 'Checked by legal' } },
  createSection: { request: { name: 'Photographs', key: 'photographs' } },
  updateSection: { request: { name: 'Photographs and films', position: 2000 } },
  changeSectionAssets: { request: { add: ['external:dam-4711'] } },
  reportChanges: {
    request: {
      kind: 'asset.metadata_changed',
      subject: { type: 'asset', externalId: 'dam-4711' },
      before: { name, info: { title: 'Harbour' } },
      after: { name, info: { title: 'Harbour at dawn' } },
      occurredAtMs: 1_795_339_800_000,
      actor: { id: 'u-17', name: 'Ada' },
    },
  },
  createWebhook: {
    request: {
      name: 'Web shop',
      dialect: 'standard',
      target,
      events: ['asset.created', 'asset.metadata_changed'],
      filter: { folder: ['/campaigns'] },
      contacts: ['dam-team@example.com'],
    },
    answer: { name: 'Web shop' },
  },
  updateWebhook: { request: { name: 'Web shop, spring', events: ['*'] }, answer: { name: 'Web shop, spring' } },
  enableWebhook: { request: { held: 'send', missed: 'skip' } },
  disableWebhook: { request: { reason: 'The shop is being moved' }, answer: { state: 'disabled' } },
  testWebhook: { request: { event: 'asset.created' } },
  rotateWebhookSecret: { request: { revokeOldNow: false } },
  createReplay: {
    request: {
      webhookId: exampleId('wh'),
      states: ['dead', 'rejected'],
      fromMs: 1_795_253_400_000,
      toMs: 1_795_339_800_000,
    },
  },
  createInbox: { request: {} },
  configureInbox: { request: { status: 503, delayMs: 250, body: 'later' } },
  createWorkspace: { request: { id: 'acme', name: 'Acme' } },
  createKey: { request: { name: 'DAM connector', scopes: ['assets:read', 'assets:write'] } },
  updateMetadataRules: { request: { unknownFields: 'refuse' } },
  dryRunWebhook: { request: { changes: { events: ['asset.deleted'] } } },
  updateWorkspace: { request: { name: 'Acme Europe' }, answer: { name: 'Acme Europe' } },
  eraseWorkspace: { request: { confirm: 'acme' } },
  createUser: { request: { name: 'Ada', email: 'ada@example.com', roles: ['editor'] } },
  updateUser: { request: { roles: ['viewer'] }, answer: { roles: ['viewer'] } },
  createRole: {
    request: { id: 'archivist', name: 'Archivist', scopes: ['assets:read', 'assets:write'] },
    answer: { id: 'archivist', name: 'Archivist', builtIn: false },
  },
  updateRole: { request: { scopes: ['assets:read'] }, answer: { scopes: ['assets:read'], builtIn: false } },
  createGrant: {
    request: {
      principal: `user:${exampleId('usr')}`,
      resource: { type: 'folder', path: '/campaigns/spring' },
      scopes: ['assets:read', 'assets:write'],
    },
  },
  rotateKey: { request: { overlapSeconds: 3_600 } },
  changePassword: { request: { present: 'the-password-until-now', password: 'correct horse battery staple' } },
  setPassword: { request: { token: 'the-token-of-the-link', password: 'correct horse battery staple' } },
  updateSettings: { request: { contacts: ['dam-team@example.com'] } },
  getOpenApi: { answer: { openapi: '3.1.0', info: { title: 'Assetwire' } } },
  getReadiness: { answer: { checks: [{ name: 'storage', ok: true, needed: true }] } },
  getSettings: { answer: { version: '0.1.0' } },
  getSpace: { answer: { kinds: [{ kind: 'changes', rows: 1_200, bytes: 1_400_000, sinceMs: 1_795_339_800_000 }] } },
  createSession: { request: { token: 'the-one-time-token-of-the-terminal' } },
};
