/** The settings of a dialect, from the JSON Schema in its manifest, as rows for people. */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Column } from '../output.ts';

export type SettingRow = { readonly name: string; readonly values: string; readonly what: string };

export const settingColumns: readonly Column<SettingRow>[] = [
  { title: 'SETTING', text: ({ name }) => name },
  { title: 'VALUES', text: ({ values }) => values },
  { title: 'WHAT', text: ({ what }) => what },
];

/** A group of fields has a row for each of them, by its path. */
export function settingRows(schema: JsonObject, prefix = ''): readonly SettingRow[] {
  const properties = ownValue(schema, 'properties');
  if (!isObject(properties)) return [];
  const required = ownValue(schema, 'required');
  return Object.entries(properties).flatMap(([field, property]): readonly SettingRow[] => {
    if (!isObject(property)) return [];
    const name = `${prefix}${field}`;
    if (ownValue(property, 'type') === 'object') return settingRows(property, `${name}.`);
    const needed = isList(required) && required.includes(field);
    const what = [ownValue(property, 'title'), ownValue(property, 'description')].filter(
      (text) => typeof text === 'string',
    );
    return [{ name, values: `${valuesOf(property)}${needed ? ', required' : ''}`, what: what.join(': ') }];
  });
}

function valuesOf(property: JsonObject): string {
  const choices = listOf(ownValue(property, 'enum'));
  if (choices !== null) return choices;
  const items = ownValue(property, 'items');
  if (isObject(items)) return `list of ${listOf(ownValue(items, 'enum')) ?? 'texts'}`;
  const type = ownValue(property, 'type');
  if (type === 'boolean') return 'true, false';
  return type === 'string' ? 'text' : 'number';
}

function listOf(values: JsonValue | undefined): string | null {
  return isList(values) ? values.map(String).join(', ') : null;
}
