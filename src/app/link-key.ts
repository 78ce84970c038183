/** The key that authenticates links in payloads: drawn once, kept sealed in the store, the same for every process. */
import type { AppDeps } from './dependencies.ts';
import type { Committer } from './committer.ts';

const key = { workspaceId: 'default', type: 'signing_key', id: 'links' } as const;
const place = 'default signing_key links';

export interface LinkKey {
  /** Reads the key, or makes it at the first start. */
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
        if (typeof sealed === 'string') return { kind: 'nothing', answer: vault.open(sealed, place) };
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
