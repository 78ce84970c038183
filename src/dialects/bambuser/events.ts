import { type EventTable, notSupported } from '../../core/event-table.ts';

const onlyDerivatives = 'image update is sent when image derivatives are generated, and for nothing else';
const noFolders = 'The vendor knows no folders, collections, links or jobs';
const noOperation = 'The vendor tells nothing about webhooks by webhook: name it in a webhook of a neutral dialect';

/**
 * Which of the vendor's seven notifications each change kind becomes. Those of assets are about pictures only: `notify`
 * leaves out every other file.
 */
export const events: EventTable = {
  'asset.created': notSupported(
    'Told as image add when the picture was looked into, so that its size, its place and when it was taken are there',
  ),
  'asset.ready': ['image.add'],
  'asset.rescued': ['image.add'],
  'asset.version_added': notSupported(onlyDerivatives),
  'asset.version_ready': notSupported(onlyDerivatives),
  'asset.version_activated': notSupported(onlyDerivatives),
  'asset.promoted': notSupported(onlyDerivatives),
  'asset.copied': ['image.add'],
  'asset.moved': notSupported(onlyDerivatives),
  'asset.renamed': notSupported(onlyDerivatives),
  'asset.info_changed': notSupported(onlyDerivatives),
  'asset.metadata_changed': notSupported(onlyDerivatives),
  'asset.tags_changed': notSupported(onlyDerivatives),
  'asset.labels_changed': notSupported(onlyDerivatives),
  'asset.collections_changed': notSupported(onlyDerivatives),
  'asset.approval_changed': notSupported(onlyDerivatives),
  'asset.expiration_changed': notSupported(onlyDerivatives),
  'asset.availability_changed': notSupported(onlyDerivatives),
  'asset.comments_changed': notSupported(onlyDerivatives),
  'asset.archived': notSupported('Pictures are there or removed: the vendor knows no archive of them'),
  'asset.unarchived': notSupported('Pictures are there or removed: the vendor knows no archive of them'),
  'asset.pre_archive': notSupported('Pictures are there or removed: the vendor knows no archive of them'),
  'asset.checked_out': notSupported('The vendor knows no check-out'),
  'asset.checked_in': notSupported('The vendor knows no check-out'),
  'asset.checkout_undone': notSupported('The vendor knows no check-out'),
  'asset.renditions_made': ['image.update'],
  'asset.scan_failed': notSupported('The vendor tells nothing about scans of files'),
  'asset.deleted': ['image.remove'],
  'folder.created': notSupported(noFolders),
  'folder.renamed': notSupported(noFolders),
  'folder.moved': notSupported(noFolders),
  'folder.changed': notSupported(noFolders),
  'folder.removed': notSupported(noFolders),
  'collection.created': notSupported(noFolders),
  'collection.changed': notSupported(noFolders),
  'collection.removed': notSupported(noFolders),
  'share_link.created': notSupported(noFolders),
  'share_link.removed': notSupported(noFolders),
  'workflow_job.created': notSupported(noFolders),
  'workflow_job.changed': notSupported(noFolders),
  'workflow_job.removed': notSupported(noFolders),
  'broadcast.started': ['broadcast.add'],
  'broadcast.updated': ['broadcast.update'],
  'broadcast.ended': ['broadcast.update'],
  'broadcast.extracted': ['broadcast.extract'],
  'broadcast.removed': ['broadcast.remove'],
  'webhook.confirmation_requested': notSupported('The vendor has no handshake: an endpoint is used as it is given'),
  'webhook.unsubscribed': notSupported('The vendor has no unsubscribe link'),
  'webhook.test': notSupported(
    'A test sends a sample of one of the notifications, an image add where the webhook has all',
  ),
  'webhook.warning': notSupported(noOperation),
  'webhook.disabled': notSupported(noOperation),
  'webhook.enabled': notSupported(noOperation),
};

export type EventRow = {
  /** `collection.action`: the vendor has two fields and no name for both. */
  readonly name: string;
  readonly collection: 'broadcast' | 'image';
  readonly action: 'add' | 'update' | 'remove' | 'extract';
  /** When it is sent, as the vendor's page says. */
  readonly fires: string;
};

function row(collection: EventRow['collection'], action: EventRow['action'], fires: string): EventRow {
  return { name: `${collection}.${action}`, collection, action, fires };
}

/** In the order of the vendor's table. */
export const eventRows: readonly EventRow[] = [
  row('broadcast', 'add', 'Sent for new broadcasts'),
  row('broadcast', 'update', 'Sent when broadcast metadata is updated; a live one that ends becomes archived'),
  row('broadcast', 'remove', 'Sent when a broadcast is removed'),
  row('broadcast', 'extract', 'Sent when broadcast clip extraction status changes'),
  row('image', 'add', 'Sent for new images; derivatives may still be missing'),
  row('image', 'update', 'Sent when image derivatives are generated'),
  row('image', 'remove', 'Sent when an image is removed'),
];
