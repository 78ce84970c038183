/** What the store holds and takes, found out at most twice a minute however many ask. */
import type { Space } from '../core/space.ts';
import type { AppDeps } from './dependencies.ts';

export type SpaceView = Space & {
  readonly measuredAtMs: number;
  /** Changes, deliveries and attempts that have ended are kept for so many days; null where it is not known. */
  readonly keptForDays: number | null;
};

const goodForMs = 30_000;

export function createSpace({
  storage,
  clock,
  settings,
}: Pick<AppDeps, 'storage' | 'clock' | 'settings'>): () => Promise<SpaceView> {
  let known: { readonly atMs: number; readonly view: Promise<SpaceView> } | null = null;
  const look = async (): Promise<SpaceView> => {
    const space = await storage.read.space();
    const days = Number(settings.process.find(({ name }) => name === 'retentionDays')?.value ?? Number.NaN);
    return { ...space, measuredAtMs: clock.nowMs(), keptForDays: Number.isFinite(days) ? days : null };
  };
  return () => {
    const nowMs = clock.monotonicMs();
    if (known !== null && nowMs - known.atMs < goodForMs) return known.view;
    const view = look();
    const mine = { atMs: nowMs, view };
    known = mine;
    // What failed is asked again by whoever comes next.
    view.catch(() => {
      if (known === mine) known = null;
    });
    return view;
  };
}
