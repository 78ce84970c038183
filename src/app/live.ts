/** What happens now, told to whoever watches. A listener that fails is let go; losing a line loses nothing but the line. */
import type { DeliverySummary } from '../core/delivery.ts';
import type { EngineEvent } from '../engine/engine.ts';
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

export function createLive({ logger }: Pick<AppDeps, 'logger'>): LiveHub {
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

  return {
    attempted: ({ delivery }) => tell(deliveries.get(delivery.workspaceId), (listener) => listener(delivery)),
    changed: (workspaceId) => tell(changes.get(workspaceId), (listener) => listener()),
    noticed: (workspaceId, notice) => tell(notices.get(workspaceId), (listener) => listener(notice)),
    onDelivery: (workspaceId, listener) => added(deliveries, workspaceId, listener),
    onChange: (workspaceId, listener) => added(changes, workspaceId, listener),
    onNotice: (workspaceId, listener) => added(notices, workspaceId, listener),
    closed: (workspaceId) => tell(new Set(closings.get(workspaceId)), (listener) => listener()),
    onClosed: (workspaceId, listener) => added(closings, workspaceId, listener),
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
