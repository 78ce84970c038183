/** The list of the API, drawn from its own OpenAPI document. */
import { badge, copyButton, h, prettyBody } from './elements.js';

const main = document.getElementById('main');
const methods = ['get', 'post', 'put', 'patch', 'delete'];

try {
  const document_ = await (await fetch('/openapi.json')).json();
  draw(document_);
} catch (error) {
  main.replaceChildren(h('p.loading', {}, `The document could not be loaded: ${error.message}`));
}

function draw(openApi) {
  document.getElementById('version').textContent = `Version ${openApi.info.version}`;
  const operations = Object.entries(openApi.paths).flatMap(([path, item]) =>
    Object.entries(item)
      // The inbox takes every method alike: one of them stands for all.
      .filter(([method]) => (path.startsWith('/inbox/') ? method === 'post' : methods.includes(method)))
      .map(([method, operation]) => ({ path, method, operation })),
  );
  const search = h('input', {
    type: 'search',
    placeholder: 'Find an operation',
    'aria-label': 'Find an operation',
    oninput: () => filter(search.value),
  });
  const areas = openApi.tags.map(({ name }) => {
    const items = operations
      .filter(({ operation }) => operation.tags[0] === name)
      .map((each) => operationElement(each, openApi));
    return h('section', {}, h('h2.area', {}, name), ...items);
  });
  main.replaceChildren(
    h('h1', {}, 'The API'),
    h(
      'p.hint',
      {},
      'JSON over HTTP. Send a key as “Authorization: Bearer KEY”. Lists take limit and cursor. Errors are problem documents with a stable code.',
    ),
    search,
    ...areas,
  );

  function filter(text) {
    const wanted = text.toLowerCase();
    for (const area of areas) {
      let any = false;
      for (const item of area.querySelectorAll('.operation')) {
        item.hidden = !item.dataset.text.includes(wanted);
        any ||= !item.hidden;
      }
      area.hidden = !any;
    }
  }
}

function operationElement({ path, method, operation }, openApi) {
  const scope = operation['x-scope'];
  const inside = h('div.inside');
  const element = h(
    'details.request.operation',
    { 'data-text': `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase() },
    h(
      'summary',
      {},
      h('span.method', {}, method.toUpperCase()),
      h('code', {}, path),
      h('span.what.hint', {}, operation.summary),
      badge(scope, scope === 'open' ? 'good' : 'muted'),
    ),
    inside,
  );
  element.addEventListener('toggle', () => inside.replaceChildren(...details(path, method, operation, openApi)), {
    once: true,
  });
  return element;
}

function details(path, method, operation, openApi) {
  const parameters = (operation.parameters ?? [])
    .map((parameter) => follow(parameter, openApi))
    .filter((parameter) => parameter.in !== 'header' || parameter.name === 'Idempotency-Key');
  const body = Object.entries(operation.requestBody?.content ?? {})[0];
  const command = curl(path, method, operation);
  return [
    operation.description && h('p', {}, operation.description),
    parameters.length > 0 &&
      h(
        'dl.headers',
        {},
        ...parameters.flatMap(({ name, in: place, required, schema, description }) => [
          h('dt', {}, `${name}${required ? ' *' : ''}`),
          h(
            'dd',
            {},
            [place, typeOf(follow(schema, openApi)), description ?? schema.description].filter(Boolean).join(' · '),
          ),
        ]),
      ),
    body && h('p.hint', {}, `Body: ${body[0]}`),
    body && prettyBody(JSON.stringify(resolve(body[1].schema, openApi, 0))),
    h('p.hint', {}, 'Answers'),
    h(
      'dl.headers',
      {},
      ...Object.entries(operation.responses).flatMap(([status, response]) => [
        h('dt', {}, status),
        h('dd', {}, follow(response, openApi).description.replaceAll('`', '')),
      ]),
    ),
    h('div.address', {}, h('code', { title: command }, command), copyButton(command)),
  ].filter(Boolean);
}

function typeOf(schema) {
  if (schema.enum) return schema.enum.length > 8 ? `one of ${schema.enum.length}` : schema.enum.join(' | ');
  return Array.isArray(schema.type) ? schema.type.join(' | ') : schema.type;
}

/** What stands at a reference: parameters, responses and schemas are shared. */
function follow(value, openApi) {
  if (!value.$ref) return value;
  const [, , kind, name] = value.$ref.split('/');
  return follow(openApi.components[kind][name], openApi);
}

/** References replaced by what they stand for, three deep: enough to see what to send. */
function resolve(schema, openApi, depth) {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return schema.map((item) => resolve(item, openApi, depth));
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return depth > 3 ? { see: name } : resolve(openApi.components.schemas[name], openApi, depth + 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(value, openApi, depth)]));
}

function curl(path, method, operation) {
  const parts = ['curl', method === 'get' ? '' : `-X ${method.toUpperCase()}`, `${location.origin}${path}`];
  if (operation.security?.length > 0) parts.push("-H 'Authorization: Bearer KEY'");
  if (operation.requestBody?.content['application/json']) parts.push("-H 'Content-Type: application/json'", "-d '{…}'");
  if (operation.requestBody?.content['multipart/form-data']) parts.push('-F file=@picture.jpg');
  return parts.filter(Boolean).join(' ');
}
