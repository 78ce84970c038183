/** What a batch touches, gathered before its transaction begins: everything that is locked is locked in the order of its key. */
import { shardOf } from '../../core/shard.ts';
import type { DutyId, WebhookId } from '../../core/ids.ts';
import type { Prepared, PreparedCommit } from '../prepared.ts';
import { matchedTypes } from '../contract/resources.ts';
import { matchingSlots } from './schema.ts';

export type ResourceName = { readonly workspaceId: string; readonly type: string; readonly id: string };
export type OwnedName = { readonly workspaceId: string; readonly id: string };

export type BatchKeys = {
  /** Slots of matching that are read (false) or written (true). */
  readonly slots: ReadonlyMap<number, boolean>;
  /** Workspaces whose revision of webhooks matters. */
  readonly matched: ReadonlySet<string>;
  readonly resources: ReadonlyMap<string, ResourceName>;
  readonly aliases: ReadonlyMap<
    string,
    { readonly workspaceId: string; readonly type: string; readonly alias: string }
  >;
  readonly idempotency: ReadonlyMap<string, PreparedCommit>;
  readonly duties: ReadonlySet<string>;
  /** Pending deliveries that are recorded or ordered about. */
  readonly deliveries: ReadonlyMap<string, OwnedName>;
  /** Changes that deliveries are made from and that are not of the same item. */
  readonly changes: ReadonlyMap<string, OwnedName>;
  readonly webhooks: ReadonlyMap<string, string>;
  readonly shards: ReadonlySet<number>;
  /** Whether numbers are given out: changes or deliveries are added, or assets touched. */
  readonly numbered: boolean;
};

const separator = '\n';

/** One text of several; two parts cannot run into each other, as all but the last are words or ids without a line's end. */
export function nameOf(...parts: readonly string[]): string {
  return parts.join(separator);
}

export function shardOfText(text: string): number {
  return shardOf(text as WebhookId | DutyId);
}

/** 32 bits of the workspace, into few slots: a slot too many locked costs a moment's wait, never a wrong answer. */
export function matchingSlot(workspaceId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < workspaceId.length; at += 1) hash = Math.imul(hash ^ workspaceId.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % matchingSlots;
}

/** Types that matching depends on; a write of one raises the workspace's revision. */
export function isMatched(type: string): boolean {
  return matchedTypes.has(type);
}

type Gathered = {
  slots: Map<number, boolean>;
  matched: Set<string>;
  resources: Map<string, ResourceName>;
  aliases: Map<string, { workspaceId: string; type: string; alias: string }>;
  idempotency: Map<string, PreparedCommit>;
  duties: Set<string>;
  deliveries: Map<string, OwnedName>;
  changes: Map<string, OwnedName>;
  webhooks: Map<string, string>;
  shards: Set<number>;
  numbered: boolean;
};

/** `knownLane`: the workspace of a webhook whose lane is known to be there. */
export function gatherKeys(
  items: readonly Prepared[],
  knownLane: (webhookId: string) => string | undefined,
): BatchKeys {
  const keys: Gathered = {
    slots: new Map(),
    matched: new Set(),
    resources: new Map(),
    aliases: new Map(),
    idempotency: new Map(),
    duties: new Set(),
    deliveries: new Map(),
    changes: new Map(),
    webhooks: new Map(),
    shards: new Set(),
    numbered: false,
  };
  for (const item of items) {
    if (item.kind === 'record') {
      const { workspaceId, deliveryId: id, webhookId } = item;
      keys.deliveries.set(nameOf(workspaceId, id), { workspaceId, id });
      keys.shards.add(shardOfText(webhookId));
      continue;
    }
    gatherCommit(keys, item, knownLane);
  }
  return keys;
}

function gatherCommit(
  keys: Gathered,
  item: PreparedCommit,
  knownLane: (webhookId: string) => string | undefined,
): void {
  const { workspaceId, extras } = item;
  let writesMatched = false;
  for (const { type, id, alias } of item.resources) {
    keys.resources.set(nameOf(type, workspaceId, id), { workspaceId, type, id });
    if (alias !== null) keys.aliases.set(nameOf(type, workspaceId, alias), { workspaceId, type, alias });
    if (isMatched(type)) writesMatched = true;
  }
  if (writesMatched || item.webhooksRevision >= 0) {
    const slot = matchingSlot(workspaceId);
    keys.slots.set(slot, writesMatched || keys.slots.get(slot) === true);
    keys.matched.add(workspaceId);
  }
  if (item.changes.length > 0 || item.deliveries.length > 0 || item.resources.some(({ type }) => type === 'asset'))
    keys.numbered = true;
  for (const { webhookId, changeId } of item.deliveries) {
    if (knownLane(webhookId) === undefined) keys.webhooks.set(webhookId, workspaceId);
    if (!item.changes.some(({ id }) => id === changeId))
      keys.changes.set(nameOf(workspaceId, changeId), { workspaceId, id: changeId });
  }
  if (extras === null) return;
  if (extras.idempotency !== null) keys.idempotency.set(nameOf(workspaceId, extras.idempotency.key), item);
  if (extras.fulfils !== null) keys.duties.add(extras.fulfils.dutyId);
  if (extras.advances !== null) keys.duties.add(extras.advances.dutyId);
  for (const dutyId of extras.withdraws) keys.duties.add(dutyId);
  for (const { deliveryId: id } of extras.orders) keys.deliveries.set(nameOf(workspaceId, id), { workspaceId, id });
  for (const { webhookId } of extras.missed)
    if (knownLane(webhookId) === undefined) keys.webhooks.set(webhookId, workspaceId);
}
