/**
 * Somebody or something taken out of what is there now, a page of rows at a time. An asset is named by share links; a person
 * by everything that people write into: assets, audit, notices, contacts of webhooks, grants …
 */
import { type ErasedPast, erasedText, mayName, textReplacer } from '../core/erased-past.ts';
import { isList, isObject } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { readShareLink } from '../core/share-link.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import { type Resource, type ResourceType, resourceTypes, type ResourceWrite } from '../storage/contract/resources.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { PresentCursor } from './erasure-state.ts';
import type { ExportPayload } from './export-state.ts';
import type { Matching } from './matching.ts';
import { refusedByStore } from './refusals.ts';
import { endLink } from './share-link-end.ts';
import type { WebhookId } from '../core/ids.ts';

export type PresentDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
  readonly matching: Matching;
  /** Lets go of what an inbox has in memory. */
  readonly forgetInbox: (id: string) => void;
};

const rowsPerStep = 100;
const copiesMax = 1_000;

/**
 * Rows that hold nothing but ids, numbers and what is sealed; records of erasures, which hold nothing personal; and what
 * gives assets their places: a folder that is called after somebody is renamed, with all that hangs on its name.
 */
const impersonal: ReadonlySet<ResourceType> = new Set<ResourceType>([
  'workspace',
  'blob_use',
  'folder',
  'folder_place',
  'asset_place',
  'collection',
  'section',
  'library',
  'dialect_events',
  'secret',
  'lane_health',
  'key_use',
  'signing_key',
  'erasure',
]);
const personal: readonly ResourceType[] = resourceTypes.filter((type) => !impersonal.has(type));
/** What names an asset: links that share it, and then, those among them that end here included, links that have ended. */
const sharing: readonly ResourceType[] = ['share_link', 'share_access'];

export type PresentStep = { readonly rows: number; readonly next: PresentCursor | null };

/** One page; `next` null where all was looked through. */
export async function erasePresent(
  deps: PresentDeps,
  workspaceId: string,
  { past, at }: { readonly past: ErasedPast; readonly at: PresentCursor | null },
): Promise<PresentStep> {
  if (at === null) await forgetCopies(deps, workspaceId);
  const { type: index, cursor } = at ?? { type: 0, cursor: null };
  const types = past.subject === undefined ? personal : sharing;
  const type = types[index];
  if (type === undefined) return { rows: 0, next: null };
  const page = await deps.storage.read.resources({
    workspaceId,
    type,
    limit: rowsPerStep,
    order: 'oldest',
    ...(past.subject === undefined ? {} : { contains: { assets: idOf(past.subject) } }),
    ...(cursor === null ? {} : { cursor }),
  });
  const rows =
    past.subject === undefined
      ? await rewrite(deps, page.items, past.texts)
      : await unshare(deps, page.items, idOf(past.subject));
  const next = page.nextCursor === null ? { type: index + 1, cursor: null } : { type: index, cursor: page.nextCursor };
  return { rows, next: next.type >= types.length ? null : next };
}

