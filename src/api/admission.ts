/**
 * Who calls, and may they do this. Keys come in the Authorization header and nowhere else; browsers come with the session
 * cookie, and then a write must be of our own origin. Every way of being wrong gets the same 401.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { App, Caller, Origin, Scope } from '../app/app.ts';
import { holdsSome } from '../app/granted-assets.ts';
import { lacks } from '../app/needed-scope.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Logger } from '../runtime/logger.ts';
import type { FailedAuthentications } from './failed-authentications.ts';
import type { RouteScope } from './route.ts';
import { isCsrfToken } from './session-cookie.ts';

export const workspaceHeader = 'assetwire-workspace';
const tokenCharactersMax = 512;

export type Admitted = { readonly caller: Caller; readonly recheck: () => Promise<boolean> };

export type AdmitOptions = {
  /** Callers who hold a grant with the scope come in too. */
  readonly grantable?: boolean;
  /** Another scope that will do. */
  readonly orScope?: Scope;
  /** A bearer that is no key may be a session: for vendors whose login hands out tokens. */
  readonly sessionBearer?: boolean;
};

export interface Admission {
  admit(request: IncomingMessage, scope: RouteScope, options?: AdmitOptions): Promise<Admitted>;
  /** The address that counts for limits: the peer's, or behind a trusted proxy the one it forwards. */
  addressOf(request: IncomingMessage): string;
  /** The address that counts and the program's name for itself, for audit. */
  originOf(request: IncomingMessage): Origin;
  /** Throws `too_many_requests` where this address has guessed too often. */
  assertNotGuessing(request: IncomingMessage, secret: string): void;
  /** Counts a secret that was no good. */
  failed(request: IncomingMessage): void;
}

export type AdmissionOptions = {
  readonly app: Pick<App, 'keys' | 'sessions'>;
  readonly failures: FailedAuthentications;
  readonly logger: Pick<Logger, 'warn'>;
  readonly cookieName: string;
  readonly trustedProxies: readonly string[];
};

/** For `open` routes: nobody. */
const nobody: Caller = {
  workspaceId: '',
  actor: { type: 'system', id: 'anonymous' },
  keyId: '',
  scopes: new Set(),
  admin: false,
};
const admittedNobody: Admitted = { caller: nobody, recheck: () => Promise.resolve(true) };

export function createAdmission(options: AdmissionOptions): Admission {
  const { app, failures, logger, cookieName, trustedProxies } = options;
  const proxies = blockListOf(trustedProxies);
  const addressOf = (request: IncomingMessage): string => clientAddress(request, proxies);

  const failed = (request: IncomingMessage): void => {
    if (failures.failed(() => addressOf(request)))
      logger.warn('api.guessing_throttled', { address: addressOf(request) });
  };

  const identify = async (request: IncomingMessage, sessionBearer: boolean): Promise<Admitted> => {
    const header = request.headers.authorization;
    const workspace = workspaceOf(request);
    if (header === undefined) {
      const cookie = cookieOf(request, cookieName);
      if (cookie === undefined) throw unauthenticated();
      if (!isCsrfToken(csrfHeader(request), cookie)) assertSameOrigin(request);
      const caller = await app.sessions.authenticate(cookie, workspace);
      if (caller === null) throw unauthenticated();
      return { caller, recheck: async () => (await app.sessions.authenticate(cookie, workspace)) !== null };
    }
    const token = bearerToken(header);
    if (token === undefined || repeats(request, 'authorization')) throw unauthenticated();
    assertNotGuessing(request, token);
    const authenticate = async (): Promise<Caller | null> =>
      (await app.keys.authenticate(token, workspace)) ??
      (sessionBearer ? await app.sessions.authenticate(token, workspace) : null);
    const caller = await authenticate();
    if (caller === null) {
      failed(request);
      throw unauthenticated();
    }
    failures.succeeded(() => addressOf(request), token);
    return { caller, recheck: async () => (await authenticate()) !== null };
  };

  const assertNotGuessing = (request: IncomingMessage, secret: string): void => {
    const waitSeconds = failures.waitSeconds(() => addressOf(request), secret);
    if (waitSeconds === 0) return;
    throw new AssetwireError('too_many_requests', {
      detail: 'Send a valid key: too many invalid ones came from this address',
      mend: 'Wait as long as Retry-After says, then send a key that is valid',
      retryAfterSeconds: waitSeconds,
    });
  };

  return {
    addressOf,
    assertNotGuessing,
    failed,
    originOf: (request) => ({ address: addressOf(request), userAgent: userAgentOf(request) }),
    async admit(request, scope, { grantable, orScope, sessionBearer } = {}) {
      if (scope === 'open') return admittedNobody;
      const admitted = await identify(request, sessionBearer === true);
      const { caller } = admitted;
      const wanted = orScope === undefined ? [scope] : [scope, orScope];
      if (orScope !== undefined && caller.scopes.has(orScope)) return admitted;
      if (grantable !== true || !wanted.some((one) => holdsSome(caller, one))) assertAllowed(caller, scope);
      return admitted;
    },
  };
}

