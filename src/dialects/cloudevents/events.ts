import { type EventTable, notSupported } from '../../core/event-table.ts';

/** The question to an endpoint; in no catalogue, because nobody subscribes to it. */
export const validationEvent = 'webhook.validation';

/**
 * Every change kind is a `type` of its own, behind the name of our vocabulary; an asset is told as created, and a version as added,
 * once ready, so that type and dimensions are there (at most 10 s after it was accepted).
 */
export const events: EventTable = {
  'asset.created': notSupported(
    'Told as assetwire.asset.created when the asset is ready, so that its type and dimensions are there',
  ),
  'asset.ready': ['assetwire.asset.created'],
  'asset.rescued': ['assetwire.asset.rescued'],
  'asset.version_added': notSupported(
    'Told as assetwire.asset.version_added when the version was looked into, so that its type and dimensions are there',
  ),
  'asset.version_ready': ['assetwire.asset.version_added'],
  'asset.version_activated': ['assetwire.asset.version_activated'],
  'asset.promoted': ['assetwire.asset.promoted'],
  'asset.copied': ['assetwire.asset.copied'],
  'asset.moved': ['assetwire.asset.moved'],
  'asset.renamed': ['assetwire.asset.renamed'],
  'asset.info_changed': ['assetwire.asset.info_changed'],
  'asset.metadata_changed': ['assetwire.asset.metadata_changed'],
  'asset.tags_changed': ['assetwire.asset.tags_changed'],
  'asset.labels_changed': ['assetwire.asset.labels_changed'],
  'asset.collections_changed': ['assetwire.asset.collections_changed'],
  'asset.approval_changed': ['assetwire.asset.approval_changed'],
  'asset.expiration_changed': ['assetwire.asset.expiration_changed'],
  'asset.availability_changed': ['assetwire.asset.availability_changed'],
  'asset.comments_changed': ['assetwire.asset.comments_changed'],
  'asset.archived': ['assetwire.asset.archived'],
  'asset.unarchived': ['assetwire.asset.unarchived'],
  'asset.pre_archive': ['assetwire.asset.pre_archive'],
  'asset.checked_out': ['assetwire.asset.checked_out'],
  'asset.checked_in': ['assetwire.asset.checked_in'],
  'asset.checkout_undone': ['assetwire.asset.checkout_undone'],
  'asset.renditions_made': ['assetwire.asset.renditions_made'],
  'asset.scan_failed': ['assetwire.asset.scan_failed'],
  'asset.deleted': ['assetwire.asset.deleted'],
  'folder.created': ['assetwire.folder.created'],
  'folder.renamed': ['assetwire.folder.renamed'],
  'folder.moved': ['assetwire.folder.moved'],
  'folder.changed': ['assetwire.folder.changed'],
  'folder.removed': ['assetwire.folder.removed'],
  'collection.created': ['assetwire.collection.created'],
  'collection.changed': ['assetwire.collection.changed'],
  'collection.removed': ['assetwire.collection.removed'],
  'share_link.created': ['assetwire.share_link.created'],
  'share_link.removed': ['assetwire.share_link.removed'],
  'workflow_job.created': ['assetwire.workflow_job.created'],
  'workflow_job.changed': ['assetwire.workflow_job.changed'],
  'workflow_job.removed': ['assetwire.workflow_job.removed'],
  'broadcast.started': ['assetwire.broadcast.started'],
  'broadcast.updated': ['assetwire.broadcast.updated'],
  'broadcast.ended': ['assetwire.broadcast.ended'],
  'broadcast.extracted': ['assetwire.broadcast.extracted'],
  'broadcast.removed': ['assetwire.broadcast.removed'],
  'webhook.confirmation_requested': notSupported(
    'The question of the HTTP webhook specification is an OPTIONS request, which carries no event',
  ),
  'webhook.unsubscribed': notSupported('The specification has no unsubscribe link: a receiver answers 410'),
  'webhook.test': ['assetwire.webhook.test'],
  'webhook.warning': ['assetwire.webhook.warning'],
  'webhook.disabled': ['assetwire.webhook.disabled'],
  'webhook.enabled': ['assetwire.webhook.enabled'],
};
