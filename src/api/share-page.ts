/**
 * The page of a share link: plain HTML made for this request, without any script. Everything that comes from people is
 * escaped where it is put in; what it looks like is in `page/share.css`.
 */
import type { SharedAsset, SharedFile, ShareVisit } from '../app/share-cases.ts';
import { type AssetwireError, errorTable } from '../core/errors.ts';
import { originalName } from '../core/share-link.ts';
import { isShowable } from './content-disposition.ts';
import type { Answer } from './route.ts';
import { retryAfterOf } from './problem.ts';
import { sharedFilePath, sharePath } from './share-paths.ts';

/** HTML that is safe to put into HTML. */
type Html = { readonly html: string };
type Part = Html | string | number | null | readonly Html[];

/** A template whose values are escaped unless they are HTML already; null is nothing. */
function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let made = texts[0] ?? '';
  for (const [at, part] of parts.entries()) made += shown(part) + (texts[at + 1] ?? '');
  return { html: made };
}

function shown(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'html' in part ? part.html : part.map((one) => one.html).join('');
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}

export function sharePage(token: string, visit: Extract<ShareVisit, { state: 'open' }>): Answer {
  const [only] = visit.assets;
  const body = visit.single && only !== undefined ? onePage(token, only, visit) : manyPage(token, visit);
  return page(200, { title: visit.name, body, wide: !visit.single });
}

/** `wrong`: one was sent that is not it. */
export function lockedPage(token: string, mistake: 'wrong' | null): Answer {
  const described = mistake === null ? html`` : html` aria-invalid="true" aria-describedby="mistake"`;
  const body = html`<section class="card narrow">
    ${icon('lock')}
    <h1>This link is protected</h1>
    <p class="soft">Enter the password that you were given with it.</p>
    <form method="post" action="${sharePath(token)}">
      <label for="password">Password</label>
      <input id="password" name="password" type="password" required autofocus autocomplete="current-password"${described} />
      ${mistake === null ? null : html`<p class="mistake" id="mistake" role="alert">That is not the password. Try again.</p>`}
      <button type="submit">Open</button>
    </form>
  </section>`;
  return page(401, {
    title: 'Protected link',
    body,
    // A scheme that no browser knows: with Basic it would put its own window over the form.
    headers: { 'www-authenticate': 'Form realm="Share link"' },
  });
}

const refusals: { readonly [code: string]: { readonly title: string; readonly text: string } } = {
  gone: { title: 'No longer available', text: 'This link has expired or was revoked, or what it shared was deleted.' },
  not_found: { title: 'Nothing here', text: 'There is no share link at this address. Check that it was copied whole.' },
  not_ready: { title: 'Not available yet', text: 'What this link shares has not been published yet. Come back later.' },
  content_withheld: { title: 'This file is held back', text: 'A virus was found in it, or is still looked for.' },
  content_unavailable: { title: 'No file here', text: 'What this link shares has no content on this server.' },
  too_many_requests: {
    title: 'Too many attempts',
    text: 'The password was wrong too often. Wait a little, then try again.',
  },
  share_locked: { title: 'This link is protected', text: 'Open the page of the link and enter its password first.' },
};

/** A refusal in words for people. */
export function refusalPage(error: AssetwireError): Answer {
  const { status, title } = errorTable[error.code];
  const words = refusals[error.code] ?? { title: 'This did not work', text: `${title}.` };
  const retryAfter = retryAfterOf(error);
  const body = html`<section class="card narrow">
    ${icon(status === 429 ? 'lock' : 'gone')}
    <h1>${words.title}</h1>
    <p class="soft">${words.text}</p>
    ${status === 410 || status === 404 ? html`<p class="soft">Ask whoever gave you the link for a new one.</p>` : null}
  </section>`;
  return page(status, {
    title: words.title,
    body,
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  });
}

// --- One asset ------------------------------------------------------------------------------------------------------

type Shown = Pick<Extract<ShareVisit, { state: 'open' }>, 'name' | 'expiresAtMs' | 'allow'>;

