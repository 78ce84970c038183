/**
 * Receivers that misbehave, on loopback. They speak TCP or TLS by hand, so that a test decides over every byte and sees
 * every byte it was sent. Shared by the transport's tests and by end-to-end tests.
 */
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** One request as it stood on the wire. */
export type RawRequest = {
  /** First line and headers, without the empty line. */
  readonly head: string;
  readonly method: string;
  readonly path: string;
  /** As they came: case, order and repetition kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Which connection it came on, from 1. */
  readonly connection: number;
  /** In how many reads head and body came in. */
  readonly reads: number;
};

export type Behaviour = {
  /** Called for each connection before anything is read. Destroying the socket here is a reset after accept. */
  readonly onConnection?: (socket: Socket, connection: number) => void;
  /** Called for each whole request. Absent: answers 200 with two bytes. Nothing is answered for it. */
  readonly onRequest?: (request: RawRequest, socket: Socket) => void;
  /** Does not read at all. */
  readonly deaf?: boolean;
  readonly tls?: TlsOptions;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
};

export type HostileReceiver = {
  readonly port: number;
  /** `http://` or `https://`, with the address it listens on. */
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  /** Resolves once this many requests have come in whole. */
  received(count: number): Promise<void>;
  /** Resolves once this many connections were accepted. */
  accepted(count: number): Promise<void>;
  /** Resolves once no connection is open. */
  quiet(): Promise<void>;
  close(): Promise<void>;
};

export const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';

export async function startHostileReceiver(behaviour: Behaviour = {}): Promise<HostileReceiver> {
  const { host = '127.0.0.1', port: wantedPort = 0, tls, onConnection, deaf = false } = behaviour;
  const onRequest = behaviour.onRequest ?? ((_request, socket) => socket.write(okAnswer));
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const waiters = new Set<() => void>();
  let accepted = 0;
  const changed = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  const until = (reached: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!reached()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  const serve = (socket: Socket): void => {
    const connection = ++accepted;
    sockets.add(socket);
    socket.on('error', ignore);
    socket.on('close', () => {
      sockets.delete(socket);
      changed();
    });
    onConnection?.(socket, connection);
    changed();
    if (deaf || socket.destroyed) return void socket.pause();
    readRequests(socket, connection, (request) => {
      requests.push(request);
      changed();
      onRequest(request, socket);
    });
  };
  const server: Server = tls === undefined ? createTcpServer({ noDelay: true }, serve) : createTlsServer(tls, serve);
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.on('error', ignore));
  server.listen(wantedPort, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    port,
    origin: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${port}`,
    requests,
    connections: () => accepted,
    open: () => sockets.size,
    received: (count) => until(() => requests.length >= count),
    accepted: (count) => until(() => accepted >= count),
    quiet: () => until(() => sockets.size === 0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Cuts the stream into requests by their Content-Length; a request without one has no body. */
function readRequests(socket: Socket, connection: number, take: (request: RawRequest) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  let reads = 0;
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    reads++;
    for (;;) {
      const headEnd = pending.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = pending.toString('latin1', 0, headEnd);
      const headers = head.split('\r\n').slice(1).map(splitHeader);
      const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (pending.length < end) return;
      const [method = '', path = ''] = head.split(' ', 2);
      take({ head, method, path, headers, body: pending.subarray(headEnd + 4, end), connection, reads });
      pending = pending.subarray(end);
      reads = 0;
    }
  });
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Receivers are reset all the time; that is what they are for. */
function ignore(): void {
  return undefined;
}
