/**
 * Addresses whose owners want no question from this installation any more, whoever asks (HARDENING CF-06). Kept in the
 * first workspace, so that it outlives the one that asked, and as hashes, so that it is no list of strangers' addresses.
 */
import { createHash } from 'node:crypto';
import type { Target } from '../core/webhook.ts';
import type { ResourceKey } from '../storage/storage.ts';
import type { AppDeps } from './dependencies.ts';
import { unfit } from './refusals.ts';

type Stored = Pick<AppDeps, 'storage'>;

/** Null where no person reads what arrives there: a server is asked at most as often as `unconfirmedPerHostMax` lets. */
function keyOf(target: Target): ResourceKey | null {
  if (target.transport !== 'email') return null;
  const digest = createHash('sha256').update(target.address.toLowerCase()).digest('hex');
  return { workspaceId: 'default', type: 'setting', id: `never-asked:${digest}` };
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
    'one whose owner wants no questions; they can take it back by the link in the mail they had',
  );
}

/** From now on, or no longer. Does nothing for a target that is no mailbox. */
export async function writeNeverAsked(
  { storage, clock }: Pick<AppDeps, 'storage' | 'clock'>,
  target: Target,
  never: boolean,
): Promise<void> {
  const key = keyOf(target);
  if (key === null) return;
  const atMs = clock.nowMs();
  const resources = [
    { type: key.type, id: key.id, expectedVersion: 'any', state: never ? { sinceMs: atMs } : null },
  ] as const;
  await storage.commit([{ workspaceId: key.workspaceId, atMs, resources }]);
}