function onePage(token: string, asset: SharedAsset, { name, expiresAtMs, allow }: Shown): Html {
  const { original, pictures } = filesOf(asset);
  const main = original ?? pictures.at(-1);
  const facts = [main === undefined ? null : kindOf(main), ...factsOf(original ?? main, asset)];
  return html`<article class="card one">
    <div class="stage">${stageOf(token, asset)}</div>
    <div class="about">
      <h1>${name}</h1>
      ${name === asset.name ? null : html`<p class="file">${asset.name}</p>`}
      <p class="facts">${joined(facts)}</p>
      ${original === undefined ? null : html`<a class="button" href="${sharedFilePath(token, asset.id, originalName)}" download>${arrow}Download<span class="size">${bytesText(original.bytes)}</span></a>`}
      ${allow === 'preview' ? html`<p class="soft">Shared to look at: the original cannot be downloaded.</p>` : null}
      ${sizesOf(token, asset, pictures)}
      ${expiryOf(expiresAtMs)}
    </div>
  </article>`;
}

function stageOf(token: string, asset: SharedAsset): Html {
  const { original, preview } = filesOf(asset);
  const poster = preview === undefined ? html`` : html` poster="${sharedFilePath(token, asset.id, preview.name)}"`;
  if (original !== undefined && isShowable(original.mimeType)) {
    const source = sharedFilePath(token, asset.id, originalName);
    if (original.mimeType.startsWith('video/'))
      return html`<video controls preload="metadata" src="${source}"${poster}></video>`;
    if (original.mimeType.startsWith('audio/'))
      return html`${preview === undefined ? icon('audio') : picture(token, asset, preview)}<audio controls preload="metadata" src="${source}"></audio>`;
  }
  return preview === undefined ? icon(asset.kind) : picture(token, asset, preview);
}

function picture(token: string, { id, name }: SharedAsset, { name: file, widthPx, heightPx }: SharedFile): Html {
  const size =
    widthPx === undefined || heightPx === undefined ? html`` : html` width="${widthPx}" height="${heightPx}"`;
  return html`<img src="${sharedFilePath(token, id, file)}" alt="${name}"${size} />`;
}

function sizesOf(token: string, { id }: SharedAsset, pictures: readonly SharedFile[]): Html | null {
  if (pictures.length === 0) return null;
  const rows = pictures.map(
    (one) => html`<li><a href="${sharedFilePath(token, id, one.name)}" download>
      <span>${capital(one.name)}</span><span class="soft">${joined(factsOf(one))}</span>
    </a></li>`,
  );
  return html`<h2>Smaller pictures</h2><ul class="sizes">${rows}</ul>`;
}

// --- Many assets ----------------------------------------------------------------------------------------------------

function manyPage(
  token: string,
  { name, assets, nextCursor, expiresAtMs, allow }: Extract<ShareVisit, { state: 'open' }>,
): Html {
  const count =
    nextCursor === null ? (assets.length === 1 ? '1 file' : `${assets.length} files`) : 'Many files, a page at a time';
  const next =
    nextCursor === null
      ? null
      : html`<nav><a class="button quiet" href="${sharePath(token)}?after=${encodeURIComponent(nextCursor)}">Next page</a></nav>`;
  return html`<header class="title">
      <h1>${name}</h1>
      <p class="facts">${count}${allow === 'preview' ? ', to look at' : null}</p>
      ${expiryOf(expiresAtMs)}
    </header>
    ${assets.length === 0 ? html`<section class="card narrow">${icon('other')}<h2>Nothing in here</h2><p class="soft">There is nothing to show at the moment.</p></section>` : html`<ul class="grid">${assets.map((asset) => tileOf(token, asset))}</ul>`}
    ${next}`;
}

function tileOf(token: string, asset: SharedAsset): Html {
  const { original, preview, thumbnail } = filesOf(asset);
  const face = thumbnail === undefined ? icon(asset.kind) : picture(token, asset, thumbnail);
  const main = original ?? preview;
  return html`<li class="card tile">
    ${preview === undefined ? html`<div class="face">${face}</div>` : html`<a class="face" href="${sharedFilePath(token, asset.id, preview.name)}">${face}</a>`}
    <div class="about">
      <p class="file" title="${asset.name}">${asset.name}</p>
      <p class="facts">${main === undefined ? 'No file' : joined([kindOf(main), bytesText(main.bytes)])}</p>
      ${main === undefined ? null : html`<a class="get" href="${sharedFilePath(token, asset.id, main.name)}" download aria-label="Download ${asset.name}">${arrow}</a>`}
    </div>
  </li>`;
}

