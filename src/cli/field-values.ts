/** Values of fields as options say them: `--metadata season=spring rating=4 note=`. */
import { InvalidArgumentError, Option } from 'commander';
import type { JsonObject, JsonValue } from '../core/json.ts';

/** Null takes the value away. */
export type FieldValue = readonly [name: string, value: string | null];

export type FieldValues = { readonly info?: readonly FieldValue[]; readonly metadata?: readonly FieldValue[] };

/** `--info` and `--metadata`; `removes` is said where a value can be taken away. */
export function fieldOptions(removes = ''): readonly Option[] {
  return [
    new Option('--info <field=value...>', `title, description, copyright…${removes}`).argParser(fields),
    new Option('--metadata <field=value...>', `custom metadata; values may be JSON${removes}`).argParser(fields),
  ];
}

/** As the API takes them. */
export function fieldsOf({ info, metadata }: FieldValues): {
  readonly info?: JsonObject;
  readonly metadata?: JsonObject;
} {
  return {
    ...(info === undefined ? {} : { info: Object.fromEntries(info) }),
    ...(metadata === undefined
      ? {}
      : { metadata: Object.fromEntries(metadata.map(([field, value]) => [field, asJson(value)])) }),
  };
}

function fields(text: string, before: readonly FieldValue[] = []): readonly FieldValue[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Wanted field=value.');
  const value = text.slice(at + 1);
  return [...before, [text.slice(0, at), value === '' ? null : value]];
}

function asJson(value: string | null): JsonValue {
  if (value === null) return null;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    // Most values are plain text.
    return value;
  }
}
