import { type EventTable, notSupported } from '../../core/event-table.ts';

export const eventNames = ['asset.create', 'asset.update', 'asset.delete'] as const;
export type EventName = (typeof eventNames)[number];

/** When each fires, as the vendor's reference says. */
export const fires: { readonly [Name in EventName]: string } = {
  'asset.create': 'A new asset was recognised and begins to be processed',
  'asset.update': 'A new asset is ready for use; later: it was edited, in a collection too',
  'asset.delete': 'An asset was removed',
};

const update = ['asset.update'];
const noArchive = 'There is no archive there';
const noCheckout = 'Nothing is checked out there';
const noFolders = 'There are no folders there';
const noCollections = 'Only assets have events there; an edit of an asset in a collection is told as one of the asset';
const noShareLinks = 'Share links have no events there';
const noJobs = 'There are no workflow jobs there';
const noBroadcasts = 'There are no broadcasts there';
const noOperation = 'What happens to a subscription itself is not told to subscriptions';

/** Our change kinds in the vendor's events; which of several it is depends on the change (notify.ts). */
export const events: EventTable = {
  'asset.created': ['asset.create'],
  'asset.ready': update,
  'asset.rescued': ['asset.create', 'asset.update'],
  'asset.copied': ['asset.create', 'asset.update'],
  // From one library to another: gone here, new there.
  'asset.moved': ['asset.create', 'asset.update', 'asset.delete'],
  'asset.version_added': notSupported(
    'Told as asset.update when the version was looked into: who asks for the asset then finds what it holds',
  ),
  'asset.version_ready': update,
  'asset.version_activated': update,
  'asset.promoted': update,
  'asset.renamed': update,
  'asset.info_changed': update,
  'asset.metadata_changed': update,
  'asset.tags_changed': update,
  'asset.labels_changed': update,
  'asset.collections_changed': update,
  'asset.approval_changed': update,
  'asset.expiration_changed': update,
  'asset.availability_changed': update,
  'asset.comments_changed': update,
  'asset.archived': notSupported(noArchive),
  'asset.unarchived': notSupported(noArchive),
  'asset.pre_archive': notSupported(noArchive),
  'asset.checked_out': notSupported(noCheckout),
  'asset.checked_in': notSupported(noCheckout),
  'asset.checkout_undone': notSupported(noCheckout),
  'asset.renditions_made': notSupported('Smaller pictures are no data of the asset there: nobody edited it'),
  'asset.scan_failed': notSupported('Scans of files have no event there'),
  'asset.deleted': ['asset.delete'],
  'folder.created': notSupported(noFolders),
  'folder.renamed': notSupported(noFolders),
  'folder.moved': notSupported(noFolders),
  'folder.changed': notSupported(noFolders),
  'folder.removed': notSupported(noFolders),
  'collection.created': notSupported(noCollections),
  'collection.changed': notSupported(noCollections),
  'collection.removed': notSupported(noCollections),
  'share_link.created': notSupported(noShareLinks),
  'share_link.removed': notSupported(noShareLinks),
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
  'webhook.test': notSupported('A test is a fake notification of one of the events'),
  'webhook.warning': notSupported(noOperation),
  'webhook.disabled': notSupported(noOperation),
  'webhook.enabled': notSupported(noOperation),
};
