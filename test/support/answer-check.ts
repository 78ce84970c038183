/**
 * Holds real answers against the OpenAPI document: the status must be named for the operation, the type must be the one
 * that is named for the status, and the body must fit its schema; a problem must be one that the operation can give.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type Json = { readonly [key: string]: unknown };

export type OpenApi = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Json } };
  readonly components: { readonly [kind: string]: Json };
};

export type SeenAnswer = {
  readonly method: string;
  /** With or without its query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** By lower-case name; looked at for the headers that the document states. */
  readonly headers?: { readonly [name: string]: unknown };
  readonly text: string;
};

export type AnswerCheck = {
  /** What is wrong with an answer; empty where nothing is. */
  problemsOf(answer: SeenAnswer): readonly string[];
  /** The operation that a method and path mean; undefined where the document has none. */
  operationAt(method: string, path: string): Found | undefined;
};

export type Found = { readonly template: string; readonly method: string; readonly operation: Json };

export function createAnswerCheck(document: OpenApi): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, ownProperties: true });
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const templates = Object.keys(document.paths).map((template) => ({ template, parts: template.split('/') }));

  const fits = (pointer: string, value: unknown): string | undefined => {
    let validate = compiled.get(pointer);
    if (validate === undefined) {
      validate = ajv.compile({ $ref: `openapi#${pointer}` });
      compiled.set(pointer, validate);
    }
    return validate(value) ? undefined : ajv.errorsText(validate.errors).slice(0, 600);
  };

  const templateAt = (path: string): string | undefined => {
    const parts = (path.split('?')[0] ?? '').split('/');
    const fitting = templates.filter(
      (one) =>
        one.parts.length === parts.length && one.parts.every((part, at) => part.startsWith('{') || part === parts[at]),
    );
    // Fixed parts win over parameters, as in the router.
    return fitting.sort((left, right) => parameterCount(left.template) - parameterCount(right.template))[0]?.template;
  };

  const operationAt: AnswerCheck['operationAt'] = (method, path) => {
    const template = templateAt(path);
    const known = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = template === undefined ? undefined : document.paths[template]?.[known];
    return template === undefined || operation === undefined ? undefined : { template, method: known, operation };
  };

  const problemsOf: AnswerCheck['problemsOf'] = (answer) => {
    const found = operationAt(answer.method, answer.path);
    if (found === undefined) return refusalProblems(answer, fits);
    const responses = `/paths/${escaped(found.template)}/${found.method}/responses`;
    const stated = resolve(document, responses, String(answer.status)) ?? resolve(document, responses, 'default');
    if (stated === undefined) return [`status ${answer.status} is not stated: ${answer.text.slice(0, 300)}`];
    return [...headerProblems(answer, stated.response), ...bodyProblems(answer, stated, fits)];
  };

  return { problemsOf, operationAt };
}

type Stated = { readonly pointer: string; readonly response: Json };
type Fits = (pointer: string, value: unknown) => string | undefined;

/** The response object of a status, behind its reference. */
function resolve(document: OpenApi, responses: string, status: string): Stated | undefined {
  const at = (pointer: string): unknown =>
    pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((node, part) => child(node, part.replaceAll('~1', '/').replaceAll('~0', '~')), document);
  const pointer = `${responses}/${status}`;
  const response = at(pointer);
  const ref: unknown = child(response, '$ref');
  if (typeof ref === 'string') {
    const target = at(ref.slice(1));
    return isJson(target) ? { pointer: ref.slice(1), response: target } : undefined;
  }
  return isJson(response) ? { pointer, response } : undefined;
}

/** Without these a caller cannot go on as the document says. */
const promised = ['Retry-After', 'WWW-Authenticate', 'Location'];

function headerProblems({ headers, status }: SeenAnswer, response: Json): readonly string[] {
  const stated = isJson(response['headers']) ? Object.keys(response['headers']) : [];
  if (headers === undefined) return [];
  return stated
    .filter((name) => promised.includes(name) && headers[name.toLowerCase()] === undefined)
    .map((name) => `${status} lacks the header ${name}`);
}

function bodyProblems(answer: SeenAnswer, { pointer, response }: Stated, fits: Fits): readonly string[] {
  // HTTP gives these no body, whatever is stated for a range of statuses that holds them.
  if ((answer.status === 204 || answer.status === 304) && answer.text === '') return [];
  const content = child(response, 'content');
  if (!isJson(content))
    return answer.text === '' ? [] : [`${answer.status} states no body: ${answer.text.slice(0, 200)}`];
  const type = (answer.contentType ?? '').split(';')[0]?.trim() ?? '';
  const stated = Object.keys(content).find((one) => one === type || one === '*/*');
  if (stated === undefined)
    return [`type "${type}" is not stated for ${answer.status}: ${Object.keys(content).join()}`];
  // Several lines of JSON are no JSON.
  if (answer.method === 'HEAD' || !/[/+]json$/.test(type)) return [];
  const value = parsed(answer.text);
  if (value === undefined) return [`${answer.status} is no JSON: ${answer.text.slice(0, 200)}`];
  const misfit = fits(`${pointer}/content/${escaped(stated)}/schema`, value);
  return misfit === undefined
    ? []
    : [`${answer.status} does not fit its schema: ${misfit}: ${answer.text.slice(0, 600)}`];
}

/** Below /v1 what is no operation is refused as a problem; other paths (pages, vendors' APIs) are not this document's. */
function refusalProblems(answer: SeenAnswer, fits: Fits): readonly string[] {
  if (!/^\/v1(?:\/|\?|$)/.test(answer.path)) return [];
  if (answer.status !== 404 && answer.status !== 405) return [`${answer.status} at no operation of the document`];
  if (answer.method === 'HEAD') return [];
  const misfit = fits('/components/schemas/Problem', parsed(answer.text));
  return misfit === undefined ? [] : [`${answer.status} is no problem: ${misfit}`];
}

function parameterCount(template: string): number {
  return template.split('{').length;
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
}

function child(node: unknown, key: string): unknown {
  const name = key.replaceAll('%7B', '{').replaceAll('%7D', '}');
  return isJson(node) && Object.hasOwn(node, name) ? node[name] : undefined;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