function assertAllowed(caller: Caller, scope: Exclude<RouteScope, 'open'>): void {
  if (scope === 'signed-in') return;
  if (scope === 'admin' ? caller.admin : caller.scopes.has(scope)) return;
  throw lacks(caller, scope);
}

function unauthenticated(): AssetwireError {
  return new AssetwireError('unauthenticated', {
    detail:
      'Send a valid key as "Authorization: Bearer KEY": found none that is valid (missing, mistyped, revoked or expired)',
    mend: 'Keys are made by POST /v1/keys; the first one is printed when the server starts for the first time',
  });
}

function bearerToken(header: string): string | undefined {
  if (header.length < 8 || header.length > tokenCharactersMax) return undefined;
  if (header.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const token = header.slice(7);
  for (let index = 0; index < token.length; index++) {
    const code = token.charCodeAt(index);
    if (code < 0x21 || code > 0x7e) return undefined;
  }
  return token;
}

/** Node keeps the first of several such headers; a caller who sends two is up to something or broken. */
function repeats(request: IncomingMessage, name: string): boolean {
  let seen = 0;
  const raw = request.rawHeaders;
  for (let index = 0; index < raw.length; index += 2) {
    const header = raw[index];
    if (header !== undefined && header.length === name.length && header.toLowerCase() === name) seen++;
  }
  return seen > 1;
}

/** Bounded, on one line: it is anybody's text. */
function userAgentOf(request: IncomingMessage): string | null {
  const text = request.headers['user-agent']?.replaceAll(/[^\u0020-\u007e]/g, ' ').trim() ?? '';
  return text === '' ? null : text.slice(0, limits.userAgentCharactersMax);
}

function workspaceOf(request: IncomingMessage): string | undefined {
  const value = request.headers[workspaceHeader];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function csrfHeader(request: IncomingMessage): string | undefined {
  const value = request.headers['x-csrf-token'];
  return typeof value === 'string' ? value : undefined;
}

/** The value of one cookie, undefined where it is missing, doubled or not of our alphabet. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers.cookie;
  if (header === undefined || header.length > 8_192) return undefined;
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    if (found !== undefined) return undefined;
    found = pair.slice(at + 1).trim();
  }
  return found !== undefined && /^[\w.~-]{1,512}$/.test(found) ? found : undefined;
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A write that a browser makes with our cookie must come from our own page (HARDENING UI-05): the browser says so in
 * `Sec-Fetch-Site`, or else by an `Origin` whose host is the one it asked. SameSite=Strict is the first wall, this the second.
 */
export function assertSameOrigin(request: IncomingMessage): void {
  if (safeMethods.has(request.method ?? '')) return;
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const sameSite = site === undefined || site === 'same-origin';
  const sameHost = origin === undefined || hostOf(origin) === request.headers.host?.toLowerCase();
  if (sameSite && sameHost && (site !== undefined || origin !== undefined)) return;
  throw new AssetwireError('cross_site_request', {
    detail: 'Write with a session from our own pages only: the request does not say that it comes from there',
    mend: 'Programs use a key: Authorization: Bearer KEY',
  });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : undefined;
}

function blockListOf(ranges: readonly string[]): BlockList | null {
  if (ranges.length === 0) return null;
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** From the right, the first forwarded address that is not one of the trusted proxies; only asked of a trusted peer. */
function clientAddress(request: IncomingMessage, proxies: BlockList | null): string {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  if (proxies === null) return peer;
  let address = peer;
  const forwarded = request.headers['x-forwarded-for'];
  const hops = typeof forwarded === 'string' ? forwarded.split(',').slice(-16) : [];
  for (let index = hops.length - 1; index >= 0 && isProxy(proxies, address); index--) {
    const hop = plainAddress(hops[index]?.trim() ?? '');
    if (hop === '') break;
    address = hop;
  }
  return address;
}

function isProxy(proxies: BlockList, address: string): boolean {
  return proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
