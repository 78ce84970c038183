import { type EventTable, notSupported } from '../../core/event-table.ts';

const noArchive = 'WoodWing Assets knows no archive that an asset is put into or comes back from';
const noCollections = 'A collection is an asset with relations there, and relations have no event';
const noJobs = 'Workflow jobs are no part of WoodWing Assets';
const noBroadcasts = 'Broadcasts are no part of WoodWing Assets';
const noFolderChange =
  'There is no event for a folder that has another name or place; assets that lie elsewhere are told by asset_move';
const noOperation = 'The vendor tells nothing about webhooks by webhook: name it in a webhook of a neutral dialect';

/**
 * Which of the vendor's 16 events each change kind becomes. Everything that changes what the vendor calls metadata (its
 * own fields, tags, labels, title, approval, whether there is a preview) is `asset_update_metadata`.
 */
export const events: EventTable = {
  'asset.created': notSupported(
    'Told as asset_create when the asset is ready, so that its type and dimensions are there',
  ),
  'asset.ready': ['asset_create'],
  'asset.rescued': ['asset_create_from_filestore_rescue'],
  'asset.version_added': notSupported(
    'Told as asset_create_from_version when the version was looked into, so that its type and dimensions are there',
  ),
  'asset.version_ready': ['asset_create_from_version'],
  'asset.version_activated': ['asset_promote'],
  'asset.promoted': ['asset_promote'],
  'asset.copied': ['asset_create_by_copy'],
  'asset.moved': ['asset_move'],
  'asset.renamed': ['asset_rename'],
  'asset.info_changed': ['asset_update_metadata'],
  'asset.metadata_changed': ['asset_update_metadata'],
  'asset.tags_changed': ['asset_update_metadata'],
  'asset.labels_changed': ['asset_update_metadata'],
  'asset.collections_changed': notSupported(noCollections),
  'asset.approval_changed': ['asset_update_metadata'],
  'asset.expiration_changed': ['asset_update_metadata'],
  'asset.availability_changed': ['asset_update_metadata'],
  'asset.comments_changed': notSupported('Annotations have no event there'),
  'asset.archived': notSupported(noArchive),
  'asset.unarchived': notSupported(noArchive),
  'asset.pre_archive': notSupported(noArchive),
  'asset.checked_out': ['asset_checkout'],
  'asset.checked_in': ['asset_checkin'],
  'asset.checkout_undone': ['asset_undo_checkout'],
  'asset.renditions_made': ['asset_update_metadata'],
  'asset.scan_failed': notSupported('Scans of files have no event there'),
  'asset.deleted': ['asset_remove'],
  'folder.created': ['folder_create'],
  'folder.renamed': notSupported(noFolderChange),
  'folder.moved': notSupported(noFolderChange),
  'folder.changed': notSupported('Folders have no metadata of their own there that an event tells of'),
  'folder.removed': ['folder_remove'],
  'collection.created': notSupported(noCollections),
  'collection.changed': notSupported(noCollections),
  'collection.removed': notSupported(noCollections),
  'share_link.created': ['authkey_create'],
  'share_link.removed': ['authkey_remove'],
  'workflow_job.created': notSupported(noJobs),
  'workflow_job.changed': notSupported(noJobs),
  'workflow_job.removed': notSupported(noJobs),
  'broadcast.started': notSupported(noBroadcasts),
  'broadcast.updated': notSupported(noBroadcasts),
  'broadcast.ended': notSupported(noBroadcasts),
  'broadcast.extracted': notSupported(noBroadcasts),
  'broadcast.removed': notSupported(noBroadcasts),
  'webhook.confirmation_requested': notSupported('The vendor has no handshake: an endpoint is used as it is given'),
  'webhook.unsubscribed': notSupported('The vendor has no unsubscribe link'),
  'webhook.test': notSupported('The vendor has no test message: a test sends a sample of one of the events'),
  'webhook.warning': notSupported(noOperation),
  'webhook.disabled': notSupported(noOperation),
  'webhook.enabled': notSupported(noOperation),
};

/** What an event is about decides which identification its body carries. */
export type EventSubject = 'asset' | 'folder' | 'authkey';

export type EventRow = {
  readonly name: string;
  readonly about: EventSubject;
  /** When it fires, as the vendor's overview page says. */
  readonly fires: string;
};

/** The vendor's events in the order of its overview page, with when they fire. */
export const eventRows: readonly EventRow[] = [
  { name: 'asset_checkin', about: 'asset', fires: 'An asset is checked in' },
  { name: 'asset_checkout', about: 'asset', fires: 'An asset is checked out' },
  { name: 'asset_create', about: 'asset', fires: 'An asset was created and looked into; its type and size are there' },
  { name: 'asset_create_by_copy', about: 'asset', fires: 'An asset is copied' },
  {
    name: 'asset_create_from_filestore_rescue',
    about: 'asset',
    fires: 'A file that had lost its record became an asset again (the Rescue tool)',
  },
  { name: 'asset_create_from_version', about: 'asset', fires: 'A further version of an asset is made' },
  { name: 'asset_move', about: 'asset', fires: 'An asset lies in another folder' },
  { name: 'asset_promote', about: 'asset', fires: 'A version is promoted: it is the active one now' },
  { name: 'asset_remove', about: 'asset', fires: 'An asset was removed' },
  { name: 'asset_rename', about: 'asset', fires: 'An asset has another file name' },
  { name: 'asset_undo_checkout', about: 'asset', fires: 'A check-out was undone' },
  {
    name: 'asset_update_metadata',
    about: 'asset',
    fires: 'Metadata changed; a preview that was made counts as metadata',
  },
  { name: 'authkey_create', about: 'authkey', fires: 'A Share Link was created' },
  { name: 'authkey_remove', about: 'authkey', fires: 'A Share Link was removed' },
  { name: 'folder_create', about: 'folder', fires: 'A folder was created' },
  { name: 'folder_remove', about: 'folder', fires: 'A folder was removed' },
];

/** All event names, sorted as the vendor lists them. */
export const eventNames: readonly string[] = eventRows.map(({ name }) => name);
