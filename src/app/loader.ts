/** Reads resources by key, all that are asked for in one turn with one call to the store. */
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';

type Waiting = {
  readonly key: ResourceKey;
  readonly resolve: (resource: Resource | null) => void;
  readonly reject: (cause: unknown) => void;
};

/** Keys asked for in one call; beyond it the next call begins, so that one turn of the loop stays short. */
const keysPerCallMax = 200;

export function createLoader(storage: Pick<Storage, 'resources'>): (key: ResourceKey) => Promise<Resource | null> {
  let waiting: Waiting[] = [];

  const read = async (asked: readonly Waiting[]): Promise<void> => {
    try {
      const found = await storage.resources(asked.map(({ key }) => key));
      asked.forEach(({ resolve }, at) => resolve(found[at] ?? null));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };

  const flush = (): void => {
    const asked = waiting;
    waiting = [];
    for (let from = 0; from < asked.length; from += keysPerCallMax) void read(asked.slice(from, from + keysPerCallMax));
  };

  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(flush);
      waiting.push({ key, resolve, reject });
    });
}
