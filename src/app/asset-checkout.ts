/** Check-out, check-in and undo: see asset-checkout-state.ts for what a check-out keeps others from. */
import { toldAs } from '../core/asset-changes.ts';
import type { AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import type { AssetCases, AssetView, Caller, Written } from './app.ts';
import {
  checkedIn,
  checkedOut,
  holderName,
  isHeldByOther,
  mayUndoForOthers,
  refuseHeldByOther,
} from './asset-checkout-state.ts';
import { takeVersion, type VersionsDeps } from './asset-versions.ts';
import { withVersion } from './asset-version-state.ts';
import { writeAsset, type Writing } from './asset-write.ts';
import { settleBlob } from './blob-uses.ts';

export function createCheckOut(deps: VersionsDeps): Pick<AssetCases, 'checkOut' | 'checkIn' | 'undoCheckOut'> {
  return {
    checkOut: (caller, reference, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        writeAsset(deps, { caller, reference, options, row, status: 200 }, (state, atMs) => {
          refuseHeldByOther(state, caller, 'work on it');
          return state.checkedOutBy === undefined ? checkedOut(state, caller, atMs) : state;
        }),
      ),

    checkIn: (caller, reference, input) =>
      deps.idempotent
        .run<AssetView>(caller.workspaceId, input.idempotency, (row) =>
          checkIn(deps, { caller, reference, options: input, row, status: 200 }, input),
        )
        // Whatever was not read is let go: a request whose body nobody takes would hang.
        .finally(() => input.file?.content.resume()),

    undoCheckOut: (caller, reference, options = {}) =>
      deps.idempotent.run<AssetView>(caller.workspaceId, options.idempotency, (row) =>
        writeAsset(
          deps,
          {
            ...{ caller, reference, options, row, status: 200 },
            told: (happenings) => toldAs(happenings, 'asset.checked_in', 'asset.checkout_undone'),
          },
          (state, atMs) => {
            refuseNobodys(state);
            refuseUndoForOther(state, caller);
            return checkedIn(state, atMs);
          },
        ),
      ),
  };
}

async function checkIn(
  deps: VersionsDeps,
  writing: Writing,
  input: Parameters<AssetCases['checkIn']>[2],
): Promise<Written<AssetView>> {
  const { caller, reference } = writing;
  const { file, ...rest } = input;
  const check = (state: AssetState): void => {
    refuseNobodys(state);
    refuseHeldByOther(state, caller, 'check it in');
  };
  if (file === undefined)
    return writeAsset(deps, writing, (state, atMs) => {
      check(state);
      return checkedIn(state, atMs);
    });
  const version = await takeVersion(deps, { caller, reference, upload: { ...rest, file }, check });
  try {
    return await writeAsset(deps, writing, (state, atMs) => {
      check(state);
      return checkedIn(withVersion(state, version, atMs), atMs);
    });
  } finally {
    await settleBlob(deps, caller.workspaceId, version.file.blob);
  }
}

function refuseNobodys({ checkedOutBy }: AssetState): void {
  if (checkedOutBy !== undefined) return;
  throw new AssetwireError('not_checked_out', { detail: 'Find the asset checked out: nobody has it' });
}

function refuseUndoForOther(state: AssetState, caller: Caller): void {
  if (!isHeldByOther(state, caller) || mayUndoForOthers(caller)) return;
  throw new AssetwireError('checked_out', {
    detail: `Undo a check-out of your own: ${holderName(state)} has the asset`,
    mend: 'Ask an admin, or whoever may change the settings of the workspace (scope settings:write)',
  });
}
