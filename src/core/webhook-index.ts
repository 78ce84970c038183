/**
 * Which webhooks of a workspace want a change. Built once per `webhooksRevision`; asked for every change. What a webhook
 * wants is worked out at the start: the change kinds its events stand for, and, where its filter demands folders, those
 * folders. A webhook is then found only under its kinds and folders, so that 10,000 webhooks that want something else
 * cost a change nothing.
 */
import { type Change, type ChangeKind, changeKinds } from './change.ts';
import { type EventTable, eventsOf } from './event-table.ts';
import { compileFilter, type FilterPredicate, normalFolder } from './filter-evaluation.ts';
import type { Filter } from './filter.ts';
import { normalFolderPath } from './folder-path.ts';
import { ownValue } from './json-equality.ts';
import type { Webhook } from './webhook.ts';

export type Matches = {
  /** Enabled ones, in the order they were handed in. */
  readonly webhooks: readonly Webhook[];
  /** Disabled ones that would have been told: counted, so that enabling can say what was missed. */
  readonly missed: readonly Webhook[];
};

export interface WebhookIndex {
  match(change: Change): Matches;
  /** Webhooks that cannot be matched (their dialect or filter cannot be used): they are missed, never told wrongly. */
  readonly problems: readonly { readonly webhook: Webhook; readonly problem: string }[];
}

/**
 * Kinds that are addressed to one webhook by whoever makes the change, never found by what a webhook wants.
 */
const addressedKinds: ReadonlySet<ChangeKind> = new Set<ChangeKind>([
  'webhook.confirmation_requested',
  'webhook.unsubscribed',
  'webhook.test',
]);

/** What `*` may stand for in a dialect that is not known here. */
const contentKinds: ReadonlySet<ChangeKind> = new Set(changeKinds.filter((kind) => !kind.startsWith('webhook.')));

type Entry = {
  readonly webhook: Webhook;
  readonly position: number;
  readonly wants: FilterPredicate | null;
  /** Folders outside of which it wants nothing; null where it asks for none. */
  readonly folders: readonly string[] | null;
};

/** Entries that want the same change kinds, within one folder. */
type Group = { readonly kinds: ReadonlySet<ChangeKind>; readonly entries: Entry[] };

/**
 * Those that ask for no folder stand under each of their kinds. Those that ask for folders stand once per folder, grouped
 * by their set of kinds: standing under each kind too would make 43 table entries of one webhook that wants everything,
 * and a rebuild for 10,000 of them take a second instead of a tenth.
 */
type Shelves = { readonly anywhere: Map<ChangeKind, Entry[]>; readonly byFolder: Map<string, Group[]> };

const nothing: Matches = { webhooks: [], missed: [] };

/**
 * `tables` are the dialects' event tables by dialect id. Webhooks in state `pending` wait for their confirmation: nothing
 * is made for them and nothing counts as missed.
 */
export function createWebhookIndex(webhooks: readonly Webhook[], tables: EventTables): WebhookIndex {
  const shelves: Shelves = { anywhere: new Map(), byFolder: new Map() };
  const kindSets = new Map<string, ReadonlySet<ChangeKind>>();
  const problems: { webhook: Webhook; problem: string }[] = [];
  for (const [position, webhook] of webhooks.entries()) {
    if (webhook.state === 'pending') continue;
    const table = tableOf(tables, webhook.dialect);
    if (table === undefined) {
      problems.push({ webhook, problem: `There is no dialect "${webhook.dialect}"` });
      // What its events stand for only another version knows: missed is what may have been meant for it.
      addEntry(
        shelves,
        { webhook: { ...webhook, state: 'disabled' }, position, wants: null, folders: null },
        contentKinds,
      );
      continue;
    }
    const wants = predicateOf(webhook);
    if (typeof wants === 'string') problems.push({ webhook, problem: wants });
    const entry: Entry =
      typeof wants === 'string'
        ? { webhook: { ...webhook, state: 'disabled' }, position, wants: null, folders: null }
        : { webhook, position, wants, folders: webhook.filter === undefined ? null : foldersOf(webhook.filter) };
    const signature = JSON.stringify([webhook.dialect, webhook.events]);
    const kinds = kindSets.get(signature) ?? new Set(kindsOf(webhook, table));
    kindSets.set(signature, kinds);
    addEntry(shelves, entry, kinds);
  }
  return { match: (change) => matchIn(shelves, change), problems };
}

/** Event tables by dialect id. */
export type EventTables = { readonly [dialect: string]: EventTable } | ReadonlyMap<string, EventTable>;

