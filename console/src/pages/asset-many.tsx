import { IconArchive, IconArchiveOff, IconFolder, IconPencil, IconShare, IconTrash, IconX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Asset } from '../api/assets.ts';
import { refresh, useMay } from '../api/queries.ts';
import { useShortcuts } from '../app/shortcuts.ts';
import { Button } from '../parts/button.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { wordsOf } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import type { Choosing } from './asset-choosing.ts';
import { EditMany, MoveMany } from './asset-many-forms.tsx';
import { titleOf } from './asset-marks.tsx';
import { ShareForm } from './asset-shares.tsx';
import { type Act, changeMany, type Progress } from './many-work.ts';

type Open = 'edit' | 'move' | 'share' | 'delete';
export type Work = { readonly name: string; readonly assets: readonly Asset[]; readonly act: Act };

/** What one does with the assets that are chosen, in sight wherever one is in the list. */
export function ManyBar({ choosing, onWork }: { readonly choosing: Choosing; readonly onWork: (work: Work) => void }) {
  const may = useMay('assets:write');
  const [open, setOpen] = useState<Open | null>(null);
  const { assets, none } = choosing;
  useShortcuts(assets.length > 0 ? { Escape: none } : {});
  const begin = (name: string, act: Act) => {
    setOpen(null);
    onWork({ name, assets, act });
  };
  const archives = assets.some(({ state }) => !state.archived);
  const close = () => setOpen(null);
  return (
    <>
      {assets.length === 0 || !may ? null : (
        <div className="many-bar" role="toolbar" aria-label={words.many.bar}>
          <Button look="plain" label={words.many.none} icon={<IconX size={16} aria-hidden />} onClick={none} />
          <strong role="status">{words.many.chosen(assets.length)}</strong>
          <span className="many-actions">
            <Button icon={<IconPencil size={16} aria-hidden />} onClick={() => setOpen('edit')}>
              {words.common.edit}
            </Button>
            <Button icon={<IconFolder size={16} aria-hidden />} onClick={() => setOpen('move')}>
              {words.many.move}
            </Button>
            <Button icon={<IconShare size={16} aria-hidden />} onClick={() => setOpen('share')}>
              {words.asset.tabs.share}
            </Button>
            <Button
              icon={archives ? <IconArchive size={16} aria-hidden /> : <IconArchiveOff size={16} aria-hidden />}
              onClick={() =>
                begin(archives ? words.asset.archive : words.asset.unarchive, ({ state }) =>
                  state.archived === archives ? null : { method: 'PATCH', body: { archived: archives } },
                )
              }
            >
              {archives ? words.asset.archive : words.asset.unarchive}
            </Button>
            <Button look="danger" icon={<IconTrash size={16} aria-hidden />} onClick={() => setOpen('delete')}>
              {words.common.delete}
            </Button>
          </span>
        </div>
      )}
      {open === 'edit' ? <EditMany assets={assets} onBegin={begin} onClose={close} /> : null}
      {open === 'move' ? <MoveMany assets={assets} onBegin={begin} onClose={close} /> : null}
      {open === 'share' ? (
        <Dialog title={words.many.share(assets.length)} onClose={close}>
          <ShareForm assets={assets.map(({ id }) => id)} />
        </Dialog>
      ) : null}
      {open === 'delete' ? (
        <Confirm
          title={words.many.deleteTitle(assets.length)}
          action={words.common.delete}
          onClose={close}
          onConfirm={() => begin(words.common.delete, () => ({ method: 'DELETE' }))}
        >
          <p>{words.many.deleteLead}</p>
        </Confirm>
      ) : null}
    </>
  );
}

/** How far it is, a way to stop it, and in the end what was refused and why. */
export function Working({ work, onEnd }: { readonly work: Work; readonly onEnd: () => void }) {
  const { name, assets } = work;
  const client = useQueryClient();
  const [progress, setProgress] = useState<Progress>({ done: 0, failed: [] });
  const [ended, setEnded] = useState(false);
  const [control] = useState(() => new AbortController());
  const begun = useRef(false);
  useEffect(() => {
    // Once, however often the page is drawn.
    if (begun.current) return;
    begun.current = true;
    void changeMany(work.assets, work.act, { signal: control.signal, onProgress: setProgress }).then(
      async ({ done, failed }) => {
        await Promise.all(
          ['/v1/assets', '/v1/folders', '/v1/collections', '/v1/trash', '/v1/changes'].map((path) =>
            refresh(client, path),
          ),
        );
        if (failed.length > 0 || control.signal.aborted) return setEnded(true);
        tell(words.many.done(done));
        onEnd();
      },
    );
  }, []);
  const share = progress.done / Math.max(1, assets.length);
  const close = () => (ended ? onEnd() : control.abort());
  return (
    <Dialog
      title={name}
      onClose={close}
      footer={<Button onClick={close}>{ended ? words.common.close : words.many.stop}</Button>}
    >
      <p role="status">
        {ended
          ? words.many.ended(progress.done - progress.failed.length, assets.length)
          : words.many.progress(progress.done, assets.length)}
      </p>
      <div
        className="progress"
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-label={name}
      >
        <span style={{ width: `${share * 100}%` }} />
      </div>
      {progress.failed.length === 0 ? null : (
        <ul className="stack tight" aria-label={words.many.refused}>
          {progress.failed.map(({ asset, error }) => (
            <li key={asset.id}>
              <strong dir="auto">{titleOf(asset)}</strong> <span className="quiet">{wordsOf(error)}</span>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
