import {
  IconArchive,
  IconCopy,
  IconDownload,
  IconFocusCentered,
  IconLock,
  IconLockOpen,
  IconPencil,
  IconTrash,
  IconUpload,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type MouseEvent, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { fetched, sendFile } from '../api/ask.ts';
import { refresh, useAsk, useChange, useMay } from '../api/queries.ts';
import type { Asset, JsonObject } from '../api/types.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts, Page } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { showBytes, showDuration } from '../parts/format.ts';
import { FormFailure } from '../parts/form-failure.tsx';
import { Loaded, Notice } from '../parts/state.tsx';
import { KindIcon, pictureOf } from '../parts/thumb.tsx';
import { Moment } from '../parts/time.tsx';
import { tell, tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { AssetHistory } from './asset-history.tsx';
import { AboutForm, MetadataForm } from './asset-forms.tsx';
import { Shares } from './asset-shares.tsx';
import { assetPaths } from './asset-paths.ts';
import { Talk } from './asset-talk.tsx';
import { Versions } from './asset-versions.tsx';
import { AssetMarks, titleOf } from './assets.tsx';

const tabs = ['about', 'metadata', 'versions', 'embedded', 'history', 'talk', 'share'] as const;

export function AssetPage({ id }: { readonly id: string }) {
  const asset = useAsk<Asset>(`/v1/assets/${encodeURIComponent(id)}`, {}, { everyMs: 15_000 });
  const [{ tab: named }, setFilters] = useFilters(['tab']);
  const tab = tabs.find((known) => known === named) ?? 'about';
  return (
    <Page
      title={asset.data === undefined ? words.places.assets : titleOf(asset.data)}
      back={{ href: '/assets', label: words.assets.title }}
      actions={asset.data === undefined ? null : <Actions asset={asset.data} />}
    >
      <Loaded of={asset} lines={12}>
        {(data) => (
          <div className="asset-page">
            <div className="stack">
              <Stage asset={data} />
              <FileCard asset={data} />
            </div>
            <div className="stack">
              <nav className="tabs" aria-label={data.state.name}>
                {tabs.map((name) => (
                  <button
                    key={name}
                    type="button"
                    aria-current={name === tab ? 'page' : undefined}
                    onClick={() => setFilters({ tab: name === 'about' ? '' : name })}
                  >
                    {words.asset.tabs[name]}
                  </button>
                ))}
              </nav>
              {tab === 'about' ? <AboutForm asset={data} /> : null}
              {tab === 'metadata' ? <MetadataForm asset={data} /> : null}
              {tab === 'versions' ? <Versions asset={data} /> : null}
              {tab === 'embedded' ? <Embedded of={data.state.embedded ?? {}} /> : null}
              {tab === 'history' ? <AssetHistory asset={data} /> : null}
              {tab === 'talk' ? <Talk asset={data} /> : null}
              {tab === 'share' ? <Shares asset={data} /> : null}
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ asset }: { readonly asset: Asset }) {
  const may = useMay('assets:write');
  const [open, setOpen] = useState<'remove' | 'move' | null>(null);
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const { id, state } = asset;
  const path = `/v1/assets/${id}`;
  const change = useChange(assetPaths(id));
  const copy = useChange<Asset>(['/v1/assets'], { onDone: (made) => navigate(`/assets/${made.id}`) });
  const remove = useChange(['/v1/assets'], {
    onDone: () => {
      tell(words.asset.removed);
      navigate('/assets');
    },
  });
  const held = state.checkedOutBy !== undefined;
  const checkIn = (chosen: File | undefined) => {
    if (chosen === undefined) return;
    sendFile({ path: `${path}/checkin`, file: chosen }, () => undefined)
      .done.then(() => Promise.all(assetPaths(id).map((stale) => refresh(client, stale))))
      .catch(tellProblem);
  };
  return (
    <>
      {state.file?.bytes === undefined ? null : (
        <a className="button" href={fetched(`${path}/content`)} download={state.name}>
          <IconDownload size={16} aria-hidden /> {words.asset.download}
        </a>
      )}
      {may ? (
        <>
          <Button icon={<IconPencil size={16} aria-hidden />} onClick={() => setOpen('move')}>
            {words.asset.move}
          </Button>
          <Button
            label={words.asset.copyAsset}
            icon={<IconCopy size={16} aria-hidden />}
            busy={copy.isPending}
            onClick={() => copy.mutate({ method: 'POST', path: `${path}/copy`, body: {} })}
          />
          {held ? (
            <>
              <Button
                label={words.asset.undoCheckOut}
                icon={<IconLockOpen size={16} aria-hidden />}
                onClick={() => change.mutate({ method: 'POST', path: `${path}/undo-checkout` })}
              />
              <Button icon={<IconUpload size={16} aria-hidden />} onClick={() => file.current?.click()}>
                {words.asset.checkIn}
              </Button>
              <input
                ref={file}
                type="file"
                hidden
                aria-label={words.asset.checkIn}
                onChange={(event) => checkIn(event.target.files?.[0])}
              />
            </>
          ) : (
            <Button
              label={words.asset.checkOut}
              icon={<IconLock size={16} aria-hidden />}
              onClick={() => change.mutate({ method: 'POST', path: `${path}/checkout` })}
            />
          )}
          <Button
            label={state.archived ? words.asset.unarchive : words.asset.archive}
            icon={<IconArchive size={16} aria-hidden />}
            onClick={() => change.mutate({ method: 'PATCH', path, body: { archived: !state.archived } })}
          />
          <Button
            look="danger"
            label={words.asset.remove}
            icon={<IconTrash size={16} aria-hidden />}
            onClick={() => setOpen('remove')}
          />
        </>
      ) : null}
      {open === 'move' ? <Move asset={asset} onClose={() => setOpen(null)} /> : null}
      {open === 'remove' ? (
        <Confirm
          title={words.asset.removeTitle}
          action={words.asset.remove}
          busy={remove.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() => remove.mutate({ method: 'DELETE', path })}
        >
          <p>{words.asset.removeLead}</p>
        </Confirm>
      ) : null}
    </>
  );
}

function Move({ asset: { id, state }, onClose }: { readonly asset: Asset; readonly onClose: () => void }) {
  const [name, setName] = useState(state.name);
  const [path, setPath] = useState(state.path);
  const save = useChange(assetPaths(id), { quiet: true, onDone: onClose });
  return (
    <Dialog
      title={words.asset.move}
      onClose={onClose}
      onSubmit={() =>
        save.mutate({
          method: 'PATCH',
          path: `/v1/assets/${id}`,
          body: { ...(name === state.name ? {} : { name }), ...(path === state.path ? {} : { path }) },
        })
      }
      footer={
        <Button type="submit" look="primary" busy={save.isPending}>
          {words.common.save}
        </Button>
      }
    >
      {save.error === null ? null : <FormFailure error={save.error} />}
      <TextField label={words.asset.name} autoFocus value={name} onChange={setName} />
      <TextField label={words.asset.folder} mono value={path} onChange={setPath} />
    </Dialog>
  );
}

/** The picture, film or sound itself, as large as the page has room; with its focus point where it is a picture. */
function Stage({ asset }: { readonly asset: Asset }) {
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
      <div className="stage">
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
            <img src={picture} alt={titleOf(asset)} />
            {focus === undefined ? null : (
              <span className="focus" style={{ left: `${focus.x * 100}%`, top: `${focus.y * 100}%` }} />
            )}
          </div>
        )}
      </div>
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

function FileCard({ asset }: { readonly asset: Asset }) {
  const { id, externalId, state, createdAtMs, updatedAtMs } = asset;
  const { file } = state;
  return (
    <Card title={words.asset.file}>
      <div className="stack">
        <AssetMarks asset={asset} />
        {state.inspection?.note === undefined ? null : <Notice tone="warn">{state.inspection.note}</Notice>}
        <Facts
          of={[
            [words.asset.name, state.name],
            [words.asset.folder, state.path],
            [words.asset.type, file?.mimeType],
            [words.asset.size, file?.bytes === undefined ? undefined : showBytes(file.bytes)],
            [
              words.asset.dimensions,
              file?.widthPx === undefined || file.heightPx === undefined
                ? undefined
                : `${file.widthPx} × ${file.heightPx} px`,
            ],
            [words.asset.duration, file?.durationMs === undefined ? undefined : showDuration(file.durationMs)],
            [words.asset.pages, file?.pages === undefined ? undefined : String(file.pages)],
            [
              words.asset.sha,
              file?.sha256 === undefined ? undefined : (
                <span key="sha" className="mono">
                  {file.sha256}
                </span>
              ),
            ],
            [words.asset.externalId, externalId],
            [words.asset.uploadedBy, state.createdByName ?? state.createdBy],
            [words.common.created, <Moment key="created" atMs={createdAtMs} />],
            [words.common.updated, <Moment key="updated" atMs={updatedAtMs} />],
            [
              words.asset.publishAt,
              state.publishAtMs === undefined ? undefined : <Moment key="publish" atMs={state.publishAtMs} />,
            ],
            [
              words.asset.expiresAt,
              state.expiresAtMs === undefined ? undefined : <Moment key="expires" atMs={state.expiresAtMs} />,
            ],
            [
              words.asset.archiveAt,
              state.archiveAtMs === undefined ? undefined : <Moment key="archive" atMs={state.archiveAtMs} />,
            ],
            [
              words.common.id,
              <span key="id" className="mono">
                {id}
              </span>,
            ],
          ]}
        />
      </div>
    </Card>
  );
}

/** What the file says of itself, group by group. It is the file's word, shown as text. */
function Embedded({ of }: { readonly of: JsonObject }) {
  const groups = Object.entries(of);
  if (groups.length === 0) return <p className="quiet">{words.asset.noEmbedded}</p>;
  const flat = groups.filter(([, value]) => typeof value !== 'object' || value === null);
  const nested = groups.filter(([, value]) => typeof value === 'object' && value !== null);
  return (
    <>
      {flat.length === 0 ? null : (
        <Card>
          <Facts of={flat.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])} />
        </Card>
      )}
      {nested.map(([name, value]) => (
        <Card key={name} title={name}>
          <Facts
            of={Object.entries(value as JsonObject)
              .slice(0, 400)
              .map(([field, found]) => [field, typeof found === 'string' ? found : JSON.stringify(found)])}
          />
        </Card>
      ))}
    </>
  );
}

const youngMs = 60_000;

/** Whether its file may still be looked into: pictures come some seconds after it. */
function isYoung({ state, createdAtMs, updatedAtMs }: Asset): boolean {
  if (state.kind === 'other' || state.file?.bytes === undefined) return false;
  return state.inspection?.state === 'pending' || Date.now() - Math.max(createdAtMs, updatedAtMs) < youngMs;
}
