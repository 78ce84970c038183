/**
 * Events that a workspace has switched off with a dialect's properties (a module that an account does not have): one row
 * for each dialect, written with the properties. Matching depends on it, so a write raises the workspace's
 * `webhooksRevision`, and no commit rests on what held before.
 */
import { changeKinds } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { eventsOf } from '../core/event-table.ts';
import { isList } from '../core/json-equality.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import type { AppDeps } from './dependencies.ts';

const none: ReadonlySet<string> = new Set();

function rowKey(workspaceId: string, dialect: string): ResourceKey {
  return { workspaceId, type: 'dialect_events', id: dialect };
}

/** The events of this dialect that the workspace has none of. */
export async function eventsOffIn(
  storage: Pick<Storage, 'resources'>,
  workspaceId: string,
  { manifest, eventsOff }: Pick<Dialect, 'manifest' | 'eventsOff'>,
): Promise<ReadonlySet<string>> {
  if (eventsOff === undefined) return none;
  const [row] = await storage.resources([rowKey(workspaceId, manifest.id)]);
  return offOf(row);
}

/** The row that goes with properties that are about to be written; none where the dialect has no such events. */
export function eventsOffWrite(dialect: string, off: readonly string[] | undefined): readonly ResourceWrite[] {
  if (off === undefined) return [];
  const state = off.length === 0 ? null : { off };
  return [{ type: 'dialect_events', id: dialect, expectedVersion: 'any', state }];
}

/** Throws where one of these events is switched off. Those that a webhook has already may stay. */
export function refuseEventsOff(
  { manifest }: Dialect,
  off: ReadonlySet<string>,
  { wanted, has = [] }: { readonly wanted: readonly string[]; readonly has?: readonly string[] },
): void {
  const refused = wanted.filter((event) => off.has(event) && !has.includes(event));
  if (refused.length === 0) return;
  throw new AssetwireError('invalid_event', {
    detail: `Choose events that there are in this workspace: ${refused.join(', ')} ${refused.length === 1 ? 'belongs' : 'belong'} to a module of ${manifest.title} that is switched off`,
    mend: `Switch the module on: PATCH /v1/dialects/${manifest.id}/properties; GET shows which there are`,
  });
}

/** The webhooks as they are matched: without the events that are switched off. The same list where none is. */
export async function withoutEventsOff(
  { storage, dialects }: Pick<AppDeps, 'storage' | 'dialects'>,
  workspaceId: string,
  webhooks: readonly Webhook[],
): Promise<readonly Webhook[]> {
  const used = [...new Set(webhooks.map(({ dialect }) => dialect))].flatMap((id) => {
    const dialect = dialects.get(id);
    return dialect?.eventsOff === undefined ? [] : [dialect];
  });
  if (used.length === 0) return webhooks;
  const rows = await storage.resources(used.map(({ manifest }) => rowKey(workspaceId, manifest.id)));
  const offs = new Map(used.map((dialect, at) => [dialect.manifest.id, { dialect, off: offOf(rows[at]) }] as const));
  return webhooks.map((webhook) => {
    const known = offs.get(webhook.dialect);
    if (known === undefined || known.off.size === 0) return webhook;
    return { ...webhook, events: eventsLeft(webhook.events, known) };
  });
}

function eventsLeft(
  events: readonly string[],
  { dialect, off }: { readonly dialect: Dialect; readonly off: ReadonlySet<string> },
): readonly string[] {
  const named = events.includes('*') ? [...events.filter((event) => event !== '*'), ...allEvents(dialect)] : events;
  return [...new Set(named)].filter((event) => !off.has(event));
}

/** What `*` stands for: everything about content. */
function allEvents({ events }: Dialect): readonly string[] {
  return changeKinds.filter((kind) => !kind.startsWith('webhook.')).flatMap((kind) => eventsOf(events, kind));
}

function offOf(row: Resource | null | undefined): ReadonlySet<string> {
  const off = row?.state['off'];
  return isList(off) ? new Set(off.filter((event) => typeof event === 'string')) : none;
}
