/** The key that authenticates links in payloads: drawn once, kept sealed in the store, the same for every process. */
import type { AppDeps } from './dependencies.ts';
import type { Committer } from './committer.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { VaultError } from '../runtime/vault.ts';

const key = { workspaceId: 'default', type: 'signing_key', id: 'links' } as const;
const place = 'default signing_key links';

export interface LinkKey {
  /**
   * Reads the key, or makes it at the first start. Throws `OperatorError` where the encryption key is not the one it was
   * sealed with: of all that processes on one store have sealed it is the first that every start opens.
   */
  readonly open: () => Promise<void>;
  /** 32 bytes. */
  readonly bytes: () => Uint8Array;
}

export function createLinkKey({
  vault,
  random,
  committer,
}: Pick<AppDeps, 'vault' | 'random'> & { readonly committer: Committer }): LinkKey {
  let opened: Uint8Array | null = null;
  return {
    async open() {
      const written = await committer.writeAlone(key, [], (current) => {
        const sealed = current?.state['sealed'];
        if (typeof sealed === 'string') return { kind: 'nothing', answer: openSealed(vault, sealed) };
        const made = Buffer.from(random.bytes(32)).toString('base64');
        return { kind: 'write', plan: { state: { sealed: vault.seal(made, place) }, changes: [] }, answer: () => made };
      });
      if (written.kind === 'done') opened = Buffer.from(written.answer, 'base64');
    },
    bytes() {
      if (opened === null) throw new TypeError('The link key must be open: the app has not been started');
      return opened;
    },
  };
}

function openSealed(vault: AppDeps['vault'], sealed: string): string {
  try {
    return vault.open(sealed, place);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new OperatorError(
      'encryption_key',
      `Encryption key must be the one this installation was sealed with: it is another. ${error.message}`,
      { mend: 'Set ASSETWIRE_ENCRYPTION_KEY to the former key; to change it, give both: new,former', cause: error },
    );
  }
}
