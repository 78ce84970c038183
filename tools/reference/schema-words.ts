/** A schema in a few words, for a cell of a table. */
import { nameOf } from '../../src/api/schema.ts';

export type Property = { readonly name: string; readonly schema: unknown; readonly required: boolean };

/** The fields of an object schema; of alternatives those that any of them has. */
export function propertiesOf(schema: unknown): readonly Property[] {
  const branches = get(schema, 'oneOf') ?? get(schema, 'anyOf');
  if (Array.isArray(branches)) {
    const all = branches.flatMap((branch) =>
      propertiesOf(branch).map((property) => ({ ...property, required: false })),
    );
    return all.filter(({ name }, at) => all.findIndex((other) => other.name === name) === at);
  }
  const properties = get(schema, 'properties');
  const required = get(schema, 'required');
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([name, property]: [string, unknown]) => ({
    name,
    schema: property,
    required: Array.isArray(required) && required.includes(name),
  }));
}

/** `type` and what else is to be known: description, bounds, values. */
export function describeSchema(schema: unknown): { readonly type: string; readonly what: string } {
  const description = get(schema, 'description');
  const parts = [typeof description === 'string' ? description.replace(/\.$/, '') : '', bounds(schema)];
  return { type: typeOf(schema), what: parts.filter((part) => part !== '').join('; ') };
}

const valuesMax = 12;

function typeOf(schema: unknown): string {
  const name = typeof schema === 'object' && schema !== null ? nameOf(schema) : undefined;
  if (name !== undefined)
    return name.endsWith('Page') ? `page of ${name.slice(0, -4)}` : `[${name}](#${name.toLowerCase()})`;
  const values = get(schema, 'enum');
  if (Array.isArray(values)) {
    const shown = values.slice(0, valuesMax).map((value) => `\`${String(value)}\``);
    return `${shown.join(', ')}${values.length > valuesMax ? ', …' : ''}`;
  }
  const branches = get(schema, 'anyOf') ?? get(schema, 'oneOf');
  if (Array.isArray(branches)) return [...new Set(branches.map(typeOf))].join(' or ');
  const type = get(schema, 'type');
  if (type === 'array') {
    const pair = get(schema, 'prefixItems');
    return Array.isArray(pair) ? `[${pair.map(typeOf).join(', ')}]` : `list of ${typeOf(get(schema, 'items'))}`;
  }
  if (get(schema, 'format') === 'binary') return 'file';
  if (type === 'object') return objectType(schema);
  return Array.isArray(type) ? type.map(String).join(' or ') : typeof type === 'string' ? type : 'anything';
}

/** A small object is told in full. */
function objectType(schema: unknown): string {
  const properties = propertiesOf(schema);
  if (properties.length === 0 || properties.length > fieldsMax) return 'object';
  const shown = properties.map(
    ({ name, schema: property, required }) => `${name}${required ? '' : '?'}: ${typeOf(property)}`,
  );
  return `{ ${shown.join('; ')} }`;
}

const fieldsMax = 6;

function bounds(schema: unknown): string {
  const type = get(schema, 'type');
  const [low, high, unit] =
    type === 'array'
      ? [get(schema, 'minItems'), get(schema, 'maxItems'), ' items']
      : type === 'string'
        ? [undefined, get(schema, 'maxLength'), ' characters']
        : [get(schema, 'minimum'), get(schema, 'maximum'), ''];
  // The end of the calendar is no bound that anybody meets.
  if (typeof high === 'number' && high < 1e12)
    return typeof low === 'number' ? `${low} to ${high}${unit}` : `at most ${high}${unit}`;
  return typeof low === 'number' && low > 0 ? `at least ${low}${unit}` : '';
}

function get(schema: unknown, keyword: string): unknown {
  return typeof schema === 'object' && schema !== null ? Reflect.get(schema, keyword) : undefined;
}
