/** Work that is owed besides deliveries, each once, at its time. */
import type { DutyId, WorkspaceId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';

export const dutyKinds = [
  'inspect',
  'derive',
  'clip',
  'expand',
  /** A change that an application recorded in the database itself. */
  'outbox',
  'timer',
  'replay',
  'import',
  'erase',
  'cancel',
  'erase_workspace',
  'notify',
  'housekeeping',
  'export',
  'gather',
  'sync',
  'metadata',
  'share_link',
  'handshake',
  'erasure',
  'broadcast',
] as const;

export type DutyKind = (typeof dutyKinds)[number];

export type NewDuty = {
  readonly id: DutyId;
  readonly workspaceId: WorkspaceId;
  readonly kind: DutyKind;
  readonly dueAtMs: number;
  readonly payload: JsonObject;
};

export type Duty = NewDuty & { readonly version: number; readonly attempts: number };

export type DutyPage = { readonly duties: readonly Duty[]; readonly nextDueAtMs: number | null };
