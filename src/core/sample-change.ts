import type { AssetState, AssetVersion } from './asset.ts';
import type { BroadcastState } from './broadcast.ts';
import type { Change, ChangeKind, Subject } from './change.ts';
import { changedFields } from './difference.ts';
import type { IdOf } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { WorkflowJobState } from './workflow-job.ts';

const occurredAtMs = Date.UTC(2026, 10, 22, 12, 0, 0, 500);
const createdAtMs = Date.UTC(2026, 10, 20, 9, 30, 0);
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

const file = {
  name: 'flower-ü.jpg',
  bytes: 482_113,
  mimeType: 'image/jpeg',
  sha256,
  blob: sha256,
  widthPx: 4_000,
  heightPx: 3_000,
};

const asset = {
  kind: 'image',
  name: 'flower-ü.jpg',
  path: '/campaigns/spring',
  file,
  versions: [{ number: 1, active: true, createdAtMs, file }],
  renditions: [],
  info: { title: 'A flower', description: 'Red, in the morning', copyright: 'Ada Example' },
  metadata: { status: 'Draft', channels: ['web', 'print'], rating: 4 },
  embedded: { exif: { model: 'X100' } },
  tags: ['flower', 'red'],
  labels: [],
  collections: ['Spring'],
  archived: false,
  inspection: { state: 'done' },
  createdAtMs,
  modifiedAtMs: createdAtMs,
  createdBy: 'ada',
  aliases: {},
} as const satisfies AssetState;

const second = { ...file, bytes: 501_004 };
const small = {
  title: 'small',
  name: 'small.jpg',
  bytes: 9_120,
  mimeType: 'image/jpeg',
  blob: sha256,
  widthPx: 250,
  heightPx: 188,
};
const broadcast = {
  title: 'Launch',
  type: 'live',
  author: 'Ada Example',
  tags: ['launch'],
  customData: '',
  ingestChannel: 'cfc8626c-9a0e-8b78-a424-3eb0978d8e45',
  position: { latitude: 63.205312, longitude: 17.13011, accuracyMetres: 25, type: 'GPS' },
  startedAtMs: occurredAtMs,
  widthPx: 1_280,
  heightPx: 720,
} as const satisfies BroadcastState;
const ended = {
  type: 'archived',
  endedAtMs: occurredAtMs + 60_000,
  end: 'complete',
  durationMs: 60_000,
  recording: 'ast_01kan4c4q0edkxrmnr6dgk2vfp',
  recordingPreview: true,
} as const satisfies Partial<BroadcastState>;
const folder = { path: '/campaigns/spring', name: 'spring' };
const collection = { name: 'Spring', assets: ['ast_01kan4c4q0edkxrmnr6dgk2vfp'] };
const job = {
  name: 'Retouch',
  description: 'Remove the dust',
  status: 'open',
  deadlineAtMs: Date.UTC(2026, 11, 1, 17),
  preset: 'retouching',
  accountable: 'ben',
  assets: ['ast_01kan4c4q0edkxrmnr6dgk2vfp'],
  createdBy: 'ada',
  createdAtMs: occurredAtMs,
  modifiedAtMs: occurredAtMs,
} as const satisfies WorkflowJobState;
const shareLink = { name: 'For the agency', assets: ['ast_01kan4c4q0edkxrmnr6dgk2vfp'], createdBy: 'ada' };
const webhook = { name: 'Shop', dialect: 'standard', state: 'enabled' };

/** The asset's file as a virus scanner left it. */
function withScan(scan: JsonObject): JsonObject {
  const scanned = { ...file, scan };
  return { file: scanned, versions: [{ number: 1, active: true, createdAtMs, file: scanned }] };
}

/** What a second version changes. */
function anotherVersion(owed: Pick<AssetVersion, 'inspection'>): JsonObject {
  return {
    file: second,
    versions: [
      { number: 1, active: false, createdAtMs, file },
      { number: 2, active: true, createdAtMs: occurredAtMs, file: second, ...owed },
    ],
  };
}

