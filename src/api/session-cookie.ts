import { hash, timingSafeEqual } from 'node:crypto';

/** `__Host-` binds the cookie to the one host and to https; browsers refuse it on plain http, so there it goes without. */
export function sessionCookieName(https: boolean): string {
  return https ? '__Host-assetwire-session' : 'assetwire-session';
}

/** HttpOnly: no script reads it. SameSite=Strict: no other site's request carries it. */
export function sessionCookie(https: boolean, value: string, maxAgeSeconds: number): string {
  return `${sessionCookieName(https)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${https ? '; Secure' : ''}`;
}

/**
 * What a program that comes with the session cookie sends as `X-CSRF-Token` with its writes, where it is no page of ours:
 * only whoever was told the cookie can know it, and no other site can make a browser send the header.
 */
export function csrfToken(cookie: string): string {
  return hash('sha256', `assetwire csrf v1\0${cookie}`, 'base64url');
}

/** Whether the token is the cookie's, in a time that says nothing of how much of it is right. */
export function isCsrfToken(token: string | undefined, cookie: string): boolean {
  const right = Buffer.from(csrfToken(cookie));
  const given = Buffer.from(token ?? '');
  return given.length === right.length && timingSafeEqual(given, right);
}
