/**
 * The HTTP server: Fastify routes, `serve-route.ts` does the rest. Two paths are taken out before the router: the inbox,
 * for which nothing of the API holds, and `POST /v1/changes`, which is called more often than everything else together.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import { AssetwireError } from '../core/errors.ts';
import { createAdmission } from './admission.ts';
import { type AnswerWriter, createAnswerWriter, MethodNotAllowed } from './answer.ts';
import type { ApiAddress, ApiOptions, ApiServer } from './api.ts';
import { answerConnectionError } from './connection-errors.ts';
import { createEventStreams } from './event-streams.ts';
import { createFailedAuthentications } from './failed-authentications.ts';
import { createInboxListener, inboxPrefix } from './inbox-listener.ts';
import { readPageFiles } from './page-files.ts';
import { notFound, presentableError } from './problem.ts';
import { createBodyReader } from './request-body.ts';
import type { Route, Services } from './route.ts';
import { methodsAt, toRouterPath } from './route-paths.ts';
import { createRoutes } from './routes/all.ts';
import { reportChanges } from './routes/changes.ts';
import { type Serving, serveRoute } from './serve-route.ts';
import { sessionCookieName } from './session-cookie.ts';

const stopGraceMsDefault = 10_000;
const connectionsMax = 10_000;
const listenerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  // A backstop only: bodies have limits of their own, and a large upload over a slow line is allowed to take its time.
  requestTimeout: 3_600_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
  insecureHTTPParser: false,
} as const;

/** The server of one installation. */
export function createApiServer(options: ApiOptions): ApiServer {
  const { app, settings, clock, ids, logger, metrics } = options;
  let closing = false;
  let running: Running | undefined;
  let starting: Promise<Running> | undefined;
  const publicUrl = (): string => settings.publicUrl ?? running?.address.url ?? '';

  const streams = createEventStreams({ clock });
  const bodies = createBodyReader({ clock });
  const https = settings.publicUrl?.startsWith('https:') === true;
  const answers = createAnswerWriter({
    requestId: () => ids.next('request'),
    onFault: (requestId, fault, request) => logFault(options, requestId, fault, request),
    https,
    closing: () => closing,
  });
  const services: Services = {
    app,
    settings,
    clock,
    ids,
    logger,
    streams,
    bodies,
    publicUrl,
    startedAtMs: clock.nowMs(),
  };
  const serving: Serving = {
    services,
    bodies,
    answers,
    metrics,
    admission: createAdmission({
      app,
      failures: createFailedAuthentications({ clock }),
      cookieName: sessionCookieName(https),
      trustedProxies: settings.trustedProxies ?? [],
    }),
  };
  const routes = createRoutes({ ...options, admission: serving.admission, https });
  const inbox = createInboxListener({ app, clock, bodies, answers });

  const start = async (): Promise<Running> => {
    const router = createRouter(serving, routes, inbox, () => ids.next('request'));
    await mountPages(router, answers);
    await router.listen({ host: settings.host, port: settings.port });
    const server = router.server;
    const port = portOf(server);
    const tls = await listenTls(options, inbox, port);
    const url = `http://${urlHost(settings.host)}:${port}`;
    const tlsPort = tls === null ? null : portOf(tls);
    return {
      router,
      servers: tls === null ? [server] : [server, tls],
      address: {
        url,
        publicUrl: settings.publicUrl ?? url,
        host: settings.host,
        port,
        tlsUrl: tlsPort === null ? null : `https://${urlHost(settings.host)}:${tlsPort}`,
        tlsPort,
      },
    };
  };

  return {
    async start() {
      starting ??= start();
      running = await starting;
      return running.address;
    },
    async stop() {
      if (starting === undefined) return;
      const { router, servers } = await starting;
      closing = true;
      streams.stop();
      const cut = clock.timer(settings.stopGraceMs ?? stopGraceMsDefault, () => {
        for (const server of servers) server.closeAllConnections();
      });
      bodies.stop();
      await Promise.all([router.close(), ...servers.map(closeServer)]);
      cut.cancel();
    },
  };
}

