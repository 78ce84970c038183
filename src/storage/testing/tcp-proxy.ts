/** A road to a server that can be made bad: silent, slow, or cut at a word. */
import { connect, createServer, type Socket } from 'node:net';

export type TcpProxy = {
  readonly port: number;
  /** Bytes are taken and go nowhere, both ways: as when packets are dropped. */
  silence(on: boolean): void;
  /** Every answer comes so much later. */
  delay(ms: number): void;
  /** The next time a client says this, it is passed on, and the connection is cut before the answer. */
  cutAfter(word: string): void;
  /** How often that has happened. */
  cuts(): number;
  /**
   * As if the client's process were killed at its so-manieth write from now: of this one a share leaves, of all others
   * nothing. Infinity: it lives.
   */
  dieAtWrite(count: number, share?: number): void;
  /** Whether it has died. */
  died(): boolean;
  close(): Promise<void>;
};

export function createTcpProxy(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  let delayMs = 0;
  let word: string | null = null;
  let cuts = 0;
  let writesLeft = Number.POSITIVE_INFINITY;
  let lastShare = 0;

  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    const both = [client, upstream];
    if (writesLeft <= 0) client.destroy();
    let cut = false;
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const other of both) other.destroySoon();
      });
    }
    client.on('data', (chunk) => {
      if (silent) return;
      writesLeft -= 1;
      if (writesLeft <= 0) {
        if (writesLeft === 0) upstream.end(chunk.subarray(0, Math.floor(chunk.length * lastShare)));
        client.destroy();
        return;
      }
      if (word !== null && chunk.includes(word)) {
        word = null;
        cuts += 1;
        cut = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (cut) client.destroy();
      if (silent || cut) return;
      if (delayMs === 0) client.write(chunk);
      else setTimeout(() => client.writable && client.write(chunk), delayMs);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        silence: (on) => {
          silent = on;
        },
        delay: (ms) => {
          delayMs = ms;
        },
        cutAfter: (given) => {
          word = given;
        },
        cuts: () => cuts,
        dieAtWrite: (count, share = 0) => {
          writesLeft = count;
          lastShare = share;
        },
        died: () => writesLeft <= 0,
        close: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}
