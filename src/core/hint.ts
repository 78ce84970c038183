/**
 * What processes on one store tell each other. Every hint may be lost: it makes things quicker, never true. What it speaks
 * of is in the store, and found there by whoever looks.
 */
import type { DeliverySummary } from './delivery.ts';
import type { WebhookId, WorkspaceId } from './ids.ts';
import type { JsonObject } from './json.ts';

export type Hint =
  /** Somebody joined, left or gave up shards. */
  | { readonly kind: 'leases' }
  /** Deliveries of this lane are due. */
  | { readonly kind: 'lane'; readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId }
  /** A webhook was written. */
  | { readonly kind: 'webhook'; readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId }
  /** Duties were committed. */
  | { readonly kind: 'duties' }
  /** What is kept in memory of this must be read again. */
  | { readonly kind: 'forget'; readonly what: Forgotten; readonly workspaceId: WorkspaceId }
  /** A workspace is being erased: nothing may be written to it. `open`: it is gone, and its name is free. */
  | { readonly kind: 'workspace'; readonly workspaceId: WorkspaceId; readonly state: 'closed' | 'open' }
  /** Changes were committed: live pages look at the feed. */
  | { readonly kind: 'changed'; readonly workspaceId: WorkspaceId }
  /** Somebody watches the deliveries of this workspace: attempts are told from now on, for `watchedForMs`. */
  | { readonly kind: 'watched'; readonly workspaceId: WorkspaceId }
  | { readonly kind: 'attempted'; readonly workspaceId: WorkspaceId; readonly delivery: DeliverySummary }
  | { readonly kind: 'noticed'; readonly workspaceId: WorkspaceId; readonly notice: JsonObject }
  /** A request arrived in an inbox; whole, so that every process can show it. */
  | { readonly kind: 'inbox'; readonly id: string; readonly request: JsonObject };

export type Forgotten = 'metadata';

/** How long a word that somebody watches is good for. */
export const watchedForMs = 30_000;

/** Hints of the same name say the same: one of them is enough. Null: each one counts. */
export function hintName(hint: Hint): string | null {
  switch (hint.kind) {
    case 'leases':
    case 'duties':
      return hint.kind;
    case 'lane':
    case 'webhook':
      return `${hint.kind} ${hint.webhookId}`;
    case 'forget':
      return `forget ${hint.what} ${hint.workspaceId}`;
    case 'changed':
    case 'watched':
      return `${hint.kind} ${hint.workspaceId}`;
    case 'inbox':
    case 'workspace':
    case 'attempted':
    case 'noticed':
      return null;
    default:
      return hint satisfies never;
  }
}
