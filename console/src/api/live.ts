import { useEffect, useMemo, useRef, useState } from 'react';
import { type StreamState, useStream } from './stream.ts';

/** What arrived in the meantime is kept up to here; the list has the others once it is asked again. */
const keptMax = 400;

export type Live<T> = {
  readonly state: StreamState;
  /** The list with what has arrived on top of it, newest first. */
  readonly items: readonly T[];
  /** How many have come since one paused or reads further down. */
  readonly waiting: number;
  readonly paused: boolean;
  readonly setPaused: (paused: boolean) => void;
  /** Lays what waits on top. */
  readonly show: () => void;
  /** Put this on what holds the list: whoever has scrolled away from its top reads, and nothing is pushed in above. */
  readonly frame: React.RefObject<HTMLDivElement | null>;
};

/**
 * A list and the stream of what happens to it. What arrives is laid on top while its top is in sight; while one reads further
 * down new ones are counted and known ones are brought up to date where they stand; while it is paused nothing moves at all.
 */
export function useLive<T extends { readonly id: string }>(
  {
    path,
    event,
    fits = () => true,
  }: { readonly path: string; readonly event: string; readonly fits?: (item: T) => boolean },
  listed: readonly T[] | undefined,
): Live<T> {
  const [paused, setPaused] = useState(false);
  const [arrived, setArrived] = useState<ReadonlyMap<string, T>>(new Map());
  const [waiting, setWaiting] = useState<ReadonlyMap<string, T>>(new Map());
  const frame = useRef<HTMLDivElement>(null);
  const known = useMemo(() => new Set([...(listed ?? []).map(({ id }) => id), ...arrived.keys()]), [listed, arrived]);
  const show = () => {
    setArrived((before) => added(before, [...waiting.values()]));
    setWaiting(new Map());
  };
  const state = useStream<T>({ path, event }, (events) => {
    if (paused) return setWaiting((before) => added(before, events));
    if (!isReading(frame.current)) return setArrived((before) => added(before, events));
    setArrived((before) =>
      added(
        before,
        events.filter(({ id }) => known.has(id)),
        true,
      ),
    );
    setWaiting((before) =>
      added(
        before,
        events.filter(({ id }) => !known.has(id)),
      ),
    );
  });
  const holds = waiting.size > 0 && !paused;
  useEffect(() => {
    if (!holds) return undefined;
    const look = () => {
      if (!isReading(frame.current)) show();
    };
    document.addEventListener('scroll', look, { capture: true, passive: true });
    return () => document.removeEventListener('scroll', look, { capture: true });
  });
  const items = useMemo(() => {
    const ids = new Set((listed ?? []).map(({ id }) => id));
    const fresh = [...arrived.values()].filter(({ id }) => !ids.has(id)).toReversed();
    return [...fresh, ...(listed ?? []).map((item) => arrived.get(item.id) ?? item)].filter(fits);
  }, [listed, arrived, fits]);
  return {
    state: paused ? 'paused' : state,
    items,
    waiting: [...waiting.values()].filter((item) => !known.has(item.id) && fits(item)).length,
    paused,
    setPaused: (on) => {
      if (!on) show();
      setPaused(on);
    },
    show,
    frame,
  };
}

/** Whether the top of the list has been scrolled out of sight. */
function isReading(element: HTMLDivElement | null): boolean {
  if (element === null) return false;
  const inner = element.querySelector('.table-frame');
  return element.getBoundingClientRect().top < 0 || (inner !== null && inner.scrollTop > 0);
}

/** The newest last; `inPlace` keeps the order of those that are there. */
function added<T extends { readonly id: string }>(
  before: ReadonlyMap<string, T>,
  events: readonly T[],
  inPlace = false,
): ReadonlyMap<string, T> {
  if (events.length === 0) return before;
  const next = new Map(before);
  for (const item of events) {
    if (!inPlace) next.delete(item.id);
    next.set(item.id, item);
  }
  return next.size <= keptMax ? next : new Map([...next].slice(-keptMax));
}