function tableOf(tables: EventTables, dialect: string): EventTable | undefined {
  if (isMap(tables)) return tables.get(dialect);
  return Object.hasOwn(tables, dialect) ? tables[dialect] : undefined;
}

function isMap(tables: EventTables): tables is ReadonlyMap<string, EventTable> {
  return tables instanceof Map;
}

function predicateOf(webhook: Webhook): FilterPredicate | null | string {
  if (webhook.filter === undefined) return null;
  try {
    return compileFilter(webhook.filter);
  } catch (error) {
    // Checked when it was saved, so this is a filter of another version of ours. Its webhook is missed, not told wrongly.
    return error instanceof Error ? error.message : 'The filter cannot be used';
  }
}

/**
 * The change kinds that a webhook's events stand for. `*` is every event about content; what happens to webhooks
 * themselves is told only to those that name it.
 */
export function kindsOf(webhook: Pick<Webhook, 'events'>, table: EventTable): readonly ChangeKind[] {
  const names = new Set(webhook.events);
  const all = names.has('*');
  return changeKinds.filter((kind) => {
    if (addressedKinds.has(kind)) return false;
    const events = eventsOf(table, kind);
    if (all && !kind.startsWith('webhook.')) return events.length > 0;
    return events.some((event) => names.has(event));
  });
}

/** Whether a webhook asked for this event of its dialect: for the notifications that `notify` answers. */
export function wantsEvent(webhook: Pick<Webhook, 'events'>, event: string): boolean {
  return webhook.events.includes(event) || webhook.events.includes('*');
}

function addEntry({ anywhere, byFolder }: Shelves, entry: Entry, kinds: ReadonlySet<ChangeKind>): void {
  if (kinds.size === 0) return;
  if (entry.folders === null) {
    for (const kind of kinds) listIn(anywhere, kind).push(entry);
    return;
  }
  for (const folder of entry.folders) {
    const groups = listIn(byFolder, folder);
    const group = groups.find((known) => known.kinds === kinds);
    if (group === undefined) groups.push({ kinds, entries: [entry] });
    else group.entries.push(entry);
  }
}

function listIn<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

/** The folders outside of which a filter cannot hold, none of them below another; null where there are none such. */
function foldersOf(filter: Filter): readonly string[] | null {
  if ('folder' in filter) return outermost(filter.folder.map(normalFolderPath));
  if ('all' in filter) {
    for (const part of filter.all) {
      const folders = foldersOf(part);
      if (folders !== null) return folders;
    }
    return null;
  }
  if (!('any' in filter)) return null;
  const parts = filter.any.map(foldersOf);
  const folders = parts.flatMap((part) => part ?? []);
  return parts.includes(null) ? null : outermost(folders);
}

/** So that a path lies in at most one of them and no entry is found twice. */
function outermost(folders: readonly string[]): readonly string[] {
  const unique = [...new Set(folders)];
  return unique.filter((folder) => !unique.some((other) => other !== folder && isBelow(folder, other)));
}

function isBelow(folder: string, other: string): boolean {
  return other === '/' || folder.startsWith(`${other}/`);
}

function matchIn({ anywhere, byFolder }: Shelves, change: Change): Matches {
  const found = anywhere.get(change.kind)?.filter((entry) => wantedBy(entry, change)) ?? [];
  if (byFolder.size > 0) addByFolder(byFolder, change, found);
  if (found.length === 0) return nothing;
  const webhooks: Webhook[] = [];
  const missed: Webhook[] = [];
  for (const { webhook } of found) (webhook.state === 'enabled' ? webhooks : missed).push(webhook);
  return { webhooks, missed };
}

function wantedBy(entry: Entry, change: Change): boolean {
  return entry.wants === null || entry.wants(change);
}

/** Asks the path itself and every folder above it. */
function addByFolder(byFolder: ReadonlyMap<string, Group[]>, change: Change, found: Entry[]): void {
  const snapshot = change.after ?? change.before;
  const path = snapshot === null ? undefined : ownValue(snapshot, 'path');
  if (typeof path !== 'string') return;
  const before = found.length;
  for (let folder: string | null = normalFolder(path); folder !== null; folder = parentOf(folder)) {
    for (const { kinds, entries } of byFolder.get(folder) ?? []) {
      if (kinds.has(change.kind)) found.push(...entries.filter((entry) => wantedBy(entry, change)));
    }
  }
  if (found.length > before) found.sort((left, right) => left.position - right.position);
}

function parentOf(folder: string): string | null {
  if (folder === '/') return null;
  const slash = folder.lastIndexOf('/');
  return slash < 0 ? null : slash === 0 ? '/' : folder.slice(0, slash);
}
