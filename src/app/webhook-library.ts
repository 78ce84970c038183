/**
 * Webhooks that are about one library (`Manifest.library`): which one, whether the caller may have it, and that a key has no
 * two that are equal.
 */
import { AssetwireError } from '../core/errors.ts';
import { ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { defaultLibrary } from '../core/library.ts';
import type { Target, Webhook } from '../core/webhook.ts';
import type { Manifest } from '../dialects/contract/manifest.ts';
import type { Caller } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { keyHolding } from './key-holding.ts';
import { findLibrary, mayLookInto } from './libraries.ts';

/** The library that a webhook is about; null where its dialect knows none. */
export function libraryOfWebhook({ library }: Pick<Manifest, 'library'>, settings: JsonObject): string | null {
  if (library === undefined) return null;
  const key = ownValue(settings, library.setting);
  return typeof key === 'string' ? key : defaultLibrary;
}

/**
 * The settings with what follows from the library they name. Null where the dialect knows none. Throws `not_found` where it is not
 * there, then `forbidden` where the caller may not have it.
 */
export async function boundSettings(
  deps: Pick<AppDeps, 'storage' | 'clock'>,
  caller: Caller,
  { manifest, settings }: { readonly manifest: Manifest; readonly settings: JsonObject },
): Promise<JsonObject | null> {
  const { library: names } = manifest;
  const key = libraryOfWebhook(manifest, settings);
  if (names === undefined || key === null) return null;
  const library = await findLibrary(deps, caller.workspaceId, key);
  if (library === null) {
    throw new AssetwireError('not_found', {
      detail: `Find the library "${key}": there is none of this key`,
      mend: 'GET /v1/libraries lists them; make one by POST /v1/libraries',
    });
  }
  // What the caller brings may be a moment old; the key itself is asked as well.
  const holding = await keyHolding(deps, caller.workspaceId, caller.keyId);
  const may = caller.scopes.has('webhooks:write') && mayLookInto(caller, key);
  if (!may || holding.ended !== null || !holding.may(key)) {
    throw new AssetwireError('forbidden', {
      detail: `Make webhooks about library "${key}" with a key that may: webhooks:write, and assets:read or a grant on the library`,
      mend: 'A grant is given by POST /v1/grants with {"resource": {"type": "library", "id": KEY}}',
    });
  }
  return {
    ...settings,
    [names.setting]: key,
    [names.organizationSetting]: ownValue(settings, names.organizationSetting) ?? library.organization,
  };
}

/** What makes two webhooks of one key the same. */
export type Likeness = Pick<Webhook, 'dialect' | 'target' | 'events' | 'settings'> & {
  readonly ownerKeyId?: string;
  readonly id?: string;
};

/** Throws `already_exists` where the key has an enabled webhook with the same library, events and target. */
export function refuseEqual(manifest: Manifest, webhooks: readonly Webhook[], wanted: Likeness): void {
  const library = libraryOfWebhook(manifest, wanted.settings);
  if (library === null) return;
  const same = webhooks.find(
    (webhook) =>
      webhook.state === 'enabled' &&
      webhook.id !== wanted.id &&
      webhook.dialect === wanted.dialect &&
      webhook.ownerKeyId === wanted.ownerKeyId &&
      libraryOfWebhook(manifest, webhook.settings) === library &&
      sameTarget(webhook.target, wanted.target) &&
      sameEvents(webhook.events, wanted.events),
  );
  if (same === undefined) return;
  throw new AssetwireError('already_exists', {
    detail: `Make a webhook of its own: ${same.id} tells the same event of library "${library}" to the same place`,
    mend: 'Use that one, or delete it first',
  });
}

function sameTarget(left: Target, right: Target): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function sameEvents(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((event) => right.includes(event));
}
