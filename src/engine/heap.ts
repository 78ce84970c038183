/** A binary heap of things by a time; the earliest comes out first, ties in no order. */
export type Heap<Item> = {
  readonly size: number;
  add(at: number, item: Item): void;
  /** The earliest time, `Infinity` where it is empty. */
  earliest(): number;
  take(): Item | undefined;
};

type Node<Item> = { readonly at: number; readonly item: Item };

export function createHeap<Item>(): Heap<Item> {
  const nodes: Node<Item>[] = [];

  const timeAt = (index: number): number => nodes[index]?.at ?? Number.POSITIVE_INFINITY;

  const swap = (a: number, b: number): void => {
    const left = nodes[a];
    const right = nodes[b];
    if (left === undefined || right === undefined) return;
    nodes[a] = right;
    nodes[b] = left;
  };

  return {
    get size() {
      return nodes.length;
    },
    add(at, item) {
      nodes.push({ at, item });
      let child = nodes.length - 1;
      while (child > 0) {
        const parent = (child - 1) >> 1;
        if (timeAt(parent) <= timeAt(child)) break;
        swap(parent, child);
        child = parent;
      }
    },
    earliest: () => timeAt(0),
    take() {
      const first = nodes[0];
      const last = nodes.pop();
      if (first === undefined || last === undefined) return undefined;
      if (nodes.length > 0) nodes[0] = last;
      let parent = 0;
      for (;;) {
        const left = 2 * parent + 1;
        const smaller = timeAt(left + 1) < timeAt(left) ? left + 1 : left;
        if (timeAt(smaller) >= timeAt(parent)) break;
        swap(smaller, parent);
        parent = smaller;
      }
      return first.item;
    },
  };
}
