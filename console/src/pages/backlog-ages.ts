/** How old the oldest waiting delivery was at each look: the server tells it of now alone, so the page notes what it is told. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** A look falls into one of these. */
const slotMs = 10_000;
const slots = 90;
/** Beside the answers, so that it stays while other pages are looked at and ends with the session. */
const key = ['backlog-ages'];

type Ages = ReadonlyMap<number, number>;
const none: Ages = new Map();

/** What one answer of the server said. */
export type Look = {
  /** When it came, Unix milliseconds; 0 while it is still that of the question before. */
  readonly atMs: number;
  /** When the oldest waiting delivery was made; null where nothing waits. */
  readonly oldestAtMs: number | null;
};

/** The last quarter of an hour up to now, every ten seconds; null where nobody looked. Ages in milliseconds. */
export function useBacklogAges({ atMs, oldestAtMs }: Look): {
  readonly atMs: readonly number[];
  readonly ages: readonly (number | null)[];
} {
  const client = useQueryClient();
  const [noted, setNoted] = useState(() => client.getQueryData<Ages>(key) ?? none);
  useEffect(() => {
    if (atMs === 0) return;
    const before = client.getQueryData<Ages>(key) ?? none;
    const slot = Math.floor(atMs / slotMs);
    const next = new Map([...before].filter(([at]) => at > slot - slots));
    next.set(slot, oldestAtMs === null ? 0 : Math.max(0, atMs - oldestAtMs));
    client.setQueryData<Ages>(key, next);
    setNoted(next);
  }, [client, atMs, oldestAtMs]);
  const last = Math.max(...noted.keys(), Math.floor(atMs / slotMs), 0);
  const all = Array.from({ length: slots }, (_, back) => last - slots + 1 + back);
  return { atMs: all.map((slot) => slot * slotMs), ages: all.map((slot) => noted.get(slot) ?? null) };
}
