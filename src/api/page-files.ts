/** Setting a password, the list of the API at `/docs/api` and what the documentation looks like: plain files, read once at start, served from memory. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Answer } from './route.ts';

const files: { readonly [path: string]: { readonly file: string; readonly contentType: string } } = {
  '/password': { file: 'password.html', contentType: 'text/html; charset=utf-8' },
  '/page/password.js': { file: 'password.js', contentType: 'text/javascript; charset=utf-8' },
  '/docs/api': { file: 'api.html', contentType: 'text/html; charset=utf-8' },
  '/page/page.css': { file: 'page.css', contentType: 'text/css; charset=utf-8' },
  '/page/server.js': { file: 'server.js', contentType: 'text/javascript; charset=utf-8' },
  '/page/elements.js': { file: 'elements.js', contentType: 'text/javascript; charset=utf-8' },
  '/page/api.js': { file: 'api.js', contentType: 'text/javascript; charset=utf-8' },
  '/page/documents.css': { file: 'documents.css', contentType: 'text/css; charset=utf-8' },
  '/page/documents.js': { file: 'documents.js', contentType: 'text/javascript; charset=utf-8' },
  '/page/document-search.js': { file: 'document-search.js', contentType: 'text/javascript; charset=utf-8' },
  '/page/share.css': { file: 'share.css', contentType: 'text/css; charset=utf-8' },
  '/page/icon.svg': { file: 'icon.svg', contentType: 'image/svg+xml' },
};

export const pagePaths: readonly string[] = Object.keys(files);

/** Path → answer, with an entity tag so that a reload costs nothing. */
export async function readPageFiles(): Promise<ReadonlyMap<string, Answer & { readonly etag: string }>> {
  const read = await Promise.all(
    Object.entries(files).map(async ([path, { file, contentType }]) => {
      const text = await readFile(new URL(`./page/${file}`, import.meta.url));
      const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
      return [path, { status: 200, style: 'page', text, contentType, etag, headers: { etag } }] as const;
    }),
  );
  return new Map(read);
}
