/** A webhook of ours as the vendor's object. */
import { encodeId } from '../../core/id-encoding.ts';
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { listIn, objectIn, objectsIn, textIn } from '../json-fields.ts';
import { eventNames } from './events.ts';
import type { VendorAnswer } from '../contract/vendor-route.ts';
import { tokenName } from './sign.ts';

/**
 * The vendor's fields in the order of its page. `secretToken` is the token itself where the caller was given it, and
 * otherwise masked to its last four characters, which no receiver can mistake for a token.
 */
export function presentWebhook(webhook: JsonObject, token?: JsonValue): JsonObject {
  const settings = objectIn(webhook, 'settings');
  const place = objectIn(settings, 'foldersAndQuery');
  const target = objectIn(webhook, 'target');
  return {
    id: encodeId(textIn(webhook, 'id'), 'base64url'),
    name: textIn(webhook, 'name'),
    url: textIn(target, 'url'),
    eventTypes: eventTypesOf(webhook),
    metadataToReturn: listIn(settings, 'metadataToReturn'),
    changedMetadataToReturn: listIn(settings, 'changedMetadataToReturn'),
    triggerMetadataFields: listIn(settings, 'triggerMetadataFields'),
    foldersAndQuery: {
      folders: listIn(place, 'folders'),
      query: textIn(place, 'query'),
      enableWildcardSelection: ownValue(place, 'enableWildcardSelection') === true,
    },
    enabled: textIn(webhook, 'state') !== 'disabled',
    secretToken: typeof token === 'string' ? token : maskedToken(webhook),
  };
}

/** One made in our own words may ask for all events; the vendor's list has no word for that. */
function eventTypesOf(webhook: JsonObject): readonly JsonValue[] {
  const events = listIn(webhook, 'events');
  return events.includes('*') ? eventNames : events;
}

function maskedToken(webhook: JsonObject): string {
  const token = objectsIn(webhook, 'secrets').find((secret) => ownValue(secret, 'name') === tokenName);
  return token === undefined ? '' : textIn(token, 'masked');
}

/** The vendor's form of an error. */
export function failure(status: number, message: string): VendorAnswer {
  return { status, body: { errorcode: status, message } };
}
