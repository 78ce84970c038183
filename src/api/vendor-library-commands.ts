/**
 * What vendors' routes may ask for where webhooks are about a library and belong to the key that made them: a key sees and
 * deletes its own ones that are on, and nobody else's.
 */
import { AssetwireError } from '../core/errors.ts';
import type { App, AssetView, Caller, LibraryView, Scope, WebhookInput, WebhookView } from '../app/app.ts';
import { limits } from '../core/limits.ts';
import { type LinkedAsset, linkedAsset } from './vendor-asset-commands.ts';
import { notFound } from './problem.ts';

type Of = { readonly dialect: string };

/** All webhooks of the dialect that the caller's key made and that are on. */
export async function ownWebhooks(
  app: App,
  caller: Caller,
  { dialect }: Of,
): Promise<{ readonly items: readonly WebhookView[] }> {
  const items: WebhookView[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly WebhookView[]; readonly nextCursor: string | null } =
      await app.webhooks.list(caller, {
        limit: limits.pageItemsMax,
        dialect,
        state: 'enabled',
        ownerKeyId: caller.keyId,
        ...(cursor === null ? {} : { cursor }),
      });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items };
}

/** One of them. Throws `not_found` for everything else. */
export async function ownWebhook(app: App, caller: Caller, { id }: { readonly id: string }): Promise<WebhookView> {
  const webhook = await app.webhooks.get(caller, id);
  if (webhook.state === 'enabled' && (await isOwn(app, caller, webhook))) return webhook;
  throw notFound('Find the webhook: there is none of this id that is on and was made with this key');
}

/** The list knows whose it is where the caller's key was rotated and is good for a while yet. */
async function isOwn(app: App, caller: Caller, { id, dialect, ownerKeyId }: WebhookView): Promise<boolean> {
  if (ownerKeyId === caller.keyId) return true;
  const { items } = await ownWebhooks(app, caller, { dialect });
  return items.some((own) => own.id === id);
}

export async function removeOwnWebhook(app: App, caller: Caller, named: { readonly id: string }): Promise<object> {
  await ownWebhook(app, caller, named);
  await app.webhooks.remove(caller, named.id);
  return {};
}

/** A test of an endpoint before there is a webhook. */
export function tryWebhook(
  app: App,
  caller: Caller,
  { webhook, assetKey, dialect }: Of & { readonly webhook: Omit<WebhookInput, 'dialect'>; readonly assetKey?: string },
): Promise<unknown> {
  return app.webhooks.trial(caller, {
    webhook: { ...webhook, dialect },
    ...(assetKey === undefined ? {} : { assetKey }),
  });
}

/** Every library that the caller may see. */
export async function allLibraries(app: App, caller: Caller): Promise<{ readonly items: readonly LibraryView[] }> {
  const items: LibraryView[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly LibraryView[]; readonly nextCursor: string | null } =
      await app.libraries.list(caller, {
        limit: limits.pageItemsMax,
        ...(cursor === null ? {} : { cursor }),
      });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { items };
}

/** What people call a thing that an asset names by its key; the key itself where nobody has made it a thing. */
type Named = { readonly key: string; readonly name: string };

/** An asset with its links and what it belongs to. */
export type PlacedAsset = LinkedAsset & {
  readonly library: Named & { readonly organization: string };
  readonly collections: readonly Named[];
  readonly section: Named | null;
};

/** Throws `not_found`. Whoever may see the asset may know what it belongs to, by name: also a key with a grant on its library alone. */
export async function placedAsset(
  app: App,
  caller: Caller,
  asked: { readonly id: string; readonly dialect: string },
): Promise<PlacedAsset> {
  const asset = await linkedAsset(app, caller, asked);
  const { section } = asset.state.info;
  const reader: Caller = { ...caller, scopes: new Set<Scope>([...caller.scopes, 'assets:read']) };
  const [library, collections, named] = await Promise.all([
    libraryOfAsset(app, reader, asset),
    Promise.all(asset.state.collections.map((key) => nameOf(key, () => app.collections.get(reader, `key:${key}`)))),
    typeof section === 'string' ? nameOf(section, () => app.sections.get(reader, `key:${section}`)) : null,
  ]);
  return { ...asset, library, collections, section: named };
}

async function libraryOfAsset(app: App, caller: Caller, { state }: AssetView): Promise<PlacedAsset['library']> {
  const key = state.library ?? 'default';
  try {
    const { name, organization } = await app.libraries.get(caller, key);
    return { key, name, organization };
  } catch (error) {
    if (isMissing(error)) return { key, name: key, organization: caller.workspaceId };
    throw error;
  }
}

async function nameOf(key: string, find: () => Promise<{ readonly name: string }>): Promise<Named> {
  try {
    return { key, name: (await find()).name };
  } catch (error) {
    if (isMissing(error)) return { key, name: key };
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof AssetwireError && error.code === 'not_found';
}
