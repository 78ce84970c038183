import { IconFocusCentered } from '@tabler/icons-react';
import { type MouseEvent, useState } from 'react';
import { fetched } from '../api/ask.ts';
import { useChange, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { KindIcon, Picture, pictureOf } from '../parts/thumb.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';
import { isYoung, titleOf } from './asset-marks.tsx';

/** The picture, film or sound itself, as large as the page has room; with its focus point where it is a picture. */
export function AssetStage({ asset }: { readonly asset: Asset }) {
  const { id, state } = asset;
  const may = useMay('assets:write');
  const [setting, setSetting] = useState(false);
  const save = useChange(assetPaths(id), { onDone: () => tell(words.asset.focusPlaced) });
  const picture = pictureOf(asset, 'large');
  const content = fetched(`/v1/assets/${id}/content`);
  const place = (event: MouseEvent<HTMLElement>) => {
    if (!setting) return;
    const box = event.currentTarget.getBoundingClientRect();
    const part = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1_000) / 1_000;
    setSetting(false);
    save.mutate({
      method: 'PATCH',
      path: `/v1/assets/${id}`,
      body: {
        focusPoint: {
          x: part((event.clientX - box.left) / box.width),
          y: part((event.clientY - box.top) / box.height),
        },
      },
    });
  };
  const focus = state.focusPoint;
  return (
    <div className="stack tight">
      <div className="stage" data-clear={state.file?.hasAlpha === true}>
        {state.kind === 'video' && state.file?.bytes !== undefined ? (
          <video controls preload="metadata" src={content} {...(picture === null ? {} : { poster: picture })} />
        ) : state.kind === 'audio' && state.file?.bytes !== undefined ? (
          <audio controls preload="metadata" src={content} />
        ) : picture === null ? (
          <div className="empty">
            <KindIcon kind={state.kind} size={44} />
            <p>{isYoung(asset) ? words.asset.previewComes : words.asset.noPreview}</p>
          </div>
        ) : (
          <div className="held" data-setting={setting} onClick={place}>
            <Picture src={picture} alt={titleOf(asset)} />
            {focus === undefined ? null : (
              <span className="focus" style={{ left: `${focus.x * 100}%`, top: `${focus.y * 100}%` }} />
            )}
          </div>
        )}
      </div>
      {picture !== null && (state.file?.pages ?? 1) > 1 ? (
        <p className="quiet">{words.asset.firstOf(state.file?.pages ?? 1)}</p>
      ) : null}
      {state.kind === 'image' && picture !== null && may ? (
        <div className="row">
          <Button
            small
            icon={<IconFocusCentered size={15} aria-hidden />}
            aria-pressed={setting}
            onClick={() => setSetting(!setting)}
          >
            {words.asset.focusSet}
          </Button>
          {focus === undefined ? null : (
            <Button
              small
              look="plain"
              onClick={() => save.mutate({ method: 'PATCH', path: `/v1/assets/${id}`, body: { focusPoint: null } })}
            >
              {words.asset.focusClear}
            </Button>
          )}
          {setting ? <span className="quiet">{words.asset.focusHint}</span> : null}
        </div>
      ) : null}
    </div>
  );
}
