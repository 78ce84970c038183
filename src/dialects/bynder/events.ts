import { type EventTable, notSupported } from '../../core/event-table.ts';

const noFolders = 'Bynder has no folders: media are found by their metaproperties';
const noCollections = 'Collections have no notification there, and a media object does not name them';
const noRights = 'Bynder has no notification for it, and a media object does not hold it';
const noCheckOut = 'Media are not checked out there';
const noShare = 'Share links have no notification there';
const noBroadcasts = 'Broadcasts are no part of Bynder';
const oneJobEvent = 'The only notification of Workflow is that a job was created';
const noOperation = 'The vendor tells nothing about webhooks by webhook: name it in a webhook of a neutral dialect';

/**
 * Which of the vendor's notifications each change kind becomes. Archiving becomes two, in the order in which the vendor's
 * page names them; coming back from the archive becomes `meta_updated` only.
 */
export const events: EventTable = {
  'asset.created': notSupported(
    'Told as asset_bank.media.create when the asset is ready, so that its type and dimensions are there',
  ),
  'asset.ready': ['asset_bank.media.create'],
  'asset.rescued': ['asset_bank.media.create'],
  'asset.version_added': notSupported(
    'Told as asset_bank.media.updated when the version was looked into, so that its dimensions are there',
  ),
  'asset.version_ready': ['asset_bank.media.updated'],
  'asset.version_activated': ['asset_bank.media.updated'],
  'asset.promoted': ['asset_bank.media.updated'],
  'asset.copied': ['asset_bank.media.create'],
  'asset.moved': notSupported(noFolders),
  'asset.renamed': ['asset_bank.media.meta_updated'],
  'asset.info_changed': ['asset_bank.media.meta_updated'],
  'asset.metadata_changed': ['asset_bank.media.meta_updated'],
  'asset.tags_changed': ['asset_bank.media.meta_updated'],
  'asset.labels_changed': notSupported(noRights),
  'asset.collections_changed': notSupported(noCollections),
  'asset.approval_changed': notSupported(noRights),
  'asset.expiration_changed': notSupported(noRights),
  'asset.availability_changed': notSupported(noRights),
  'asset.comments_changed': notSupported(noRights),
  'asset.archived': ['asset_bank.media.meta_updated', 'asset_bank.media.archived'],
  'asset.unarchived': ['asset_bank.media.meta_updated'],
  'asset.pre_archive': ['asset_bank.media.pre_archived'],
  'asset.checked_out': notSupported(noCheckOut),
  'asset.checked_in': notSupported(noCheckOut),
  'asset.checkout_undone': notSupported(noCheckOut),
  'asset.renditions_made': notSupported(
    'Derivatives have no notification there: receivers are told to wait some seconds',
  ),
  'asset.scan_failed': ['antivirus.scan.failed'],
  'asset.deleted': ['asset_bank.media.deleted'],
  'folder.created': notSupported(noFolders),
  'folder.renamed': notSupported(noFolders),
  'folder.moved': notSupported(noFolders),
  'folder.changed': notSupported(noFolders),
  'folder.removed': notSupported(noFolders),
  'collection.created': notSupported(noCollections),
  'collection.changed': notSupported(noCollections),
  'collection.removed': notSupported(noCollections),
  'share_link.created': notSupported(noShare),
  'share_link.removed': notSupported(noShare),
  'workflow_job.created': ['workflow.job.create'],
  'workflow_job.changed': notSupported(oneJobEvent),
  'workflow_job.removed': notSupported(oneJobEvent),
  'broadcast.started': notSupported(noBroadcasts),
  'broadcast.updated': notSupported(noBroadcasts),
  'broadcast.ended': notSupported(noBroadcasts),
  'broadcast.extracted': notSupported(noBroadcasts),
  'broadcast.removed': notSupported(noBroadcasts),
  'webhook.confirmation_requested': notSupported(
    'The confirmation is a message of Amazon SNS, which is sent without being subscribed to',
  ),
  'webhook.unsubscribed': notSupported(
    'The confirmation that a subscription ended is a message of Amazon SNS, which is sent without being subscribed to',
  ),
  'webhook.test': notSupported('The vendor has no test message: a test sends a sample of one of the events'),
  'webhook.warning': notSupported(noOperation),
  'webhook.disabled': notSupported(noOperation),
  'webhook.enabled': notSupported(noOperation),
};

/** What is found out about a file once it was looked into: told with the file, which is no change of metadata. */
const ofTheFile: ReadonlySet<string> = new Set(['file', 'versions', 'embedded', 'kind', 'renditions']);

/** Whether a change of information is one of metadata as the vendor means it: title, description, copyright, dates … */
export function isMetadata(changed: readonly string[]): boolean {
  return changed.length === 0 || changed.some((field) => !ofTheFile.has(field));
}

/** The modules of a Bynder account that notifications belong to. */
export type Module = 'assetBank' | 'archive' | 'workflow' | 'antivirus';

export type EventRow = {
  /** Also the `Subject` of the SNS message. */
  readonly name: string;
  readonly module: Module;
  /** What `Message` is about, which decides its form. */
  readonly about: 'media' | 'scan' | 'job';
  /** When it fires, as the vendor's page says. */
  readonly fires: string;
};

/** The vendor's notifications in the order of its page; the last two stand in the reference of its API only. */
export const eventRows: readonly EventRow[] = [
  {
    name: 'asset_bank.media.create',
    module: 'assetBank',
    about: 'media',
    fires: 'Media uploaded to the Asset Bank; one for each asset, of an upload of many as well',
  },
  {
    name: 'asset_bank.media.updated',
    module: 'assetBank',
    about: 'media',
    fires: 'New version uploaded to existing media, or change of the active version',
  },
  {
    name: 'asset_bank.media.archived',
    module: 'assetBank',
    about: 'media',
    fires: 'Media set to archived; asset_bank.media.meta_updated is sent as well',
  },
  { name: 'asset_bank.media.deleted', module: 'assetBank', about: 'media', fires: 'Media deleted' },
  {
    name: 'asset_bank.media.meta_updated',
    module: 'assetBank',
    about: 'media',
    fires: 'Title, description, tags or any metaproperty changed; media put into the archive or taken out of it',
  },
  {
    name: 'workflow.job.create',
    module: 'workflow',
    about: 'job',
    fires: 'A new Asset Workflow job is created, in the portal or by the API',
  },
  {
    name: 'asset_bank.media.pre_archived',
    module: 'archive',
    about: 'media',
    fires: 'The date on which media is archived is preArchivedNotificationDays away',
  },
  {
    name: 'antivirus.scan.failed',
    module: 'antivirus',
    about: 'scan',
    fires: 'A virus was found in an uploaded file, or it could not be looked for',
  },
];

/** In the order of the vendor's page. */
export const eventNames: readonly string[] = eventRows.map(({ name }) => name);

/** Names of older accounts that receivers still know: taken in configurations, never sent. */
export const legacyEventNames: ReadonlyMap<string, string> = new Map([
  ['asset_bank.media.upload', 'asset_bank.media.create'],
  ['asset_bank.media.uploaded', 'asset_bank.media.create'],
]);

/** The name that is sent for a name that a configuration may hold. */
export function canonicalEvent(name: string): string {
  return legacyEventNames.get(name) ?? name;
}