type Step = { readonly before: JsonObject | null; readonly after: JsonObject | null };

const weekMs = 7 * 24 * 3_600_000;
const changedTo = (after: JsonObject, before: JsonObject = {}): Step => ({
  before: { ...asset, ...before },
  after: { ...asset, ...after, modifiedAtMs: occurredAtMs },
});
const appears = (after: JsonObject): Step => ({ before: null, after });
const vanishes = (before: JsonObject): Step => ({ before, after: null });

/** One plausible before and after of every kind. */
const steps: { readonly [Kind in ChangeKind]: Step } = {
  'asset.created': appears({ ...asset, inspection: { state: 'pending' } }),
  'asset.ready': appears(asset),
  'asset.rescued': appears(asset),
  'asset.version_added': changedTo(anotherVersion({ inspection: 'pending' })),
  'asset.version_ready': changedTo(anotherVersion({})),
  'asset.version_activated': changedTo(
    {
      versions: [
        { number: 1, active: true, createdAtMs, file },
        { number: 2, active: false, createdAtMs, file: second },
      ],
    },
    {
      file: second,
      versions: [
        { number: 1, active: false, createdAtMs, file },
        { number: 2, active: true, createdAtMs, file: second },
      ],
    },
  ),
  'asset.promoted': changedTo(
    {
      versions: [
        { number: 1, active: false, createdAtMs, file },
        { number: 2, active: false, createdAtMs, file: second },
        { number: 3, active: true, createdAtMs: occurredAtMs, file, promotedFrom: 1 },
      ],
    },
    {
      file: second,
      versions: [
        { number: 1, active: false, createdAtMs, file },
        { number: 2, active: true, createdAtMs, file: second },
      ],
    },
  ),
  'asset.copied': appears({ ...asset, name: 'flower-ü copy.jpg' }),
  'asset.moved': changedTo({ path: '/campaigns/summer' }),
  'asset.renamed': changedTo({ name: 'rose.jpg' }),
  'asset.info_changed': changedTo({ info: { ...asset.info, title: 'A rose' } }),
  'asset.metadata_changed': changedTo({ metadata: { ...asset.metadata, status: 'Final' } }),
  'asset.tags_changed': changedTo({ tags: ['flower', 'red', 'rose'] }),
  'asset.labels_changed': changedTo({ labels: ['hero'] }),
  'asset.collections_changed': changedTo({ collections: ['Spring', 'Best of'] }),
  'asset.approval_changed': changedTo({ info: { ...asset.info, approval: 'approved' } }),
  'asset.expiration_changed': changedTo({ info: { ...asset.info, expiration: '2027-12-31' } }),
  'asset.availability_changed': changedTo(
    { expiresAtMs: occurredAtMs, availability: 'expired' },
    { expiresAtMs: occurredAtMs },
  ),
  'asset.comments_changed': changedTo({ info: { ...asset.info, comments: [{ by: 'ada', text: 'Lovely' }] } }),
  'asset.archived': changedTo({ archived: true }),
  'asset.unarchived': changedTo({}, { archived: true }),
  'asset.pre_archive': {
    before: { ...asset, archiveAtMs: occurredAtMs + weekMs, archiveNoticeAtMs: occurredAtMs },
    after: { ...asset, archiveAtMs: occurredAtMs + weekMs },
  },
  'asset.checked_out': changedTo({ checkedOutBy: 'ada' }),
  'asset.checked_in': changedTo({}, { checkedOutBy: 'ada' }),
  'asset.checkout_undone': changedTo({}, { checkedOutBy: 'ada' }),
  'asset.renditions_made': changedTo({ renditions: [small] }),
  'asset.scan_failed': {
    before: { ...asset, ...withScan({ state: 'pending' }), inspection: { state: 'pending' } },
    after: {
      ...asset,
      ...withScan({ state: 'infected', atMs: occurredAtMs, note: 'Eicar-Test-Signature' }),
      inspection: { state: 'withheld', note: 'A virus was found: Eicar-Test-Signature' },
    },
  },
  'asset.deleted': vanishes(asset),
  'folder.created': appears(folder),
  'folder.renamed': { before: folder, after: { path: '/campaigns/early-spring', name: 'early-spring' } },
  'folder.moved': { before: folder, after: { path: '/archive/spring', name: 'spring' } },
  'folder.changed': { before: folder, after: { ...folder, description: 'Pictures of the spring campaign' } },
  'folder.removed': vanishes(folder),
  'collection.created': appears(collection),
  'collection.changed': { before: collection, after: { ...collection, name: 'Spring 2027' } },
  'collection.removed': vanishes(collection),
  'share_link.created': appears(shareLink),
  'share_link.removed': vanishes(shareLink),
  'workflow_job.created': appears(job),
  'workflow_job.changed': { before: job, after: { ...job, status: 'done' } },
  'workflow_job.removed': vanishes(job),
  'broadcast.started': appears(broadcast),
  'broadcast.updated': { before: broadcast, after: { ...broadcast, title: 'The launch' } },
  'broadcast.ended': { before: broadcast, after: { ...broadcast, ...ended } },
  'broadcast.extracted': {
    before: { ...broadcast, type: 'extracting' },
    after: { ...broadcast, ...ended, status: 'finished' },
  },
  'broadcast.removed': vanishes(broadcast),
  'webhook.confirmation_requested': { before: null, after: { ...webhook, state: 'pending' } },
  'webhook.unsubscribed': { before: webhook, after: { ...webhook, state: 'disabled' } },
  'webhook.test': { before: webhook, after: webhook },
  'webhook.warning': {
    before: webhook,
    after: { ...webhook, warning: { percent: 75, disablesAtMs: occurredAtMs + 108_000_000 } },
  },
  'webhook.disabled': { before: webhook, after: { ...webhook, state: 'disabled', stateReason: 'continued-failure' } },
  'webhook.enabled': { before: { ...webhook, state: 'disabled' }, after: webhook },
};

