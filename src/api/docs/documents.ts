/**
 * What is served below `/docs`. The pages, made from the repository's own Markdown, are loaded at the first request for one:
 * a server that nobody asks pays nothing. Then they are in memory, under 2 MB, compressed and not.
 */
import { takesGzip } from '../accept-encoding.ts';
import type { Answer } from '../route.ts';
import { escapeHtml } from './escape-html.ts';
import { notFoundMark } from './not-found-mark.ts';
import { loadSite, type Site, type SiteFile } from './site.ts';
import { suggestPaths } from './suggest-paths.ts';

export type DocumentRequest = {
  /** The path of the request, `/docs` or below, without a query. */
  readonly path: string;
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
};

export interface Documents {
  /** Answers any path: with the file, with a redirection to it, or with a page that says where to look. */
  answer(request: DocumentRequest): Promise<Answer>;
}

/** `load` is that of `site.ts`, unless a test hands in something else. */
export function createDocuments(load: () => Promise<Site> = loadSite): Documents {
  let made: Promise<Site> | null = null;
  const site = (): Promise<Site> => {
    made ??= load().catch((error: unknown) => {
      // The next request tries again.
      made = null;
      throw error;
    });
    return made;
  };
  return {
    async answer(request) {
      const { files, titles, notFound } = await site();
      const file = files.get(request.path);
      if (file !== undefined) return fileAnswer(request, file);
      const moved = pageOf(request.path);
      if (moved !== request.path && files.has(moved)) {
        return { status: 308, style: 'page', empty: true, headers: { location: moved, 'content-length': '0' } };
      }
      return {
        status: 404,
        style: 'page',
        contentType: 'text/html; charset=utf-8',
        // A function: what is suggested must not be read as a pattern of replacement.
        text: notFound.replace(notFoundMark, () => notFoundText(request.path, titles)),
      };
    },
  };
}

function fileAnswer({ ifNoneMatch, acceptEncoding }: DocumentRequest, file: SiteFile): Answer {
  const headers = { etag: file.etag, vary: 'accept-encoding' };
  if (ifNoneMatch === file.etag) return { status: 304, style: 'page', empty: true, headers };
  const zip = file.gzip !== null && takesGzip(acceptEncoding);
  const body = zip && file.gzip !== null ? file.gzip : file.body;
  return {
    status: 200,
    style: 'page',
    contentType: file.contentType,
    text: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    headers: zip ? { ...headers, 'content-encoding': 'gzip' } : headers,
  };
}

/** How people write the path of a page who know the file or end it with a slash. */
function pageOf(path: string): string {
  return path.replace(/\/+$/, '').replace(/(\/README)?\.md$/, '');
}

function notFoundText(path: string, titles: Site['titles']): string {
  const suggestions = suggestPaths(path, titles).map(
    ([at, title]) => `<li><a href="${at}">${escapeHtml(title)}</a></li>`,
  );
  return (
    `<h1>No such page</h1><p>There is no page at <code>${escapeHtml(path.slice(0, 200))}</code>.</p>` +
    (suggestions.length === 0 ? '' : `<p>Perhaps you are looking for</p><ul>${suggestions.join('')}</ul>`) +
    '<p>Or go to <a href="/docs">the map of the documentation</a>.</p>'
  );
}
