/**
 * Use cases behind links that were sent to endpoints: confirming and ending. Whoever holds the link may. That there is
 * none is an answer (`found: false`), for the dialect to word.
 */
import type { App, Caller } from '../app/app.ts';
import type { ConsentFound } from '../app/webhook-consents.ts';
import type { JsonObject } from '../core/json.ts';

type ByToken = { readonly token: string };
type ByWebhook = { readonly webhookId: string };

function shown(found: ConsentFound | null): JsonObject {
  return found === null ? { found: false } : { ...found, confirmation: { ...found.confirmation } };
}

export async function findConsent({ consents }: App, _caller: Caller, { token }: ByToken): Promise<JsonObject> {
  return shown(await consents.find(token));
}

export async function findConsentOf({ consents }: App, _caller: Caller, { webhookId }: ByWebhook): Promise<JsonObject> {
  return shown(await consents.findWebhook(webhookId));
}

export async function confirmConsent(
  { consents }: App,
  _caller: Caller,
  { token, guarded }: ByToken & { readonly guarded?: boolean },
): Promise<JsonObject> {
  return shown(await consents.confirm(token, guarded === undefined ? {} : { guarded }));
}

export async function neverAskConsent(
  { consents }: App,
  _caller: Caller,
  { token, never }: ByToken & { readonly never: boolean },
): Promise<JsonObject> {
  return shown(await consents.neverAsk(token, never));
}

export async function endConsent({ consents }: App, _caller: Caller, { webhookId }: ByWebhook): Promise<JsonObject> {
  return shown(await consents.unsubscribe(webhookId));
}
