import { IconFocusCentered } from '@tabler/icons-react';
import { type KeyboardEvent, type MouseEvent, useState } from 'react';
import { fetched } from '../api/ask.ts';
import { useChange, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { KindIcon, Picture, pictureOf } from '../parts/thumb.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';
import { isYoung, titleOf } from './asset-marks.tsx';

/** Shares of the width and of the height, from the left and from the top. */
type Point = { readonly x: number; readonly y: number };

const middle: Point = { x: 0.5, y: 0.5 };
const directions: { readonly [key: string]: Point } = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
const part = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1_000) / 1_000;
const backToButton = (from: Element) =>
  from.closest('.stack')?.querySelector<HTMLElement>('button[aria-pressed]')?.focus();
const beginHere = (element: HTMLElement | null) => element?.focus();

/** The picture, film or sound itself, as large as the page has room; with its focus point where it is a picture. */
export function AssetStage({ asset }: { readonly asset: Asset }) {
  const { id, state } = asset;
  const may = useMay('assets:write');
  /** Where the mark is while it is being set: null while it is not. */
  const [mark, setMark] = useState<Point | null>(null);
  const setting = mark !== null;
  const save = useChange(assetPaths(id), { onDone: () => tell(words.asset.focusPlaced) });
  const picture = pictureOf(asset, 'large');
  const content = fetched(`/v1/assets/${id}/content`);
  const place = (event: MouseEvent<HTMLElement>) => {
    if (!setting) return;
    const box = event.currentTarget.getBoundingClientRect();
    setTo({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  };
  const setTo = ({ x, y }: Point) => {
    setMark(null);
    save.mutate({ method: 'PATCH', path: `/v1/assets/${id}`, body: { focusPoint: { x: part(x), y: part(y) } } });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (mark === null) return;
    const step = directions[event.key];
    if (step !== undefined) {
      const by = event.shiftKey ? 0.1 : 0.01;
      setMark({ x: part(mark.x + step.x * by), y: part(mark.y + step.y * by) });
    } else if (event.key === 'Enter' || event.key === ' ') setTo(mark);
    else if (event.key === 'Escape') setMark(null);
    else return;
    event.preventDefault();
    if (step === undefined) backToButton(event.currentTarget);
  };
  const focus = mark ?? state.focusPoint;
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
          <div
            className="held"
            data-setting={setting}
            onClick={place}
            {...(mark === null
              ? {}
              : {
                  role: 'application',
                  tabIndex: 0,
                  'aria-label': words.asset.focusAt(Math.round(mark.x * 100), Math.round(mark.y * 100)),
                  'aria-describedby': 'focus-hint',
                  onKeyDown,
                  ref: beginHere,
                })}
          >
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
            onClick={() => setMark(setting ? null : (state.focusPoint ?? middle))}
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
          {setting ? (
            <span className="quiet" id="focus-hint">
              {words.asset.focusHint}
            </span>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
