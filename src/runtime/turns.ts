/** Items of many owners, taken by turns: whoever has a thousand waits behind its own, not before everybody else. */
export type Turns<Item> = {
  readonly length: number;
  join(owner: string, item: Item): void;
  /** The next one of the owner whose turn it is, taken out. */
  next(): Item | undefined;
  /** All that wait, taken out. */
  clear(): Item[];
};

export function createTurns<Item>(): Turns<Item> {
  // A map gives its keys in the order they came: whoever had a turn comes again behind all others.
  const owners = new Map<string, { readonly items: Item[]; front: number }>();
  let length = 0;
  return {
    get length() {
      return length;
    },
    join(owner, item) {
      const line = owners.get(owner);
      if (line === undefined) owners.set(owner, { items: [item], front: 0 });
      else line.items.push(item);
      length += 1;
    },
    next() {
      const [first] = owners;
      if (first === undefined) return undefined;
      const [owner, line] = first;
      const item = line.items[line.front];
      line.front += 1;
      length -= 1;
      owners.delete(owner);
      if (line.front < line.items.length) owners.set(owner, line);
      // What was taken is let go of before it outweighs what waits.
      if (line.front > 64 && line.front * 2 > line.items.length) {
        line.items.splice(0, line.front);
        line.front = 0;
      }
      return item;
    },
    clear() {
      const all = [...owners.values()].flatMap(({ items, front }) => items.slice(front));
      owners.clear();
      length = 0;
      return all;
    },
  };
}
