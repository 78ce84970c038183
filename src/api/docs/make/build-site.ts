/** The whole documentation, made once: every page, every picture and sample, the search index and its library. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Site, SiteFile } from '../site.ts';
import { layoutPage } from './layout.ts';
import { mapFile, readMap } from './map.ts';
import { notFoundMark } from '../not-found-mark.ts';
import { outerPages, pathOfFile } from './paths.ts';
import { renderPage } from './render.ts';
import type { RenderedPage } from './render.ts';
import { makeSearchIndex } from './search-index.ts';

const contentTypes: { readonly [ending: string]: string } = {
  svg: 'image/svg+xml',
  png: 'image/png',
};

/** The files of the documentation below the root of the installation, from there; the same on every machine. */
export function documentFiles(root: string): readonly string[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const inside = below.map((file) => `docs/${file.split(sep).join('/')}`).filter((file) => pathOfFile(file) !== null);
  const outside = Object.keys(outerPages).filter((file) => existsSync(join(root, file)));
  return [...inside, ...outside].toSorted();
}

export function buildSite(root: string): Site {
  const files = documentFiles(root);
  const known = new Set(files);
  const served = (file: string): boolean => known.has(file);
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const map = readMap(read(mapFile), served);
  const out = new Map<string, SiteFile>();
  const titles = new Map<string, string>();
  const pages: { path: string; page: RenderedPage }[] = [];
  for (const file of files) {
    const path = pathOfFile(file) ?? '';
    if (!file.endsWith('.md')) {
      const ending = file.split('.').at(-1) ?? '';
      out.set(path, siteFile(readFileSync(join(root, file)), contentTypes[ending] ?? 'text/plain; charset=utf-8'));
      continue;
    }
    const page = renderPage({ file, markdown: read(file), served });
    pages.push({ path, page });
    titles.set(path, page.title);
    out.set(path, html(layoutPage({ ...page, path, map })));
  }
  const order = new Map(map.flatMap(({ entries }) => entries).map(({ path }, index) => [path, index]));
  const rank = (path: string): number => order.get(path) ?? order.size;
  const searchable = pages
    .toSorted((a, b) => rank(a.path) - rank(b.path))
    .map(({ path, page }) => ({ path, title: page.title, sections: page.sections }));
  out.set('/docs/search.json', siteFile(Buffer.from(makeSearchIndex(searchable)), 'application/json; charset=utf-8'));
  const library = readFileSync(fileURLToPath(import.meta.resolve('minisearch')));
  out.set('/docs/minisearch.js', siteFile(library, 'text/javascript; charset=utf-8'));
  const notFound = layoutPage({ title: 'No such page', path: null, html: notFoundMark, headings: [], map });
  return { files: out, titles, notFound };
}

function html(text: string): SiteFile {
  return siteFile(Buffer.from(text), 'text/html; charset=utf-8');
}

function siteFile(bytes: Uint8Array, contentType: string): SiteFile {
  const body = new Uint8Array(bytes);
  const gzip = new Uint8Array(gzipSync(body));
  return {
    contentType,
    body,
    gzip: contentType !== 'image/png' && gzip.length < 0.8 * body.length ? gzip : null,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}
