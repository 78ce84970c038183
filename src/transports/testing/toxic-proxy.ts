/**
 * A TCP proxy on the loopback that does to connections what networks do: what toxiproxy calls toxics (HARDENING FR-08). One
 * toxic at a time; it counts for connections that are there and for those to come. For tests only.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `times` and sizes are small: a test waits for them. */
export type Toxic =
  /** Every piece comes later by so much, both ways. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Nobody listens, and what was open is cut. */
  | { readonly kind: 'down' }
  /** So many bytes in a hundredth of a second. */
  | { readonly kind: 'bandwidth'; readonly bytes: number }
  /** The end of a connection is told later by so much. */
  | { readonly kind: 'slow_close'; readonly ms: number }
  /** Nothing comes through, and the connection ends after so long; 0: never. */
  | { readonly kind: 'timeout'; readonly ms: number }
  /** The connection is reset, not ended. */
  | { readonly kind: 'reset_peer' }
  /** One byte in a piece. */
  | { readonly kind: 'slicer' }
  /**
   * A road that takes no packet of more bytes than this and does not say so: what is in such a packet never arrives, however
   * often it is sent, and nothing behind it does. Packets are what TCP makes of a piece, full ones first.
   */
  | { readonly kind: 'black_hole'; readonly bytes: number }
  /** The connection ends once so many bytes have come back. */
  | { readonly kind: 'limit_data'; readonly bytes: number };

export type ToxicProxy = {
  readonly port: number;
  toxic: Toxic | null;
  /** Ends what is open, so that what comes next has connections of its own. */
  endConnections(): void;
  close(): Promise<void>;
};

export async function startToxicProxy(targetPort: number): Promise<ToxicProxy> {
  const sockets = new Set<Socket>();
  let toxic: Toxic | null = null;
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const client = kept(socket);
    if (toxic?.kind === 'down') return void client.resetAndDestroy();
    const upstream = kept(connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true }));
    carry(client, upstream, { toxic: () => toxic, answers: false });
    carry(upstream, client, { toxic: () => toxic, answers: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get toxic() {
      return toxic;
    },
    set toxic(next) {
      toxic = next;
      if (next?.kind === 'down') for (const socket of sockets) socket.resetAndDestroy();
    },
    endConnections,
    close: () =>
      new Promise((resolve) => {
        endConnections();
        server.close(() => resolve());
      }),
  };
}

type Way = { readonly toxic: () => Toxic | null; readonly answers: boolean };

/** One way of a connection, piece after piece, in order. */
function carry(from: Socket, to: Socket, { toxic, answers }: Way): void {
  let passed = 0;
  const pieces = async (): Promise<void> => {
    for await (const piece of from as AsyncIterable<Buffer>) {
      const now = toxic();
      if (now?.kind === 'timeout') {
        await wait(now.ms === 0 ? 60_000 : now.ms);
        return void from.destroy();
      }
      if (now?.kind === 'reset_peer') return void (answers ? to : from).resetAndDestroy();
      if (now?.kind === 'latency') await wait(now.ms);
      if (now?.kind === 'black_hole' && piece.length > now.bytes)
        // Not read on, either: the sender's buffers fill, as those of a sender whom nobody acknowledges.
        return void (await new Promise((resolve) => from.once('close', resolve)));
      if (now?.kind === 'limit_data' && answers) {
        const rest = piece.subarray(0, Math.max(0, now.bytes - passed));
        passed += piece.length;
        to.write(rest);
        if (passed >= now.bytes) return void to.end();
        continue;
      }
      const step = now?.kind === 'slicer' ? 1 : now?.kind === 'bandwidth' ? now.bytes : piece.length;
      for (let at = 0; at < piece.length && !to.destroyed; at += step) {
        to.write(piece.subarray(at, at + step));
        if (step < piece.length) await wait(now?.kind === 'bandwidth' ? 10 : 0);
      }
    }
    const now = toxic();
    if (now?.kind === 'slow_close') await wait(now.ms);
    to.end();
  };
  pieces().catch(() => to.destroy());
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0) setImmediate(resolve);
    else setTimeout(resolve, ms).unref();
  });
}
