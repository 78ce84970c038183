/** How many days before its date of archiving an asset is announced: each webhook says so for itself. */
import type { Change } from '../../core/change.ts';
import { archiveNoticeDaysOf } from '../../core/asset-dates.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';

/** Where a configuration does not say; the vendor names no default. */
export const noticeDaysDefault = 7;

/** The setting's schema; the name is that of the vendor's API. */
export const preArchivedNotificationDaysSchema: JsonObject = {
  type: 'integer',
  title: 'Days before archiving',
  description: `asset_bank.media.pre_archived is sent so many days before an asset is archived; ${noticeDaysDefault} where nothing is said`,
  minimum: 1,
  maximum: 365,
};

/** For `Dialect.archiveNoticeDays`: when a webhook with these settings wants its notice. */
export function noticeDays(settings: JsonObject): readonly number[] {
  const days = ownValue(settings, 'preArchivedNotificationDays');
  return [typeof days === 'number' ? days : noticeDaysDefault];
}

/** Whether this notice of an archive date is the one that the webhook asked for; a reported one that does not say is. */
export function wantsNotice({ before, after }: Change, settings: JsonObject): boolean {
  const days = archiveNoticeDaysOf(before, after);
  return days === null || noticeDays(settings).includes(days);
}