// --- Words ----------------------------------------------------------------------------------------------------------

/** Wide enough for a tile on a screen with many pixels. */
const thumbnailWidthPx = 400;

function filesOf({ files, preview }: SharedAsset) {
  const pictures = files
    .filter(({ name, mimeType }) => name !== originalName && mimeType.startsWith('image/'))
    .sort((left, right) => (right.widthPx ?? 0) - (left.widthPx ?? 0));
  return {
    original: files.find(({ name }) => name === originalName),
    preview: pictures.find(({ name }) => name === preview) ?? pictures[0],
    thumbnail: pictures.findLast(({ widthPx = 0 }) => widthPx >= thumbnailWidthPx) ?? pictures[0],
    pictures,
  };
}

function factsOf({ widthPx, heightPx, bytes }: Partial<SharedFile> = {}, { durationMs }: Partial<SharedAsset> = {}) {
  return [
    widthPx === undefined || heightPx === undefined ? null : `${widthPx} × ${heightPx}`,
    durationMs === undefined ? null : durationText(durationMs),
    bytes === undefined ? null : bytesText(bytes),
  ];
}

function joined(texts: readonly (string | null)[]): string {
  return texts.filter((text) => text !== null).join(' · ');
}

/** `JPEG` of `image/jpeg`. */
function kindOf({ mimeType }: SharedFile): string {
  if (mimeType === 'text/plain') return 'Text';
  const [, subtype = ''] = mimeType.split('/');
  const plain = subtype.replace(/^x-/, '').replace(/\+.*$/, '');
  return plain.length <= 5 ? plain.toUpperCase() : 'File';
}

function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / 1_000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}:${pad(seconds % 60)}` : `${hours}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** In UTC and said so: the server does not know where the visitor is. */
function expiryOf(expiresAtMs: number | null): Html | null {
  if (expiresAtMs === null) return null;
  const at = new Date(expiresAtMs);
  const text = at.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return html`<p class="soft expiry">Available until <time datetime="${at.toISOString()}">${text} UTC</time></p>`;
}

// --- The frame ------------------------------------------------------------------------------------------------------

type Frame = {
  readonly title: string;
  readonly body: Html;
  readonly wide?: boolean;
  readonly headers?: { readonly [name: string]: string };
};

function page(status: number, { title, body, wide = false, headers = {} }: Frame): Answer {
  const text = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex, nofollow" />
    <title>${title}</title>
    <link rel="icon" href="/page/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/page/share.css" />
  </head>
  <body>
    <main class="${wide ? 'wide' : 'slim'}">${body}</main>
    <footer><img src="/page/icon.svg" alt="" width="18" height="18" />Shared with Assetwire</footer>
  </body>
</html>
`.html;
  return {
    status,
    style: 'share',
    text,
    contentType: 'text/html; charset=utf-8',
    headers: { vary: 'accept', 'x-robots-tag': 'noindex', ...headers },
  };
}

const drawings: { readonly [name: string]: string } = {
  lock: '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
  gone: '<circle cx="12" cy="12" r="8.5"/><path d="M6.5 17.5l11-11"/>',
  image:
    '<rect x="3.5" y="5" width="17" height="14" rx="2"/><circle cx="9" cy="10" r="1.6"/><path d="M5 18l5-5 3 3 3-3 4 4"/>',
  video: '<rect x="3.5" y="5" width="17" height="14" rx="2"/><path d="M10.5 9v6l4.5-3z"/>',
  audio: '<path d="M9 17V6l9-2v11"/><circle cx="6.5" cy="17" r="2.5"/><circle cx="15.5" cy="15" r="2.5"/>',
  document: '<path d="M7 3.5h7l4 4v13H7z"/><path d="M14 3.5v4h4M9.5 12h6M9.5 15.5h6"/>',
};
const otherDrawing = '<path d="M7 3.5h7l4 4v13H7z"/><path d="M14 3.5v4h4"/>';

function icon(name: string): Html {
  const drawing = Object.hasOwn(drawings, name) ? drawings[name] : otherDrawing;
  return {
    html: `<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${drawing ?? otherDrawing}</svg>`,
  };
}

const arrow: Html = {
  html: '<svg class="arrow" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/></svg>',
};
