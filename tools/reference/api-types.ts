/** The named schemas of the API as tables of their fields. */
import type { Route } from '../../src/api/route.ts';
import { nameOf } from '../../src/api/schema.ts';
import { describeSchema, type Property, propertiesOf } from './schema-words.ts';
import { table } from './sections.ts';

export function drawTypes(routes: readonly Route[]): string {
  const types = namedSchemas(routes);
  return [...types]
    .filter(([name]) => !name.endsWith('Page'))
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, schema]) => drawType(name, schema))
    .join('\n\n');
}

function drawType(name: string, schema: object): string {
  const description: unknown = Reflect.get(schema, 'description');
  const branches: unknown = Reflect.get(schema, 'oneOf');
  const fields = propertiesOf(schema);
  const alternatives = Array.isArray(branches)
    ? `One of ${branches.map((branch) => describeSchema(branch).type).join(', ')}.`
    : '';
  return [
    `### ${name}`,
    typeof description === 'string' ? `${description.replace(/\.$/, '')}.` : '',
    alternatives,
    alternatives !== '' || fields.length === 0 ? '' : table(['field', 'type', 'what it is'], fields.map(row)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function row({ name, schema, required }: Property): readonly string[] {
  const { type, what } = describeSchema(schema);
  return [`\`${name}\`${required ? '' : '?'}`, type, what];
}

/** Every schema with a name that a request or an answer holds, once. */
function namedSchemas(routes: readonly Route[]): ReadonlyMap<string, object> {
  const found = new Map<string, object>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const name = nameOf(node);
    if (name !== undefined) {
      if (found.has(name)) return;
      found.set(name, node);
    }
    for (const [key, value] of Object.entries(node)) if (key !== 'examples' && key !== 'enum') visit(value);
  };
  for (const { body, upload, answers, events } of routes) {
    visit(upload?.schema ?? body);
    visit(events);
    for (const { schema } of Object.values(answers)) visit(schema);
  }
  return found;
}