/** How many rows name a person; up to a bound. */
export async function countPresent(
  { read }: Pick<AppDeps['storage'], 'read'>,
  workspaceId: string,
  texts: readonly string[],
): Promise<{ readonly rows: number; readonly complete: boolean }> {
  const replacer = textReplacer(texts);
  let rows = 0;
  let examined = 0;
  for (const type of personal) {
    let cursor: string | null = null;
    do {
      if (examined >= limits.erasureCountedMax) return { rows, complete: false };
      const page: Page<Resource> = await read.resources({
        workspaceId,
        type,
        limit: rowsPerStep,
        ...(cursor === null ? {} : { cursor }),
      });
      examined += page.items.length;
      rows += page.items.filter(
        ({ state }) => mayName(JSON.stringify(state), texts) && replacer(state) !== state,
      ).length;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return { rows, complete: true };
}

function idOf(subject: string): string {
  return subject.slice(subject.indexOf(':') + 1);
}

/**
 * Copies of what was told: requests that inboxes have in memory for a day, and files of exports, which are kept for three. Both
 * are for looking at now, so all of them go instead of being searched.
 */
async function forgetCopies(deps: PresentDeps, workspaceId: string): Promise<void> {
  const { storage, forgetInbox, ids, clock } = deps;
  const inboxes = await storage.read.resources({ workspaceId, type: 'inbox', limit: copiesMax });
  for (const { id } of inboxes.items) forgetInbox(id);
  const exports = await storage.read.resources({ workspaceId, type: 'export', limit: copiesMax });
  for (const row of exports.items) {
    const atMs = clock.nowMs();
    const payload: ExportPayload = { exportId: row.id, phase: 'remove', cursor: null };
    const duty: NewDuty = { id: ids.next('duty'), workspaceId, kind: 'export', dueAtMs: atMs, payload };
    const state = { ...row.state, state: 'cancelled' };
    const resources: ResourceWrite[] = [{ type: 'export', id: row.id, expectedVersion: 'any', state }];
    await commitOne(storage, { workspaceId, atMs, resources, duties: [duty] });
  }
}

/** An asset out of a page of links, or of ended ones. */
async function unshare(deps: PresentDeps, rows: readonly Resource[], assetId: string): Promise<number> {
  for (const row of rows) {
    if (row.type === 'share_link') await unshareLink(deps, row, assetId);
    else await forgetEnded(deps, row);
  }
  return rows.length;
}

/** A link that shares nothing else ends. */
async function unshareLink(deps: PresentDeps, { workspaceId, id, state }: Resource, assetId: string): Promise<void> {
  const { committer } = deps;
  const link = readShareLink(state);
  if (link === null) return;
  const rest = link.assets?.filter((one) => one !== assetId) ?? [];
  const caller = { actor: { type: 'system', id: 'erasure' }, keyId: 'none' } as const;
  if (rest.length === 0) await endLink(deps, { workspaceId, id, end: 'revoked', caller });
  else
    await committer.write({ workspaceId, type: 'share_link', id }, (current) => {
      if (current === null) return { kind: 'nothing', answer: undefined };
      const { versions: _, ...link } = current.state;
      return { kind: 'write', plan: { state: { ...link, assets: rest }, changes: [] }, answer: () => undefined };
    });
}

/** Ended links are remembered with what they shared, and under its name. */
async function forgetEnded({ committer }: PresentDeps, { workspaceId, id }: Resource): Promise<void> {
  await committer.write({ workspaceId, type: 'share_access', id }, (current) => {
    if (current === null) return { kind: 'nothing', answer: undefined };
    const { name: _, assets: _assets, versions: _versions, ...rest } = current.state;
    return { kind: 'write', plan: { state: rest, changes: [] }, answer: () => undefined };
  });
}

/** In one commit call, so that a page costs a sync; each row is an item of its own, and one that is stale comes again later. */
async function rewrite(deps: PresentDeps, rows: readonly Resource[], texts: readonly string[]): Promise<number> {
  const { storage, clock, committer } = deps;
  const replacer = textReplacer(texts);
  const atMs = clock.nowMs();
  const changed: Resource[] = [];
  const items: CommitItem[] = [];
  for (const row of rows) {
    if (!mayName(JSON.stringify(row.state), texts)) continue;
    const state = replacer(row.state) as JsonObject;
    if (state === row.state) continue;
    const { workspaceId, type, id, version } = row;
    changed.push(row);
    // Without a change: telling of it would tell what was erased.
    items.push({ workspaceId, atMs, resources: [{ type, id, expectedVersion: version, state: tidied(row, state) }] });
  }
  if (items.length === 0) return 0;
  for (const result of await storage.commit(items)) if (result.status === 'rejected') throw refusedByStore(result);
  // What is cached of them is no longer true, in this process; others are told so by the versions.
  committer.cache.clear();
  for (const row of changed) if (row.type === 'webhook') told(deps, row);
  return items.length;
}

/** Where an asset lies is also written elsewhere, and stays. */
function inPlace(before: JsonObject, state: JsonObject): JsonObject {
  const places = ['path', 'collections', 'library'].filter((field) => Object.hasOwn(before, field));
  return { ...state, ...Object.fromEntries(places.map((field) => [field, before[field] ?? null])) };
}

function told({ matching, engine }: PresentDeps, { workspaceId, id }: Resource): void {
  matching.outdated(workspaceId);
  engine.webhookChanged(workspaceId, id as WebhookId);
}

/** Of an audit row also where the call came from; of a webhook the contact that is nobody any more. */
function tidied({ type, state: before }: Resource, state: JsonObject): JsonObject {
  if (type === 'audit' && state['by'] !== before['by']) {
    const { from: _, ...rest } = state;
    return rest;
  }
  if (type === 'asset') return inPlace(before, state);
  const { asset } = state;
  if (type === 'trashed_asset' && isObject(asset) && isObject(before['asset']))
    return { ...state, asset: inPlace(before['asset'], asset) };
  const { contacts } = state;
  if (type !== 'webhook' || !isList(contacts)) return state;
  return { ...state, contacts: contacts.filter((one) => one !== erasedText) };
}
