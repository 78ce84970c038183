/**
 * Which request goes where. Fastify finds the route and `serve-route.ts` does the rest. Two paths are taken out before the
 * router: the inbox, for which nothing of the API holds, and `POST /v1/changes`, which is called more often than
 * everything else together.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { AssetwireError } from '../core/errors.ts';
import { type AnswerWriter, MethodNotAllowed } from './answer.ts';
import { answerConnectionError } from './connection-errors.ts';
import { createDocuments } from './docs/documents.ts';
import { inboxPrefix } from './inbox-listener.ts';
import { createHttpServer } from './listeners.ts';
import { consoleAnswer, type ConsoleFile, consoleMissing, consolePlaces, readConsoleFiles } from './console-files.ts';
import { readPageFiles } from './page-files.ts';
import { notFound, presentableError } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { methodsAt, nearestRoute, pathOf, toRouterPath } from './route-paths.ts';
import { reportChanges } from './routes/changes.ts';
import { foreignWords, type Serving, serveRoute } from './serve-route.ts';
import { type HostMounts, mountByHost } from './vendor-mounts.ts';
import { takeWorkspaceParameter } from './workspace-parameter.ts';

export type RouterOptions = {
  readonly serving: Serving;
  readonly routes: readonly Route[];
  readonly inbox: RequestListener;
  /** False: nothing is answered but the routes. */
  readonly whole: boolean;
  /** What stands at the root of a host of its own; see vendor-mounts.ts. */
  readonly hostMounts?: HostMounts;
  /** Draws the id of what is answered before there is a request. */
  readonly requestId: () => string;
};

export function createRouter({ serving, routes, inbox, whole, hostMounts, requestId }: RouterOptions): FastifyInstance {
  const router = fastify({
    serverFactory: (routed) =>
      createHttpServer((request, response) => {
        if (hostMounts !== undefined) mountByHost(hostMounts, request);
        takeWorkspaceParameter(request);
        const url = request.url ?? '';
        if (whole && url === reportChanges.path && request.method === reportChanges.method) {
          void serveRoute(serving, { route: reportChanges, request, response, parameters: noParameters, search: '' });
        } else if (whole && url.startsWith(inboxPrefix)) inbox(request, response);
        else if (url.startsWith('/')) routed(request, response);
        else serving.answers.fail(request, response, notFound('Find it here: the target is not a path'));
      }),
    clientErrorHandler: (error, socket) => answerConnectionError(error, socket, requestId),
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: 1_024,
      querystringParser: () => ({}),
    },
    return503OnClosing: false,
    exposeHeadRoutes: true,
    frameworkErrors: (_error, request, reply) => {
      reply.hijack();
      serving.answers.fail(
        request.raw,
        reply.raw,
        new AssetwireError('not_found', {
          detail: 'Find it here: the path is not well formed',
          mend: 'Escape what stands in the path as encodeURIComponent does; its parts have at most 1,024 characters',
        }),
      );
    },
  });
  /** Below a vendor's prefix the vendor's words are told, whether there is a route or not. */
  const refuse = (request: FastifyRequest, reply: FastifyReply, error: AssetwireError): void => {
    const words = foreignWordsAt(routes, error, request.raw);
    if (words === null) serving.answers.fail(request.raw, reply.raw, error);
    else serving.answers.write(request.raw, reply.raw, words);
  };
  // Bodies are read by the routes, after the caller is known to be allowed.
  router.removeAllContentTypeParsers();
  router.addContentTypeParser('*', (_request, _payload, done) => done(null));
  router.setErrorHandler((error, request, reply) => {
    reply.hijack();
    refuse(request, reply, routerError(error));
  });
  router.setNotFoundHandler((request, reply) => {
    reply.hijack();
    const path = pathOf(request.raw);
    const allowed = methodsAt(routes, path);
    const { method } = request;
    const isNone = allowed.length === 0;
    const error = isNone ? missing(routes, method, path) : new MethodNotAllowed(method, allowed.join(', '));
    refuse(request, reply, error);
  });
  for (const route of routes) {
    router.route({
      method: route.method,
      url: toRouterPath(route.path),
      exposeHeadRoute: route.method === 'GET' && route.streaming !== true,
      handler: (request, reply) => {
        reply.hijack();
        const { raw } = request;
        const parameters = stringParameters(request.params);
        void serveRoute(serving, { route, request: raw, response: reply.raw, parameters, search: searchOf(raw) });
      },
    });
  }
  return router;
}

const noParameters = {};

