import { useEffect, useMemo, useRef, useState } from 'react';
import type { Asset } from '../api/assets.ts';

/** Which assets of a list are chosen, to be changed together. */
export type Choosing = {
  readonly assets: readonly Asset[];
  readonly has: (id: string) => boolean;
  /** `through`: all between the one that was chosen before and this one too. */
  readonly toggle: (id: string, through: boolean) => void;
  readonly all: () => void;
  readonly none: () => void;
};

/** `of` names what is looked at: elsewhere nothing is chosen yet. */
export function useChoosing(items: readonly Asset[], of: string): Choosing {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string | null>(null);
  useEffect(() => setIds(new Set()), [of]);
  // Only what is still there: an asset that was deleted or moved away meanwhile is chosen no more.
  const assets = useMemo(() => items.filter(({ id }) => ids.has(id)), [items, ids]);
  return {
    assets,
    has: (id) => ids.has(id),
    toggle(id, through) {
      const from = through ? items.findIndex((asset) => asset.id === last.current) : -1;
      const to = items.findIndex((asset) => asset.id === id);
      last.current = id;
      const next = new Set(ids);
      if (from >= 0 && to >= 0)
        for (const asset of items.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(asset.id);
      else if (!next.delete(id)) next.add(id);
      setIds(next);
    },
    all: () => setIds(new Set(items.map(({ id }) => id))),
    none: () => setIds(new Set()),
  };
}
