/** A queue open at both ends, in a ring: pushes and takes cost the same however long it is. */
export type Deque<Item> = {
  readonly length: number;
  push(item: Item): void;
  pushFront(item: Item): void;
  shift(): Item | undefined;
  peek(): Item | undefined;
  clear(): void;
  [Symbol.iterator](): IterableIterator<Item>;
};

const slotsMin = 8;

export function createDeque<Item>(): Deque<Item> {
  let slots: (Item | undefined)[] = new Array<Item | undefined>(slotsMin);
  let mask = slotsMin - 1;
  let head = 0;
  let length = 0;

  const grow = (): void => {
    const wider = new Array<Item | undefined>(slots.length * 2);
    for (let at = 0; at < length; at += 1) wider[at] = slots[(head + at) & mask];
    slots = wider;
    mask = wider.length - 1;
    head = 0;
  };

  return {
    get length() {
      return length;
    },
    push(item) {
      if (length === slots.length) grow();
      slots[(head + length) & mask] = item;
      length += 1;
    },
    pushFront(item) {
      if (length === slots.length) grow();
      head = (head - 1) & mask;
      slots[head] = item;
      length += 1;
    },
    shift() {
      if (length === 0) return undefined;
      const item = slots[head];
      slots[head] = undefined;
      head = (head + 1) & mask;
      length -= 1;
      // A queue that was once long must not keep its room for ever.
      if (length === 0 && slots.length > 1_024) {
        slots = new Array<Item | undefined>(slotsMin);
        mask = slotsMin - 1;
        head = 0;
      }
      return item;
    },
    peek: () => (length === 0 ? undefined : slots[head]),
    clear() {
      slots = new Array<Item | undefined>(slotsMin);
      mask = slotsMin - 1;
      head = 0;
      length = 0;
    },
    *[Symbol.iterator]() {
      for (let at = 0; at < length; at += 1) {
        const item = slots[(head + at) & mask];
        if (item !== undefined) yield item;
      }
    },
  };
}
