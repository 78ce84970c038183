import { type EventTable, notSupported } from '../../core/event-table.ts';

const noTrigger = 'None of the eight triggers is about it';
const noArchive = 'The vendor has no archive that an asset is put into or comes back from';
const noCheckout = 'The vendor has no check-out';
const noCollections = 'Collections have no trigger there';
const noFolders = 'Folders have no trigger; assets that lie elsewhere then are told by move';
const noJobs = 'Workflow jobs are no part of what the vendor tells';
const noBroadcasts = 'Broadcasts are no part of what the vendor tells';
const noOperation = 'The vendor tells nothing about webhooks by webhook: name it in a webhook of a neutral dialect';

/**
 * A change has one kind, and a kind has one trigger: that is why no change yields two messages. One write that renames and
 * tags an asset is two changes, told by two messages in their order.
 */
export const events: EventTable = {
  'asset.created': notSupported('Told as upload when the asset is ready, so that its type and dimensions are there'),
  'asset.ready': ['upload'],
  'asset.rescued': ['upload'],
  'asset.version_added': notSupported(
    'Told as upload when the version was looked into, so that its type and dimensions are there',
  ),
  'asset.version_ready': ['upload'],
  'asset.version_activated': ['upload'],
  'asset.promoted': ['upload'],
  'asset.copied': ['upload'],
  'asset.moved': ['move'],
  'asset.renamed': ['rename'],
  'asset.info_changed': ['change_info'],
  'asset.metadata_changed': ['change_meta'],
  'asset.tags_changed': ['change_tag'],
  'asset.labels_changed': ['change_label'],
  'asset.collections_changed': notSupported(noCollections),
  'asset.approval_changed': ['change_info'],
  'asset.expiration_changed': ['change_info'],
  'asset.availability_changed': ['change_info'],
  'asset.comments_changed': notSupported('Comments are no information about the asset itself'),
  'asset.archived': notSupported(noArchive),
  'asset.unarchived': notSupported(noArchive),
  'asset.pre_archive': notSupported(noArchive),
  'asset.checked_out': notSupported(noCheckout),
  'asset.checked_in': notSupported(noCheckout),
  'asset.checkout_undone': notSupported(noCheckout),
  'asset.renditions_made': notSupported('The vendor makes pictures of other sizes when they are asked for'),
  'asset.scan_failed': notSupported(noTrigger),
  'asset.deleted': ['delete'],
  'folder.created': notSupported(noFolders),
  'folder.renamed': notSupported(noFolders),
  'folder.moved': notSupported(noFolders),
  'folder.changed': notSupported(noFolders),
  'folder.removed': notSupported(noFolders),
  'collection.created': notSupported(noCollections),
  'collection.changed': notSupported(noCollections),
  'collection.removed': notSupported(noCollections),
  'share_link.created': notSupported(noTrigger),
  'share_link.removed': notSupported(noTrigger),
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
  'webhook.test': notSupported('The vendor has no test message: a test sends a sample of one of the triggers'),
  'webhook.warning': notSupported(noOperation),
  'webhook.disabled': notSupported(noOperation),
  'webhook.enabled': notSupported(noOperation),
};

export type TriggerRow = {
  readonly name: string;
  /** The vendor's words. */
  readonly title: string;
  readonly fires: string;
};

/** The vendor's triggers in the order of its page; the names on the wire are our own choice. */
export const triggers: readonly TriggerRow[] = [
  { name: 'upload', title: 'On upload', fires: 'After a successful upload: of an asset, or of another file for it' },
  { name: 'move', title: 'On move', fires: 'The asset lies in another folder' },
  { name: 'rename', title: 'On rename', fires: 'The asset has another name' },
  { name: 'delete', title: 'On delete', fires: 'The asset was deleted' },
  {
    name: 'change_meta',
    title: 'On change meta',
    fires: 'A metadata field (any, or the one chosen) was modified to a value (any, or the one chosen)',
  },
  { name: 'change_info', title: 'On change info', fires: 'Information such as title or description changed' },
  { name: 'change_tag', title: 'On change tag', fires: "The asset's tags were edited" },
  { name: 'change_label', title: 'On change label', fires: "The asset's labels were modified" },
];
