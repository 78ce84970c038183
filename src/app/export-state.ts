/** What an export is, how it is kept and how it is shown. */
import type { ChangeKind } from '../core/change.ts';
import type { DeliveryOrigin, DeliveryState } from '../core/delivery.ts';
import type { JsonObject } from '../core/json.ts';
import type { OutcomeKind } from '../core/outcome.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Scope } from './app.ts';

export const exportKinds = ['deliveries', 'attempts', 'changes', 'audit', 'assets'] as const;
export type ExportKind = (typeof exportKinds)[number];
export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];
export const exportStates = ['running', 'done', 'failed', 'cancelled'] as const;
export type ExportState = (typeof exportStates)[number];

/** What is exported. Filters that say nothing about the kind are refused. Times are those of creation. */
export type ExportInput = {
  readonly of: ExportKind;
  readonly format: ExportFormat;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Of deliveries and attempts. */
  readonly webhookId?: string;
  readonly dialect?: string;
  readonly states?: readonly DeliveryState[];
  readonly event?: string;
  readonly status?: number;
  readonly outcomes?: readonly OutcomeKind[];
  readonly origins?: readonly DeliveryOrigin[];
  /** Of deliveries, attempts and changes: `type:id`. */
  readonly subject?: string;
  /** Of changes. */
  readonly kinds?: readonly ChangeKind[];
  /** Of assets: in this folder or below it. */
  readonly folder?: string;
  readonly collection?: string;
  readonly tag?: string;
  /** Of the audit, as its list takes them. */
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
};

/** Which filters each kind knows, beside the times. */
export const filtersOf: { readonly [Kind in ExportKind]: readonly (keyof ExportInput)[] } = {
  deliveries: ['webhookId', 'dialect', 'states', 'event', 'status', 'outcomes', 'origins', 'subject'],
  attempts: ['webhookId', 'dialect', 'states', 'event', 'status', 'outcomes', 'origins', 'subject'],
  changes: ['kinds', 'subject'],
  audit: ['actor', 'action', 'target'],
  assets: ['folder', 'collection', 'tag'],
};

/** What a caller must be able to read anyway. */
export const exportScopes: { readonly [Kind in ExportKind]: Scope } = {
  deliveries: 'deliveries:read',
  attempts: 'deliveries:read',
  changes: 'assets:read',
  audit: 'settings:read',
  assets: 'assets:read',
};

export type ExportPart = { readonly blob: string; readonly bytes: number };

export type StoredExport = {
  readonly state: ExportState;
  readonly of: ExportKind;
  readonly input: ExportInput;
  /** Nothing that was made at or after this time is in it. */
  readonly snapshotAtMs: number;
  readonly rows: number;
  readonly bytes: number;
  /** Rows it is about to have, counted at its creation; null where counting them is reading them. */
  readonly expectedRows: number | null;
  /** False where a limit ended it. */
  readonly complete: boolean;
  readonly reason?: string;
  readonly parts: readonly ExportPart[];
  readonly endedAtMs?: number;
  readonly expiresAtMs?: number;
};

export type ExportView = Omit<StoredExport, 'parts' | 'of'> & {
  readonly id: string;
  readonly createdAtMs: number;
};

/** What an `export` duty owes: the next part, or, once the time of the file is up, its removal. */
export type ExportPayload = JsonObject & {
  readonly exportId: string;
  readonly phase: 'write' | 'remove';
  readonly cursor: string | null;
};

export function storedExport(row: Pick<Resource, 'state'>): StoredExport {
  return row.state as unknown as StoredExport;
}

export function exportView(row: Pick<Resource, 'state' | 'id' | 'createdAtMs'>): ExportView {
  const { parts: _parts, of: _of, ...shown } = storedExport(row);
  return { id: row.id, ...shown, createdAtMs: row.createdAtMs };
}
