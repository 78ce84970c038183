/** One operation of the API as a section of the reference. */
import { answerExample, requestExample } from '../../src/api/route-examples.ts';
import { requestHeaders } from '../../src/api/request-headers.ts';
import { errorsOf, ofBodies, ofCallers, ofEveryRoute } from '../../src/api/route-errors.ts';
import type { Route } from '../../src/api/route.ts';
import { nameOf } from '../../src/api/schema.ts';
import { errorTable } from '../../src/core/errors.ts';
import { compactJson } from './compact-json.ts';
import { shortened } from './shortened.ts';
import { table } from './sections.ts';
import { describeSchema, type Property, propertiesOf } from './schema-words.ts';

/** What every route of its kind may refuse with is told once, at the top of the page. */
const common = new Set<string>([...ofEveryRoute, ...ofCallers, ...ofBodies, 'storage_busy', 'storage_full']);

export function drawOperation(route: Route): string {
  return [
    `### ${route.summary}`,
    callLine(route),
    route.description === undefined ? '' : `${route.description.replace(/\.?$/, '.')}`,
    parameters(route),
    request(route),
    ...answers(route),
    errors(route),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function callLine({ method, path, scope, orScope, idempotent }: Route): string {
  const needs =
    scope === 'open'
      ? 'needs no key'
      : scope === 'signed-in'
        ? 'any valid key'
        : scope === 'admin'
          ? 'needs an admin key'
          : `needs \`${scope}\`${orScope === undefined ? '' : ` or \`${orScope}\``}`;
  return `\`${method} ${path}\`: ${needs}${idempotent === true ? ', takes `Idempotency-Key`' : ''}.`;
}

function parameters(route: Route): string {
  const rows = [
    ...propertiesOf(route.params).map((property) => row(property, 'path')),
    ...propertiesOf(route.query).map((property) => row(property, 'query')),
    ...(route.requestHeaders ?? []).map((name) => [
      `\`${name}\``,
      'header',
      'string',
      requestHeaders[name]?.description ?? '',
    ]),
  ];
  return rows.length === 0 ? '' : table(['parameter', 'in', 'type', 'what it is'], rows);
}

function row({ name, schema }: Property, place: string): readonly string[] {
  const { type, what } = describeSchema(schema);
  return [`\`${name}\``, place, type, what];
}

function request(route: Route): string {
  const schema = route.upload?.schema ?? route.body;
  if (schema === undefined) return '';
  const fields = propertiesOf(schema);
  const example = requestExample(route);
  const isForm = route.upload !== undefined;
  const kind = isForm
    ? `Request, as \`${route.upload.contentType}\``
    : `Request${route.bodyOptional === true ? ', may be left out' : ''}`;
  return [
    `**${kind}**`,
    fields.length === 0
      ? ''
      : table(
          ['field', 'type', 'what it is'],
          fields.map(({ name, schema: property, required }) => {
            const { type, what } = describeSchema(property);
            return [`\`${name}\`${required ? '' : '?'}`, type, what];
          }),
        ),
    isForm ? curl(route, example) : fence('json', example),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function curl({ method, path }: Route, example: unknown): string {
  const asset: unknown = typeof example === 'object' && example !== null ? Reflect.get(example, 'asset') : undefined;
  const part = asset === undefined ? '' : ` \\\n  -F 'asset=${JSON.stringify(asset)}'`;
  return `\`\`\`bash\ncurl -X ${method} "$ASSETWIRE_URL${path}" -H "Authorization: Bearer $ASSETWIRE_KEY"${part} \\\n  -F file=@harbour-at-dawn.jpg\n\`\`\``;
}

function answers(route: Route): readonly string[] {
  return Object.entries(route.answers).map(([status, answer]) => {
    const shown = answer.schema === undefined ? undefined : nameOf(answer.schema);
    const type = shown === undefined || shown.endsWith('Page') ? '' : `, [${shown}](#${shown.toLowerCase()})`;
    const line = `**${status}** ${answer.description}${type}`;
    if (route.events !== undefined) return `${line}: \`${answer.contentType ?? ''}\`.\n\n${events(route)}`;
    if (answer.contentType !== undefined) return `${line}: \`${answer.contentType}\`.`;
    const example = answerExample(route, answer);
    return example === undefined ? `${line}.` : `${line}:\n\n${fence('json', example)}`;
  });
}

function events({ events: all = {} }: Route): string {
  return table(
    ['event', 'its data'],
    Object.entries(all).map(([name, schema]) => [`\`${name}\``, describeSchema(schema).type]),
  );
}

function errors(route: Route): string {
  const own = errorsOf(route).filter((code) => !common.has(code));
  if (own.length === 0) return '';
  const shown = own.map((code) => `\`${code}\` (${errorTable[code].status})`);
  return `Refuses with ${shown.join(', ')}, and [as every route](#errors-of-every-route).`;
}

function fence(language: string, value: unknown): string {
  return `\`\`\`${language}\n${compactJson(shortened(value))}\n\`\`\``;
}
