import {
  IconArchive,
  IconCopy,
  IconDownload,
  IconLock,
  IconLockOpen,
  IconPencil,
  IconTrash,
  IconUpload,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { fetched, sendFile } from '../api/ask.ts';
import { refresh, useChange, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { tell, tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { assetPaths } from './asset-paths.ts';
import { FolderField } from './folder-field.tsx';
import { defaultLibrary, LibraryChoice } from './library-choice.tsx';

/** What one does with the asset as a whole. */
export function AssetActions({ asset }: { readonly asset: Asset }) {
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
  const [library, setLibrary] = useState(state.library ?? defaultLibrary);
  const save = useChange(assetPaths(id), { quiet: true, onDone: onClose });
  return (
    <Dialog
      title={words.asset.move}
      onClose={onClose}
      onSubmit={() =>
        save.mutate({
          method: 'PATCH',
          path: `/v1/assets/${id}`,
          body: {
            ...(name === state.name ? {} : { name }),
            ...(path === state.path ? {} : { path }),
            ...(library === (state.library ?? defaultLibrary) ? {} : { library }),
          },
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
      <FolderField value={path} onChange={setPath} />
      <LibraryChoice value={library} onChange={setLibrary} />
    </Dialog>
  );
}
