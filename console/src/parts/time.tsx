import { useSyncExternalStore } from 'react';
import { showAgo, showMoment, showUtc } from './format.ts';

let nowMs = Date.now();
const listeners = new Set<() => void>();
let timer = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === 0)
    timer = window.setInterval(() => {
      nowMs = Date.now();
      for (const heard of listeners) heard();
    }, 5_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = 0;
  };
}

/** The time, to five seconds: one clock for every place that says how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** How long ago, with local time and UTC where the pointer rests. */
export function Ago({ atMs }: { readonly atMs: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={`${showMoment(atMs)}\n${showUtc(atMs)}`}>
      {/* The clock of the page goes by fives of seconds: what has happened meanwhile is not to come. */}
      {showAgo(atMs, Math.max(now, nowMs, Math.min(atMs, Date.now())))}
    </time>
  );
}

/** A moment in local time, with UTC where the pointer rests. */
export function Moment({ atMs }: { readonly atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={showUtc(atMs)}>
      {showMoment(atMs)}
    </time>
  );
}