const subjects: { readonly [Type in Subject['type']]: Subject } = {
  asset: { type: 'asset', id: 'ast_01kan4c4q0edkxrmnr6dgk2vfp', externalId: 'DAM-4711' },
  folder: { type: 'folder', id: 'fld_01kan4c4q0edkxrmnr6dgk2vfq' },
  collection: { type: 'collection', id: 'col_01kan4c4q0edkxrmnr6dgk2vfr' },
  share_link: { type: 'share_link', id: 'shl_01kan4c4q0edkxrmnr6dgk2vfs' },
  workflow_job: { type: 'workflow_job', id: 'job_01kan4c4q0edkxrmnr6dgk2vft' },
  broadcast: { type: 'broadcast', id: 'brc_01kan4c4q0edkxrmnr6dgk2vfv' },
  webhook: { type: 'webhook', id: 'wh_01kan4c4q0edkxrmnr6dgk2vfw' },
};

const timeCharacters = 10;

/** An id for an asset that is none: of the beginning of time, by which everybody can tell that there is nothing to look for. */
export function sampleAssetId(id: IdOf<'asset'>): IdOf<'asset'> {
  return `ast_${'0'.repeat(timeCharacters)}${id.slice('ast_'.length + timeCharacters)}`;
}

/**
 * A change of this kind that could have happened, always the same: what examples, golden files and test sends are made
 * of. `more` replaces what a sender knows better (workspace, subject, time).
 */
export function sampleChange(kind: ChangeKind, more: Partial<Change> = {}): Change {
  const step = steps[kind];
  const type = kind.slice(0, kind.indexOf('.')) as Subject['type'];
  return {
    id: 'chg_01kan4c4q0edkxrmnr6dgk2vfx',
    workspaceId: 'default',
    kind,
    subject: subjects[type],
    subjectVersion: step.before === null ? 1 : 2,
    occurredAtMs,
    acceptedAtMs: occurredAtMs + 3,
    actor: { type: 'user', id: 'ada', name: 'Ada Example' },
    before: step.before,
    after: step.after,
    changed: changedFields(step.before, step.after),
    causationDepth: 0,
    ...more,
  };
}
