/**
 * Who holds an asset, and what that keeps others from. Pure.
 *
 * A check-out reserves the file: while somebody holds an asset, others may not give it another version, make another one
 * active, delete a version, rename, move or delete it. What is said about it (information, metadata, tags, labels,
 * collections, dates, archive) may be changed by anybody, it may be copied, and what another DAM says has happened there.
 */
import type { AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Caller } from './app.ts';

export type Holder = Pick<Caller, 'actor'>;

/** Whether somebody else than this caller holds it. */
export function isHeldByOther({ checkedOutBy }: AssetState, { actor }: Holder): boolean {
  return checkedOutBy !== undefined && checkedOutBy !== actor.id;
}

/** Throws `checked_out` where somebody else holds the asset. `wish`: what the caller wants to do with it. */
export function refuseHeldByOther(state: AssetState, caller: Holder, wish: string): void {
  if (!isHeldByOther(state, caller)) return;
  throw new AssetwireError('checked_out', {
    detail: `Check the asset out before you ${wish}: ${holderName(state)} has it${sinceWhen(state)}`,
    mend: 'Wait until it is checked in, or ask an admin to undo the check-out: POST /v1/assets/{id}/undo-checkout',
  });
}

/** An admin of the installation, or whoever may change the settings of the workspace. */
export function mayUndoForOthers({ admin, scopes }: Pick<Caller, 'admin' | 'scopes'>): boolean {
  return admin || scopes.has('settings:write');
}

export function holderName({ checkedOutBy, checkedOutByName }: AssetState): string {
  return checkedOutByName === undefined ? String(checkedOutBy) : `${checkedOutByName} (${String(checkedOutBy)})`;
}

function sinceWhen({ checkedOutAtMs }: AssetState): string {
  return checkedOutAtMs === undefined ? '' : ` since ${new Date(checkedOutAtMs).toISOString()}`;
}

export function checkedOut(state: AssetState, { actor }: Holder, atMs: number): AssetState {
  return {
    ...state,
    checkedOutBy: actor.id,
    ...(actor.name === undefined ? {} : { checkedOutByName: actor.name }),
    checkedOutAtMs: atMs,
    modifiedAtMs: atMs,
  };
}

export function checkedIn(state: AssetState, atMs: number): AssetState {
  const { checkedOutBy: _by, checkedOutByName: _name, checkedOutAtMs: _at, ...rest } = state;
  return { ...rest, modifiedAtMs: atMs };
}
