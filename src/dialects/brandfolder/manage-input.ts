/** What the vendor's clients send: headers and the payload of a subscription, judged before anything else is. */
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { isLibraryKey } from '../../core/library.ts';
import { limits } from '../../core/limits.ts';
import type { VendorRequest } from '../contract/vendor-route.ts';
import { type EventName, eventNames } from './events.ts';

/** What is wrong with the two headers that every call must have; null where nothing is. */
export function headerFault({ headers, bearer }: VendorRequest): string | null {
  const type = ownText(headers, 'content-type');
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    return `Send the header "Content-Type: application/json" with every call, also with GET and DELETE: found ${type === '' ? 'none' : JSON.stringify(type.slice(0, 100))}`;
  }
  return bearer === true
    ? null
    : 'Send the header "Authorization: Bearer KEY" with an API key: found none of this form';
}

export type Subscription = {
  readonly eventType: EventName;
  readonly resourceKey: string;
  readonly callbackUrl: string;
  readonly assetKey?: string;
  readonly organizationKey?: string;
};

/** The attributes of a subscription, or of a test with its two overrides. `fault` says what is wrong with them. */
export function readSubscription(
  body: JsonObject | null,
  overrides: boolean,
): { readonly subscription: Subscription } | { readonly fault: string } {
  const data = body === null ? undefined : ownValue(body, 'data');
  const attributes = isObject(data) ? ownValue(data, 'attributes') : undefined;
  if (!isObject(attributes)) return { fault: 'Send {"data": {"attributes": {…}}}: there are no attributes' };
  const text = (name: string): string => ownText(attributes, name);
  const eventType = eventNames.find((name) => name === ownValue(attributes, 'event_type'));
  if (eventType === undefined) return wrong(attributes, 'event_type', `one of ${eventNames.join(', ')}`);
  if (text('resource_type') !== 'brandfolder') return wrong(attributes, 'resource_type', '"brandfolder"');
  const resourceKey = text('resource_key');
  if (!isLibraryKey(resourceKey)) return wrong(attributes, 'resource_key', 'the key of a Brandfolder');
  const callbackUrl = text('callback_url');
  if (!callbackUrl.startsWith('https://') || !URL.canParse(callbackUrl))
    return wrong(attributes, 'callback_url', 'a URL that begins with https://');
  if (callbackUrl.length > limits.urlCharactersMax)
    return wrong(attributes, 'callback_url', `a URL of at most ${limits.urlCharactersMax} characters`);
  const subscription = { eventType, resourceKey, callbackUrl };
  if (!overrides) return { subscription };
  const assetKey = optionalText(attributes, 'asset_key');
  const organizationKey = optionalText(attributes, 'organization_key');
  if (assetKey === null || (assetKey ?? 'a').length > 300) return wrong(attributes, 'asset_key', 'a text, or none');
  if (organizationKey === null || !isLibraryKey(organizationKey ?? 'o'))
    return wrong(attributes, 'organization_key', 'a key, or none');
  return {
    subscription: {
      ...subscription,
      ...(assetKey === undefined ? {} : { assetKey }),
      ...(organizationKey === undefined ? {} : { organizationKey }),
    },
  };
}

function wrong(attributes: JsonObject, name: string, wanted: string): { readonly fault: string } {
  const found = ownValue(attributes, name);
  const shown = found === undefined ? 'none' : JSON.stringify(found).slice(0, 200);
  return { fault: `Give ${name} as ${wanted}: found ${shown}` };
}

/** Null: there, and no text. */
function optionalText(attributes: JsonObject, name: string): string | null | undefined {
  const value = ownValue(attributes, name);
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && value !== '' ? value : null;
}

function ownText(fields: { readonly [name: string]: unknown }, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'string' ? value : '';
}
