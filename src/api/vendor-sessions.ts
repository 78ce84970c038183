/**
 * Signing in as vendors have it: a name and a password, for a user of ours by e-mail and password, or any name with an API
 * key as the password. What is handed out is a session of ours: as a cookie with a token against forged writes, and as a
 * bearer. Guessing is slowed down as everywhere.
 */
import type { App } from '../app/app.ts';
import { hasKeyForm } from '../app/key-format.ts';
import { ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { type Admission, cookieOf } from './admission.ts';
import type { Call, Services } from './route.ts';
import { csrfToken, sessionCookie, sessionCookieName } from './session-cookie.ts';

export type VendorSignIn = {
  readonly admission: Pick<Admission, 'assertNotGuessing' | 'failed' | 'originOf'>;
  readonly https: boolean;
};

export type OpenedSession = {
  /** `{signedIn: true, token, csrfToken, name, expiresAtMs}`, or `{signedIn: false}`. */
  readonly result: JsonObject;
  readonly headers: { readonly [name: string]: string };
};

const charactersMax = 1_000;

/** The request that signs in, and what answers it. */
export type SigningIn = {
  readonly request: Call['request'];
  readonly services: Pick<Services, 'app' | 'clock'>;
};

export async function openVendorSession(
  { admission, https }: VendorSignIn,
  { request, services: { app, clock } }: SigningIn,
  input: JsonObject,
): Promise<OpenedSession> {
  const [username, password] = [textIn(input, 'username'), textIn(input, 'password')];
  const refused: OpenedSession = { result: { signedIn: false }, headers: {} };
  if (password === '' || password.length > charactersMax || username.length > charactersMax) return refused;
  admission.assertNotGuessing(request, `${username} ${password}`);
  const session = await app.sessions.create(credentials(username, password), admission.originOf(request));
  if (session === null) {
    admission.failed(request);
    return refused;
  }
  const { cookie, caller, expiresAtMs } = session;
  return {
    result: {
      signedIn: true,
      token: cookie,
      csrfToken: csrfToken(cookie),
      name: caller.actor.name ?? username,
      expiresAtMs,
    },
    headers: { 'set-cookie': sessionCookie(https, cookie, Math.floor((expiresAtMs - clock.nowMs()) / 1_000)) },
  };
}

function credentials(username: string, password: string): Parameters<App['sessions']['create']>[0] {
  return hasKeyForm(password) || !username.includes('@') ? { key: password } : { email: username, password };
}

/** Ends the session that the request came with, by cookie or bearer. */
export async function closeVendorSession(
  { https }: VendorSignIn,
  { request }: Pick<Call, 'request'>,
  { app }: Pick<Services, 'app'>,
): Promise<OpenedSession['headers']> {
  const cookie =
    cookieOf(request, sessionCookieName(https)) ?? /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (cookie !== undefined) await app.sessions.remove(cookie);
  return { 'set-cookie': sessionCookie(https, '', 0) };
}

function textIn(input: JsonObject, name: string): string {
  const value = ownValue(input, name);
  return typeof value === 'string' ? value : '';
}
