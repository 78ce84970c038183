/**
 * Signs with the keys of workspaces, for the engine: finds the key that a message names, opens it, and hands what is to be
 * signed to a thread. Where that key was withdrawn the present one signs in its stead, and the message names that.
 */
import type { SigningKeys } from '../engine/engine.ts';
import type { SignatureRequest } from '../dialects/contract/message.ts';
import type { RsaThread } from '../runtime/rsa-thread.ts';
import type { AppDeps } from './dependencies.ts';
import { createTwoGenerations } from './two-generations.ts';
import { isKept, ringKey, sealingPlace, signingKeyKey, storedRing, storedSigningKey } from './signing-key-state.ts';

/** A withdrawn key signs no longer than this in processes that did not withdraw it. */
const rememberedMs = 10_000;
const rememberedMax = 5_000;

export type KeySignerDeps = Pick<AppDeps, 'storage' | 'vault' | 'clock'> & { readonly thread: RsaThread };

export type KeySigner = SigningKeys & {
  /** A key was withdrawn here. */
  forget(workspaceId: string, keyId: string): void;
};

type Opened = { readonly privateKeyPem: string; readonly readAtMs: number };

const digests: { readonly [Algorithm in SignatureRequest['algorithm']]?: 'sha1' | 'sha256' } = {
  'rsa-sha1': 'sha1',
  'rsa-sha256': 'sha256',
};

export function createKeySigner({ storage, vault, clock, thread }: KeySignerDeps): KeySigner {
  const opened = createTwoGenerations<Opened>({ entriesMax: rememberedMax, weightMax: rememberedMax });

  const open = async (workspaceId: string, id: string): Promise<Opened | null> => {
    const place = `${workspaceId} ${id}`;
    const known = opened.get(place);
    if (known !== undefined && clock.monotonicMs() < known.readAtMs + rememberedMs) return known;
    const key = signingKeyKey(workspaceId, id);
    const [row] = await storage.resources([key]);
    if (row === undefined || row === null) return null;
    const stored = storedSigningKey(row);
    if (!isKept(stored, clock.nowMs())) return null;
    let privateKeyPem: string;
    try {
      privateKeyPem = vault.open(stored.sealed, sealingPlace(key));
    } catch {
      // Sealed with a key that this process has not: as good as gone, and trying again would not mend it.
      return null;
    }
    const read = { privateKeyPem, readAtMs: clock.monotonicMs() };
    opened.set(place, read, 1);
    return read;
  };

  const present = async (workspaceId: string, name: string): Promise<string | null> => {
    const [row] = await storage.resources([ringKey(workspaceId, name)]);
    return row === undefined || row === null ? null : storedRing(row).present;
  };

  return {
    async sign(request, workspaceId) {
      const digest = digests[request.algorithm];
      const { key } = request;
      if (digest === undefined || key.kind !== 'signing-key')
        return { missing: `signing key for ${request.algorithm}` };
      let keyId = key.id ?? (await present(workspaceId, key.name));
      let found = keyId === null ? null : await open(workspaceId, keyId);
      if (found === null && key.id !== undefined) {
        keyId = await present(workspaceId, key.name);
        found = keyId === null ? null : await open(workspaceId, keyId);
      }
      if (keyId === null || found === null) return { missing: `signing key ${key.name}` };
      const { privateKeyPem } = found;
      const bytes = await thread.sign({ keyId, privateKeyPem, digest, content: request.content });
      return { bytes, keyId };
    },
    keeps: async (workspaceId, keyId) => (await open(workspaceId, keyId)) !== null,
    get waiting() {
      return thread.waiting;
    },
    forget(workspaceId, keyId) {
      opened.delete(`${workspaceId} ${keyId}`);
    },
  };
}
