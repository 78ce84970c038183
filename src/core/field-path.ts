import { isObject, ownValue } from './json-equality.ts';
import type { JsonObject, JsonValue } from './json.ts';

/** Groups whose field names are the customer's own and may hold dots, so that the rest of a path is one name first. */
const groups = new Set(['metadata', 'info']);

/** A dot path, taken apart once. */
export type FieldPath = { readonly segments: readonly string[]; readonly groupField: string | null };

export function parsePath(path: string): FieldPath {
  const segments = path.split('.');
  const first = segments[0] ?? '';
  return { segments, groupField: segments.length > 2 && groups.has(first) ? path.slice(first.length + 1) : null };
}

/** The value at a path of a snapshot, by own properties only; undefined where there is none. */
export function valueAt(snapshot: JsonObject, { segments, groupField }: FieldPath): JsonValue | undefined {
  if (groupField !== null) {
    const group = ownValue(snapshot, segments[0] ?? '');
    if (isObject(group) && Object.hasOwn(group, groupField)) return group[groupField];
  }
  let value: JsonValue | undefined = snapshot;
  for (const segment of segments) {
    if (!isObject(value)) return undefined;
    value = ownValue(value, segment);
  }
  return value;
}
