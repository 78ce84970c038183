/**
 * What goes with every write of an asset, whoever writes: who has which id of a former DAM, and the timer of its next
 * date. Both follow from the two states alone. Free where neither has any.
 */
import { hash } from 'node:crypto';
import type { AssetState } from '../core/asset.ts';
import { nextDateOf } from '../core/asset-dates.ts';
import { idFromBytes } from '../core/id-encoding.ts';
import type { DutyId } from '../core/ids.ts';
import { isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';

export type AssetUpkeep = {
  readonly writes: readonly ResourceWrite[];
  readonly withdraws: readonly DutyId[];
  readonly duties: readonly NewDuty[];
};

/** What a timer of an asset owes: a look at its dates. */
export type AssetTimerPayload = JsonObject & { readonly what: 'asset_dates'; readonly assetId: string };

type Named = { readonly workspaceId: string; readonly assetId: string };

/** Null where there is nothing to do, which is the usual case and known at once. */
export function assetUpkeep(named: Named, before: JsonObject | null, after: JsonObject | null): AssetUpkeep | null {
  const writes = aliasWrites(named.assetId, before?.['aliases'], after?.['aliases']);
  const [was, is] = [nextDate(before), nextDate(after)];
  if (was === is) return writes.length === 0 ? null : { writes, withdraws: [], duties: [] };
  const withdraws: DutyId[] = [];
  const duties: NewDuty[] = [];
  if (was !== null) withdraws.push(timerId(named, was));
  if (is !== null) {
    const id = timerId(named, is);
    // The same date may come back while its old timer is being done: there is one of it.
    withdraws.push(id);
    const payload: AssetTimerPayload = { what: 'asset_dates', assetId: named.assetId };
    duties.push({ id, workspaceId: named.workspaceId, kind: 'timer', dueAtMs: is, payload });
  }
  return { writes, withdraws, duties };
}

/** A timer is what it is for: the same asset and moment, the same id. So it can be withdrawn by whoever knows the state. */
export function timerId({ workspaceId, assetId }: Named, atMs: number): DutyId {
  const name = `asset timer\0${workspaceId}\0${assetId}\0${atMs}`;
  return idFromBytes('duty', hash('sha256', name, 'buffer').subarray(0, 16));
}

function nextDate(state: JsonObject | null): number | null {
  if (state === null) return null;
  // Most assets have none of them, and this is asked for every change.
  if (state['archiveAtMs'] === undefined && state['publishAtMs'] === undefined && state['expiresAtMs'] === undefined)
    return null;
  return nextDateOf(state as unknown as AssetState);
}

const none: readonly ResourceWrite[] = [];

function aliasWrites(assetId: string, before: unknown, after: unknown): readonly ResourceWrite[] {
  if (before === after) return none;
  const [was, is] = [aliasesOf(before), aliasesOf(after)];
  if (was === null && is === null) return none;
  const writes: ResourceWrite[] = [];
  const row = (dialect: string) =>
    ({ type: 'asset_alias', id: `${assetId}:${dialect}`, expectedVersion: 'any' }) as const;
  for (const dialect of Object.keys(was ?? {})) {
    if (is === null || !Object.hasOwn(is, dialect)) writes.push({ ...row(dialect), state: null });
  }
  for (const [dialect, alias] of Object.entries(is ?? {})) {
    if (typeof alias !== 'string' || alias === '' || (was !== null && ownValue(was, dialect) === alias)) continue;
    writes.push({ ...row(dialect), state: { assetId }, alias: aliasKey(dialect, alias) });
  }
  return writes;
}

/** How an id of a former DAM is found. */
export function aliasKey(dialect: string, alias: string): string {
  return `${dialect}:${alias}`;
}

function aliasesOf(value: unknown): JsonObject | null {
  if (typeof value !== 'object' || value === null) return null;
  const aliases = value as JsonObject;
  return isObject(aliases) && Object.keys(aliases).length > 0 ? aliases : null;
}
