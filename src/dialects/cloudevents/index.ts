import { type ChangeKind, changeKinds } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import { eventsOf } from '../../core/event-table.ts';
import type { Dialect } from '../dialect.ts';
import { events } from './events.ts';
import { judge } from './judge.ts';
import { manage } from './manage.ts';
import { manifest } from './manifest.ts';
import { render } from './render.ts';
import { sign } from './sign.ts';

/** Every kind has at most one event and nothing needs to be fixed at commit, so the answers are made once. */
const notifications = new Map<ChangeKind, readonly Notification[]>(
  changeKinds.map((kind) => [kind, eventsOf(events, kind).map((event) => ({ event }))]),
);

/** CloudEvents over HTTP webhooks: see README.md in this folder. */
export const cloudeventsDialect: Dialect = {
  manifest,
  events,
  notify: (change) => notifications.get(change.kind) ?? [],
  render,
  sign,
  judge,
  manage,
};
