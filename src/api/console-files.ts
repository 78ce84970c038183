/**
 * The console: what `console/` was built into, read once at start and served from memory. Its pages have addresses of their own,
 * and each of them is the same file, which draws what the address says.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { takesGzip } from './accept-encoding.ts';
import type { Answer } from './route.ts';

/** Where the build lies: beside `src` in a checkout, beside `dist` in the package. */
const built = fileURLToPath(new URL('../../console/dist', import.meta.url));

/** Addresses of pages; what lies below one is drawn by the same file. */
export const consolePlaces: readonly string[] = [
  '/',
  '/start',
  '/assets',
  '/jobs',
  '/broadcasts',
  '/webhooks',
  '/deliveries',
  '/changes',
  '/events',
  '/inboxes',
  '/settings',
];

const contentTypes: { readonly [ending: string]: string } = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
  svg: 'image/svg+xml',
};

export type ConsoleFile = {
  readonly body: Buffer;
  /** Compressed when it is first asked for, so that a start does not wait for it; null where that would save little. */
  readonly gzip: () => Buffer | null;
  readonly contentType: string;
  readonly etag: string;
  /** Its name says what is in it: a browser may keep it for ever. */
  readonly immutable: boolean;
};

/** Path → file; without `/` where the console has not been built. */
export async function readConsoleFiles(directory = built): Promise<ReadonlyMap<string, ConsoleFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = new Map<string, ConsoleFile>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(directory, path).split(sep).join('/');
    const contentType = contentTypes[name.split('.').at(-1) ?? ''];
    if (contentType === undefined) continue;
    const body = await readFile(path);
    files.set(name === 'index.html' ? '/' : `/${name}`, {
      body,
      gzip: compressedOnce(body, contentType),
      contentType,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      immutable: name.startsWith('console/'),
    });
  }
  return files;
}

function compressedOnce(body: Buffer, contentType: string): () => Buffer | null {
  let kept: Buffer | null | undefined = contentType.startsWith('font/') ? null : undefined;
  return () => {
    if (kept === undefined) {
      const gzip = gzipSync(body);
      kept = gzip.length < 0.8 * body.length ? gzip : null;
    }
    return kept;
  };
}

export type FileRequestHeaders = {
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
};

export function consoleAnswer(file: ConsoleFile, { ifNoneMatch, acceptEncoding }: FileRequestHeaders): Answer {
  const keeping: Record<string, string> = file.immutable
    ? { 'cache-control': 'public, max-age=31536000, immutable' }
    : { 'cache-control': 'private, no-cache' };
  const headers = { ...keeping, etag: file.etag, vary: 'accept-encoding' };
  if (ifNoneMatch === file.etag) return { status: 304, style: 'page', empty: true, headers };
  const gzip = takesGzip(acceptEncoding) ? file.gzip() : null;
  return {
    status: 200,
    style: 'page',
    text: gzip ?? file.body,
    contentType: file.contentType,
    headers: gzip !== null ? { ...headers, 'content-encoding': 'gzip' } : headers,
  };
}

/** What stands at `/` where nobody has built the console: everything else works without it. */
export const consoleMissing: Answer = {
  status: 503,
  style: 'page',
  text: 'The console has not been built. Run: npm run console\nThe API, the command line and /docs work without it.\n',
  contentType: 'text/plain; charset=utf-8',
};
