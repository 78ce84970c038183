/**
 * What visitors of share links meet: a page for browsers, JSON for programs, the bytes. Nobody signs in here: the token of
 * the path lets in, and a password where the link has one, by the page's form (kept as a cookie of this link alone) or by
 * HTTP Basic authentication.
 */
import type { IncomingMessage } from 'node:http';
import type { ShareCredentials, SharedFileReference, ShareVisit } from '../../app/share-cases.ts';
import { AssetwireError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { originalName } from '../../core/share-link.ts';
import { type Admission, cookieOf } from '../admission.ts';
import { servedContent } from '../content-answer.ts';
import { type Answer, type Call, type Route, route, type Services } from '../route.ts';
import { object, optional, string } from '../schema.ts';
import { cursor, id, line } from '../schemas/basics.ts';
import { shareVisitSchema } from '../schemas/share-link.ts';
import { lockedPage, refusalPage, sharePage } from '../share-page.ts';
import { sharedFilePath, sharePath } from '../share-paths.ts';
import { contentAnswers, contentHeaders } from './assets.ts';

const area = 'share';
const token = string({
  minLength: 1,
  maxLength: 128,
  pattern: '^[\\w-]+$',
  examples: ['example-share'],
  description: 'What stands behind /share/ in the URL',
});
const cookieName = 'assetwire-share';
const formBytesMax = 8_192;

export type ShareRouteOptions = {
  readonly admission: Pick<Admission, 'assertNotGuessing' | 'failed' | 'originOf'>;
  readonly https: boolean;
};

export function createShareRoutes(options: ShareRouteOptions): readonly Route[] {
  return [openShare(options), unlockShare(options), getSharedContent(options), getSharedFile(options)];
}

/** Refusals as pages for whoever reads pages; programs get the problem. */
function presentError(error: AssetwireError, request: IncomingMessage): Answer | null {
  return readsPages(request) ? refusalPage(error) : null;
}

function readsPages({ headers }: IncomingMessage): boolean {
  return headers.accept?.toLowerCase().includes('text/html') === true;
}

function openShare(options: ShareRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/share/{token}',
    operation: 'openShareLink',
    area,
    summary: 'Open a share link: a page for browsers, JSON for programs',
    description:
      'Which of the two is chosen by `Accept`. A link with a password answers 401 until it is sent, by HTTP Basic authentication with any user name, or ' +
      'through the form of the page. A link that was revoked or has expired answers 410.',
    scope: 'open',
    params: object({ token }),
    query: object({ after: optional({ ...cursor, description: 'The `nextCursor` of the page before' }) }),
    answers: {
      200: { description: 'What is shared', schema: shareVisitSchema },
    },
    errors: ['share_locked', 'gone', 'not_ready', 'too_many_requests', 'invalid_cursor'],
    pages: true,
    presentError,
    async handle({ params, query, request }, { app }) {
      const visit = await guarded(options, request, (credentials) =>
        app.shares.visit(params.token, credentials, query.after === undefined ? {} : { cursor: query.after }),
      );
      if (visit.state === 'locked') {
        if (readsPages(request)) return lockedPage(params.token, null);
        throw locked();
      }
      if (readsPages(request)) return sharePage(params.token, visit);
      return {
        status: 200,
        json: shownVisit(params.token, visit),
        headers: { vary: 'accept', 'x-robots-tag': 'noindex' },
      };
    },
  });
}

function shownVisit(of: string, { state: _, assets, ...visit }: Extract<ShareVisit, { state: 'open' }>) {
  return {
    ...visit,
    assets: assets.map(({ files, ...asset }) => ({
      ...asset,
      files: files.map((file) => ({ ...file, url: sharedFilePath(of, asset.id, file.name) })),
    })),
  };
}

function unlockShare({ admission, https }: ShareRouteOptions): Route {
  return route({
    method: 'POST',
    path: '/share/{token}',
    operation: 'unlockShareLink',
    area,
    summary: "Send a share link's password: the form of its page",
    description:
      'Sets a cookie that is good for this link alone, and leads back to the page. After ten wrong ones 429 with Retry-After.',
    scope: 'open',
    params: object({ token }),
    upload: {
      contentType: 'application/x-www-form-urlencoded',
      schema: object({ password: string({ maxLength: limits.passwordBytesMax }) }),
    },
    answers: {
      204: { description: 'Right: the cookie lets in' },
      303: { description: 'Right, and back to the page' },
    },
    errors: [
      'share_locked',
      'gone',
      'too_many_requests',
      'unsupported_media_type',
      'body_too_large',
      'cross_site_request',
    ],
    pages: true,
    presentError,
    async handle({ params, request }, services) {
      assertOwnPage(request);
      const password = await passwordOfForm(request, services);
      admission.assertNotGuessing(request, password);
      const unlocked = await services.app.shares.unlock(params.token, password, admission.originOf(request));
      if (unlocked === null) {
        admission.failed(request);
        if (readsPages(request)) return lockedPage(params.token, 'wrong');
        throw locked();
      }
      const { proof, lifetimeMs } = unlocked;
      const path = sharePath(params.token);
      const cookie = `${cookieName}=${proof}; Path=${path}; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(lifetimeMs / 1_000)}${https ? '; Secure' : ''}`;
      const back = readsPages(request);
      return {
        status: back ? 303 : 204,
        empty: true,
        headers: { ...(back ? { location: path } : {}), ...(proof === '' ? {} : { 'set-cookie': cookie }) },
      };
    },
  });
}

