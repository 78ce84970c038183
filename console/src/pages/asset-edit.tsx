import { type ReactNode, useEffect, useState } from 'react';
import { isOutdated, useChange } from '../api/queries.ts';
import type { Asset, AssetState } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';

export type Edit = {
  /** What the form began with. */
  readonly base: Asset;
  /** The version to save over: the newest that differs in nothing the form edits. */
  readonly ifMatch: string;
  readonly onDirty: (dirty: boolean) => void;
  readonly onSaved: (asset: Asset) => void;
  /** Gives up what one wrote. */
  readonly onDiscard: () => void;
};

/**
 * A form of an asset that others may change while one writes. What one wrote stays; where the others changed nothing that the
 * form edits it is saved over their version, else it is said, and saving is refused until one has looked.
 */
export function EditedAsset({
  asset,
  edits,
  children,
}: {
  readonly asset: Asset;
  /** The part of an asset that the form edits. */
  readonly edits: (state: AssetState) => unknown;
  readonly children: (edit: Edit) => ReactNode;
}) {
  const [base, setBase] = useState(asset);
  const [dirty, setDirty] = useState(false);
  const [round, setRound] = useState(0);
  const newer = asset.version > base.version;
  const other = newer && JSON.stringify(edits(asset.state)) !== JSON.stringify(edits(base.state));
  const anew = (from: Asset) => {
    setDirty(false);
    setBase(from);
  };
  useEffect(() => {
    if (newer && !dirty) setBase(asset);
  }, [newer, dirty, asset]);
  return (
    <>
      {other && dirty ? (
        <Notice
          tone="warn"
          action={
            <Button small onClick={() => anew(asset)}>
              {words.asset.staleShow}
            </Button>
          }
        >
          <span role="alert">{words.asset.staleTitle}</span>
        </Notice>
      ) : null}
      <div className="stack" key={`${base.version} ${round}`}>
        {children({
          base,
          ifMatch: `"${newer && !other ? asset.version : base.version}"`,
          onDirty: setDirty,
          onSaved: anew,
          onDiscard() {
            anew(asset);
            setRound(round + 1);
          },
        })}
      </div>
    </>
  );
}

/** Sends what differs and nothing else: an edit that changes nothing tells nobody anything. */
export function useSave({ base: { id }, ifMatch, onDirty, onSaved }: Edit, body: object) {
  const save = useChange<Asset>(assetPaths(id), {
    quiet: true,
    onDone: (saved) => {
      tell(words.common.saved);
      onSaved(saved);
    },
  });
  const dirty = Object.keys(body).length > 0;
  useEffect(() => onDirty(dirty), [dirty]);
  return {
    save,
    dirty,
    // What it is now is asked for; from then on the form itself says what happened.
    refusal: isOutdated(save.error) ? null : save.error,
    submit: () => save.mutate({ method: 'PATCH', path: `/v1/assets/${id}`, body, ifMatch }),
  };
}

/** Saves, or gives up: at the end of the form, and in sight wherever one is in it once something is changed. */
export function SaveBar({
  dirty,
  busy,
  onDiscard,
}: {
  readonly dirty: boolean;
  readonly busy: boolean;
  readonly onDiscard: () => void;
}) {
  return (
    <div className="actions save-bar" data-dirty={dirty}>
      {dirty ? (
        <>
          <span className="quiet grow" role="status">
            {words.asset.unsaved}
          </span>
          <Button onClick={onDiscard}>{words.asset.discard}</Button>
        </>
      ) : null}
      <Button type="submit" look="primary" busy={busy}>
        {words.common.save}
      </Button>
    </div>
  );
}
