import type { Asset } from '../api/assets.ts';
import { Badge, type Tone } from '../parts/state.tsx';
import { words } from '../words/words.ts';

/** What an asset is called: its title, or the name of its file. */
export function titleOf({ state }: Asset): string {
  const title = state.info?.['title'];
  return typeof title === 'string' && title !== '' ? title : state.name;
}

const inspectionTones: { readonly [state: string]: Tone } = { failed: 'warn', withheld: 'bad' };

/** What is out of the ordinary with an asset. */
export function AssetMarks({ asset: { state } }: { readonly asset: Asset }) {
  const inspection = words.asset.inspection[state.inspection?.state ?? ''];
  const availability = words.asset.availability[state.availability ?? ''];
  if (!state.archived && state.checkedOutBy === undefined && availability === undefined && inspection === undefined)
    return null;
  return (
    <span className="chips">
      {state.archived ? <Badge tone="none">{words.asset.archived}</Badge> : null}
      {state.checkedOutBy === undefined ? null : (
        <Badge tone="info">{words.asset.checkedOutBy(state.checkedOutByName ?? state.checkedOutBy)}</Badge>
      )}
      {availability === undefined ? null : <Badge tone="warn">{availability}</Badge>}
      {inspection === undefined ? null : (
        <Badge tone={inspectionTones[state.inspection?.state ?? ''] ?? 'info'}>{inspection}</Badge>
      )}
    </span>
  );
}

const youngMs = 60_000;

/** Whether its file may still be looked into: pictures come some seconds after it. */
export function isYoung({ state, createdAtMs, updatedAtMs }: Asset): boolean {
  if (state.kind === 'other' || state.file?.bytes === undefined) return false;
  return state.inspection?.state === 'pending' || Date.now() - Math.max(createdAtMs, updatedAtMs) < youngMs;
}