/** A page of somebody else's may link here, but not send passwords. */
function assertOwnPage({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new AssetwireError('cross_site_request', {
    detail: 'Send the password from the page of the link: it comes from elsewhere',
  });
}

async function passwordOfForm(request: IncomingMessage, { bodies }: Services): Promise<string> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw new AssetwireError('unsupported_media_type', {
      detail: 'Send the password as a form: the content type is another one',
      mend: 'Set Content-Type: application/x-www-form-urlencoded, or use HTTP Basic authentication with GET',
    });
  }
  const bytes = await bodies.read(request, formBytesMax);
  return (new URLSearchParams(bytes.toString('utf8')).get('password') ?? '').slice(0, limits.passwordBytesMax);
}

function getSharedContent(options: ShareRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/share/{token}/content',
    operation: 'getSharedContent',
    area,
    summary: 'Download the file of a share link of one asset',
    description: 'The original, or the largest picture where only previews are shared. One range may be asked for.',
    scope: 'open',
    params: object({ token }),
    requestHeaders: contentHeaders,
    answers: contentAnswers,
    errors: contentErrors,
    pages: true,
    presentError,
    handle: ({ params, request }, { app }) => sharedContent(options, { ...params, request }, app),
  });
}

function getSharedFile(options: ShareRouteOptions): Route {
  return route({
    method: 'GET',
    path: '/share/{token}/files/{asset}/{name}',
    operation: 'getSharedFile',
    area,
    summary: 'Download one file of a share link: an original or a rendition',
    scope: 'open',
    params: object({ token, asset: id('asset'), name: line(100, '`original`, or the title of a rendition') }),
    requestHeaders: contentHeaders,
    answers: contentAnswers,
    errors: contentErrors,
    pages: true,
    presentError,
    handle: ({ params: { token: of, asset, name }, request }, { app }) =>
      sharedContent(options, { token: of, assetId: asset, name, request }, app),
  });
}

const contentErrors = [
  'share_locked',
  'gone',
  'not_ready',
  'content_unavailable',
  'content_withheld',
  'range_not_satisfiable',
  'too_many_requests',
] as const;

type SharedCall = Pick<Call, 'request'> & SharedFileReference & { readonly token: string };

async function sharedContent(
  options: ShareRouteOptions,
  { token: of, request, ...file }: SharedCall,
  app: Services['app'],
): Promise<Answer> {
  // A rendition is a picture that we made and may be looked at; whatever somebody uploaded is saved.
  const saved = file.name === undefined || file.name === originalName;
  const answer = await guarded(options, request, (credentials) =>
    servedContent(request, (wanted) => app.shares.content(of, credentials, { ...file, wanted }), {
      saved,
      ...(saved ? { onBegin: () => app.shares.downloaded(of) } : {}),
    }),
  );
  return { ...answer, headers: { ...answer.headers, 'x-robots-tag': 'noindex' } };
}

function locked(): AssetwireError {
  return new AssetwireError('share_locked', {
    detail: 'Open the share link with its password: none was sent, or a wrong one',
  });
}

/** Runs with what the visitor brought; a password that is wrong counts against his address as a wrong key does. */
async function guarded<Result>(
  { admission }: ShareRouteOptions,
  request: IncomingMessage,
  run: (credentials: ShareCredentials) => Promise<Result>,
): Promise<Result> {
  const proof = cookieOf(request, cookieName);
  const password = basicPassword(request);
  if (password !== undefined) admission.assertNotGuessing(request, password);
  const refused = (): void => {
    if (password !== undefined) admission.failed(request);
  };
  try {
    const result = await run({
      ...(proof === undefined ? {} : { proof }),
      ...(password === undefined ? {} : { password }),
      from: admission.originOf(request),
    });
    if (typeof result === 'object' && result !== null && 'state' in result && result.state === 'locked') refused();
    return result;
  } catch (error) {
    if (error instanceof AssetwireError && error.code === 'share_locked') refused();
    throw error;
  }
}

/** The password of `Authorization: Basic`, whatever the user name. */
function basicPassword({ headers }: IncomingMessage): string | undefined {
  const [scheme = '', encoded = ''] = (headers.authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() !== 'basic' || encoded.length > 4_096) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(colon + 1).slice(0, limits.passwordBytesMax);
}