/** An error in the words of the vendor whose API the path would belong to; null where it is ours. */
function foreignWordsAt(routes: readonly Route[], error: AssetwireError, request: IncomingMessage): Answer | null {
  const [, first = ''] = pathOf(request).split('/', 2);
  const present = routes.find((route) => route.presentError !== undefined && route.path.startsWith(`/${first}/`));
  return present?.presentError === undefined ? null : foreignWords(present.presentError, error, request);
}

function missing(routes: readonly Route[], method: string, path: string): AssetwireError {
  return bareReference(path) ?? noRoute(nearestRoute(routes, { method, path }));
}

/** A folder's path or a foreign id that stands in the address as it is: its slashes part the address. Null where there is none. */
function bareReference(path: string): AssetwireError | null {
  const found = /^(\/v1\/[a-z-]+\/(?:path|external):)(.*\/.*)$/i.exec(path);
  const [, before = '', given = ''] = found ?? [];
  // `/v1/assets/external:4711/versions` names its asset well; what is wrong with it is something else.
  if (found === null || (!before.endsWith('path:') && !/^\/|\/\//.test(given))) return null;
  return new AssetwireError('not_found', {
    detail: 'Find a route: the slashes of what is named part the address',
    mend: `Write each of its slashes as %2F: ${before}${given.slice(0, 200).replaceAll('/', '%2F')}`,
  });
}

function noRoute(near: string | undefined): AssetwireError {
  return new AssetwireError('not_found', {
    detail: 'Find a route: there is none at this path',
    mend: near === undefined ? '/openapi.json lists every route, /docs explains them' : `Use ${near} instead`,
  });
}

/** What the router itself refuses: all it looks at before a route is the form of the content type. */
function routerError(error: unknown): AssetwireError {
  const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  if (status === 415)
    return new AssetwireError('unsupported_media_type', {
      detail: 'Send a Content-Type as in RFC 9110: it has another form',
      mend: 'Set the header Content-Type: application/json, or multipart/form-data for files',
    });
  if (typeof status === 'number' && status < 500)
    return new AssetwireError('malformed_request', {
      detail: 'Send a request that can be read: the router refused it',
      mend: 'Send plain HTTP with a body that is as long as its Content-Length says',
    });
  return presentableError(error);
}

export async function mountPages(router: FastifyInstance, answers: AnswerWriter): Promise<void> {
  mountDocuments(router, answers);
  await mountConsole(router, answers);
  for (const [path, answer] of await readPageFiles()) {
    router.get(path, (request, reply) => {
      reply.hijack();
      const fresh = request.headers['if-none-match'] === answer.etag;
      answers.write(
        request.raw,
        reply.raw,
        fresh ? { status: 304, style: 'page', empty: true, headers: { etag: answer.etag } } : answer,
      );
    });
  }
}

async function mountConsole(router: FastifyInstance, answers: AnswerWriter): Promise<void> {
  const files = await readConsoleFiles();
  const page = files.get('/');
  const serve = (path: string, file: ConsoleFile | undefined): void => {
    router.get(path, (request, reply) => {
      reply.hijack();
      const { raw } = request;
      const { 'if-none-match': ifNoneMatch, 'accept-encoding': encoding } = raw.headers;
      const acceptEncoding = typeof encoding === 'string' ? encoding : undefined;
      answers.write(
        raw,
        reply.raw,
        file === undefined ? consoleMissing : consoleAnswer(file, { ifNoneMatch, acceptEncoding }),
      );
    });
  };
  for (const place of consolePlaces) {
    serve(place, page);
    if (place !== '/') serve(`${place}/*`, page);
  }
  for (const [path, file] of files) if (path !== '/') serve(path, file);
}

function mountDocuments(router: FastifyInstance, answers: AnswerWriter): void {
  const documents = createDocuments();
  for (const path of ['/docs', '/docs/*']) {
    router.get(path, (request, reply) => {
      reply.hijack();
      const { raw } = request;
      const { 'if-none-match': ifNoneMatch, 'accept-encoding': encoding } = raw.headers;
      const acceptEncoding = typeof encoding === 'string' ? encoding : undefined;
      documents.answer({ path: pathOf(raw), ifNoneMatch, acceptEncoding }).then(
        (answer) => answers.write(raw, reply.raw, answer),
        (error: unknown) => answers.fail(raw, reply.raw, error),
      );
    });
  }
}

function searchOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function stringParameters(parameters: unknown): { readonly [name: string]: string } {
  const strings: Record<string, string> = {};
  if (typeof parameters !== 'object' || parameters === null) return strings;
  for (const [name, value] of Object.entries(parameters)) if (typeof value === 'string') strings[name] = value;
  return strings;
}
