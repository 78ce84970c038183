/**
 * Sent with everything (HARDENING UI-07, UI-08). As flat arrays of lower-case names and values, which is what
 * `ServerResponse.writeHead` takes without building a table per response.
 */
const everywhere: readonly string[] = [
  'x-content-type-options',
  'nosniff',
  'referrer-policy',
  'no-referrer',
  'cache-control',
  'no-store',
];

const sameOrigin: readonly string[] = [
  'cross-origin-opener-policy',
  'same-origin',
  'cross-origin-resource-policy',
  'same-origin',
];

/** What `frame-ancestors` says, for browsers that do not know it. */
const neverFramed: readonly string[] = ['x-frame-options', 'DENY'];

/** JSON, problems, text: nothing in them may run, load or be framed. */
export const apiHeaders: readonly string[] = [
  ...everywhere,
  ...sameOrigin,
  ...neverFramed,
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
];

/** Our own pages: our own scripts and styles only, none inline. */
export const pageHeaders: readonly string[] = [
  ...everywhere,
  ...sameOrigin,
  ...neverFramed,
  'content-security-policy',
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; " +
    "font-src 'self'; connect-src 'self'; " +
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
];

/**
 * The page of a share link: no script at all, pictures and films of its own. Its form must say where it comes from, which
 * browsers leave out under `no-referrer`; nobody else is told the address.
 */
export const shareHeaders: readonly string[] = [
  'x-content-type-options',
  'nosniff',
  'referrer-policy',
  'same-origin',
  'cache-control',
  'no-store',
  ...sameOrigin,
  ...neverFramed,
  'content-security-policy',
  "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
];

/** What strangers sent or uploaded: even if a browser is made to open it, it is an inert document of no origin. */
export const foreignHeaders: readonly string[] = [
  ...everywhere,
  ...neverFramed,
  'content-security-policy',
  "sandbox; default-src 'none'; frame-ancestors 'none'",
];

/** Added where we are reached by https. */
export const transportSecurity: readonly string[] = ['strict-transport-security', 'max-age=31536000'];

/** `api`: our JSON. `page`: our HTML. `share`: our HTML for visitors. `foreign`: what strangers sent. */
export type AnswerStyle = 'api' | 'page' | 'share' | 'foreign';
