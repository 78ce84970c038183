/**
 * After a change of the encryption key: everything that a former key sealed is sealed anew with the present one, so that the
 * former one can be taken out of the settings. Runs at a start that is given former keys; a text whose key is not among them
 * stays as it is, and the log says how many there are.
 *
 * Sealed for a while only, and not touched: answers of idempotency keys (a day), what an erasure under way looks for.
 */
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { VaultError } from '../runtime/vault.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Resource, ResourceType } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { sealingPlace } from './signing-key-state.ts';
import { secretEntries, secretPlace } from './webhook-secrets.ts';

type Deps = Pick<AppDeps, 'storage' | 'vault' | 'clock' | 'logger'>;

/** Seals a text of this place anew; the text itself where that is not needed. */
type Reseal = (sealed: string, place: string) => string;

/** Every type with sealed texts that stay: the row's state with them sealed anew. */
const kept: readonly { readonly type: ResourceType; readonly state: (row: Resource, reseal: Reseal) => JsonObject }[] =
  [
    {
      type: 'secret',
      state: (row, reseal) => ({
        ...row.state,
        entries: secretEntries(row).map((entry) => ({
          ...entry,
          sealed: reseal(entry.sealed, secretPlace(row, entry.name, entry.version)),
        })),
      }),
    },
    {
      type: 'signing_key',
      state(row, reseal) {
        const { sealed } = row.state;
        return typeof sealed === 'string' ? { ...row.state, sealed: reseal(sealed, sealingPlace(row)) } : row.state;
      },
    },
  ];

/** Rows that somebody else wrote meanwhile are looked at again; more often than this is not bad luck. */
const passesMax = 3;

/** Seals everything anew that needs it. Never throws for what cannot be opened: the start goes on and says so. */
export async function resealAll(deps: Deps): Promise<void> {
  const { vault, logger } = deps;
  if (vault.formerKeyIds.length === 0) return;
  const told = { resealed: 0, unreadable: 0 };
  for (let pass = 0; pass < passesMax; pass += 1) {
    told.unreadable = 0;
    let refused = 0;
    for (const { type, state } of kept) {
      for await (const rows of pagesOf(deps, type)) {
        const items = rows.flatMap((row) => itemOf(deps, { row, state, unreadable: () => (told.unreadable += 1) }));
        const results = items.length === 0 ? [] : await deps.storage.commit(items);
        const applied = results.filter(({ status }) => status === 'applied').length;
        told.resealed += applied;
        refused += results.length - applied;
      }
    }
    if (refused === 0) break;
  }
  const { resealed, unreadable } = told;
  if (unreadable > 0) logger.error('vault.unreadable', { unreadable, keyId: vault.keyId });
  logger.info('vault.resealed', { resealed, keyId: vault.keyId, formerKeyIds: vault.formerKeyIds });
}

async function* pagesOf({ storage }: Deps, type: ResourceType): AsyncGenerator<readonly Resource[]> {
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Resource[]; readonly nextCursor: string | null } =
      await storage.read.allResources({ type, limit: limits.pageItemsMax, ...(cursor === null ? {} : { cursor }) });
    yield page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

type Looking = {
  readonly row: Resource;
  readonly state: (row: Resource, reseal: Reseal) => JsonObject;
  readonly unreadable: () => void;
};

/** The write of a row with something to be sealed anew; none otherwise. */
function itemOf({ vault, clock }: Deps, { row, state, unreadable }: Looking): readonly CommitItem[] {
  let changed = false;
  const sealedAnew = state(row, (sealed, place) => {
    if (vault.keyIdOf(sealed) === vault.keyId) return sealed;
    try {
      const anew = vault.seal(vault.open(sealed, place), place);
      changed = true;
      return anew;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      unreadable();
      return sealed;
    }
  });
  if (!changed) return [];
  const { workspaceId, type, id, version } = row;
  return [{ workspaceId, atMs: clock.nowMs(), resources: [{ type, id, expectedVersion: version, state: sealedAnew }] }];
}
