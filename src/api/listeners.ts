/** What listens: limits of every connection, the inbox's TLS port, closing. */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { limits } from '../core/limits.ts';
import type { ApiOptions } from './api.ts';

// Not imported: a module of Node's is read export by export then, and some of these load Node's own fetch, which nobody uses.
const { createServer } = process.getBuiltinModule('node:http');
const { createServer: createTlsServer } = process.getBuiltinModule('node:https');

const connectionsMax = 10_000;
const listenerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  // A backstop only: bodies have limits of their own, and a large upload over a slow line is allowed to take its time.
  requestTimeout: limits.uploadMsMax + 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
  insecureHTTPParser: false,
} as const;

/** The plain listener, not yet listening. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(listenerOptions, listener);
  server.maxConnections = connectionsMax;
  return server;
}

/** Listens at a host and port; rejects where it cannot. */
export async function listenAt(server: Server, place: { readonly host: string; readonly port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.port, place.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Where an address of the machine cannot be had, it is not there. */
const noSuchAddress: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** `localhost` is two addresses, and a client takes either: the one that `first` does not have, where the machine has it. */
export async function listenAtOtherLoopback(first: Server): Promise<readonly Server[]> {
  const address = first.address();
  if (typeof address === 'string' || address === null) return [];
  const other = createHttpServer((request, response) => void first.emit('request', request, response));
  other.on('clientError', (error, socket) => void first.emit('clientError', error, socket));
  const host = address.address === '::1' ? '127.0.0.1' : '::1';
  try {
    await listenAt(other, { host, port: address.port });
    return [other];
  } catch (error) {
    if (error instanceof Error && 'code' in error && noSuchAddress.has(error.code)) return [];
    throw error;
  }
}

/** Listens for the inbox by TLS; null where there is no certificate. */
export async function listenTls(
  { settings }: ApiOptions,
  inbox: RequestListener,
  port: number,
): Promise<Server | null> {
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
  await listenAt(server, { host: settings.host, port: wanted });
  return server;
}

export function closeServer(server: Server): Promise<void> {
  server.closeIdleConnections();
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
