import type { Change, ChangeKind } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { Webhook } from '../../core/webhook.ts';
import { events } from './events.ts';
import { changedFieldNames, fieldValue } from './fields.ts';
import { changedMetadataOf } from './render.ts';
import { type Wishes, wishesOf } from './settings.ts';

/** Every kind has at most one event and nothing needs to be fixed at commit, so the answers are made once. */
const notifications = new Map<ChangeKind, readonly Notification[]>(
  changeKinds.map((kind) => [kind, eventsOf(events, kind).map((event) => ({ event }))]),
);
const nothing: readonly Notification[] = [];

/** What the vendor's own conditions leave of the event: trigger fields, folders and query hold for asset events only. */
export function notify(change: Change, webhook: Webhook): readonly Notification[] {
  const found = notifications.get(change.kind) ?? nothing;
  if (found.length === 0 || change.subject.type !== 'asset') return found;
  // A preview that was made anew is no news: the field says whether there is one.
  if (change.kind === 'asset.renditions_made' && isEmpty(changedMetadataOf(change, null))) return nothing;
  // Another library is no other place there.
  const { kind, changed } = change;
  if (kind === 'asset.moved' && changed.includes('library') && !changed.includes('path')) return nothing;
  return isWanted(change, wishesOf(webhook)) ? found : nothing;
}

function isWanted(change: Change, { triggerMetadataFields, inFolders, matchesQuery }: Wishes): boolean {
  if (triggerMetadataFields === null && inFolders === null && matchesQuery === null) return true;
  const state = change.after ?? change.before;
  if (state === null) return false;
  if (triggerMetadataFields !== null && !triggers(change, triggerMetadataFields)) return false;
  if (inFolders !== null) {
    const path = ownValue(state, 'path');
    if (typeof path !== 'string' || !inFolders(path)) return false;
  }
  return matchesQuery === null || matchesQuery(change, state);
}

/** Of an asset that came or went every field with a value counts as changed: the vendor does not say. */
function triggers(change: Change, fields: ReadonlySet<string>): boolean {
  const { before, after, changed } = change;
  // Told as created: what was known before it was ready is nobody's former value.
  const present = change.kind === 'asset.ready' || before === null ? after : after === null ? before : null;
  if (present !== null) {
    for (const field of fields) if (fieldValue(present, field) !== undefined) return true;
    return false;
  }
  return changedFieldNames(changed).some((name) => fields.has(name));
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}
