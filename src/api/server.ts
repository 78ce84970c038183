/** The HTTP server: parts made and wired, started and stopped. What is served where is in `router.ts`. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { AssetwireError } from '../core/errors.ts';
import { createAdmission } from './admission.ts';
import { createAnswerWriter } from './answer.ts';
import type { ApiAddress, ApiOptions, ApiServer } from './api.ts';
import { createEventStreams } from './event-streams.ts';
import { createFailedAuthentications } from './failed-authentications.ts';
import { createInboxListener } from './inbox-listener.ts';
import {
  closeServer,
  createHttpServer,
  listenAt,
  listenAtOtherLoopback,
  listenTls,
  portOf,
  urlHost,
} from './listeners.ts';
import { createBodyReader } from './request-body.ts';
import type { Services } from './route.ts';
import { pathOf } from './route-paths.ts';
import { createRouter, mountPages, type Router } from './router.ts';
import { createRoutes } from './routes/all.ts';
import type { Serving } from './serve-route.ts';
import { sessionCookieName } from './session-cookie.ts';
import { atRoot } from './vendor-mounts.ts';

/** What a process answers that takes no requests. */
const operationPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);
const stopGraceMsDefault = 10_000;

/** The server of one installation. */
export function createApiServer(options: ApiOptions): ApiServer {
  const { settings, clock } = options;
  const state: State = { closing: false, running: null };
  const { serving, streams, https } = createServing(options, state);
  let starting: Promise<Running> | null = null;
  let stopping: Promise<void> | null = null;

  const start = async (): Promise<Running> => {
    const inbox = createInboxListener({ ...options, bodies: serving.bodies, answers: serving.answers });
    const everything = createRoutes({ ...options, admission: serving.admission, https });
    const whole = settings.only === undefined;
    const routes = whole ? everything : everything.filter(({ path }) => operationPaths.has(path));
    const router = createRouter({
      serving,
      routes,
      inbox,
      whole,
      ...(settings.hostMounts === undefined ? {} : { hostMounts: settings.hostMounts }),
      requestId: () => options.ids.next('request'),
    });
    const opened: Server[] = [];
    try {
      if (whole) await mountPages(router, serving.answers);
      opened.push(router.server);
      await listenAt(router.server, settings);
      if (settings.host === 'localhost') opened.push(...(await listenAtOtherLoopback(router.server)));
      const tls = await listenTls(options, inbox, portOf(router.server));
      if (tls !== null) opened.push(tls);
      const vendors = await listenForVendors(options, router, opened);
      return {
        servers: opened,
        address: { ...addressOf(options, router.server, tls), vendorUrls: vendors },
      };
    } catch (error) {
      await Promise.all(opened.map(closeServer));
      throw error;
    }
  };

  const stop = async ({ servers }: Running): Promise<void> => {
    state.closing = true;
    streams.stop();
    serving.bodies.stop();
    const cut = clock.timer(settings.stopGraceMs ?? stopGraceMsDefault, () => {
      for (const server of servers) server.closeAllConnections();
    });
    await Promise.all(servers.map(closeServer));
    cut.cancel();
  };

  return {
    async start() {
      starting ??= start();
      state.running = await starting;
      return state.running.address;
    },
    async stop() {
      // A start that failed has closed what it had opened.
      const running = await starting?.catch(() => null);
      if (running === undefined || running === null) return;
      stopping ??= stop(running);
      await stopping;
    },
  };
}

/** Opens the ports at whose root vendors' APIs stand; their URLs by dialect. Those that listen are put into `opened`. */
async function listenForVendors(
  { settings, vendorRoutes = [] }: ApiOptions,
  router: Router,
  opened: Server[],
): Promise<ApiAddress['vendorUrls']> {
  const urls: [string, string][] = [];
  for (const { dialect, host, port } of settings.dialectListen ?? []) {
    if (!vendorRoutes.some((api) => api.dialect === dialect)) {
      const known = vendorRoutes.map((api) => api.dialect).join(', ');
      throw new AssetwireError('unknown_dialect', {
        detail: `Listen for a dialect that has an API of its own (${known}): got "${dialect}"`,
        mend: 'Mend ASSETWIRE_DIALECT_LISTEN',
      });
    }
    const server = createHttpServer(atRoot(dialect, router.route));
    server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
    await listenAt(server, { host, port });
    opened.push(server);
    urls.push([dialect, `http://${urlHost(host)}:${portOf(server)}`]);
  }
  return Object.fromEntries(urls);
}

type Running = { readonly servers: readonly Server[]; readonly address: ApiAddress };
type State = { closing: boolean; running: Running | null };

/** What every request needs, made once. */
function createServing(options: ApiOptions, state: State) {
  const { app, settings, clock, ids, logger, metrics } = options;
  const https = settings.publicUrl?.startsWith('https:') === true;
  const streams = createEventStreams({ clock, onClosed: (id, listener) => app.live.onClosed(id, listener) });
  const bodies = createBodyReader({ clock });
  const services: Services = {
    app,
    settings,
    clock,
    ids,
    logger,
    streams,
    bodies,
    publicUrl: () => settings.publicUrl ?? state.running?.address.url ?? '',
    startedAtMs: clock.nowMs(),
  };
  const serving: Serving = {
    services,
    bodies,
    metrics,
    answers: createAnswerWriter({
      requestId: () => ids.next('request'),
      onFault: (requestId, fault, request) => logFault(options, { requestId, fault, request }),
      clock,
      https,
      closing: () => state.closing,
    }),
    admission: createAdmission({
      app,
      failures: createFailedAuthentications({ clock }),
      logger,
      cookieName: sessionCookieName(https),
      trustedProxies: settings.trustedProxies ?? [],
    }),
  };
  return { serving, streams, https };
}

function addressOf({ settings }: ApiOptions, server: Server, tls: Server | null): Omit<ApiAddress, 'vendorUrls'> {
  const host = urlHost(settings.host);
  const port = portOf(server);
  const url = `http://${host}:${port}`;
  const tlsPort = tls === null ? null : portOf(tls);
  return {
    url,
    publicUrl: settings.publicUrl ?? url,
    host: settings.host,
    port,
    tlsUrl: tlsPort === null ? null : `https://${host}:${tlsPort}`,
    tlsPort,
  };
}

type Fault = { readonly requestId: string; readonly fault: AssetwireError; readonly request: IncomingMessage };

/** Our own fault: everything that helps to find it goes to our log, under the id the caller was given. */
function logFault({ logger, settings }: ApiOptions, { requestId, fault, request }: Fault): void {
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
