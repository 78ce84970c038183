import { type Change, changeKinds, type ChangeKind } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import type { JsonObject } from '../../core/json.ts';
import { libraryOf } from '../../core/library.ts';
import type { Webhook } from '../../core/webhook.ts';
import { events } from './events.ts';
import { resourceKeyOf } from './settings.ts';

const nothing: readonly Notification[] = [];
const gone: readonly Notification[] = [{ event: 'asset.delete' }];
const edited: readonly Notification[] = [{ event: 'asset.update' }];
const came: readonly Notification[] = [{ event: 'asset.create' }, { event: 'asset.update' }];

/** Nothing needs to be fixed at commit, so the answers are made once. */
const told = new Map<ChangeKind, readonly Notification[]>(
  changeKinds.map((kind) => [kind, eventsOf(events, kind).map((event) => ({ event }))]),
);

/** Only what happens in the library that the subscription is about; an asset that leaves it is gone, one that comes is new. */
export function notify(change: Change, { settings }: Webhook): readonly Notification[] {
  const { kind, before, after } = change;
  const found = told.get(kind) ?? nothing;
  if (found.length === 0) return nothing;
  const wanted = resourceKeyOf(settings);
  if (kind === 'asset.moved') {
    const is = isIn(after, wanted);
    return before === null ? movedFromUnknown(change, is) : notifyMove(isIn(before, wanted), is);
  }
  return isIn(after ?? before, wanted) ? found : nothing;
}

/** Reported by a DAM that did not say what was before: it may be new here, or have lain in another folder. */
function movedFromUnknown({ changed }: Change, is: boolean): readonly Notification[] {
  return is && changed.includes('library') ? edited : nothing;
}

function notifyMove(was: boolean, is: boolean): readonly Notification[] {
  // Another folder is nothing that is known there.
  if (was === is) return nothing;
  return is ? came : gone;
}

function isIn(state: JsonObject | null, library: string): boolean {
  return state !== null && libraryOf(state) === library;
}
