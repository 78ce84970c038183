/**
 * Who needs an object right now, among all processes that share the bucket. S3 has no locks but is consistent, so two
 * kinds of small objects do: whoever puts content writes a claim, then looks for a mark; whoever removes it writes a mark,
 * then looks for claims. One of the two always sees the other: the remover lets the content be, or the one that puts waits
 * until the removal is over and puts it anew. What a killed process leaves counts for nothing after some minutes.
 */
import type { WorkspaceId } from '../../core/ids.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { blobAddress, isAddress, workspaceFolder } from '../address.ts';
import type { Blobs } from '../blobs.ts';
import { createHolds } from '../holds.ts';
import type { S3Objects } from './s3-objects.ts';

export type S3Custody = Pick<Blobs, 'release' | 'remove' | 'reclaim' | 'removeAll'> & {
  /** Runs `place`, which gives content its address; it is held when this ends. */
  place(workspaceId: WorkspaceId, blob: string, place: (key: string) => Promise<void>): Promise<void>;
};

export type S3CustodyParts = {
  readonly s3: () => S3Objects;
  readonly random: Random;
  readonly clock: Clock;
  /** What could not be tidied away: it costs room, not files. */
  readonly untidy: (error: unknown) => void;
};

export const filesPrefix = 'files/';
const claimsPrefix = 'claims/';
const marksPrefix = 'removing/';
/** A removal that has not ended by then was cut off; a removal gives up long before. */
const markMsMax = 120_000;
const removalMsMax = 45_000;
/** From the end of a put to its commit: no upload takes this long. */
export const claimMsMax = 30 * 60_000;
const pauseMs = 250;
const none = new Uint8Array(0);

export function createS3Custody({ s3, random, clock, untidy }: S3CustodyParts): S3Custody {
  const holds = createHolds();
  /** Claims of this process by the key of what they are for. */
  const own = new Map<string, string[]>();
  /** Claims of this process that count for nothing any more, until they are gone. */
  const released = new Set<string>();

  const release: Blobs['release'] = (workspaceId, blob) => {
    if (!isAddress(blob)) return;
    const address = blobAddress(workspaceId, blob);
    holds.release(address);
    const [claim, ...others] = own.get(address) ?? [];
    if (others.length === 0) own.delete(address);
    else own.set(address, others);
    // Where it cannot be taken away, it counts for nothing after half an hour.
    if (claim === undefined) return;
    released.add(claim);
    s3()
      .remove([claim])
      .then(() => void released.delete(claim), untidy);
  };

  const place: S3Custody['place'] = async (workspaceId, blob, run) => {
    const address = blobAddress(workspaceId, blob);
    await holds.hold(address);
    try {
      const name = Buffer.from(random.bytes(8)).toString('hex');
      const claim = `${claimsPrefix}${address}/${name}.${Buffer.from(workspaceId, 'utf8').toString('base64url')}`;
      own.set(address, [...(own.get(address) ?? []), claim]);
      await s3().put(claim, none);
      await unmarked({ s3, clock }, address);
      await run(`${filesPrefix}${address}`);
    } catch (error) {
      release(workspaceId, blob);
      throw error;
    }
  };

  const isClaimed = async (address: string): Promise<boolean> => {
    const { objects } = await s3().list(`${claimsPrefix}${address}/`);
    return objects.some(({ key, modifiedAtMs }) => !released.has(key) && clock.nowMs() - modifiedAtMs <= claimMsMax);
  };

  const remove: Blobs['remove'] = async (workspaceId, blob, isUsed) => {
    if (!isAddress(blob)) return 'removed';
    const address = blobAddress(workspaceId, blob);
    return holds.removing(address, async (isHeld) => {
      if (isHeld()) return 'held';
      const mark = `${marksPrefix}${address}`;
      const startedAtMs = clock.monotonicMs();
      await s3().put(mark, none);
      try {
        if (await isClaimed(address)) return 'held';
        if (isUsed !== undefined && (await isUsed())) return 'used';
        // One of this process may have come since; one that came to another process waits for the mark, as long as it counts.
        if (isHeld() || clock.monotonicMs() - startedAtMs > removalMsMax) return 'held';
        await s3().remove([`${filesPrefix}${address}`]);
        return 'removed';
      } finally {
        await s3().remove([mark]).catch(untidy);
      }
    });
  };

  return {
    place,
    release,
    remove,
    reclaim: (isUsed) => reclaim({ s3, clock, remove }, isUsed),
    removeAll: (workspaceId) => removeAll(s3(), workspaceId),
  };
}

/** Waits while another process removes the same content. */
async function unmarked({ s3, clock }: Pick<S3CustodyParts, 's3' | 'clock'>, address: string): Promise<void> {
  for (;;) {
    const mark = await s3().head(`${marksPrefix}${address}`);
    if (mark === null || clock.nowMs() - mark.modifiedAtMs > markMsMax) return;
    await new Promise<void>((resolve) => void clock.timer(pauseMs, resolve));
  }
}

type Reclaiming = Pick<S3CustodyParts, 's3' | 'clock'> & { readonly remove: Blobs['remove'] };

async function reclaim({ s3, clock, remove }: Reclaiming, isUsed: Parameters<Blobs['reclaim']>[0]): Promise<number> {
  let removed = 0;
  let next: string | null = null;
  do {
    const page = await s3().list(claimsPrefix, next);
    next = page.next;
    for (const { key, modifiedAtMs } of page.objects) {
      const [, , , blob = '', name = ''] = key.split('/');
      const workspaceId = Buffer.from(name.slice(name.indexOf('.') + 1), 'base64url').toString('utf8');
      // A younger one may be another process's, whose commit is on its way.
      if (clock.nowMs() - modifiedAtMs <= claimMsMax) continue;
      await s3().remove([key]);
      if ((await remove(workspaceId, blob, () => isUsed(workspaceId, blob))) === 'removed') removed += 1;
    }
  } while (next !== null);
  return removed;
}

async function removeAll(s3: S3Objects, workspaceId: WorkspaceId): Promise<void> {
  for (const prefix of [filesPrefix, claimsPrefix, marksPrefix]) {
    for (;;) {
      const { objects } = await s3.list(`${prefix}${workspaceFolder(workspaceId)}/`);
      if (objects.length === 0) break;
      await s3.remove(objects.map(({ key }) => key));
    }
  }
}
