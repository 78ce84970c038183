/**
 * A note on the disk for each blob that was put and not yet released: an empty file whose name says which. Whoever is
 * killed in between leaves it behind, and the next start asks whether anything names the blob. The notes are not synced:
 * one that a power failure takes costs room on the disk and nothing else.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceId } from '../../core/ids.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import type { Random } from '../../runtime/random.ts';
import type { FileKeeper } from './file-keeper.ts';

export type Leftover = { readonly workspaceId: WorkspaceId; readonly blob: string; readonly name: string };

export type Claims = {
  /** Where the note of this blob is to be made; null where it can have none. */
  draw(workspaceId: WorkspaceId, blob: string): string | null;
  /** Takes one note of this blob away; nothing waits for it. */
  drop(workspaceId: WorkspaceId, blob: string): void;
  /** Notes that no `make` of this process left, at most this many. */
  leftovers(countMax: number): Promise<readonly Leftover[]>;
  remove(name: string): Promise<void>;
};

const form = /^[0-9a-f]{16}\.([0-9a-f]{64})\.([\w-]{0,160})$/;

export function createClaims(
  directory: string,
  { random, files }: { readonly random: Random; readonly files: Pick<FileKeeper, 'remove'> },
): Claims {
  /** Names of our own notes by what they are for. */
  const own = new Map<string, string[]>();
  const keyOf = (workspaceId: WorkspaceId, blob: string): string => `${blob} ${workspaceId}`;
  return {
    draw(workspaceId, blob) {
      const place = Buffer.from(workspaceId, 'utf8').toString('base64url');
      const name = `${Buffer.from(random.bytes(8)).toString('hex')}.${blob}.${place}`;
      // A name that no file can have: then there is no note, and at worst bytes that nobody names.
      if (!form.test(name)) return null;
      const key = keyOf(workspaceId, blob);
      own.set(key, [...(own.get(key) ?? []), name]);
      return join(directory, name);
    },
    drop(workspaceId, blob) {
      const key = keyOf(workspaceId, blob);
      const [name, ...others] = own.get(key) ?? [];
      if (others.length === 0) own.delete(key);
      else own.set(key, others);
      // Where it cannot be taken away, the next start asks about the blob once more.
      if (name !== undefined) files.remove(join(directory, name)).catch(ignored);
    },
    async leftovers(countMax) {
      const mine = new Set([...own.values()].flat());
      const found: Leftover[] = [];
      for (const name of await listed(directory)) {
        const [, blob, place] = form.exec(name) ?? [];
        if (blob === undefined || place === undefined || mine.has(name)) continue;
        found.push({ name, blob, workspaceId: Buffer.from(place, 'base64url').toString('utf8') });
        if (found.length === countMax) break;
      }
      return found;
    },
    remove: (name) => files.remove(join(directory, name)),
  };
}

async function listed(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function ignored(): void {
  // Said above.
}
