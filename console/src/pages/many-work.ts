/** One change after the other for many assets: a few at a time, with its progress, to be stopped; what is refused fails nothing else. */
import type { Asset } from '../api/assets.ts';
import { ask, Problem } from '../api/ask.ts';

export type Failed = { readonly asset: Asset; readonly error: unknown };
export type Progress = { readonly done: number; readonly failed: readonly Failed[] };

/** What is to be done with one asset, decided on its present state; null where there is nothing to do. */
export type Act = (asset: Asset) => { readonly method: 'PATCH' | 'DELETE'; readonly body?: object } | null;

const atOnce = 4;
const triesMax = 3;

/** Ends when all were tried, or after those under way once `signal` says so. */
export async function changeMany(
  assets: readonly Asset[],
  act: Act,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
): Promise<Progress> {
  const left = [...assets];
  let progress: Progress = { done: 0, failed: [] };
  const work = async (): Promise<void> => {
    for (let asset = left.shift(); asset !== undefined && !signal.aborted; asset = left.shift()) {
      const error = await changeOne(asset, act).then(
        () => null,
        (refused: unknown) => refused ?? new Error(''),
      );
      progress = {
        done: progress.done + 1,
        failed: error === null ? progress.failed : [...progress.failed, { asset, error }],
      };
      onProgress(progress);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return progress;
}

/** Sets (tags, collections) are replaced as a whole: where somebody else was faster, it is decided anew on what they left. */
async function changeOne(asset: Asset, act: Act): Promise<void> {
  const path = `/v1/assets/${asset.id}`;
  let found = asset;
  for (let tries = 1; ; tries++) {
    const change = act(found);
    if (change === null) return;
    try {
      await ask(change.method, path, {
        ...(change.body === undefined ? {} : { body: change.body }),
        ifMatch: `"${found.version}"`,
      });
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412 || tries >= triesMax) throw error;
      found = await ask<Asset>('GET', path);
    }
  }
}
