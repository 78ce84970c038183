/**
 * Addresses whose owners want no question from this installation any more, whoever asks (HARDENING CF-06). Kept in the
 * first workspace, so that it outlives the one that asked, and as hashes, so that it is no list of strangers' addresses: who
 * knows an address can ask about it, nobody can read it here.
 */
import { createHash } from 'node:crypto';
import { AssetwireError } from '../core/errors.ts';
import { readMailAddress } from '../core/mail-address.ts';
import type { Target } from '../core/webhook.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import type { ListQuery } from './list-page.ts';
import { unfit } from './refusals.ts';

type Stored = Pick<AppDeps, 'storage'>;

export type NeverAskedView = {
  /** SHA-256 of the address in small letters. */
  readonly hash: string;
  readonly sinceMs: number;
  /** Who said so: the owner of the address, on the page behind a link, or an admin. */
  readonly by: 'owner' | 'admin';
};

/** For who runs the installation: people write to them, and the page of the owner goes with the webhook that asked. */
export interface NeverAskedCases {
  /** In the order of the hashes. Throws `invalid_cursor`. */
  list(query: ListQuery): Promise<Page<NeverAskedView>>;
  /** By address or hash. Throws `not_found`, `invalid_request`. */
  get(addressOrHash: string): Promise<NeverAskedView>;
  /** From now on nobody asks it; as it is where it was so already. Throws `invalid_request`. */
  add(caller: Caller, address: string): Promise<NeverAskedView>;
  /** It may be asked again. By address or hash. Throws `not_found`, `invalid_request`. */
  lift(caller: Caller, addressOrHash: string): Promise<void>;
}

const home = 'default';
const idPrefix = 'never-asked:';

function hashOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('hex');
}

const keyOfHash = (hash: string): ResourceKey => ({ workspaceId: home, type: 'setting', id: `${idPrefix}${hash}` });

/** Null where no person reads what arrives there: a server is asked at most as often as `unconfirmedPerHostMax` lets. */
function keyOf(target: Target): ResourceKey | null {
  return target.transport === 'email' ? keyOfHash(hashOf(target.address)) : null;
}

export function createNeverAsked(deps: Pick<AppDeps, 'storage' | 'clock' | 'ids'>): NeverAskedCases {
  const { storage, clock, ids } = deps;

  const rowOf = async (hash: string): Promise<Resource | null> => {
    const [row] = await storage.resources([keyOfHash(hash)]);
    return row ?? null;
  };

  const found = async (addressOrHash: string): Promise<Resource> => {
    const row = await rowOf(givenHash(addressOrHash));
    if (row === null) {
      throw new AssetwireError('not_found', {
        detail: 'Name an address that is never to be asked: nobody has forbidden to ask this one',
      });
    }
    return row;
  };

  const write = async (caller: Caller, hash: string, never: boolean): Promise<void> => {
    const atMs = clock.nowMs();
    const note = { action: never ? 'never_asked.added' : 'never_asked.lifted', target: `address:${hash}` };
    const { id, type } = keyOfHash(hash);
    const state = never ? { sinceMs: atMs, by: 'admin' } : null;
    const resources = [{ type, id, expectedVersion: 'any', state }, auditWrite({ ids, caller }, note, atMs)] as const;
    await committed(deps, atMs, resources);
  };

  return {
    async list({ limit, cursor }) {
      const paging = { limit, ...(cursor === undefined ? {} : { cursor }) };
      const page = await storage.read.resources({ workspaceId: home, type: 'setting', idPrefix, ...paging });
      return { items: page.items.map(view), nextCursor: page.nextCursor };
    },
    get: async (addressOrHash) => view(await found(addressOrHash)),
    async add(caller, address) {
      const hash = hashOf(checked(address));
      const before = await rowOf(hash);
      if (before !== null) return view(before);
      await write(caller, hash, true);
      return view(await found(hash));
    },
    async lift(caller, addressOrHash) {
      const { id } = await found(addressOrHash);
      await write(caller, id.slice(idPrefix.length), false);
    },
  };
}

function view({ id, state }: Resource): NeverAskedView {
  const { sinceMs, by } = state;
  return {
    hash: id.slice(idPrefix.length),
    sinceMs: typeof sinceMs === 'number' ? sinceMs : 0,
    by: by === 'admin' ? 'admin' : 'owner',
  };
}

function givenHash(addressOrHash: string): string {
  return /^[0-9a-f]{64}$/.test(addressOrHash) ? addressOrHash : hashOf(checked(addressOrHash));
}

function checked(address: string): string {
  const reading = readMailAddress(address);
  if (!reading.ok) throw unfit('/address', reading.wanted, reading.found);
  return reading.address;
}

/** Whether the owner of this address wants to be asked nothing. */
export async function isNeverAsked({ storage }: Stored, target: Target): Promise<boolean> {
  const key = keyOf(target);
  if (key === null) return false;
  const [row] = await storage.resources([key]);
  return row !== undefined && row !== null;
}

/** Throws `invalid_request` where the owner of the address wants to be asked nothing. */
export async function refuseNeverAsked(deps: Stored, target: Target | undefined): Promise<void> {
  if (target === undefined || !(await isNeverAsked(deps, target))) return;
  throw unfit(
    '/target/address',
    'an address that may be asked',
    'one whose owner wants no questions; they can take it back by the link in the mail they had, or ask who runs this server',
  );
}

/** From now on, or no longer. Does nothing for a target that is no mailbox. */
export async function writeNeverAsked(
  deps: Pick<AppDeps, 'storage' | 'clock'>,
  target: Target,
  never: boolean,
): Promise<void> {
  const key = keyOf(target);
  if (key === null) return;
  const atMs = deps.clock.nowMs();
  const resources = [
    { type: key.type, id: key.id, expectedVersion: 'any', state: never ? { sinceMs: atMs, by: 'owner' } : null },
  ] as const;
  await committed(deps, atMs, resources);
}

/** Throws where the store does not take it: nobody is told that an address is safe, or free, and it is not. */
async function committed({ storage }: Stored, atMs: number, resources: readonly ResourceWrite[]): Promise<void> {
  await commitOne(storage, { workspaceId: home, atMs, resources });
}
