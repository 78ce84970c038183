import { isObject } from '../../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { bodyOf, type DemoDialect } from '../demo-dialect.ts';

/** https only, no signature: a receiver asks back for the asset that it was told of. */
export const brandfolderDemo: DemoDialect = {
  dialect: 'brandfolder',
  over: 'https',
  event: 'asset.update',
  proof: 'asked back',
  webhook: ({ inbox }) => ({ target: { transport: 'http', url: inbox.tlsUrl } }),
  async verify(request, _told, { client }) {
    const key = skinnyKey(bodyOf(request));
    if (key === null) return false;
    const answer = await client.get<JsonObject>(`/brandfolder/api/v4/assets/${encodeURIComponent(key)}`, {});
    const { data } = answer;
    return isObject(data) && data['id'] === key;
  },
};

/** The asset's key in a payload that holds what it should and nothing more; null otherwise. */
export function skinnyKey(body: JsonObject | null): string | null {
  const data = onlyWith(body ?? undefined, ['data'])?.['data'];
  const attributes = onlyWith(data, ['attributes', 'webhook_id'])?.['attributes'];
  const told = onlyWith(attributes, ['key', 'event_time', 'event_type', 'brandfolder_key', 'organization_key']);
  if (told === null || !Object.values(told).every((value) => typeof value === 'string' && value !== '')) return null;
  const { key } = told;
  return typeof key === 'string' ? key : null;
}

function onlyWith(value: JsonValue | undefined, names: readonly string[]): JsonObject | null {
  if (!isObject(value)) return null;
  const found = Object.keys(value);
  return found.length === names.length && names.every((name) => found.includes(name)) ? value : null;
}
