/** An egress proxy on loopback that takes CONNECT, and misbehaves as a test says. It keeps every byte it is told. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { EgressProxyPlace } from '../../runtime/egress-proxy-url.ts';

export type ProxyBehaviour = {
  /** Called with each head, in place of opening the tunnel; `open` opens it after all. */
  readonly onConnect?: (socket: Socket, open: () => void) => void;
  /** Called before anything is read. */
  readonly onConnection?: (socket: Socket) => void;
  readonly tls?: TlsOptions;
};

export type FakeProxy = {
  readonly place: EgressProxyPlace;
  /** What stood before each tunnel, without the empty line. */
  readonly heads: readonly string[];
  /** Everything that went through tunnels towards receivers. */
  relayed(): string;
  connections(): number;
  close(): Promise<void>;
};

export async function startFakeProxy(behaviour: ProxyBehaviour = {}): Promise<FakeProxy> {
  const heads: string[] = [];
  const pieces: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const serve = (socket: Socket): void => {
    connections++;
    keep(socket);
    behaviour.onConnection?.(socket);
    if (socket.destroyed) return;
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.removeListener('data', read);
      heads.push(head.slice(0, end));
      const open = (): void => tunnel(socket, head);
      if (behaviour.onConnect === undefined) open();
      else behaviour.onConnect(socket, open);
    };
    socket.on('data', read);
  };
  const tunnel = (socket: Socket, head: string): void => {
    const [, host = '', port = ''] = /^CONNECT (?:\[(?=.*\]))?([^\]\s]+?)\]?:(\d+) HTTP/.exec(head) ?? [];
    const onward = keep(connect({ host, port: Number(port) }));
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 fake\r\n\r\n');
      socket.on('data', (chunk: Buffer) => {
        pieces.push(chunk);
        onward.write(chunk);
      });
      onward.pipe(socket);
    });
    socket.on('close', () => onward.destroy());
  };
  const { tls } = behaviour;
  const server: Server = tls === undefined ? createServer({ noDelay: true }, serve) : createTlsServer(tls, serve);
  server.on('tlsClientError', (_error: Error, socket: Socket) => void socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    place: { secure: tls !== undefined, host: '127.0.0.1', port, login: null },
    heads,
    relayed: () => Buffer.concat(pieces).toString('latin1'),
    connections: () => connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
