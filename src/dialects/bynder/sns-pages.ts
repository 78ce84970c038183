/**
 * The pages behind links in mails. Programs that look into mails fetch every link in them, so a page changes nothing: the
 * button on it does.
 */
import { createHash } from 'node:crypto';
import type { VendorAnswer } from '../contract/vendor-route.ts';
import { escaped } from './sns-xml.ts';

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color:#1b1f24;background:#fff}' +
  'h1{font-size:1.4rem}code{overflow-wrap:anywhere;background:#f3f4f6;padding:.1em .3em;border-radius:.2em}' +
  'button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1f4fd8;color:#fff;cursor:pointer}' +
  'button.second{background:none;color:inherit;text-decoration:underline;padding:.6rem 0;margin-top:1rem}' +
  'button:focus-visible{outline:3px solid #93b0ff;outline-offset:2px}' +
  '@media(prefers-color-scheme:dark){body{background:#14171c;color:#e6e8eb}code{background:#262b33}}';
const styleHash = createHash('sha256').update(style).digest('base64');
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
} as const;

type Button = { readonly label: string; readonly fields: readonly (readonly [name: string, value: string])[] };

export type Page = {
  readonly title: string;
  /** Plain text, a paragraph each. */
  readonly text: readonly string[];
  /** Shown as code. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  readonly button?: Button;
  /** Below the first, and less conspicuous. */
  readonly second?: Button;
  /** Default 200. */
  readonly status?: number;
};

export function pageAnswer({ title, text, facts = [], button, second, status = 200 }: Page): VendorAnswer {
  const body = [
    `<h1>${escaped(title)}</h1>`,
    ...text.map((paragraph) => `<p>${escaped(paragraph)}</p>`),
    ...facts.map(([name, value]) => `<p>${escaped(name)}: <code>${escaped(value)}</code></p>`),
    ...(button === undefined ? [] : [form(button)]),
    ...(second === undefined ? [] : [form(second, 'second')]),
  ].join('\n');
  return {
    status,
    headers,
    body: `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n<meta name="robots" content="noindex">\n<title>${escaped(title)}</title>\n<style>${style}</style>\n</head>\n<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`,
  };
}

/** To the address of the page itself. */
function form({ label, fields }: Button, look?: 'second'): string {
  const inputs = fields
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
  return `<form method="post">${inputs}<button type="submit"${look === undefined ? '' : ` class="${look}"`}>${escaped(label)}</button></form>`;
}
