/**
 * Vendors' own APIs, from the route tables of their dialects: read the request, let the dialect say which of our use
 * cases it means, run it, let the dialect word the result. Knows no vendor.
 */
import { scopes, type Scope } from '../app/app.ts';
import type { IncomingMessage } from 'node:http';
import { AssetwireError, errorTable } from '../core/errors.ts';
import { ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type {
  VendorAnswer,
  VendorCommand,
  VendorContent,
  VendorError,
  VendorRecording,
  VendorRequest,
  VendorRoute,
} from '../dialects/contract/vendor-route.ts';
import { MethodNotAllowed, NoRoute } from './answer.ts';
import { servedContent } from './content-answer.ts';
import { readFormFields } from './form-fields.ts';
import { createLookupRate, type LookupRate } from './lookup-rate.ts';
import { readJson, assertJsonType } from './json-body.ts';
import { invalidRequest } from './problem.ts';
import type { Answer, Call, Route, RouteScope, Services } from './route.ts';
import { raw } from './schema.ts';
import { bodyBytesMaxDefault } from './serve-route.ts';
import { assetReference, runVendorCommand } from './vendor-commands.ts';
import { vendorBase } from './vendor-mounts.ts';
import { closeVendorSession, openVendorSession, type VendorSignIn } from './vendor-sessions.ts';

export type VendorApi = {
  readonly dialect: string;
  readonly routes: readonly VendorRoute[];
  readonly presentError?: (error: VendorError, request: VendorRequest) => VendorAnswer;
};

/** The dialect's routes below `/{dialect}`. Throws where a route does not say who may call it. */
export function vendorApiRoutes({ dialect, routes, presentError }: VendorApi, signIn: VendorSignIn): readonly Route[] {
  let lookups: LookupRate | undefined;
  return routes.map((vendorRoute): Route => {
    const path = `/${dialect}${vendorRoute.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    return {
      method: vendorRoute.method,
      path,
      operation: `${dialect} ${vendorRoute.method} ${vendorRoute.path}`,
      area: dialect,
      summary: `${vendorRoute.method} ${vendorRoute.path} as ${dialect} has it`,
      scope: scopeOf(vendorRoute, path),
      sessionBearer: true,
      params: raw({ type: 'object', additionalProperties: { type: 'string', maxLength: 1_024 } }),
      query: raw({ type: 'object', additionalProperties: { type: 'string' } }),
      answers: { 200: { description: "The vendor's own answer" } },
      async handle(call, services) {
        const request = await vendorRequest({ call, services, dialect }, vendorRoute);
        const parsed = vendorRoute.parse(request);
        if ('recording' in parsed) return played({ call, services, dialect }, parsed);
        if ('content' in parsed) return sent({ call, services, dialect }, parsed);
        if (!('command' in parsed)) return shown(parsed);
        if (parsed.command === 'sessions.open') {
          const opened = await openVendorSession(signIn, { request: call.request, services }, parsed.input);
          const answer = shown(vendorRoute.present(opened.result, request));
          return vendorRoute.signsIn === true
            ? { ...answer, headers: { ...answer.headers, ...opened.headers } }
            : answer;
        }
        if (parsed.command === 'sessions.close') {
          const headers = await closeVendorSession(signIn, call, services);
          const answer = shown(vendorRoute.present({}, request));
          return { ...answer, headers: { ...answer.headers, ...headers } };
        }
        const { app } = services;
        const run = (command: VendorCommand) => runVendorCommand({ app, caller: call.caller, dialect }, command);
        const first = () => run(parsed);
        const { guessable } = vendorRoute;
        const found = await (guessable === undefined
          ? first()
          : guarded({ ...signIn, lookups: (lookups ??= createLookupRate(services)), guessable }, call.request, first));
        const next = vendorRoute.next?.(found, request) ?? null;
        if (next !== null && !('command' in next)) return shown(next);
        return shown(vendorRoute.present(next === null ? found : await run(next), request));
      },
      ...errorWords(vendorRoute.presentError ?? presentError),
    };
  });
}

function errorWords(present: VendorApi['presentError']): Pick<Route, 'presentError'> {
  return present === undefined ? {} : { presentError: (error, request) => shownError(present, error, request) };
}

type Guard = Pick<VendorSignIn, 'admission'> & {
  readonly lookups: LookupRate;
  readonly guessable: NonNullable<VendorRoute['guessable']>;
};

/**
 * Whoever keeps asking for tokens that there are not waits, as who tries keys does (HARDENING AK-06, CF-02). Misses of ids
 * are no try of a key: a receiver makes one for each forged message that a stranger sends it, and must not be shut out by them.
 */
async function guarded(
  { admission, lookups, guessable }: Guard,
  request: IncomingMessage,
  run: () => Promise<JsonObject>,
): Promise<JsonObject> {
  const { address } = admission.originOf(request);
  if (guessable === 'token') admission.assertNotGuessing(request, '');
  lookups.take(address);
  const missed = (): void => (guessable === 'token' ? admission.failed(request) : lookups.missed(address));
  try {
    const result = await run();
    // Where a dialect words for itself that there is nothing.
    if (ownValue(result, 'found') === false) missed();
    return result;
  } catch (error) {
    if (error instanceof AssetwireError && error.code === 'not_found') missed();
    throw error;
  }
}

function scopeOf({ scope }: VendorRoute, path: string): RouteScope {
  if (scope === 'public') return 'open';
  if (scope === 'signed-in') return scope;
  if (isScope(scope)) return scope;
  throw new TypeError(`Declare a known scope for ${path}: "${scope}"`);
}

function isScope(scope: string): scope is Scope {
  return scopes.some((known) => known === scope);
}

type Called = { readonly call: Call; readonly services: Services; readonly dialect: string };

async function vendorRequest(
  { call, services, dialect }: Called,
  { method, body }: VendorRoute,
): Promise<VendorRequest> {
  const bodyless = method === 'GET' || method === 'DELETE' || body === 'ignored';
  return {
    method: call.request.method ?? 'GET',
    parameters: strings(call.params),
    query: strings(call.query),
    headers: shownHeaders(call.request),
    bearer: hasBearer(call.request),
    body: bodyless ? null : await readVendorBody(call, services),
    base: vendorBase(call.request, `${services.publicUrl()}/${dialect}`),
    scopes: [...call.caller.scopes],
    links: services.app.links(call.caller, dialect),
    nowMs: services.clock.nowMs(),
  };
}

/** The bytes that a route stands for: of the first rendition that there is, or the original. */
async function sent({ call, services, dialect }: Called, { content }: VendorContent): Promise<Answer> {
  const { caller, request } = call;
  const { app } = services;
  const reference = await assetReference({ app, caller, dialect }, content);
  const serving = content.saved === true ? { saved: true } : {};
  const titles = content.renditions ?? [];
  for (const [index, title] of titles.entries()) {
    try {
      return await servedContent(
        request,
        (wanted) => app.assets.rendition(caller, { reference, title }, wanted),
        serving,
      );
    } catch (error) {
      const missing = error instanceof AssetwireError && error.code === 'not_found';
      if (!missing || index === titles.length - 1) throw error;
    }
  }
  return servedContent(request, (wanted) => app.assets.content(caller, reference, wanted), serving);
}

/** The file behind a signed link; other sites may play it, for the link is the authority. */
function played({ call, services, dialect }: Called, { recording }: VendorRecording): Promise<Answer> {
  const { app } = services;
  return servedContent(call.request, (wanted) => app.broadcasts.signedContent({ ...recording, dialect }, wanted), {
    crossOrigin: true,
  });
}

function shownHeaders(request: IncomingMessage): VendorRequest['headers'] {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    // What proves who calls is ours to judge, never a dialect's to see.
    if (typeof value === 'string' && name !== 'authorization' && name !== 'cookie') headers[name] = value;
  }
  return headers;
}

function hasBearer({ headers }: IncomingMessage): boolean {
  return /^bearer [\u0021-\u007e]+$/i.test(headers.authorization ?? '');
}

/** Words about an error hold no links to content. */
const noLinks: VendorRequest['links'] = { content: () => '', rendition: () => '', dialect: () => '' };

/**
 * An error in the vendor's words, whoever found it: a missing key and a body that is no JSON as well as what a use case
 * refuses. Of the request only the headers are told: it may not have been read.
 */
function shownError(
  present: NonNullable<VendorApi['presentError']>,
  error: AssetwireError,
  request: IncomingMessage,
): Answer {
  const { status } = errorTable[error.code];
  const answer = present(
    {
      code: error.code,
      status,
      detail: wordsOf(error),
      reason: error.message,
      ...(error.mend === undefined ? {} : { mend: error.mend }),
      ...(error instanceof NoRoute ? { unmatched: true } : {}),
      ...(error.problems.length === 0 ? {} : { problems: error.problems }),
    },
    {
      parameters: {},
      query: {},
      headers: shownHeaders(request),
      bearer: hasBearer(request),
      body: null,
      base: '',
      scopes: [],
      links: noLinks,
      nowMs: 0,
    },
  );
  return shown({ ...answer, headers: { ...answer.headers, ...standardHeaders(error, status) } });
}

/** What is wrong and what to do about it, in one text. */
function wordsOf({ message, mend }: AssetwireError): string {
  return mend === undefined ? message : `${message}. ${mend}`;
}

/** What HTTP itself asks for beside a status, whatever the vendor's body. */
function standardHeaders(error: AssetwireError, status: number): { readonly [name: string]: string } {
  const { retryAfterSeconds } = error;
  return {
    ...(error instanceof MethodNotAllowed ? { allow: error.allow } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) }),
  };
}

async function readVendorBody({ request }: Call, { bodies }: Services): Promise<JsonObject | null> {
  const bytes = await bodies.read(request, bodyBytesMaxDefault);
  if (bytes.length === 0) return null;
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
    return Object.fromEntries(new URLSearchParams(bytes.toString()));
  }
  if (/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')) return readFormFields(request, bytes);
  assertJsonType(request);
  const value = readJson(bytes, limits);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    throw invalidRequest([{ at: '', wanted: 'an object', found }], 'the body');
  }
  return value as JsonObject;
}

function strings(value: unknown): { readonly [name: string]: string } {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function shown({ status, headers, body }: VendorAnswer): Answer {
  const common = { status, ...(headers === undefined ? {} : { headers }) };
  if (body === null) return { ...common, empty: true };
  if (typeof body !== 'string') return { ...common, json: body };
  const { 'content-type': contentType = 'text/plain; charset=utf-8', ...others } = headers ?? {};
  return { status, headers: others, text: body, contentType };
}