type Running = { readonly router: FastifyInstance; readonly servers: readonly Server[]; readonly address: ApiAddress };

function createRouter(
  serving: Serving,
  routes: readonly Route[],
  inbox: RequestListener,
  requestId: () => string,
): FastifyInstance {
  const router = fastify({
    serverFactory: (routed) => {
      const server = createServer(listenerOptions, (request, response) => {
        const url = request.url ?? '';
        if (url === reportChanges.path && request.method === reportChanges.method) {
          void serveRoute(serving, reportChanges, request, response, noParameters, '');
        } else if (url.startsWith(inboxPrefix)) inbox(request, response);
        else if (!url.startsWith('/'))
          serving.answers.fail(request, response, notFound('Find it here: the target is not a path'));
        else routed(request, response);
      });
      server.maxConnections = connectionsMax;
      return server;
    },
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
      serving.answers.fail(request.raw, reply.raw, notFound('Find it here: the path is not well formed'));
    },
  });
  // Bodies are read by the routes, after the caller is known to be allowed.
  router.removeAllContentTypeParsers();
  router.addContentTypeParser('*', (_request, _payload, done) => done(null));
  router.setErrorHandler((error, request, reply) => {
    reply.hijack();
    serving.answers.fail(request.raw, reply.raw, routerError(error));
  });
  router.setNotFoundHandler((request, reply) => {
    reply.hijack();
    const allowed = methodsAt(routes, pathOf(request.raw));
    const error =
      allowed.length === 0
        ? notFound('Find a route: there is none at this path')
        : new MethodNotAllowed(request.method, allowed.join(', '));
    serving.answers.fail(request.raw, reply.raw, error);
  });
  for (const route of routes) {
    router.route({
      method: route.method,
      url: toRouterPath(route.path),
      exposeHeadRoute: route.method === 'GET' && route.streaming !== true,
      handler: (request, reply) => {
        reply.hijack();
        const { raw } = request;
        void serveRoute(serving, route, raw, reply.raw, stringParameters(request.params), searchOf(raw));
      },
    });
  }
  return router;
}

const noParameters = {};

/** What the router itself refuses: all it looks at before a route is the form of the content type. */
function routerError(error: unknown): AssetwireError {
  const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  if (status === 415)
    return new AssetwireError('unsupported_media_type', {
      detail: 'Send a Content-Type as in RFC 9110: it has another form',
    });
  if (typeof status === 'number' && status < 500)
    return new AssetwireError('malformed_request', {
      detail: 'Send a request that can be read: the router refused it',
    });
  return presentableError(error);
}

async function mountPages(router: FastifyInstance, answers: AnswerWriter): Promise<void> {
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

async function listenTls({ settings }: ApiOptions, inbox: RequestListener, port: number): Promise<Server | null> {
  const tls = settings.inboxTls;
  if (tls === undefined) return null;
  const server = createTlsServer(
    { ...listenerOptions, cert: tls.certificatePem, key: tls.keyPem, minVersion: 'TLSv1.2' },
    inbox,
  );
  server.maxConnections = connectionsMax;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
  // Where the first port was drawn by the system, the one behind it may well be somebody else's.
  const wanted = tls.port ?? (settings.port === 0 ? 0 : port + 1);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, settings.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

function closeServer(server: Server): Promise<void> {
  server.closeIdleConnections();
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
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

/** Our own fault: everything that helps to find it goes to our log, under the id the caller was given. */
function logFault(
  { logger, settings }: ApiOptions,
  requestId: string,
  fault: AssetwireError,
  request: IncomingMessage,
): void {
  const cause = fault.cause instanceof Error ? fault.cause : fault;
  logger.error('api.request_failed', {
    requestId,
    method: request.method,
    path: pathOf(request).slice(0, 200),
    code: fault.code,
    error: cause.message,
    stack: fault.code === 'internal' ? cause.stack : undefined,
    version: settings.version,
  });
}
