import { type Change, type ChangeKind, changeKinds } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import { isToldWhenReady } from '../../core/version-owed.ts';
import type { Webhook } from '../../core/webhook.ts';
import { events } from './events.ts';
import { wishesOf } from './settings.ts';

/** Every kind has at most one trigger and nothing needs to be fixed at commit, so the answers are made once. */
const notifications = new Map<ChangeKind, readonly Notification[]>(
  changeKinds.map((kind) => [kind, eventsOf(events, kind).map((event) => ({ event }))]),
);
const nothing: readonly Notification[] = [];

/** What the vendor's own condition leaves (it is about the trigger "On change meta" alone), and what is no change there. */
export function notify(change: Change, webhook: Webhook): readonly Notification[] {
  const found = notifications.get(change.kind) ?? nothing;
  // There are no libraries there: an asset that goes from one to another lies where it lay.
  const { kind, changed } = change;
  if (isToldWhenReady(change)) return nothing;
  if (kind === 'asset.moved' && changed.includes('library') && !changed.includes('path')) return nothing;
  if (kind !== 'asset.metadata_changed') return found;
  const { metaTest } = wishesOf(webhook);
  return metaTest === null || metaTest(change) ? found : nothing;
}
