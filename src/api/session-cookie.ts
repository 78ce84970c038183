/** `__Host-` binds the cookie to the one host and to https; browsers refuse it on plain http, so there it goes without. */
export function sessionCookieName(https: boolean): string {
  return https ? '__Host-assetwire-session' : 'assetwire-session';
}

/** HttpOnly: no script reads it. SameSite=Strict: no other site's request carries it. */
export function sessionCookie(https: boolean, value: string, maxAgeSeconds: number): string {
  return `${sessionCookieName(https)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${https ? '; Secure' : ''}`;
}
