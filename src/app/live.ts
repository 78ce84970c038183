/**
 * What happens now, told to whoever watches. A listener that fails is let go; losing a line loses nothing but the line.
 *
 * Where several processes share the store, whoever watches in one of them says so to the others, again and again for as
 * long as he does, and is told by them: nobody is told what nobody watches.
 */
import type { DeliverySummary } from '../core/delivery.ts';
import { type Hint, watchedForMs } from '../core/hint.ts';
import type { JsonObject } from '../core/json.ts';
import type { EngineEvent } from '../engine/engine.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Live } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import type { NoticeView } from './people.ts';

export interface LiveHub extends Live {
  /** An attempt ended. */
  readonly attempted: (event: EngineEvent) => void;
  /** Changes were committed. */
  readonly changed: (workspaceId: string) => void;
  /** There is something that people should know. */
  readonly noticed: (workspaceId: string, notice: NoticeView) => void;
  /** Nobody is let in any more: whoever watches is to go. */
  readonly closed: (workspaceId: string) => void;
}

/** Attempts of one workspace that are told to other processes within a second; a screen shows no more. */
const toldPerSecondMax = 50;

export function createLive(deps: Pick<AppDeps, 'logger' | 'clock' | 'others'>): LiveHub {
  const { logger, others } = deps;
  const deliveries = new Map<string, Set<(delivery: DeliverySummary) => void>>();
  const changes = new Map<string, Set<() => void>>();
  const closings = new Map<string, Set<() => void>>();
  const notices = new Map<string, Set<(notice: NoticeView) => void>>();

  const tell = <Listener>(listeners: ReadonlySet<Listener> | undefined, call: (listener: Listener) => void): void => {
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        call(listener);
      } catch (error) {
        logger.warn('live.listener_failed', { error });
      }
    }
  };
  const attempted = (delivery: DeliverySummary): void =>
    tell(deliveries.get(delivery.workspaceId), (listener) => listener(delivery));
  const changed = (workspaceId: string): void => tell(changes.get(workspaceId), (listener) => listener());
  const noticed = (workspaceId: string, notice: NoticeView): void =>
    tell(notices.get(workspaceId), (listener) => listener(notice));
  const closed = (workspaceId: string): void => tell(new Set(closings.get(workspaceId)), (listener) => listener());

  const far = createFarWatchers(deps, () => [...deliveries.keys(), ...changes.keys(), ...notices.keys()]);
  others?.hear((hint) => {
    switch (hint.kind) {
      case 'watched':
        far.watched(hint.workspaceId);
        return;
      case 'attempted':
        attempted(hint.delivery);
        return;
      case 'changed':
        changed(hint.workspaceId);
        return;
      case 'noticed':
        // Told by `noticed` below, in this shape.
        noticed(hint.workspaceId, hint.notice as unknown as NoticeView);
        return;
      case 'workspace':
        if (hint.state === 'closed') closed(hint.workspaceId);
        return;
      default:
    }
  });

  return {
    attempted({ delivery }) {
      attempted(delivery);
      far.attempted(delivery);
    },
    changed(workspaceId) {
      changed(workspaceId);
      far.tell({ kind: 'changed', workspaceId });
    },
    noticed(workspaceId, notice) {
      noticed(workspaceId, notice);
      // A notice is JSON: it is answered as such.
      far.tell({ kind: 'noticed', workspaceId, notice: notice as unknown as JsonObject });
    },
    onDelivery: (workspaceId, listener) => far.while(workspaceId, added(deliveries, workspaceId, listener)),
    onChange: (workspaceId, listener) => far.while(workspaceId, added(changes, workspaceId, listener)),
    onNotice: (workspaceId, listener) => far.while(workspaceId, added(notices, workspaceId, listener)),
    closed,
    onClosed: (workspaceId, listener) => added(closings, workspaceId, listener),
  };
}

/** Who watches in other processes, and our own watchers made known to them. */
function createFarWatchers({ clock, others }: Pick<AppDeps, 'clock' | 'others'>, ownWatched: () => readonly string[]) {
  /** Workspaces by the monotonic time until which somebody elsewhere watches them. */
  const watched = new Map<string, number>();
  let told = { inSecond: 0, count: 0 };
  let timer: Timer | null = null;

  const isWatched = (workspaceId: string): boolean => {
    if (watched.size === 0) return false;
    const untilMs = watched.get(workspaceId);
    if (untilMs === undefined) return false;
    if (clock.monotonicMs() < untilMs) return true;
    watched.delete(workspaceId);
    return false;
  };
  const tell = (hint: Hint & { readonly workspaceId: string }): void => {
    if (isWatched(hint.workspaceId)) others?.tell(hint);
  };
  const announce = (): void => {
    const mine = new Set(ownWatched());
    for (const workspaceId of mine) others?.tell({ kind: 'watched', workspaceId });
    timer = mine.size === 0 ? null : clock.timer(watchedForMs / 3, announce);
  };

  return {
    tell,
    watched: (workspaceId: string) => void watched.set(workspaceId, clock.monotonicMs() + watchedForMs),
    attempted(delivery: DeliverySummary): void {
      const { workspaceId } = delivery;
      if (!isWatched(workspaceId)) return;
      const inSecond = Math.floor(clock.monotonicMs() / 1_000);
      told = told.inSecond === inSecond ? { inSecond, count: told.count + 1 } : { inSecond, count: 1 };
      if (told.count <= toldPerSecondMax) others?.tell({ kind: 'attempted', workspaceId, delivery });
    },
    /** Makes a new watcher known; the announcements end with the last one. */
    while(workspaceId: string, stop: () => void): () => void {
      if (others === null || others === undefined) return stop;
      others.tell({ kind: 'watched', workspaceId });
      timer ??= clock.timer(watchedForMs / 3, announce);
      return stop;
    },
  };
}

function added<Listener>(all: Map<string, Set<Listener>>, workspaceId: string, listener: Listener): () => void {
  let set = all.get(workspaceId);
  if (set === undefined) {
    set = new Set();
    all.set(workspaceId, set);
  }
  set.add(listener);
  return () => {
    const present = all.get(workspaceId);
    present?.delete(listener);
    if (present?.size === 0) all.delete(workspaceId);
  };
}
