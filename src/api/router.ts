/**
 * Which request goes where. `find-my-way` finds the route and `serve-route.ts` does the rest. Two paths are taken out before the
 * router: the inbox, for which nothing of the API holds, and `POST /v1/changes`, which is called more often than
 * everything else together.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import findMyWay from 'find-my-way';
import { AssetwireError } from '../core/errors.ts';
import { type AnswerWriter, MethodNotAllowed, NoRoute } from './answer.ts';
import { answerConnectionError } from './connection-errors.ts';
import { createDocuments } from './docs/documents.ts';
import { inboxPrefix } from './inbox-listener.ts';
import { createHttpServer } from './listeners.ts';
import { consoleAnswer, type ConsoleFile, consoleMissing, consolePlaces, readConsoleFiles } from './console-files.ts';
import { readPageFiles } from './page-files.ts';
import { notFound } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { methodsAt, nearestRoute, pathOf, toRouterPath, wordsAt } from './route-paths.ts';
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

export type Router = {
  /** The plain listener, not yet listening. */
  readonly server: Server;
  /** Answers a request whose place was found by somebody else; nothing is taken out before the router. */
  readonly route: RequestListener;
  /** Answers GET and HEAD at a path, which may end in `/*`. */
  page(path: string, answer: RequestListener): void;
};

/** Characters of one part of a path: no id or name that stands in one is longer. */
const partCharactersMax = 1_024;

export function createRouter({ serving, routes, inbox, whole, hostMounts, requestId }: RouterOptions): Router {
  /** Below a vendor's prefix the vendor's words are told, whether there is a route or not. */
  const refuse = (request: IncomingMessage, response: ServerResponse, error: AssetwireError): void => {
    const words = foreignWordsAt(routes, error, request);
    if (words === null) serving.answers.fail(request, response, error);
    else serving.answers.write(request, response, words);
  };
  const malformed = (_path: string, request: IncomingMessage, response: ServerResponse): void => {
    serving.answers.fail(
      request,
      response,
      new AssetwireError('not_found', {
        detail: 'Find it here: the path is not well formed',
        mend: 'Escape what stands in the path as encodeURIComponent does; its parts have at most 1,024 characters',
      }),
    );
  };
  const places = findMyWay({
    caseSensitive: true,
    ignoreTrailingSlash: false,
    ignoreDuplicateSlashes: false,
    maxParamLength: partCharactersMax,
    querystringParser: () => ({}),
    onBadUrl: malformed,
    onMaxParamLength: malformed,
    defaultRoute: (request, response) => {
      const path = pathOf(request);
      const { method = '' } = request;
      const allowed = methodsAt(routes, path);
      const isNone = allowed.length === 0;
      const error = isNone ? missing(routes, method, path) : new MethodNotAllowed(method, allowed.join(', '));
      refuse(request, response, error);
    },
  });
  for (const route of routes) {
    const isSeen = route.method === 'GET' && route.streaming !== true;
    // Bodies are read by the routes, after the caller is known to be allowed.
    places.on(isSeen ? ['HEAD', 'GET'] : route.method, toRouterPath(route.path), (request, response, found) => {
      const parameters = stringParameters(found);
      void serveRoute(serving, { route, request, response, parameters, search: searchOf(request) });
    });
  }
  const routed = (request: IncomingMessage, response: ServerResponse): void => void places.lookup(request, response);
  const server = createHttpServer((request, response) => {
    if (hostMounts !== undefined) mountByHost(hostMounts, request);
    takeWorkspaceParameter(request);
    const url = request.url ?? '';
    if (whole && url === reportChanges.path && request.method === reportChanges.method) {
      void serveRoute(serving, { route: reportChanges, request, response, parameters: noParameters, search: '' });
    } else if (whole && url.startsWith(inboxPrefix)) inbox(request, response);
    else if (url.startsWith('/')) routed(request, response);
    else serving.answers.fail(request, response, notFound('Find it here: the target is not a path'));
  });
  server.on('clientError', (error: Error, socket: Socket) => answerConnectionError(error, socket, requestId));
  return { server, route: routed, page: (path, answer) => places.on(['HEAD', 'GET'], path, answer) };
}

const noParameters = {};

/** An error in the words of the vendor whose API the path would belong to; null where it is ours. */
function foreignWordsAt(routes: readonly Route[], error: AssetwireError, request: IncomingMessage): Answer | null {
  const present = wordsAt(routes, pathOf(request));
  return present === null || present === undefined ? null : foreignWords(present, error, request);
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
  return new NoRoute({
    detail: 'Find a route: there is none at this path',
    mend: near === undefined ? '/openapi.json lists every route, /docs explains them' : `Use ${near} instead`,
  });
}

export async function mountPages(router: Router, answers: AnswerWriter): Promise<void> {
  mountDocuments(router, answers);
  await mountConsole(router, answers);
  for (const [path, answer] of await readPageFiles()) {
    router.page(path, (request, response) => {
      const fresh = request.headers['if-none-match'] === answer.etag;
      answers.write(
        request,
        response,
        fresh ? { status: 304, style: 'page', empty: true, headers: { etag: answer.etag } } : answer,
      );
    });
  }
}

async function mountConsole(router: Router, answers: AnswerWriter): Promise<void> {
  const files = await readConsoleFiles();
  const page = files.get('/');
  const serve = (path: string, file: ConsoleFile | undefined): void => {
    router.page(path, (request, response) => {
      const { 'if-none-match': ifNoneMatch, 'accept-encoding': encoding } = request.headers;
      const acceptEncoding = typeof encoding === 'string' ? encoding : undefined;
      answers.write(
        request,
        response,
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

function mountDocuments(router: Router, answers: AnswerWriter): void {
  const documents = createDocuments();
  for (const path of ['/docs', '/docs/*']) {
    router.page(path, (request, response) => {
      const { 'if-none-match': ifNoneMatch, 'accept-encoding': encoding } = request.headers;
      const acceptEncoding = typeof encoding === 'string' ? encoding : undefined;
      documents.answer({ path: pathOf(request), ifNoneMatch, acceptEncoding }).then(
        (answer) => answers.write(request, response, answer),
        (error: unknown) => answers.fail(request, response, error),
      );
    });
  }
}

function searchOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}

function stringParameters(parameters: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const strings: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) if (typeof value === 'string') strings[name] = value;
  return strings;
}
