/** What a route answers when it refuses: by status, with the codes it can give. */
import { errorMends } from '../core/error-mends.ts';
import { type ErrorCode, errorTable } from '../core/errors.ts';
import { exampleId } from './example.ts';
import { type Components, type Json, problemContent } from './openapi-schemas.ts';
import { retryAfterStatuses } from './problem.ts';
import { errorsOf } from './route-errors.ts';
import type { Route } from './route.ts';

export const problemSchema = {
  type: 'object',
  description: 'RFC 9457. Programs decide by `code`; the texts are for people and may be reworded.',
  required: ['type', 'title', 'status', 'code', 'detail', 'mend', 'requestId'],
  properties: {
    type: { type: 'string', description: 'urn:assetwire:error: and the code' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorTable) },
    detail: { type: 'string', minLength: 1, description: 'What was wanted and what was found' },
    mend: { type: 'string', minLength: 12, description: 'What to do about it' },
    problems: {
      type: 'array',
      description: 'Each thing that is wrong',
      items: {
        type: 'object',
        required: ['at', 'wanted', 'found'],
        properties: {
          at: { type: 'string', description: 'Where: a JSON pointer into the body, or / and the name of a parameter' },
          wanted: { type: 'string' },
          found: { type: 'string', description: 'Cut short, and never a secret' },
          mend: { type: 'string' },
        },
        additionalProperties: false,
      },
    },
    requestId: { type: 'string', description: "Ties this answer to the server's log" },
  },
  additionalProperties: false,
};

/** A page for people, of which there is nothing to say to programs. */
export const pageContent: Json = { 'text/html': { schema: { type: 'string' } } };

/** The problem responses of a route; those that many routes share are components. */
export function problemResponses(route: Route, components: Components): Json {
  const responses: Json = {};
  for (const [status, codes] of errorsByStatus(route)) {
    if (route.answers[Number(status)] !== undefined) continue;
    const response = problemResponse(Number(status), codes, components);
    if (route.pages === true && Number(status) < 500) {
      responses[status] = { ...response, content: { ...(response['content'] as Json), ...pageContent } };
      continue;
    }
    // Short lists of codes come back in route after route; long ones belong to one.
    if (codes.length > 3) {
      responses[status] = response;
      continue;
    }
    const name = codes.map(pascal).join('Or');
    components.responses[name] = response;
    responses[status] = { $ref: `#/components/responses/${name}` };
  }
  return responses;
}

export function errorsByStatus(route: Route): readonly (readonly [status: string, codes: readonly ErrorCode[]])[] {
  const byStatus = new Map<string, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const status = String(errorTable[code].status);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return [...byStatus].sort(([left], [right]) => left.localeCompare(right));
}

/** The answer of one status with these codes. */
export function problemResponse(status: number, codes: readonly ErrorCode[], components: Components): Json {
  const examples: Json = {};
  for (const code of codes) {
    components.examples[code] ??= { summary: errorTable[code].title, value: problemExample(code) };
    examples[code] = { $ref: `#/components/examples/${code}` };
  }
  const headers = headersOf(status);
  return {
    description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('; '),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: problemContent(
      {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { type: 'object', required: ['code'], properties: { code: { type: 'string', enum: codes } } },
        ],
      },
      examples,
    ),
  };
}

function headersOf(status: number): Json {
  const headers: Json = {};
  if (retryAfterStatuses.has(status)) headers['Retry-After'] = { $ref: '#/components/headers/RetryAfter' };
  if (status === 401) headers['WWW-Authenticate'] = { $ref: '#/components/headers/WwwAuthenticate' };
  return headers;
}

function problemExample(code: ErrorCode): Json {
  const { status, title } = errorTable[code];
  const mend = 'Write "events" instead; known are target, events, name';
  const problems = [{ at: '/evnts', wanted: 'no such field', found: 'the field', mend }];
  return {
    type: `urn:assetwire:error:${code}`,
    title,
    status,
    code,
    ...(code === 'invalid_request'
      ? { detail: 'Check the body: it has no field /evnts', mend, problems }
      : { detail: title, mend: errorMends[code] }),
    requestId: exampleId('rq'),
  };
}

function pascal(code: string): string {
  return code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
