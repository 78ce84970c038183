/** Files on their way up: a few at a time, each with its progress, to be cancelled and tried again; they go on while one looks elsewhere. */
import { useSyncExternalStore } from 'react';
import { IconRefresh, IconX } from '@tabler/icons-react';
import { Link } from 'wouter';
import { sendFile } from '../api/ask.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { showBytes, showShare } from '../parts/format.ts';
import { wordsOf } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import type { PlacedFile } from './dropped-files.ts';

type Upload = {
  readonly id: number;
  readonly file: File;
  readonly path: string;
  readonly state: 'waiting' | 'sending' | 'done' | 'failed' | 'cancelled';
  readonly share: number;
  readonly problem?: string;
  /** Once it is there. */
  readonly assetId?: string;
};

const atOnce = 3;
const tellMs = 400;
const shownMax = 200;
let uploads: readonly Upload[] = [];
let nextId = 1;
const aborts = new Map<number, () => void>();
const listeners = new Set<() => void>();
let onEnded: () => void = () => undefined;

function change(id: number, patch: Partial<Upload>): void {
  uploads = uploads.map((upload) => (upload.id === id ? { ...upload, ...patch } : upload));
  for (const listener of listeners) listener();
}

/** Into the folder `path`, each as deep below it as it was dropped. */
export function addUploads(files: readonly PlacedFile[], path: string, ended: () => void): void {
  onEnded = ended;
  const under = (below: string) => (below === '' ? path : `${path === '/' ? '' : path}/${below}`);
  uploads = [
    ...uploads,
    ...files.map(({ file, below }) => ({
      id: nextId++,
      file,
      path: under(below),
      state: 'waiting' as const,
      share: 0,
    })),
  ];
  pump();
}

let told = 0;

/** Many small files end at once: what is shown is asked for anew a few times a second at most. */
function tellEnded(): void {
  if (told !== 0) return;
  told = window.setTimeout(() => {
    told = 0;
    onEnded();
  }, tellMs);
}

function pump(): void {
  for (const listener of listeners) listener();
  const sending = uploads.filter(({ state }) => state === 'sending').length;
  for (const upload of uploads.filter(({ state }) => state === 'waiting').slice(0, atOnce - sending)) begin(upload);
}

function begin({ id, file, path }: Upload): void {
  const { done, abort } = sendFile({ path: '/v1/assets', file, asset: { path } }, (share) => change(id, { share }));
  aborts.set(id, abort);
  change(id, { state: 'sending', share: 0 });
  done
    .then(
      (asset) => change(id, { state: 'done', share: 1, assetId: (asset as Pick<Asset, 'id'>).id }),
      (error: unknown) => {
        if (uploads.find((upload) => upload.id === id)?.state !== 'cancelled')
          change(id, { state: 'failed', problem: wordsOf(error) });
      },
    )
    .finally(() => {
      aborts.delete(id);
      tellEnded();
      pump();
    });
}

function cancel(id: number): void {
  change(id, { state: 'cancelled' });
  aborts.get(id)?.();
  pump();
}

function again(wanted: (upload: Upload) => boolean): void {
  uploads = uploads.map((upload) =>
    wanted(upload) ? { id: upload.id, file: upload.file, path: upload.path, state: 'waiting', share: 0 } : upload,
  );
  pump();
}

export function Uploads() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads,
  );
  if (shown.length === 0) return null;
  const done = shown.filter(({ state }) => state === 'done').length;
  const open = shown.filter(({ state }) => state === 'waiting' || state === 'sending');
  const failed = shown.some(({ state }) => state === 'failed');
  const bytes = shown.reduce((sum, { file }) => sum + file.size, 0);
  const sent = shown.reduce(
    (sum, { file, share, state }) => sum + (state === 'done' ? file.size : file.size * share),
    0,
  );
  return (
    <section className="uploads" aria-label={words.assets.uploads}>
      <header>
        <div className="row between">
          <strong role="status">{words.assets.uploading(done, shown.length)}</strong>
          {open.length > 0 ? (
            <Button small onClick={() => open.forEach(({ id }) => cancel(id))}>
              {words.assets.cancelAll}
            </Button>
          ) : (
            <Button
              small
              onClick={() => {
                uploads = [];
                pump();
              }}
            >
              {words.assets.clearDone}
            </Button>
          )}
        </div>
        <div
          className="progress"
          role="progressbar"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round((sent / Math.max(1, bytes)) * 100)}
          aria-label={words.assets.uploads}
        >
          <span style={{ width: `${(sent / Math.max(1, bytes)) * 100}%` }} />
        </div>
        <span className="quiet number">{words.assets.sentOf(showBytes(sent), showBytes(bytes))}</span>
        {failed && open.length === 0 ? (
          <Button
            small
            icon={<IconRefresh size={15} aria-hidden />}
            onClick={() => again(({ state }) => state === 'failed')}
          >
            {words.assets.retryFailed}
          </Button>
        ) : null}
      </header>
      <ul>
        {shown.slice(-shownMax).map((upload) => (
          <li key={upload.id}>
            <div className="row between" style={{ flexWrap: 'nowrap' }}>
              {upload.assetId === undefined ? (
                <span className="cut" dir="auto">
                  {upload.file.name}
                </span>
              ) : (
                <Link href={`/assets/${upload.assetId}`} className="cut">
                  <span dir="auto">{upload.file.name}</span>
                </Link>
              )}
              <span className="row" style={{ flexWrap: 'nowrap' }}>
                <span className="quiet number nowrap">{stateWords(upload)}</span>
                {upload.state === 'waiting' || upload.state === 'sending' ? (
                  <Button
                    small
                    look="plain"
                    label={words.common.cancel}
                    icon={<IconX size={14} aria-hidden />}
                    onClick={() => cancel(upload.id)}
                  />
                ) : null}
                {upload.state === 'failed' || upload.state === 'cancelled' ? (
                  <Button
                    small
                    look="plain"
                    label={words.common.again}
                    icon={<IconRefresh size={14} aria-hidden />}
                    onClick={() => again(({ id }) => id === upload.id)}
                  />
                ) : null}
              </span>
            </div>
            {upload.state === 'sending' ? (
              <div className="progress">
                <span style={{ width: `${upload.share * 100}%` }} />
              </div>
            ) : null}
            {upload.problem === undefined ? null : <div style={{ color: 'var(--bad)' }}>{upload.problem}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function stateWords({ state, file, share }: Upload): string {
  switch (state) {
    case 'sending':
      if (share === 1) return words.assets.keeping;
      return words.assets.sending(showShare(Math.floor(share * 100) / 100), showBytes(file.size));
    case 'waiting':
      return words.assets.waiting;
    case 'done':
      return words.assets.uploaded;
    case 'failed':
      return words.assets.failed;
    case 'cancelled':
      return words.assets.cancelled;
  }
}
